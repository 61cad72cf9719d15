"""Rows of what runs pods to their end."""

from datetime import datetime

from petset.api.models import batch_v1
from petset.api.objects import is_terminating
from petset.apiserver.tables.columns import AGE, NAME, Cell, Column, Printer, age_of, name_of
from petset.apiserver.tables.durations import since
from petset.apiserver.tables.workloads import PODS_MADE, SELECTOR, containers_of, selector_text

_STATES = ("Complete", "Failed", "Suspended", "FailureTarget", "SuccessCriteriaMet")


def job(obj: batch_v1.Job, now: datetime) -> list[Cell]:
    """Completions are `<succeeded>/<wanted>`, or `<succeeded>/1 of <parallelism>` where no number is wanted."""
    spec, status = obj.spec, obj.status or batch_v1.JobStatus()
    assert spec is not None
    done = status.succeeded or 0
    if spec.completions is not None:
        completions = f"{done}/{spec.completions}"
    elif (spec.parallelism or 0) > 1:
        completions = f"{done}/1 of {spec.parallelism}"
    else:
        completions = f"{done}/1"
    return [
        name_of(obj),
        _state(obj, status),
        completions,
        since(status.startTime, status.completionTime or now) if status.startTime else "",
        age_of(obj, now),
        *containers_of(spec.template),
        selector_text(spec.selector),
    ]


def cron_job(obj: batch_v1.CronJob, now: datetime) -> list[Cell]:
    """When it is due, in which zone, and how many of its Jobs go on."""
    spec, status = obj.spec, obj.status or batch_v1.CronJobStatus()
    assert spec is not None
    job_spec = spec.jobTemplate.spec
    return [
        name_of(obj),
        spec.schedule,
        spec.timeZone or "<none>",
        "True" if spec.suspend else "False",
        len(status.active or ()),
        since(status.lastScheduleTime, now) if status.lastScheduleTime else "<none>",
        age_of(obj, now),
        *containers_of(job_spec.template if job_spec else None),
        selector_text(job_spec.selector if job_spec else None),
    ]


def _state(obj: batch_v1.Job, status: batch_v1.JobStatus) -> str:
    true = {condition.type for condition in status.conditions or () if condition.status == "True"}
    if "Complete" in true or "Failed" in true:
        return "Complete" if "Complete" in true else "Failed"
    if is_terminating(obj):
        return "Terminating"
    return next((state for state in _STATES if state in true), "Running")


CRON_JOBS = Printer(
    (
        NAME,
        *(Column(name) for name in ("Schedule", "Timezone", "Suspend")),
        Column("Active", "integer"),
        Column("Last Schedule"),
        AGE,
        *PODS_MADE,
        SELECTOR,
    ),
    cron_job,
)
JOBS = Printer((NAME, Column("Status"), Column("Completions"), Column("Duration"), AGE, *PODS_MADE, SELECTOR), job)
