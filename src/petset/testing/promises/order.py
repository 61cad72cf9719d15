"""The order in which a set's pods come and go, and the template they come from.

A controller acts on what it has seen. So each sentence below asks: was there a state of the set, within the time by
which a picture may be late, in which this was right, while every pod it depends on was, within that time, as it had
to be?
"""

from collections.abc import Callable
from datetime import timedelta

from petset.api.models import apps_v1, core_v1
from petset.api.objects import controller_of, is_terminating, meta, name_of, namespace_of, uid_of
from petset.api.options import options_of
from petset.api.selectors import Selector
from petset.controllers.statefulset.identity import first_ordinal, revision_of, wanted_ordinals
from petset.controllers.statefulset.rollout import max_unavailable_of, partition_of, recreates
from petset.ownership.health import is_finished, not_ready_since
from petset.testing.promises.scene import Scene, Sentences, ordinal_in

Rule = Callable[[Scene, apps_v1.StatefulSet, core_v1.Pod], bool]


def pod_changed(scene: Scene, old: core_v1.Pod | None, new: core_v1.Pod | None) -> Sentences:
    """Judge creations by the controller, and deletions that nobody else has asked for."""
    if old is None and new is not None and _is_of_a_set(new):
        yield from _came_in_turn(scene, new)
    if new is not None and is_terminating(new) and old is not None and not is_terminating(old):
        yield from _went_in_turn(scene, new)


def _came_in_turn(scene: Scene, pod: core_v1.Pod) -> Sentences:
    sets = [s for s in scene.sets_lately(pod) if not is_terminating(s)]
    if not sets:
        yield f"pod {name_of(pod)} was created for a set that is gone or on its way out"
    elif not any(_may_come(scene, s, pod) for s in sets):
        yield f"pod {name_of(pod)} was created before its turn"
    elif not any(_may_come(scene, s, pod) and _has_due_template(scene, s, pod) for s in sets):
        yield f"pod {name_of(pod)} was created from {revision_of(pod)}, which its ordinal is not due"


def _went_in_turn(scene: Scene, pod: core_v1.Pod) -> Sentences:
    if uid_of(pod) in scene.asked or _was_evicted(pod) or _goes_with_its_owner(scene, pod):
        return
    sets = [s for s in scene.sets_lately(pod) if not is_terminating(s)]
    rules: tuple[Rule, ...] = (_may_shrink, _may_be_replaced, _may_be_updated, _may_be_recreated)
    if not any(rule(scene, s, pod) for s in sets for rule in rules):
        yield f"pod {name_of(pod)} ({revision_of(pod)}) was deleted, and no rule asked for it then"


def _is_of_a_set(pod: core_v1.Pod) -> bool:
    owner = controller_of(pod)
    return owner is not None and owner.kind == "StatefulSet"


def _was_evicted(pod: core_v1.Pod) -> bool:
    conditions = (pod.status.conditions if pod.status else None) or ()
    return any(condition.type == "DisruptionTarget" for condition in conditions)


def _goes_with_its_owner(scene: Scene, pod: core_v1.Pod) -> bool:
    owners = meta(pod).ownerReferences or ()
    return any(scene.is_gone(owner, namespace_of(pod)) for owner in owners)


def _is_ordered(stateful_set: apps_v1.StatefulSet) -> bool:
    return stateful_set.spec.podManagementPolicy != "Parallel"


def _lower_are_available(scene: Scene, stateful_set: apps_v1.StatefulSet, ordinal: int) -> bool:
    return all(scene.was_available(stateful_set, n) for n in wanted_ordinals(stateful_set) if n < ordinal)


