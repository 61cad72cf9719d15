"""What holds for every plan: a status speaks of what the quota limits, all of it, and of nothing else."""

from petset.api.quotas.charging import hard_of
from petset.controllers.resourcequota.model import Plan, Snapshot


def is_safe(snapshot: Snapshot, plan: Plan) -> bool:
    """Whether the plan keeps the promise."""
    hard = hard_of(snapshot.quota)
    return all(action.hard == hard and action.used.keys() == hard.keys() for action in plan.actions)
