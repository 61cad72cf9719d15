"""Jobs: pods that end, with Kubernetes' messages."""

from petset.api.models import batch_v1, core_v1
from petset.api.objects import name_of, replace
from petset.api.schedules import Schedule, zone_of
from petset.api.selectors import Selector
from petset.api.validation.fields import AsWritten, Faults
from petset.api.validation.job_policies import check_policies
from petset.api.validation.pods import check_template
from petset.api.validation.selectors import check_label_selector

MODES = ("NonIndexed", "Indexed")
LONGEST_NAME = 52
MOST_AT_ONCE = 100_000
_COUNTS = (
    "parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished",
    "backoffLimitPerIndex", "maxFailedIndexes",
)  # fmt: skip
_FIXED = (
    "completions", "selector", "completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy",
    "successPolicy",
)  # fmt: skip
_PLACEMENT = ("affinity", "nodeSelector", "tolerations", "schedulingGates")


def check_job(job: batch_v1.Job, faults: Faults) -> None:
    """A Job, new or changed; the server has made its selector unless the user wants it otherwise."""
    spec = job.spec
    assert spec is not None
    _check_spec("spec", spec, faults)
    if spec.selector is None:
        faults.required("spec.selector")
        return
    check_label_selector("spec.selector", spec.selector, faults)
    labels = spec.template.metadata.labels if spec.template.metadata else None
    try:
        matches = Selector.from_struct(spec.selector).matches(labels)
    except ValueError:
        return
    if not matches:
        faults.invalid(
            "spec.template.metadata.labels",
            labels or AsWritten(None),
            "`selector` does not match template `labels`",
        )


def check_job_update(new: batch_v1.Job, old: batch_v1.Job, faults: Faults) -> None:
    """What a Job runs is fixed once it may have run; where it runs may change before it has started."""
    after, before = new.spec, old.spec
    assert after is not None and before is not None
    check_job(new, faults)
    for name in _FIXED:
        if name == "completions" and _is_elastic(before, after):
            continue
        faults.unchanged(f"spec.{name}", getattr(after, name), getattr(before, name))
    started = old.status is not None and old.status.startTime is not None
    template = after.template if started or not before.suspend else _placed_as(after.template, before.template)
    faults.unchanged("spec.template", template, before.template)


def _is_elastic(before: batch_v1.JobSpec, after: batch_v1.JobSpec) -> bool:
    """An indexed Job may grow or shrink, completions and parallelism together."""
    return after.completionMode == "Indexed" and before.completionMode == "Indexed" and (
        after.completions == after.parallelism
    )  # fmt: skip


def _placed_as(new: core_v1.PodTemplateSpec, old: core_v1.PodTemplateSpec) -> core_v1.PodTemplateSpec:
    """The new template but for what says where its pods may run."""
    assert new.spec is not None and old.spec is not None
    placement = {name: getattr(old.spec, name) for name in _PLACEMENT}
    assert new.metadata is not None and old.metadata is not None
    return replace(new, spec=replace(new.spec, **placement), metadata=old.metadata)


def _check_spec(path: str, spec: batch_v1.JobSpec, faults: Faults) -> None:
    for name in _COUNTS:
        faults.at_least_zero(f"{path}.{name}", getattr(spec, name))
    if spec.completionMode not in (None, *MODES):
        faults.not_supported(f"{path}.completionMode", spec.completionMode, MODES)
    if spec.completionMode == "Indexed":
        if spec.completions is None:
            faults.required(f"{path}.completions", f"when completion mode is {spec.completionMode}")
        if (spec.parallelism or 0) > MOST_AT_ONCE:
            faults.invalid(
                f"{path}.parallelism",
                spec.parallelism,
                f"must be less than or equal to {MOST_AT_ONCE} when completion mode is Indexed",
            )
    check_policies(path, spec, faults)
    check_template(f"{path}.template", spec.template, faults)
    pod = spec.template.spec
    assert pod is not None
    if pod.restartPolicy not in ("OnFailure", "Never"):
        faults.required(f"{path}.template.spec.restartPolicy", 'valid values: "OnFailure", "Never"')
    elif spec.podFailurePolicy is not None and pod.restartPolicy != "Never":
        faults.invalid(
            f"{path}.template.spec.restartPolicy",
            pod.restartPolicy,
            'only "Never" is supported when podFailurePolicy is specified',
        )


def check_cron_job(cron_job: batch_v1.CronJob, faults: Faults) -> None:
    """A CronJob, new or changed. Its Jobs get eleven characters more than its name."""
    spec = cron_job.spec
    assert spec is not None
    if len(name_of(cron_job)) > LONGEST_NAME:
        faults.invalid("metadata.name", name_of(cron_job), f"must be no more than {LONGEST_NAME} characters")
    _check_schedule(spec, faults)
    faults.at_least_zero("spec.startingDeadlineSeconds", spec.startingDeadlineSeconds)
    faults.one_of("spec.concurrencyPolicy", spec.concurrencyPolicy, ("Allow", "Forbid", "Replace"))
    if spec.jobTemplate.spec is not None:
        _check_spec("spec.jobTemplate.spec", spec.jobTemplate.spec, faults)
    faults.at_least_zero("spec.successfulJobsHistoryLimit", spec.successfulJobsHistoryLimit)
    faults.at_least_zero("spec.failedJobsHistoryLimit", spec.failedJobsHistoryLimit)


def _check_schedule(spec: batch_v1.CronJobSpec, faults: Faults) -> None:
    if not spec.schedule:
        faults.required("spec.schedule")
    elif "TZ" in spec.schedule:
        faults.invalid(
            "spec.schedule", spec.schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
        )
    else:
        try:
            Schedule(spec.schedule)
        except ValueError as error:
            faults.invalid("spec.schedule", spec.schedule, str(error))
    if spec.timeZone is not None:
        try:
            zone_of(spec.timeZone or "/")
        except ValueError as error:
            faults.invalid("spec.timeZone", spec.timeZone, str(error))
