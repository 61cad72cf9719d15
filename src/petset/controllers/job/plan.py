"""What a Job needs next: the whole decision.

    ownership   which pods are the Job's
    tally       who has ended how (`tally.py`)
    verdict     enough have succeeded, too many have failed, or the time is over
    pods        which pods to make and which to stop (`pods.py`)

An end has two steps, so that nobody takes the Job for finished while its pods still run: first SuccessCriteriaMet
or FailureTarget, and once no pod is left, Complete or Failed.
"""

from datetime import timedelta

import msgspec

from petset.api.models import batch_v1, core_v1
from petset.api.objects import is_terminating
from petset.api.selectors import Selector
from petset.controllers.job import indexes, pods
from petset.controllers.job.model import Action, DeleteJob, LetGo, Plan, Snapshot, is_tracked
from petset.controllers.job.tally import Tally, take
from petset.controllers.job.verdict import Verdict, judge, with_condition
from petset.ownership import membership
from petset.ownership.health import is_finished
from petset.ownership.pods import is_active, is_ready

MANAGER = "kubernetes.io/job-controller"


def plan(snapshot: Snapshot) -> Plan:
    """Everything to do now for one Job."""
    job = snapshot.job
    assert job.spec is not None
    status = job.status or batch_v1.JobStatus()
    if job.spec.managedBy not in (None, MANAGER):
        return Plan((), status)
    joined = membership.decide(job, Selector.from_struct(job.spec.selector), snapshot.pods)
    if end := finished_at(job):
        left = tuple(LetGo(pod) for pod in joined.members if is_tracked(pod))
        return _expire(snapshot, end, left)
    tally = take(job, joined.members)
    active = [pod for pod in joined.members if is_active(pod)]
    verdict = judge(snapshot, tally, joined.members, active)
    made, again = pods.decide(snapshot, joined.members, active, tally, verdict)
    letting = tuple(LetGo(pod) for pod in tally.counted)
    reported, told = _report(snapshot, joined.members, tally, verdict)
    waits = [seconds for seconds in (again, verdict.seconds_left) if seconds is not None]
    return Plan((*joined.actions, *letting, *made), reported, told, min(waits, default=None))


def finished_at(job: batch_v1.Job) -> batch_v1.JobCondition | None:
    """The condition that says the Job has ended."""
    conditions = (job.status.conditions if job.status else None) or ()
    return next((c for c in conditions if c.type in ("Complete", "Failed") and c.status == "True"), None)


def _expire(snapshot: Snapshot, end: batch_v1.JobCondition, left: tuple[Action, ...]) -> Plan:
    """A finished Job goes after a while, if it wants that."""
    job = snapshot.job
    ttl = job.spec.ttlSecondsAfterFinished if job.spec else None
    status = job.status or batch_v1.JobStatus()
    if ttl is None or is_terminating(job) or end.lastTransitionTime is None:
        return Plan(left, status)
    seconds = (end.lastTransitionTime + timedelta(seconds=ttl) - snapshot.now).total_seconds()
    return Plan((*left, DeleteJob()), status) if seconds <= 0 else Plan(left, status, wake_after_seconds=seconds)


def _report(
    snapshot: Snapshot, members: tuple[core_v1.Pod, ...], tally: Tally, verdict: Verdict
) -> tuple[batch_v1.JobStatus, tuple[tuple[str, str, str], ...]]:
    job, now = snapshot.job, snapshot.now
    assert job.spec is not None
    active = [pod for pod in members if is_active(pod)]
    going = sum(1 for pod in members if is_terminating(pod) and not is_finished(pod))
    status = msgspec.structs.replace(
        job.status or batch_v1.JobStatus(),
        active=len(active) or None,
        ready=sum(map(is_ready, active)),
        terminating=going,
        succeeded=tally.stored_succeeded or None,
        failed=tally.stored_failed or None,
        uncountedTerminatedPods=tally.uncounted,
    )
    if job.spec.completionMode == "Indexed":
        status.completedIndexes = indexes.text_of(tally.completed) or None
        if job.spec.backoffLimitPerIndex is not None:
            status.failedIndexes = indexes.text_of(tally.failed_indexes)
    told: list[tuple[str, str, str]] = []
    _report_suspension(snapshot, status, told)
    if verdict.reason:
        with_condition(status, verdict.interim, "True", verdict.reason, verdict.message, now)
        if not active and not going and tally.is_settled:
            with_condition(status, verdict.final, "True", verdict.reason, verdict.message, now)
            if verdict.final == "Complete":
                status.completionTime = now
                told.append(("Normal", "Completed", "Job completed"))
            else:
                told.append(("Warning", verdict.reason, verdict.message))
    return status, tuple(told)


def _report_suspension(snapshot: Snapshot, status: batch_v1.JobStatus, told: list[tuple[str, str, str]]) -> None:
    """A suspended Job starts anew when it is resumed: its time counts from then."""
    spec, now = snapshot.job.spec, snapshot.now
    known = next((c for c in status.conditions or () if c.type == "Suspended"), None)
    is_noted = known is not None and known.status == "True"
    if spec is not None and spec.suspend:
        status.startTime = None
        if not is_noted:
            with_condition(status, "Suspended", "True", "JobSuspended", "Job suspended", now)
            told.append(("Normal", "Suspended", "Job suspended"))
        return
    if is_noted:
        with_condition(status, "Suspended", "False", "JobResumed", "Job resumed", now)
        told.append(("Normal", "Resumed", "Job resumed"))
        status.startTime = now
    if status.startTime is None:
        status.startTime = now
