"""What a StatefulSet needs next: the whole decision, and the order of its stages (rule 44).

    membership   which pods are the set's                      rule 42
    history      which template is due, which are forgotten    rules 37-41
    replicas     each wanted ordinal, upward                   rule 47
    claims of condemned, condemned                             rules 44, 49
    rollout      pods of an older template                     rules 51-57

With the strategy Recreate all pods of an older template go before anything else (rule 56).

Scaling comes before updating. Parallel takes the condemned before the replicas, so that a full quota cannot keep a
set from shrinking (section M). A set that is being deleted gets its status counted and nothing else: the garbage
collector does the rest.

Guarantee: whatever prefix of the actions was carried out, the next plan leads to the same end.
"""

from collections.abc import Callable, Sequence

from petset.api.models import core_v1
from petset.api.objects import is_terminating, name_of
from petset.controllers.statefulset import history, membership, scaling, status, waiting
from petset.controllers.statefulset.history import History
from petset.controllers.statefulset.lineup import Lineup
from petset.controllers.statefulset.model import WAKING, DeletePod, Plan, Snapshot, Stage, Waiting
from petset.controllers.statefulset.rollout import must_recreate, recreation, rollout
from petset.controllers.statefulset.steps import Step

ORDERED: tuple[Callable[[Lineup], Step], ...] = (
    scaling.replicas, scaling.condemned_claims, scaling.condemned, rollout,
)  # fmt: skip
PARALLEL: tuple[Callable[[Lineup], Step], ...] = (
    scaling.condemned_claims, scaling.condemned, scaling.replicas, rollout,
)  # fmt: skip
RECREATE: tuple[Callable[[Lineup], Step], ...] = (scaling.condemned_claims, recreation)


def plan(snapshot: Snapshot) -> Plan:
    """Everything to do now for one set; no actions when it is where it should be or must wait."""
    past = history.decide(snapshot)
    lineup = Lineup(snapshot, past)
    if is_terminating(snapshot.set):
        return Plan((), status.count(lineup, ()))
    steps = _walk(lineup)
    stages = (*_preparation(snapshot, past), *(step.stage() for step in steps if step.strands))
    return Plan(
        stages,
        status.count(lineup, _replaced(stages)),
        tuple(w for step in steps for w in step.waiting) or _unfinished(lineup, stages),
        _wake_after(lineup, steps),
    )


def _walk(lineup: Lineup) -> list[Step]:
    """The steps up to and including the first that blocks the later ones."""
    steps: list[Step] = []
    for decide in _order(lineup):
        steps.append(decide(lineup))
        if steps[-1].blocked:
            break
    return steps


def _order(lineup: Lineup) -> tuple[Callable[[Lineup], Step], ...]:
    if must_recreate(lineup):
        return RECREATE
    return ORDERED if lineup.ordered else PARALLEL


def _preparation(snapshot: Snapshot, past: History) -> list[Stage]:
    """Ownership and history come first: pods are counted and made by them."""
    stages = [Stage("membership", (membership.changes(snapshot.roster),)), Stage("history", (past.actions,))]
    return [stage for stage in stages if stage.strands[0]]


def _replaced(stages: tuple[Stage, ...]) -> list[core_v1.Pod]:
    actions = (action for stage in stages for strand in stage.strands for action in strand)
    return [action.pod for action in actions if isinstance(action, DeletePod) and action.why == "update"]


def _unfinished(lineup: Lineup, stages: tuple[Stage, ...]) -> tuple[Waiting, ...]:
    """With nothing left to do to the pods and somebody not Available, the set itself waits for that pod.

    What is done to claims and revisions wakes nobody (rule 30): there may be no later look that could say so.
    """
    if any(isinstance(action, WAKING) for stage in stages for strand in stage.strands for action in strand):
        return ()
    pod = lineup.first_unavailable_pod
    return () if pod is None else (waiting.for_pod(lineup, name_of(lineup.set), pod, 47),)


def _wake_after(lineup: Lineup, steps: Sequence[Step]) -> float | None:
    """When the next Ready pod becomes Available by the passing of time alone (rule 48), or a step's time comes."""
    ripe_at = lineup.roster.next_ripe_at
    moments = [step.wake_after_seconds for step in steps]
    if ripe_at is not None:
        moments.append((ripe_at - lineup.snapshot.now).total_seconds())
    return min((seconds for seconds in moments if seconds is not None), default=None)
