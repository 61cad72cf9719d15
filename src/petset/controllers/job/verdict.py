"""Whether a Job has come to its end, and how."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from petset.api.models import batch_v1, core_v1
from petset.controllers.job import failures, indexes
from petset.controllers.job.model import Snapshot
from petset.controllers.job.tally import Tally


@dataclass(frozen=True)
class Verdict:
    """`reason` is empty while the Job goes on; `interim` and `final` are the conditions of its end.

    `seconds_left` until the Job's time is over.
    """

    reason: str = ""
    message: str = ""
    interim: str = ""
    final: str = ""
    seconds_left: float | None = None


def judge(
    snapshot: Snapshot, tally: Tally, members: Sequence[core_v1.Pod], active: Sequence[core_v1.Pod]
) -> Verdict:
    """A verdict that the status has named stands; otherwise failures count before successes."""
    job, spec = snapshot.job, snapshot.job.spec
    assert spec is not None
    for condition in (job.status.conditions if job.status else None) or ():
        if condition.type in ("FailureTarget", "SuccessCriteriaMet") and condition.status == "True":
            return _end(condition.type, condition.reason or "", condition.message or "")
    if message := failures.fatal_message(job, members):
        return _end("FailureTarget", "PodFailurePolicy", message)
    limit = 6 if spec.backoffLimit is None else spec.backoffLimit
    if tally.failed > limit or _restarts_exceed(spec, limit, active):
        return _end("FailureTarget", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
    left = _seconds_left(snapshot)
    if left is not None and left <= 0:
        return _end("FailureTarget", "DeadlineExceeded", "Job was active longer than specified deadline")
    if reason := _failed_indexes(spec, tally):
        return _end("FailureTarget", *reason)
    if message := _success_rule(spec, tally):
        return _end("SuccessCriteriaMet", "SuccessPolicy", message)
    if _is_complete(spec, tally, active):
        return _end("SuccessCriteriaMet", "CompletionsReached", "Reached expected number of succeeded pods")
    return Verdict(seconds_left=left)


def _end(interim: str, reason: str, message: str) -> Verdict:
    return Verdict(reason, message, interim, "Complete" if interim == "SuccessCriteriaMet" else "Failed")


def _failed_indexes(spec: batch_v1.JobSpec, tally: Tally) -> tuple[str, str] | None:
    """Too many indexes have failed for good; or some have, and no other is left to run."""
    failed, most = len(tally.failed_indexes), spec.maxFailedIndexes
    if most is not None and failed > most:
        text = "Job has exceeded the specified maximal number of failed indexes"
        return "MaxFailedIndexesExceeded", text
    if failed and failed + len(tally.completed) >= (spec.completions or 0):
        return "FailedIndexes", "Job has failed indexes"
    return None


def _success_rule(spec: batch_v1.JobSpec, tally: Tally) -> str:
    """Which rule of the `successPolicy` is met: all of its indexes, or enough of them, have succeeded."""
    for number, rule in enumerate(spec.successPolicy.rules if spec.successPolicy and tally.completed else ()):
        if rule.succeededIndexes is None:
            is_met = rule.succeededCount is not None and len(tally.completed) >= rule.succeededCount
        else:
            meant = frozenset(indexes.parse(rule.succeededIndexes, spec.completions or 0))
            least = len(meant) if rule.succeededCount is None else min(rule.succeededCount, len(meant))
            is_met = bool(meant) and len(tally.completed & meant) >= least
        if is_met:
            return f"Matched rules at index {number}"
    return ""


def _is_complete(spec: batch_v1.JobSpec, tally: Tally, active: Sequence[core_v1.Pod]) -> bool:
    if spec.completions is None:
        return tally.succeeded > 0 and not active
    return tally.succeeded >= spec.completions


def _restarts_exceed(spec: batch_v1.JobSpec, limit: int, active: Sequence[core_v1.Pod]) -> bool:
    """Containers that are restarted in their pod are attempts too."""
    pod = spec.template.spec
    if pod is None or pod.restartPolicy != "OnFailure":
        return False
    statuses = (
        status
        for each in active
        if each.status is not None
        for status in (*(each.status.initContainerStatuses or ()), *(each.status.containerStatuses or ()))
    )
    restarts: int = sum(status.restartCount for status in statuses)
    return restarts > 0 if limit == 0 else restarts >= limit


def _seconds_left(snapshot: Snapshot) -> float | None:
    spec, status = snapshot.job.spec, snapshot.job.status
    if spec is None or spec.activeDeadlineSeconds is None or spec.suspend:
        return None
    started = (status.startTime if status else None) or snapshot.now
    return (started + timedelta(seconds=spec.activeDeadlineSeconds) - snapshot.now).total_seconds()


def with_condition(
    status: batch_v1.JobStatus, kind: str, value: str, reason: str, message: str, now: datetime
) -> None:
    """Add or replace a condition, unless it says the same already."""
    known = next((c for c in status.conditions or () if c.type == kind), None)
    if known is not None and (known.status, known.reason) == (value, reason):
        return
    others = [c for c in status.conditions or () if c.type != kind]
    condition = batch_v1.JobCondition(
        type=kind, status=value, reason=reason, message=message, lastProbeTime=now, lastTransitionTime=now
    )
    status.conditions = [*others, condition]
