"""Bringing the wanted replicas up and taking the condemned ones down (rules 43-50).

OrderedReady walks the ordinals upward and stops at the first that needs work or is not finished; on the way down it
removes one pod, the highest, and only when everybody below is Available. Parallel waits for nobody.
"""

from petset.api.models import core_v1
from petset.api.objects import is_terminating, name_of
from petset.controllers.statefulset import identity, upkeep, waiting
from petset.controllers.statefulset.lineup import Lineup
from petset.controllers.statefulset.model import CreatePod, DeletePod, RefuseClaim, Waiting
from petset.controllers.statefulset.rollout import seconds_until_replaced, template_for
from petset.controllers.statefulset.steps import Step
from petset.ownership import health


def replicas(lineup: Lineup) -> Step:
    """Rule 47 for each wanted ordinal, upward."""
    step = Step("replicas", lineup.ordered)
    for ordinal in lineup.to_look_at():
        pod = lineup.replica(ordinal)
        if pod is None:
            _bring_up(lineup, step, ordinal)
        else:
            _look_after(lineup, step, ordinal, pod)
        if step.blocked:
            break
    return step


def condemned_claims(lineup: Lineup) -> Step:
    """The claims of all condemned pods get their owners before any of the pods goes (rule 44b)."""
    step = Step("claims of condemned", lineup.ordered)
    for ordinal in lineup.condemned_in_need():
        step.add(*upkeep.corrections(lineup.set, lineup.snapshot.claims, ordinal, lineup.replica(ordinal)))
    return step


def condemned(lineup: Lineup) -> Step:
    """Rules 49, 50: in order one pod, the highest, if it is healthy or the first unavailable of all; else all."""
    step = Step("condemned", lineup.ordered)
    if not lineup.ordered:
        for pod in lineup.condemned_to_remove():
            step.add(DeletePod(pod, "condemned"))
    elif (highest := lineup.highest_condemned) is not None:
        obstacle = _obstacle_to_removal(lineup, highest)
        if obstacle is None:
            step.add(DeletePod(highest, "condemned"))
        step.block(obstacle)
    return step


def _bring_up(lineup: Lineup, step: Step, ordinal: int) -> None:
    """Claims first, then the pod; OrderedReady creates one pod and looks again (rule 47)."""
    stateful_set, present = lineup.set, lineup.snapshot.claims
    name = lineup.pod_name(ordinal)
    held = upkeep.claim_of_former_pod(stateful_set, present, ordinal)
    if held:
        step.block(waiting.for_claim_of_former_pod(name, held))
        return
    claims, refused = upkeep.missing_claims(stateful_set, present, ordinal)
    if refused is not None:
        step.add(*claims, refused)
        step.block(waiting.for_claim_being_deleted(name, refused.claim))
        return
    template, revision = template_for(lineup.history, ordinal)
    pod = identity.new_pod(stateful_set, template, ordinal, revision)
    owners = upkeep.corrections(stateful_set, present, ordinal, None)
    step.add(*claims, CreatePod(pod), *owners)
    step.block(waiting.for_new_pod(waiting.next_in_line(lineup, ordinal), name) if lineup.ordered else None)


def _look_after(lineup: Lineup, step: Step, ordinal: int, pod: core_v1.Pod) -> None:
    """A replica that exists: replace it if it is finished, keep its claims there, repair it once it is settled."""
    if health.is_finished(pod):
        if not is_terminating(pod):
            step.add(DeletePod(pod, "finished"))
        step.block(_waits_for(lineup, ordinal, pod))
        return
    if not lineup.ordered or _is_settled(lineup, pod):
        _tend(lineup, step, ordinal, pod, settled=True)
    else:
        _wait_or_replace(lineup, step, ordinal, pod)


def _wait_or_replace(lineup: Lineup, step: Step, ordinal: int, pod: core_v1.Pod) -> None:
    """Wait for this pod; where the set asks for it, one of a former template not without end (rule 52).

    A pod that is replaced is not tended first: its claim may be on its way out, and waits for the pod to be gone.
    """
    wait = waiting.for_pod(lineup, waiting.next_in_line(lineup, ordinal), pod, 47)
    left_seconds = seconds_until_replaced(lineup, pod)
    if left_seconds == 0:
        step.add(DeletePod(pod, "update"))
    else:
        _tend(lineup, step, ordinal, pod, settled=False)
    if left_seconds is not None:
        wait = waiting.until_replaced(wait, left_seconds)
        step.wake_after_seconds = left_seconds or None
    step.block(wait)


def _tend(lineup: Lineup, step: Step, ordinal: int, pod: core_v1.Pod, *, settled: bool) -> None:
    """Its claims and, once it is settled, the pod itself, as they should be (rules 18, 28)."""
    actions = upkeep.upkeep(lineup.set, lineup.snapshot.claims, ordinal, pod, settled=settled)
    step.add(*actions)
    for action in actions:
        if isinstance(action, RefuseClaim):
            step.block(waiting.for_claim_to_be_made_anew(name_of(pod), action.claim))


def _is_settled(lineup: Lineup, pod: core_v1.Pod) -> bool:
    return health.phase_of(pod) == "Running" and not lineup.is_unavailable(pod)


def _waits_for(lineup: Lineup, ordinal: int, pod: core_v1.Pod) -> Waiting | None:
    if not lineup.ordered:
        return None
    return waiting.for_pod(lineup, waiting.next_in_line(lineup, ordinal), pod, 47)


def _obstacle_to_removal(lineup: Lineup, pod: core_v1.Pod) -> Waiting | None:
    """Why this condemned pod may not go now, in order; None if it may (rule 49)."""
    name = name_of(pod)
    if is_terminating(pod):
        return waiting.for_pod(lineup, _below(lineup, pod), pod, 49)
    # In order nobody is removed before every wanted replica is Available, so only the condemned can be in the way.
    if _is_settled(lineup, pod) or name == lineup.first_unavailable or lineup.options.remove_broken:
        return None
    return waiting.for_pod(lineup, name, _named(lineup, lineup.first_unavailable) or pod, 49)


def _below(lineup: Lineup, pod: core_v1.Pod) -> str:
    """The condemned pod that goes after this one; the set itself after the last."""
    return name_of(lineup.condemned_below(pod) or lineup.set)


def _named(lineup: Lineup, name: str) -> core_v1.Pod | None:
    ordinal = identity.ordinal_of(name_of(lineup.set), name)
    return None if ordinal is None else lineup.replica(ordinal)
