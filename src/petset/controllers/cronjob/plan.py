"""What a CronJob needs next: to see which Jobs have ended, to forget old ones, to start the one that is due.

Only the last moment that has passed counts: after a long sleep one Job is started, not a hundred. Guarantee: each
moment of the schedule gets at most one Job, for the Job's name says the moment.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from petset.api.models import batch_v1, core_v1, meta_v1
from petset.api.objects import copy, is_terminating, meta, name_of, namespace_of, owner_reference, uid_of
from petset.api.schedules import Schedule
from petset.controllers.cronjob.model import Action, CreateJob, DeleteJob, Plan, Snapshot

MOMENT = "batch.kubernetes.io/cronjob-scheduled-timestamp"
_ALREADY = "Not starting job because prior execution is running and concurrency policy is Forbid"
_MISSED_MANY = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew"
_MANY = 100
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_A_MOMENT_LATER_SECONDS = 0.1


def plan(snapshot: Snapshot) -> Plan:
    """Everything to do now for one CronJob."""
    spec = snapshot.cron_job.spec
    assert spec is not None
    status, told = _follow(snapshot)
    old = _beyond_limits(snapshot)
    if is_terminating(snapshot.cron_job):
        return Plan((), status)
    if spec.suspend:
        return Plan(old, status, told)
    schedule = Schedule(spec.schedule, spec.timeZone or "")
    due = schedule.latest(_earliest(snapshot), snapshot.now)
    actions, more_told = _start(snapshot, schedule, status, due) if due is not None else ((), ())
    if due is not None and _missed_many(schedule, _earliest(snapshot), snapshot.now):
        more_told = (("Warning", "TooManyMissedTimes", _MISSED_MANY), *more_told)
    following = schedule.next_after(snapshot.now)
    again = None if following is None else (following - snapshot.now).total_seconds() + _A_MOMENT_LATER_SECONDS
    return Plan((*old, *actions), status, (*told, *more_told), again)


def ending_of(job: batch_v1.Job) -> str:
    """`Complete` or `Failed`, empty while the Job goes on."""
    for condition in (job.status.conditions if job.status else None) or ():
        if condition.type in ("Complete", "Failed") and condition.status == "True":
            return str(condition.type)
    return ""


def _follow(snapshot: Snapshot) -> tuple[batch_v1.CronJobStatus, tuple[tuple[str, str, str], ...]]:
    """The Jobs that go on, and when one last succeeded; a Job that has ended is told of once."""
    stored = snapshot.cron_job.status or batch_v1.CronJobStatus()
    running = [job for job in snapshot.jobs if not ending_of(job)]
    jobs = {uid_of(job): job for job in snapshot.jobs}
    told: list[tuple[str, str, str]] = []
    for reference in stored.active or ():
        job = jobs.get(reference.uid or "")
        if job is None:
            told.append(("Normal", "MissingJob", f"Active job went missing: {reference.name}"))
        elif ending_of(job):
            text = f"Saw completed job: {name_of(job)}, condition: {ending_of(job)}"
            told.append(("Normal", "SawCompletedJob", text))
    succeeded = [job.status.completionTime for job in snapshot.jobs if job.status and ending_of(job) == "Complete"]
    last = max((end for end in (*succeeded, stored.lastSuccessfulTime) if end is not None), default=None)
    active = [_reference(job) for job in sorted(running, key=name_of)]
    return msgspec.structs.replace(stored, active=active or None, lastSuccessfulTime=last), tuple(told)


def _reference(job: batch_v1.Job) -> core_v1.ObjectReference:
    return core_v1.ObjectReference(
        apiVersion="batch/v1",
        kind="Job",
        name=name_of(job),
        namespace=namespace_of(job),
        uid=uid_of(job),
        resourceVersion=meta(job).resourceVersion,
    )


def _beyond_limits(snapshot: Snapshot) -> tuple[DeleteJob, ...]:
    spec = snapshot.cron_job.spec
    assert spec is not None
    limits = {"Complete": spec.successfulJobsHistoryLimit, "Failed": spec.failedJobsHistoryLimit}
    found: list[DeleteJob] = []
    for ending, limit in limits.items():
        if limit is None:
            continue
        ended = [job for job in snapshot.jobs if ending_of(job) == ending and not is_terminating(job)]
        ended.sort(key=lambda job: ((job.status.startTime if job.status else None) or _LONG_AGO, name_of(job)))
        found += [DeleteJob(job) for job in ended[: max(0, len(ended) - limit)]]
    return tuple(found)


def _earliest(snapshot: Snapshot) -> datetime:
    """Moments up to this one are past and gone."""
    cron_job = snapshot.cron_job
    last = cron_job.status.lastScheduleTime if cron_job.status else None
    since = last or meta(cron_job).creationTimestamp or snapshot.now
    patience = cron_job.spec.startingDeadlineSeconds if cron_job.spec else None
    if patience is not None:
        since = max(since, snapshot.now - timedelta(seconds=patience))
    return since


def _missed_many(schedule: Schedule, since: datetime, now: datetime) -> bool:
    """Whether more than a hundred moments have passed, as Kubernetes reckons it: by the first two of them."""
    first = schedule.next_after(since)
    second = schedule.next_after(first) if first is not None else None
    if first is None or second is None or now < second:
        return False
    between = max(1, round((second - first).total_seconds()))
    return int((now - first).total_seconds()) // between + 1 > _MANY


def _start(
    snapshot: Snapshot, schedule: Schedule, status: batch_v1.CronJobStatus, due: datetime
) -> tuple[Sequence[Action], tuple[tuple[str, str, str], ...]]:
    """The Job of this moment, as far as those that still run allow it."""
    spec = snapshot.cron_job.spec
    assert spec is not None
    job = job_for(snapshot.cron_job, schedule, due)
    if name_of(job) in {name_of(each) for each in snapshot.jobs}:
        status.lastScheduleTime = due  # it was made, and the status got lost
        return (), ()
    running = [each for each in snapshot.jobs if not ending_of(each)]
    if running and spec.concurrencyPolicy == "Forbid":
        return (), (("Normal", "JobAlreadyActive", _ALREADY),)
    replaced = [each for each in running if spec.concurrencyPolicy == "Replace" and not is_terminating(each)]
    status.lastScheduleTime = due
    return [*(DeleteJob(each) for each in replaced), CreateJob(job)], ()


def job_for(cron_job: batch_v1.CronJob, schedule: Schedule, moment: datetime) -> batch_v1.Job:
    """The Job of a moment, named by its minutes since 1970."""
    assert cron_job.spec is not None
    template = cron_job.spec.jobTemplate
    given = template.metadata or meta_v1.ObjectMeta()
    metadata = meta_v1.ObjectMeta(
        name=f"{name_of(cron_job)}-{int(moment.timestamp()) // 60}",
        namespace=namespace_of(cron_job),
        labels=dict(given.labels) if given.labels else None,
        annotations={
            **(given.annotations or {}),
            MOMENT: schedule.local(moment).isoformat().replace("+00:00", "Z"),
        },
        ownerReferences=[owner_reference(cron_job)],
    )
    return batch_v1.Job(metadata=metadata, spec=copy(template.spec))
