"""What no decision of the scheduler may ever break."""

from petset.api.objects import name_of
from petset.scheduler import resources
from petset.scheduler.model import NodeState, Plan, SelectNode, Snapshot


def is_overcommitted(state: NodeState) -> bool:
    """Whether the pods counted on a node request more of anything than the node gives."""
    offered = state.offered
    used = resources.total(state.pods)
    return any(amount > offered.get(name, 0) for name, amount in used.items() if name in offered or name != "pods")


def is_sound(snapshot: Snapshot, plan: Plan) -> bool:
    """A plan either acts on a node that the snapshot knows, the same in all steps, or says what it waits for."""
    nodes = {action.node for action in plan.actions}
    known = {name_of(state.node) for state in snapshot.nodes}
    tells_claims = all(isinstance(action, SelectNode) for action in plan.actions)
    return (
        len(nodes) <= 1
        and nodes <= known
        and (bool(plan.actions) or plan.waiting is not None)
        and (plan.waiting is None or tells_claims)
    )
