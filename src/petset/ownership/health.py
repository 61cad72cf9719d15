"""What a pod's status lets us say about it: the claims that the rules are made of (rules 47, 48)."""

from datetime import UTC, datetime, timedelta

from petset.api.models import core_v1
from petset.api.objects import is_terminating, meta

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def phase_of(pod: core_v1.Pod) -> str:
    """The pod's phase, empty while nobody has set one."""
    return (pod.status.phase if pod.status else None) or ""


def is_finished(pod: core_v1.Pod) -> bool:
    """Failed or Succeeded: its containers will not run again, whatever the exit code said (rule 47)."""
    return phase_of(pod) in ("Failed", "Succeeded")


def is_pending(pod: core_v1.Pod) -> bool:
    return phase_of(pod) == "Pending"


def ready_since(pod: core_v1.Pod) -> datetime | None:
    """Since when the Ready condition is True; None while it is not. A True without a time counts as always."""
    for condition in (pod.status.conditions if pod.status else None) or ():
        if condition.type == "Ready" and condition.status == "True":
            return condition.lastTransitionTime or _LONG_AGO
    return None


def not_ready_since(pod: core_v1.Pod) -> datetime | None:
    """Since when the pod is not Ready, as its condition says, else since it was made; None while it is Ready."""
    if ready_since(pod) is not None:
        return None
    for condition in (pod.status.conditions if pod.status else None) or ():
        if condition.type == "Ready" and condition.lastTransitionTime is not None:
            return condition.lastTransitionTime
    return meta(pod).creationTimestamp or _LONG_AGO


def is_running_and_ready(pod: core_v1.Pod) -> bool:
    return phase_of(pod) == "Running" and ready_since(pod) is not None


def seconds_until_available(pod: core_v1.Pod, min_ready_seconds: int, now: datetime) -> float | None:
    """How long a Ready pod still has to stay so to be Available: 0 when it is, None when it is not Ready."""
    since = ready_since(pod)
    if since is None:
        return None
    if not min_ready_seconds:
        return 0.0
    return max(0.0, (since + timedelta(seconds=min_ready_seconds) - now).total_seconds())


def is_available(pod: core_v1.Pod, min_ready_seconds: int, now: datetime) -> bool:
    """Ready for `min_ready_seconds`, whatever the phase (rule 48)."""
    return seconds_until_available(pod, min_ready_seconds, now) == 0.0


def is_unavailable(pod: core_v1.Pod, min_ready_seconds: int, now: datetime) -> bool:
    """Not Available, or on its way out: it spends the update budget (rule 53)."""
    return is_terminating(pod) or not is_available(pod, min_ready_seconds, now)
