"""What holds for every status that the disruption controller writes."""

from collections.abc import Iterator

from petset.api.disruptions import is_expected, noted
from petset.api.objects import is_terminating, name_of
from petset.controllers.disruption.model import Plan, Snapshot, WriteStatus
from petset.ownership.pods import is_ready


def violations(snapshot: Snapshot, plan: Plan) -> Iterator[str]:
    """A sentence for each promise that carrying out the plan would break."""
    notes = noted(snapshot.budget.status)
    left = sum(
        is_ready(pod) and not is_terminating(pod) and not is_expected(notes.get(name_of(pod)), snapshot.now)
        for pod in snapshot.pods
    )
    for action in plan.actions:
        if isinstance(action, WriteStatus) and action.budget.status is not None:
            status = action.budget.status
            allowed, desired = status.disruptionsAllowed or 0, status.desiredHealthy or 0
            if allowed < 0:
                yield f"{allowed} disruptions are allowed"
            if allowed and left - allowed < desired:
                yield f"{allowed} disruptions of {left} healthy pods would leave fewer than {desired}"
