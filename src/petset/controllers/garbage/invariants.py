"""What no plan of the collector may ever break."""

from petset.controllers.garbage.model import Delete, DropFinalizer, OwnerState, Plan, Snapshot


def is_safe(snapshot: Snapshot, plan: Plan) -> bool:
    """Nothing with a living owner is deleted, and no owner goes before the dependents that block it."""
    wanted = any(state in (OwnerState.SOLID, OwnerState.UNKNOWN) for _, state in snapshot.owners)
    deleted = [action for action in plan.actions if isinstance(action, Delete)]
    if deleted and (wanted or not snapshot.node.owners or deleted[0].target != snapshot.node.identity):
        return False
    freed = any(
        isinstance(action, DropFinalizer) and action.finalizer == "foregroundDeletion" for action in plan.actions
    )
    uid = snapshot.node.identity.uid
    blocked = any(o.uid == uid and o.blocks for d in snapshot.dependents for o in d.owners)
    return not (freed and blocked)
