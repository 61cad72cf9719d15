"""What holds for every plan: the status alone is written, and only of a spec that nobody has looked at."""

from petset.api.objects import meta
from petset.controllers.policystatus.model import Plan, Snapshot


def is_safe(snapshot: Snapshot, plan: Plan) -> bool:
    """Whether the plan keeps both promises."""
    before = snapshot.policy
    seen = (before.status.observedGeneration if before.status else None) or 0
    return all(
        action.policy.spec is before.spec and seen < (meta(before).generation or 0) for action in plan.actions
    )
