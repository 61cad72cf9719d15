"""What may change about a pod once it exists: very little, for its containers were started from the rest."""

from petset.api.equality import same_meaning
from petset.api.models import core_v1
from petset.api.objects import copy, meta
from petset.api.validation.fields import Faults
from petset.api.validation.placement import check_tolerations
from petset.api.validation.pod_annotations import check_annotation_changes
from petset.api.validation.pods import check_whole_pod

ONLY_THESE = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def check_pod_update(new: core_v1.Pod, old: core_v1.Pod, faults: Faults) -> None:
    """Images, the deadline, more tolerations, fewer scheduling gates; where gates stand, narrower placement too."""
    after, before = new.spec, old.spec
    assert after is not None and before is not None
    if after != before or meta(new).annotations != meta(old).annotations:
        check_whole_pod(new, faults)  # what is the same was found good when it was stored
        check_annotation_changes("metadata.annotations", meta(new).annotations, meta(old).annotations, faults)
    if after == before:
        return
    for name in ("containers", "initContainers"):
        if len(getattr(after, name) or ()) != len(getattr(before, name) or ()):
            faults.forbidden(f"spec.{name}", "pod updates may not add or remove containers")
            return
    if not _check_deadline(after.activeDeadlineSeconds, before.activeDeadlineSeconds, faults):
        return
    _check_tolerations(after, before, faults)
    _check_gates(after, before, faults)
    same = _with_changeables_of(after, before)
    if before.schedulingGates:
        _check_placement(same, before, faults)
    if not same_meaning(same, before):
        faults.forbidden("spec", ONLY_THESE)


def _check_deadline(new: int | None, old: int | None, faults: Faults) -> bool:
    """Whether it is worth looking any further: a deadline may come nearer, not go away or farther."""
    path = "spec.activeDeadlineSeconds"
    if new is None:
        if old is not None:
            faults.invalid(path, new, "must not update from a positive integer to nil value")
        return True
    if not 0 <= new < 2**31:
        faults.invalid(path, new, "must be between 0 and 2147483647, inclusive")
        return False
    if old is not None and new > old:
        faults.invalid(path, new, "must be less than or equal to previous value")
        return False
    return True


def _check_tolerations(after: core_v1.PodSpec, before: core_v1.PodSpec, faults: Faults) -> None:
    """Old ones stay, though their seconds may change; new ones must be right."""
    if after.tolerations == before.tolerations:
        return
    left = [_timeless(toleration) for toleration in after.tolerations or ()]
    if any(_timeless(toleration) not in left for toleration in before.tolerations or ()):
        what = "existing toleration can not be modified except its tolerationSeconds"
        faults.forbidden("spec.tolerations", what)
        return
    check_tolerations("spec.tolerations", after.tolerations or [], faults)


def _timeless(toleration: core_v1.Toleration) -> core_v1.Toleration:
    plain = copy(toleration)
    plain.tolerationSeconds = None
    return plain


def _check_gates(after: core_v1.PodSpec, before: core_v1.PodSpec, faults: Faults) -> None:
    known = {gate.name for gate in before.schedulingGates or ()}
    for index, gate in enumerate(after.schedulingGates or ()):
        if gate.name not in known:
            what = f"only deletion is allowed, but found new scheduling gate '{gate.name}'"
            faults.forbidden(f"spec.schedulingGates[{index}].name", what)


def _check_placement(same: core_v1.PodSpec, before: core_v1.PodSpec, faults: Faults) -> None:
    """Whoever holds a pod back may say more of where it shall go, and puts `same` back as it was.

    Nothing that was said before may be taken back by it.
    """
    old, new = before.nodeSelector or {}, same.nodeSelector or {}
    if any(new.get(key) != value for key, value in old.items()):
        what = "only additions to spec.nodeSelector are allowed (no mutations or deletions)"
        faults.invalid("spec.nodeSelector", new, what)
    same.nodeSelector = before.nodeSelector
    then = before.affinity.nodeAffinity if before.affinity else None
    now = same.affinity.nodeAffinity if same.affinity else None
    if now == then:
        return
    _check_terms(now, then, faults)
    if same.affinity is None:
        same.affinity = core_v1.Affinity()
    same.affinity.nodeAffinity = then
    if before.affinity is None and same.affinity == core_v1.Affinity():
        same.affinity = None


def _check_terms(now: core_v1.NodeAffinity | None, then: core_v1.NodeAffinity | None, faults: Faults) -> None:
    path = f"spec.affinity.nodeAffinity.{_REQUIRED}.nodeSelectorTerms"
    old, new = _terms(then), _terms(now)
    if not old:
        return
    if len(old) != len(new):
        what = "no additions/deletions to non-empty NodeSelectorTerms list are allowed"
        faults.invalid(path, new, what)
        return
    for index, (term, previous) in enumerate(zip(new, old, strict=True)):
        if not _only_adds(term, previous):
            what = "only additions are allowed (no mutations or deletions)"
            faults.invalid(f"{path}[{index}]", term, what)


def _terms(affinity: core_v1.NodeAffinity | None) -> list[core_v1.NodeSelectorTerm]:
    selector = getattr(affinity, _REQUIRED) if affinity is not None else None
    return (selector.nodeSelectorTerms if selector is not None else None) or []


def _only_adds(term: core_v1.NodeSelectorTerm, previous: core_v1.NodeSelectorTerm) -> bool:
    """An empty term selects nothing; to add to it would select more."""
    pairs = [
        (getattr(term, name) or [], getattr(previous, name) or []) for name in ("matchExpressions", "matchFields")
    ]
    if not any(old for _, old in pairs):
        return not any(new for new, _ in pairs)
    return all(new[: len(old)] == old for new, old in pairs)


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
