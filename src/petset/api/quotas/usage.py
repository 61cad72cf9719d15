"""How much one object uses, by the names that quotas have for it.

A pod that has ended uses nothing but its place among all stored pods (`count/pods`).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from petset.api import amounts, quantity
from petset.api.models import core_v1
from petset.api.objects import meta
from petset.api.quantity import Quantity
from petset.api.quotas.names import CLAIMS, COUNT, COUNTED_BY_NAME, OF_CLASS, PODS, SERVICES

Usage = Mapping[str, Quantity]
ONE = quantity.parse("1")
NONE = quantity.parse("0")
_ENDED = ("Failed", "Succeeded")
_DEMANDED = frozenset(f"{of}{name}" for of in ("", "requests.", "limits.") for name in ("cpu", "memory"))
_OLDER_CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class"


def usage_of(resource: str, obj: Any) -> dict[str, Quantity]:
    """All that an object of this resource uses, whatever quotas there are."""
    used = {COUNT + resource: ONE}
    match resource:
        case "pods":
            return used if _has_ended(obj) else used | _of_pod(obj)
        case "persistentvolumeclaims":
            return used | _of_claim(obj)
        case "services":
            return used | _of_service(obj)
    return used | {resource: ONE} if resource in COUNTED_BY_NAME else used


def unsaid(pod: core_v1.Pod, names: frozenset[str]) -> str:
    """What a pod must say and does not, where a quota counts it: `cpu for: main; memory for: main,other`.

    Of processor and memory every container must name what is counted. Empty where all is said.
    """
    spec = pod.spec
    assert spec
    if spec.resources is not None:
        return ""
    missing: dict[str, set[str]] = {}
    for container in (*spec.containers, *(spec.initContainers or ())):
        for name in names & _DEMANDED - _named(container).keys():
            missing.setdefault(name, set()).add(container.name)
    return "; ".join(f"{name} for: {','.join(sorted(missing[name]))}" for name in sorted(missing))


def _has_ended(pod: core_v1.Pod) -> bool:
    return pod.status is not None and pod.status.phase in _ENDED


def _of_pod(pod: core_v1.Pod) -> dict[str, Quantity]:
    spec = pod.spec
    assert spec
    overhead = amounts.parsed(spec.overhead)
    requests = amounts.total((_of_all(pod, "requests"), overhead))
    limits = _of_all(pod, "limits")
    # A limit that no container names is none, and overhead makes no limit of it.
    limits = amounts.total((limits, {name: amount for name, amount in overhead.items() if name in limits}))
    return {PODS: ONE, **dict(_compute(requests, limits))}


def _of_all(pod: core_v1.Pod, which: str) -> dict[str, Quantity]:
    """What the pod says for itself, and for the rest what its containers come to."""

    def listed(of: core_v1.ResourceRequirements | None) -> dict[str, Quantity]:
        return amounts.parsed(getattr(of, which) if of else None)

    assert pod.spec
    return amounts.of_pod(pod, lambda container: listed(container.resources)) | listed(pod.spec.resources)


def _named(container: core_v1.Container) -> dict[str, Quantity]:
    resources = container.resources or core_v1.ResourceRequirements()
    return dict(_compute(amounts.parsed(resources.requests), amounts.parsed(resources.limits)))


def _compute(requests: Usage, limits: Usage) -> Iterator[tuple[str, Quantity]]:
    for name, amount in requests.items():
        if name in ("cpu", "memory", "ephemeral-storage") or name.startswith("hugepages-"):
            yield name, amount
        yield f"requests.{name}", amount
    for name, amount in limits.items():
        yield f"limits.{name}", amount


def _of_claim(claim: core_v1.PersistentVolumeClaim) -> dict[str, Quantity]:
    spec = claim.spec
    assert spec
    used = {CLAIMS: ONE}
    requests = (spec.resources.requests if spec.resources else None) or {}
    if "storage" in requests:
        asked = quantity.parse(requests["storage"])
        used["requests.storage"] = Quantity(asked.whole * 10**9, asked.format)
    annotated = (meta(claim).annotations or {}).get(_OLDER_CLASS_ANNOTATION)
    storage_class = annotated if annotated is not None else spec.storageClassName
    if storage_class:
        used |= {f"{storage_class}{OF_CLASS}{name}": amount for name, amount in used.items()}
    return used


def _of_service(service: core_v1.Service) -> dict[str, Quantity]:
    spec = service.spec
    assert spec
    ports = spec.ports or []
    balanced = spec.type == "LoadBalancer"
    if balanced and spec.allocateLoadBalancerNodePorts is False:
        ports = [port for port in ports if port.nodePort]
    opened = len(ports) if balanced or spec.type == "NodePort" else 0
    return {
        SERVICES: ONE,
        "services.nodeports": quantity.parse(str(opened)),
        "services.loadbalancers": ONE if balanced else NONE,
    }
