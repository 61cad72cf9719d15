"""What may change about the resources of a pod that runs: how much processor and memory its containers have."""

from collections.abc import Iterator, Mapping

from petset.api.models import core_v1
from petset.api.objects import replace
from petset.api.qos import qos_class
from petset.api.validation.containers import check_resources
from petset.api.validation.fields import Faults

_COMPUTE = ("cpu", "memory")
_POLICIES = ("NotRequired", "RestartContainer")


def check_resize(new: core_v1.Pod, old: core_v1.Pod, faults: Faults) -> None:
    """Only processor and memory, nothing taken away, and the same class of service as before."""
    assert new.spec is not None and old.spec is not None
    if new.spec == old.spec:
        return
    before = qos_class(old)
    for path, container, stored in _pairs(new.spec, old.spec):
        _check_container(path, container, stored, faults)
        _check_policies(f"{path}.resizePolicy", container, new.spec, faults)
    if qos_class(new) != before:
        faults.invalid("spec", before, "Pod QOS Class may not change as a result of resizing")


def _pairs(
    new: core_v1.PodSpec, old: core_v1.PodSpec
) -> Iterator[tuple[str, core_v1.Container, core_v1.Container]]:
    for name in ("initContainers", "containers"):
        both = zip(getattr(new, name) or (), getattr(old, name) or (), strict=True)
        for index, (container, stored) in enumerate(both):
            yield f"spec.{name}[{index}]", container, stored


def _check_container(path: str, new: core_v1.Container, old: core_v1.Container, faults: Faults) -> None:
    after = new.resources or core_v1.ResourceRequirements()
    before = old.resources or core_v1.ResourceRequirements()
    check_resources(f"{path}.resources", after, faults)
    for part in ("requests", "limits"):
        now, was = getattr(after, part) or {}, getattr(before, part) or {}
        if set(was) - set(now):
            faults.forbidden(f"{path}.resources.{part}", f"resource {part} cannot be removed")
        if {k: v for k, v in now.items() if k not in _COMPUTE} != {
            k: v for k, v in was.items() if k not in _COMPUTE
        }:
            faults.forbidden("spec", "only cpu and memory resources are mutable")
    if replace(after, requests=None, limits=None) != replace(before, requests=None, limits=None):
        faults.forbidden("spec", "only cpu and memory resources are mutable")


def _beside_compute(amounts: Mapping[str, str]) -> dict[str, str]:
    return {name: amount for name, amount in amounts.items() if name not in _COMPUTE}


def _check_policies(path: str, container: core_v1.Container, spec: core_v1.PodSpec, faults: Faults) -> None:
    """Which resources need a restart to change; a container that is never restarted cannot need one."""
    for index, policy in enumerate(container.resizePolicy or ()):
        if policy.resourceName not in _COMPUTE:
            faults.not_supported(f"{path}[{index}].resourceName", policy.resourceName, _COMPUTE)
        if policy.restartPolicy not in _POLICIES:
            faults.not_supported(f"{path}[{index}].restartPolicy", policy.restartPolicy, _POLICIES)
        elif (
            policy.restartPolicy == "RestartContainer"
            and (container.restartPolicy or spec.restartPolicy) == "Never"
        ):
            message = "must be 'NotRequired' when `restartPolicy` is 'Never'"
            faults.invalid(f"{path}[{index}].restartPolicy", policy.restartPolicy, message)
