"""Defaults of Jobs and CronJobs."""

from petset.api.defaults.pods import default_pod_spec
from petset.api.models import batch_v1

BACKOFF_LIMIT = 6
NO_LIMIT = 2**31 - 1


def default_job(job: batch_v1.Job) -> None:
    """A Job, with the labels of its pods where it has none."""
    assert job.spec is not None and job.metadata is not None, "stored form has them"
    template = job.spec.template
    if not job.metadata.labels and template.metadata is not None and template.metadata.labels:
        job.metadata.labels = dict(template.metadata.labels)
    _default_spec(job.spec)
    if template.spec is not None:
        default_pod_spec(template.spec)


def _default_spec(spec: batch_v1.JobSpec) -> None:
    if spec.completions is None and spec.parallelism is None:
        spec.completions = 1
    if spec.parallelism is None:
        spec.parallelism = 1
    if spec.backoffLimit is None:
        spec.backoffLimit = BACKOFF_LIMIT if spec.backoffLimitPerIndex is None else NO_LIMIT
    spec.completionMode = spec.completionMode or "NonIndexed"
    if spec.suspend is None:
        spec.suspend = False
    if spec.manualSelector is None:
        spec.manualSelector = False
    if spec.podReplacementPolicy is None:
        spec.podReplacementPolicy = "TerminatingOrFailed" if spec.podFailurePolicy is None else "Failed"
    _default_patterns(spec)


def _default_patterns(spec: batch_v1.JobSpec) -> None:
    """A rule about a condition means that it is True."""
    for rule in (spec.podFailurePolicy.rules if spec.podFailurePolicy else None) or ():
        for pattern in rule.onPodConditions or ():
            pattern.status = pattern.status or "True"


def default_cron_job(cron_job: batch_v1.CronJob) -> None:
    """A CronJob; what is left open of its Jobs stays open until one is made."""
    spec = cron_job.spec
    assert spec is not None, "stored form has a spec"
    spec.concurrencyPolicy = spec.concurrencyPolicy or "Allow"
    if spec.suspend is None:
        spec.suspend = False
    if spec.successfulJobsHistoryLimit is None:
        spec.successfulJobsHistoryLimit = 3
    if spec.failedJobsHistoryLimit is None:
        spec.failedJobsHistoryLimit = 1
    job = spec.jobTemplate.spec
    if job is None:
        return
    _default_patterns(job)
    if job.template.spec is not None:
        default_pod_spec(job.template.spec)