def _may_come(scene: Scene, stateful_set: apps_v1.StatefulSet, pod: core_v1.Pod) -> bool:
    """OrderedReady never creates an ordinal before every lower one is Available (rule 47), Recreate none before all
    pods of another template are gone (rule 56)."""
    ordinal = ordinal_in(stateful_set, pod)
    if ordinal not in wanted_ordinals(stateful_set):
        return False
    if recreates(stateful_set) and _keeps_a_former_pod(scene, stateful_set):
        return False
    return not _is_ordered(stateful_set) or _lower_are_available(scene, stateful_set, ordinal)


def _keeps_a_former_pod(scene: Scene, stateful_set: apps_v1.StatefulSet) -> bool:
    """No picture, however late, could show the set without this pod of another template."""
    members = scene.picture.owned_by(uid_of(stateful_set))
    former = (pod for pod in members if not _is_of_present_template(scene, stateful_set, pod))
    return any(_was_member_throughout(scene, stateful_set, pod) for pod in former)


def _has_due_template(scene: Scene, stateful_set: apps_v1.StatefulSet, pod: core_v1.Pod) -> bool:
    """The revision is the one of the two that rule 46 names for the ordinal."""
    strategy, status = stateful_set.spec.updateStrategy, stateful_set.status
    current = (status.currentRevision if status else None) or ""
    from_current = first_ordinal(stateful_set) + partition_of(stateful_set)
    if strategy is not None and strategy.type == "RollingUpdate" and strategy.rollingUpdate is None:
        from_current = first_ordinal(stateful_set) + ((status.currentReplicas if status else None) or 0)
    is_rolling = strategy is None or strategy.type in (None, "", "RollingUpdate")
    knows_current = scene.revision_text(current, namespace_of(stateful_set)) is not None
    if is_rolling and knows_current and ordinal_in(stateful_set, pod) < from_current:
        return revision_of(pod) == current
    return _is_of_present_template(scene, stateful_set, pod)


def _is_of_present_template(scene: Scene, stateful_set: apps_v1.StatefulSet, pod: core_v1.Pod) -> bool:
    text = scene.revision_text(revision_of(pod), namespace_of(pod))
    return text == scene.template_text(stateful_set.spec.template)


def _may_shrink(scene: Scene, stateful_set: apps_v1.StatefulSet, pod: core_v1.Pod) -> bool:
    """OrderedReady takes the highest condemned pod, once nobody is above it and all wanted are Available."""
    wanted, ordinal = wanted_ordinals(stateful_set), ordinal_in(stateful_set, pod)
    if ordinal < 0 or ordinal in wanted:
        return False
    if not _is_ordered(stateful_set):
        return True
    higher = (
        other for other in scene.picture.owned_by(uid_of(stateful_set))
        if ordinal_in(stateful_set, other) > ordinal and ordinal_in(stateful_set, other) not in wanted
    )  # fmt: skip
    if any(_was_member_throughout(scene, stateful_set, other) for other in higher):
        return False
    return all(scene.was_available(stateful_set, n) for n in wanted) and _may_go_broken(scene, stateful_set, pod)


def _may_go_broken(scene: Scene, stateful_set: apps_v1.StatefulSet, pod: core_v1.Pod) -> bool:
    """A pod that is not Available goes if none below it that is to go is either, or where its set asks for it."""
    ordinal = ordinal_in(stateful_set, pod)
    if options_of(meta(stateful_set).annotations).remove_broken or scene.was_available(stateful_set, ordinal):
        return True
    wanted = wanted_ordinals(stateful_set)
    lower = (
        other for other in scene.picture.owned_by(uid_of(stateful_set))
        if 0 <= ordinal_in(stateful_set, other) < ordinal and ordinal_in(stateful_set, other) not in wanted
    )  # fmt: skip
    members = (other for other in lower if _was_member_throughout(scene, stateful_set, other))
    return all(scene.was_available(stateful_set, ordinal_in(stateful_set, other)) for other in members)


