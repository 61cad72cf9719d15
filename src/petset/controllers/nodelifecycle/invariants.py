"""What no plan of the node lifecycle controller may ever break."""

from petset.api.objects import is_terminating
from petset.controllers.nodelifecycle.model import ForceDelete, Plan, Snapshot
from petset.controllers.nodelifecycle.plan import is_out_of_service


def is_safe(snapshot: Snapshot, plan: Plan) -> bool:
    """A pod is removed outright only from a node that is gone, or that a person has declared out of service."""
    forced = [action.pod for action in plan.actions if isinstance(action, ForceDelete)]
    declared = is_out_of_service(snapshot)
    return not forced or snapshot.node is None or (declared and all(is_terminating(pod) for pod in forced))
