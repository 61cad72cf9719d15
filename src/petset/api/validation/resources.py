"""Requests and limits of containers and of pods as a whole."""

from collections.abc import Callable, Collection

from petset.api import amounts, names, quantity
from petset.api.models import core_v1
from petset.api.validation.fields import AT_LEAST_ZERO, Faults

_STANDARD = frozenset(("cpu", "memory", "ephemeral-storage"))
_COMPUTE = ("cpu", "memory")
_HUGE = "hugepages-"
_STANDARD_ELSEWHERE = frozenset(
    (
        "cpu", "memory", "ephemeral-storage", "requests.cpu", "requests.memory", "requests.ephemeral-storage",
        "limits.cpu", "limits.memory", "limits.ephemeral-storage", "pods", "resourcequotas", "services",
        "replicationcontrollers", "secrets", "configmaps", "persistentvolumeclaims", "storage", "requests.storage",
        "services.nodeports", "services.loadbalancers",
    )
)  # fmt: skip
"""Resources that Kubernetes knows for one purpose or another: budgets, volumes, containers."""
NameCheck = Callable[[str, str, Faults], None]


def check_resources(
    path: str, resources: core_v1.ResourceRequirements, faults: Faults, claims: Collection[str] = ()
) -> None:
    """What a container asks for and may use; `claims` are the pod's resource claims."""
    _check_amounts(path, resources, _check_container_name, faults)
    if resources.claims:
        _check_claims(f"{path}.claims", resources.claims, claims, faults)


def check_pod_resources(path: str, spec: core_v1.PodSpec, faults: Faults) -> None:
    """What a pod asks for as a whole: no less than its containers together, none of which may use more."""
    resources = spec.resources
    assert resources is not None
    if resources.claims is not None:
        faults.forbidden(f"{path}.claims", "claims cannot be set for Resources at pod-level")
    _check_amounts(path, resources, _check_pod_name, faults)
    asked = resources.requests or {}
    of_containers = amounts.of_pod(
        core_v1.Pod(spec=spec), lambda c: amounts.parsed(c.resources.requests if c.resources else None)
    )
    for name, together in of_containers.items():
        amount = asked.get(name, "0")
        if together > quantity.parse(amount):
            what = f"must be greater than or equal to aggregate container requests of {together}"
            faults.invalid(f"{path}.requests[{name}]", amount, what)
    for index, container in enumerate(spec.containers):
        limits = (container.resources.limits if container.resources else None) or {}
        for name, amount in limits.items():
            limit = (resources.limits or {}).get(name)
            if limit is not None and quantity.parse(amount) > quantity.parse(limit):
                what = f"must be less than or equal to pod limits of {limit}"
                faults.invalid(f"{path}.containers[{index}][{name}].limits", amount, what)


def _check_amounts(
    path: str, resources: core_v1.ResourceRequirements, check_name: NameCheck, faults: Faults
) -> None:
    limits, requests = resources.limits or {}, resources.requests or {}
    for name, amount in limits.items():
        _check_amount(f"{path}.limits[{name}]", name, amount, check_name, faults)
    for name, amount in requests.items():
        _check_amount(f"{path}.requests[{name}]", name, amount, check_name, faults)
        limit = limits.get(name)
        if limit is None:
            if not _may_be_promised_twice(name):
                faults.required(f"{path}.limits", "Limit must be set for non overcommitable resources")
        elif quantity.parse(amount) != quantity.parse(limit) and not _may_be_promised_twice(name):
            faults.invalid(f"{path}.requests", amount, f"must be equal to {name} limit of {limit}")
        elif quantity.parse(amount) > quantity.parse(limit):
            faults.invalid(f"{path}.requests", amount, f"must be less than or equal to {name} limit of {limit}")
    given = {*limits, *requests}
    if not given.intersection(_COMPUTE) and any(name.startswith(_HUGE) for name in given):
        faults.forbidden(path, "HugePages require cpu or memory")


def _may_be_promised_twice(name: str) -> bool:
    """Whether more may be allowed than there is: of Kubernetes' own resources, all but large pages."""
    return _is_native(name) and not name.startswith(_HUGE)


def _is_native(name: str) -> bool:
    return "/" not in name or "kubernetes.io/" in name


def _check_amount(path: str, name: str, amount: str, check_name: NameCheck, faults: Faults) -> None:
    check_name(path, name, faults)
    exact = quantity.parse(amount)
    if exact.nanos < 0:
        faults.invalid(path, amount, AT_LEAST_ZERO)
    if not _is_native(name) and exact.nanos % 10**9:
        faults.invalid(path, amount, "must be an integer")
    if name.startswith(_HUGE):
        page = _page(name)
        if page is not None and (exact.nanos <= 0 or exact.nanos % page):
            faults.invalid(path, amount, f"{amount} is not positive integer multiple of {name}")


def _page(name: str) -> int | None:
    try:
        return quantity.parse(name.removeprefix(_HUGE)).nanos or None
    except ValueError:
        return None


def _check_container_name(path: str, name: str, faults: Faults) -> None:
    if name in _STANDARD or name.startswith(_HUGE):
        return
    complaints = names.qualified_name(name)
    faults.each(path, name, complaints)
    if complaints:
        return
    if "/" not in name:
        if name not in _STANDARD_ELSEWHERE:
            faults.invalid(path, name, "must be a standard resource type or fully qualified")
        faults.invalid(path, name, "must be a standard resource for containers")
    elif not _is_native(name) and (name.startswith("requests.") or names.qualified_name(f"requests.{name}")):
        faults.invalid(path, name, "doesn't follow extended resource name standard")


def _check_pod_name(path: str, name: str, faults: Faults) -> None:
    known = ("cpu", "hugepages-*", "memory")
    if name not in _COMPUTE and not name.startswith(_HUGE):
        complaints = names.qualified_name(name)
        faults.each(path, name, complaints)
        if not complaints:
            faults.not_supported(path, name, known)


def _check_claims(path: str, used: list[core_v1.ResourceClaim], claims: Collection[str], faults: Faults) -> None:
    """Each claim, or each request of one, is named once, and is one of the pod's."""
    seen: set[str] = set()
    for index, claim in enumerate(used):
        here, name = f"{path}[{index}]", claim.name
        if not name:
            faults.required(here)
            continue
        key = f"{name}/{claim.request}" if claim.request else name
        if name in seen:
            faults.duplicate(here, name)
        elif key in seen or (not claim.request and any(each.startswith(f"{name}/") for each in seen)):
            faults.duplicate(here, key)
        if claim.request and name not in seen:
            faults.each(f"{here}.request", claim.request, names.dns_label(claim.request))
        seen.add(key)
        if name not in claims:
            listed = f": {', '.join(sorted(claims))}" if claims else " which is empty"
            faults.not_found(here, name, f"must be one of the names in pod.spec.resourceClaims{listed}")
