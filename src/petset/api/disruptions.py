"""What a disruption budget's status says of disruptions: read by evictions, kept by a controller, spent by both.

An eviction takes one from `disruptionsAllowed` and notes the pod in `disruptedPods` before it deletes the pod, so
that the budget holds though nobody has seen the deletion yet. The controller counts anew, without the pods noted;
who is noted and still there after two minutes counts again.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from petset.api.models import core_v1, meta_v1, policy_v1
from petset.api.objects import meta
from petset.api.selectors import Selector

DISRUPTION_ALLOWED = "DisruptionAllowed"
SUFFICIENT, INSUFFICIENT, SYNC_FAILED = "SufficientPods", "InsufficientPods", "SyncFailed"
DISRUPTION_TARGET = "DisruptionTarget"
"""The condition of a pod that is about to be deleted for a reason that is not its own."""
LAPSE = timedelta(minutes=2)
"""How long an eviction may take to delete its pod before the budget forgets about it."""


def guarding(
    pod: core_v1.Pod, budgets: Iterable[policy_v1.PodDisruptionBudget]
) -> Iterator[policy_v1.PodDisruptionBudget]:
    """The budgets of the pod's namespace whose selector means it. None selects nobody, an empty one everybody."""
    labels = meta(pod).labels
    for budget in budgets:
        if budget.spec is not None and Selector.from_struct(budget.spec.selector).matches(labels):
            yield budget


def condition_of(status: policy_v1.PodDisruptionBudgetStatus | None) -> meta_v1.Condition | None:
    """The condition DisruptionAllowed."""
    conditions = (status.conditions if status else None) or ()
    return next((condition for condition in conditions if condition.type == DISRUPTION_ALLOWED), None)


def with_condition(
    status: policy_v1.PodDisruptionBudgetStatus, now: datetime, failure: str = ""
) -> list[meta_v1.Condition]:
    """The status's conditions, of which DisruptionAllowed says what `disruptionsAllowed` does, or the failure."""
    allowed = bool(status.disruptionsAllowed) and not failure
    reason = SYNC_FAILED if failure else SUFFICIENT if allowed else INSUFFICIENT
    before = condition_of(status)
    value = "True" if allowed else "False"
    since = before.lastTransitionTime if before is not None and before.status == value else now
    condition = meta_v1.Condition(
        type=DISRUPTION_ALLOWED,
        status=value,
        reason=reason,
        message=failure,
        lastTransitionTime=since,
        observedGeneration=status.observedGeneration,
    )
    others = [each for each in status.conditions or () if each.type != DISRUPTION_ALLOWED]
    return [*others, condition]


def noted(status: policy_v1.PodDisruptionBudgetStatus | None) -> dict[str, datetime]:
    """When the eviction of which pod was granted. What is no time counts as long ago."""
    return {name: _time(text) for name, text in ((status.disruptedPods if status else None) or {}).items()}


def is_expected(granted: datetime | None, now: datetime) -> bool:
    """An eviction was granted then, and its deletion may still come."""
    return granted is not None and granted + LAPSE > now


def note_of(when: datetime) -> str:
    """A time as `disruptedPods` holds it."""
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"


def _time(text: object) -> datetime:
    if isinstance(text, datetime):
        return text
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return datetime.fromisoformat("1970-01-01T00:00:00Z")
