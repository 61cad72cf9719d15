"""What no plan of a Deployment may ever ask for."""

from petset.api.objects import is_terminating, name_of
from petset.controllers.deployment.budget import budget_of, is_rolling, replicas_of
from petset.controllers.deployment.fleet import DESIRED
from petset.controllers.deployment.model import CreateReplicaSet, Plan, ReplaceReplicaSet, Snapshot


def violations(snapshot: Snapshot, plan: Plan) -> tuple[str, ...]:
    """The promises that `plan` would break in the state of `snapshot`."""
    broken = []
    if is_terminating(snapshot.deployment) and plan.actions:
        broken.append("nothing is done for a Deployment that is going")
    before = {name_of(rs): (rs.spec.replicas if rs.spec else None) or 0 for rs in snapshot.sets}
    after = dict(before)
    for action in plan.actions:
        if isinstance(action, CreateReplicaSet | ReplaceReplicaSet):
            assert action.set.spec is not None
            after[name_of(action.set)] = action.set.spec.replicas or 0
    if _is_rolled_out(snapshot) and sum(after.values()) > max(_most(snapshot), sum(before.values())):
        broken.append("never more pods than replicas and surge")
    if _is_rolled_out(snapshot) and _fewest_available(snapshot, before, after) < _least(snapshot, before):
        broken.append("never fewer Available than allowed")
    return tuple(broken)


def _is_rolled_out(snapshot: Snapshot) -> bool:
    """It is being updated step by step in one size: the promises hold then."""
    wanted = str(replicas_of(snapshot.deployment))
    notes = [(rs.metadata.annotations or {}).get(DESIRED, wanted) for rs in snapshot.sets if rs.metadata]
    spec = snapshot.deployment.spec
    return is_rolling(snapshot.deployment) and not (spec and spec.paused) and all(n == wanted for n in notes)


def _most(snapshot: Snapshot) -> int:
    return replicas_of(snapshot.deployment) + budget_of(snapshot.deployment).surge


def _least(snapshot: Snapshot, before: dict[str, int]) -> int:
    """What must stay Available, or as much of it as there is."""
    least = replicas_of(snapshot.deployment) - budget_of(snapshot.deployment).unavailable
    return min(least, _fewest_available(snapshot, before, before))


def _fewest_available(snapshot: Snapshot, before: dict[str, int], after: dict[str, int]) -> int:
    """Available pods once the surplus is gone, the ones that do not work going first, as ReplicaSets see to it."""
    total = 0
    for rs in snapshot.sets:
        available = (rs.status.availableReplicas if rs.status else None) or 0
        total += min(available, before[name_of(rs)], after[name_of(rs)])
    return total
