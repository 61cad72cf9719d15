"""What may change about a pod once it exists: very little, for its containers were started from the rest."""

from petset.api.models import core_v1
from petset.api.objects import copy
from petset.api.validation.containers import check_containers
from petset.api.validation.fields import Faults
from petset.api.validation.pods import check_tolerations

ONLY_THESE = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def check_pod_update(new: core_v1.Pod, old: core_v1.Pod, faults: Faults) -> None:
    """Images, the deadline, more tolerations, fewer scheduling gates; nothing else."""
    after, before = new.spec, old.spec
    assert after is not None and before is not None
    if after == before:
        return
    if len(after.containers) != len(before.containers):
        faults.forbidden("spec.containers", "pod updates may not add or remove containers")
        return
    if len(after.initContainers or ()) != len(before.initContainers or ()):
        faults.forbidden("spec.initContainers", "pod updates may not add or remove containers")
        return
    volumes = {volume.name for volume in after.volumes or ()}
    check_containers("spec.containers", after.containers, volumes, faults)
    check_containers("spec.initContainers", after.initContainers or [], volumes, faults)
    _check_deadline(after.activeDeadlineSeconds, before.activeDeadlineSeconds, faults)
    _check_tolerations(after, before, faults)
    _check_gates(after, before, faults)
    if _with_changeables_of(after, before) != before:
        faults.forbidden("spec", ONLY_THESE)


def _check_deadline(new: int | None, old: int | None, faults: Faults) -> None:
    path = "spec.activeDeadlineSeconds"
    if new is not None:
        if not 1 <= new < 2**31:
            faults.invalid(path, new, "must be between 1 and 2147483647, inclusive")
        elif old is not None and new > old:
            faults.invalid(path, new, "must be less than or equal to previous value")
    elif old is not None:
        faults.invalid(path, new, "must not update from a positive integer to nil value")


def _check_tolerations(after: core_v1.PodSpec, before: core_v1.PodSpec, faults: Faults) -> None:
    """Old ones stay, though their seconds may change; new ones must be right."""
    if after.tolerations == before.tolerations:
        return
    left = [_timeless(toleration) for toleration in after.tolerations or ()]
    for toleration in map(_timeless, before.tolerations or ()):
        if toleration not in left:
            faults.forbidden(
                "spec.tolerations", "existing toleration can not be modified except its tolerationSeconds"
            )
            return
        left.remove(toleration)
    check_tolerations("spec.tolerations", after.tolerations or [], faults)


def _timeless(toleration: core_v1.Toleration) -> core_v1.Toleration:
    plain = copy(toleration)
    plain.tolerationSeconds = None
    return plain


def _check_gates(after: core_v1.PodSpec, before: core_v1.PodSpec, faults: Faults) -> None:
    known = {gate.name for gate in before.schedulingGates or ()}
    for index, gate in enumerate(after.schedulingGates or ()):
        if gate.name not in known:
            faults.forbidden(
                f"spec.schedulingGates[{index}]", "only deletion is allowed, but found new scheduling gate "
                f"'{gate.name}'",
            )  # fmt: skip


def _with_changeables_of(after: core_v1.PodSpec, before: core_v1.PodSpec) -> core_v1.PodSpec:
    """The new specification with what may change put back as it was."""
    same = copy(after)
    same.activeDeadlineSeconds = before.activeDeadlineSeconds
    same.tolerations = before.tolerations
    same.schedulingGates = before.schedulingGates
    if (before.terminationGracePeriodSeconds or 0) < 0 and same.terminationGracePeriodSeconds == 1:
        same.terminationGracePeriodSeconds = before.terminationGracePeriodSeconds
    pairs = [*zip(same.containers, before.containers, strict=True)]
    pairs += zip(same.initContainers or (), before.initContainers or (), strict=True)
    for container, previous in pairs:
        container.image = previous.image
    return same
