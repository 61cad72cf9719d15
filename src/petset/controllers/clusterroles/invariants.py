"""What holds for every plan: nobody gets a rule that no gathered role has, and only gathering roles are written."""

from petset.controllers.clusterroles.model import Plan, Snapshot
from petset.controllers.clusterroles.plan import sources


def is_safe(snapshot: Snapshot, plan: Plan) -> bool:
    """Whether the plan keeps both promises."""
    gathered = [rule for role in sources(snapshot) for rule in role.rules or ()]
    gathers = snapshot.role.aggregationRule is not None
    return all(gathers and all(rule in gathered for rule in action.rules) for action in plan.actions)
