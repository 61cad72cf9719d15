"""What no plan of the node lifecycle controller may ever break."""

from petset.api.objects import is_terminating
from petset.controllers.nodelifecycle.model import ForceDelete, Plan, Snapshot
from petset.controllers.nodelifecycle.plan import OUT_OF_SERVICE


def is_safe(snapshot: Snapshot, plan: Plan) -> bool:
    """A pod is removed outright only from a node that is gone, or that a person has declared out of service."""
    node = snapshot.node
    declared = node is not None and any(t.key == OUT_OF_SERVICE for t in (node.spec and node.spec.taints) or ())
    forced = [action.pod for action in plan.actions if isinstance(action, ForceDelete)]
    return not forced or node is None or (declared and all(is_terminating(pod) for pod in forced))
