"""What holds for every plan: only mirrored slices are touched, and nothing is mirrored that is not to be."""

from petset.api.objects import uid_of
from petset.controllers.mirroring.model import CreateSlice, Plan, Snapshot, UpdateSlice
from petset.controllers.mirroring.plan import is_mirrored


def is_safe(snapshot: Snapshot, plan: Plan) -> bool:
    """Whether the plan keeps both promises."""
    own = {uid_of(each) for each in snapshot.slices}
    mirrors = snapshot.endpoints is not None and is_mirrored(snapshot.endpoints, snapshot.service)
    for action in plan.actions:
        if isinstance(action, CreateSlice | UpdateSlice) and not mirrors:
            return False
        if not isinstance(action, CreateSlice) and uid_of(action.slice) not in own:
            return False
    return True
