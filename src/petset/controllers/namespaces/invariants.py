"""What no plan for a namespace may ever break."""

from petset.api.objects import is_terminating
from petset.controllers.namespaces.model import DeleteObject, Finalize, Plan, Snapshot


def is_safe(snapshot: Snapshot, plan: Plan) -> bool:
    """Nothing is deleted in a namespace that lives, and none is let go while something remains in it."""
    for action in plan.actions:
        if isinstance(action, DeleteObject | Finalize) and not is_terminating(snapshot.namespace):
            return False
        if isinstance(action, Finalize) and snapshot.remaining:
            return False
    return True