def _was_member_throughout(scene: Scene, stateful_set: apps_v1.StatefulSet, pod: core_v1.Pod) -> bool:
    """No picture, however late, could show the set without this pod."""
    selector = Selector.from_struct(stateful_set.spec.selector)
    for state in scene.picture.lately(core_v1.Pod, name_of(pod), namespace_of(pod)):
        owner = controller_of(state) if state is not None else None
        if state is None or owner is None or owner.uid != uid_of(stateful_set):
            return False
        if not selector.matches(meta(state).labels):
            return False
    return True


def _may_be_replaced(scene: Scene, stateful_set: apps_v1.StatefulSet, pod: core_v1.Pod) -> bool:
    """A wanted pod that is Failed or Succeeded is deleted to make room for its successor (rule 47)."""
    ordinal = ordinal_in(stateful_set, pod)
    if ordinal not in wanted_ordinals(stateful_set) or not is_finished(pod):
        return False
    return not _is_ordered(stateful_set) or _lower_are_available(scene, stateful_set, ordinal)


def _may_be_updated(scene: Scene, stateful_set: apps_v1.StatefulSet, pod: core_v1.Pod) -> bool:
    """A rolling update takes stale pods above the partition, from the top, within its budget (rules 51-55)."""
    strategy, wanted = stateful_set.spec.updateStrategy, wanted_ordinals(stateful_set)
    ordinal, lowest = ordinal_in(stateful_set, pod), first_ordinal(stateful_set) + partition_of(stateful_set)
    if (
        (strategy is not None and strategy.type in ("OnDelete", "Recreate"))
        or ordinal not in wanted
        or ordinal < lowest
    ):
        return False
    if _is_of_present_template(scene, stateful_set, pod):
        return False
    if not _is_ordered(stateful_set):
        was_fine = all(scene.is_fine(stateful_set, state) for state in scene.states_of(stateful_set, ordinal)[1:])
        return not was_fine or _others_down(scene, stateful_set, ordinal) < max_unavailable_of(stateful_set)
    if _has_been_waited_for(scene, stateful_set, pod) and _lower_are_available(scene, stateful_set, ordinal):
        return True
    if any(_is_stale_throughout(scene, stateful_set, n) for n in wanted if n > ordinal):
        return False
    return _others_down(scene, stateful_set, ordinal) < max_unavailable_of(stateful_set)


def _has_been_waited_for(scene: Scene, stateful_set: apps_v1.StatefulSet, pod: core_v1.Pod) -> bool:
    """The set asks that broken pods of a former template be replaced, and this one's time was over (rule 52)."""
    patience = options_of(meta(stateful_set).annotations).replace_broken_after_seconds
    if patience is None:
        return False
    states = scene.picture.lately(core_v1.Pod, name_of(pod), namespace_of(pod))
    began = [not_ready_since(state) for state in states if state is not None]
    latest = scene.clock.now() - timedelta(seconds=patience)
    return any(since is not None and since <= latest for since in began)


def _may_be_recreated(scene: Scene, stateful_set: apps_v1.StatefulSet, pod: core_v1.Pod) -> bool:
    """Recreate lets every pod of another template go at once, wanted or not (rule 56)."""
    return recreates(stateful_set) and not _is_of_present_template(scene, stateful_set, pod)


def _others_down(scene: Scene, stateful_set: apps_v1.StatefulSet, ordinal: int) -> int:
    """How many of the other wanted pods no picture, however late, could show as Available.

    Without the gate nobody looks below: the walk from the top ends at the first pod that is to go (rule 51).
    """
    others = (
        n for n in wanted_ordinals(stateful_set) if n > ordinal or (n < ordinal and scene.gates.max_unavailable)
    )
    return sum(not scene.was_available(stateful_set, n) for n in others)


def _is_stale_throughout(scene: Scene, stateful_set: apps_v1.StatefulSet, ordinal: int) -> bool:
    states = scene.states_of(stateful_set, ordinal)
    return all(
        state is not None and not is_terminating(state)
        and not _is_of_present_template(scene, stateful_set, state)
        for state in states
    )  # fmt: skip
