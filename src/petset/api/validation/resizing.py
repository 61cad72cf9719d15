"""What may change about the resources of a pod that runs: how much processor and memory its containers have."""

from collections.abc import Iterator

from petset.api.equality import same_meaning
from petset.api.models import core_v1
from petset.api.objects import copy, meta, replace
from petset.api.qos import qos_class
from petset.api.validation.fields import Faults
from petset.api.validation.pod_annotations import is_mirror
from petset.api.validation.pods import check_whole_pod

Sized = core_v1.Container | core_v1.PodSpec
_COMPUTE = ("cpu", "memory")
_ORDINARY = "only cpu and memory resources are mutable"
_STAYING = "only cpu and memory resources for sidecar containers are mutable"
_WHOLE = "only cpu and memory resources at pod-level are mutable"
_PASSING = "resources for non-sidecar init containers are immutable"


def check_resize(new: core_v1.Pod, old: core_v1.Pod, faults: Faults) -> None:
    """Only processor and memory, nothing taken away, and the same class of service as before."""
    assert new.spec is not None and old.spec is not None
    if is_mirror(meta(old).annotations):
        faults.forbidden("", "static pods cannot be resized")
        return
    if old.spec.os is not None and old.spec.os.name == "windows":
        faults.forbidden("", "windows pods cannot be resized")
        return
    if new.spec == old.spec:
        return
    check_whole_pod(new, faults)
    before = qos_class(old)
    if qos_class(new) != before:
        faults.invalid("spec", before, "Pod QOS Class may not change as a result of resizing")
    _check_removed("spec.resources", new.spec, old.spec, faults)
    for path, container, stored, staying in _pairs(new.spec, old.spec):
        if staying:
            _check_removed(f"{path}.resources", container, stored, faults)
    if not same_meaning(_with_former_amounts(new.spec.resources, old.spec.resources), old.spec.resources):
        faults.forbidden("spec", _WHOLE)
    for _, container, stored, staying in _pairs(new.spec, old.spec):
        if not same_meaning(_as_before(container, stored, staying=staying), stored):
            ordinary = any(stored is each for each in old.spec.containers)
            faults.forbidden("spec", _ORDINARY if ordinary else _STAYING if staying else _PASSING)


def _pairs(
    new: core_v1.PodSpec, old: core_v1.PodSpec
) -> Iterator[tuple[str, core_v1.Container, core_v1.Container, bool]]:
    """Where each container stands, as it shall be, as it is, and whether it stays as long as the pod."""
    for name in ("initContainers", "containers"):
        both = zip(getattr(new, name) or (), getattr(old, name) or (), strict=True)
        for index, (container, stored) in enumerate(both):
            staying = name == "containers" or stored.restartPolicy == "Always"
            yield f"spec.{name}[{index}]", container, stored, staying


def _check_removed(path: str, new: Sized, old: Sized, faults: Faults) -> None:
    for part in ("requests", "limits"):
        now, was = (getattr(each.resources, part, None) or {} for each in (new, old))
        if set(was) - set(now):
            faults.forbidden(f"{path}.{part}", f"resource {part} cannot be removed")


def _as_before(new: core_v1.Container, old: core_v1.Container, *, staying: bool) -> core_v1.Container:
    """The new container with the processor and memory of the old one, if it may have others; and its policy."""
    same = replace(copy(new), resizePolicy=old.resizePolicy)
    if not staying:
        return same
    same.resources = _with_former_amounts(same.resources, old.resources)
    return same


def _with_former_amounts(
    new: core_v1.ResourceRequirements | None, old: core_v1.ResourceRequirements | None
) -> core_v1.ResourceRequirements | None:
    """The new resources with the processor and memory of the old ones."""
    resources = copy(new) if new is not None else core_v1.ResourceRequirements()
    for part in ("requests", "limits"):
        former = getattr(old, part, None) or {}
        kept = {name: amount for name, amount in (getattr(resources, part) or {}).items() if name not in _COMPUTE}
        kept |= {name: amount for name, amount in former.items() if name in _COMPUTE}
        setattr(resources, part, kept or getattr(old, part, None))
    return None if old is None and resources == core_v1.ResourceRequirements() else resources
