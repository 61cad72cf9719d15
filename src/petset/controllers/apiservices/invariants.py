"""What holds for every plan: only what is served is registered, and only what the server registered goes."""

from petset.api.objects import meta, name_of, uid_of
from petset.controllers.apiservices.model import MANAGED, Plan, Register, Snapshot


def is_safe(snapshot: Snapshot, plan: Plan) -> bool:
    """Whether the plan keeps both promises."""
    served = {each.name for each in snapshot.served}
    own = {uid_of(each) for each in snapshot.present if (meta(each).labels or {}).get(MANAGED) == "true"}
    return all(
        name_of(action.api_service) in served
        if isinstance(action, Register)
        else action.uid in own and action.name not in served
        for action in plan.actions
    )
