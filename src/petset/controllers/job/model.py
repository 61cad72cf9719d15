"""What the Job planner looks at, and what it may answer."""

from dataclasses import dataclass
from datetime import datetime

from petset.api.models import batch_v1, core_v1
from petset.api.objects import meta
from petset.ownership.membership import Adopt, Release

FINALIZER = "batch.kubernetes.io/job-tracking"
INDEX = "batch.kubernetes.io/job-completion-index"


def is_tracked(pod: core_v1.Pod) -> bool:
    """The finalizer still holds the pod."""
    return FINALIZER in (meta(pod).finalizers or ())


def interim_of(job: batch_v1.Job) -> str:
    """The condition that announces its end, `FailureTarget` or `SuccessCriteriaMet`; empty while it goes on."""
    for condition in (job.status.conditions if job.status else None) or ():
        if condition.type in ("FailureTarget", "SuccessCriteriaMet") and condition.status == "True":
            return str(condition.type)
    return ""


def is_failing(job: batch_v1.Job) -> bool:
    """The Job is to fail as soon as its pods are gone."""
    return interim_of(job) == "FailureTarget"


@dataclass(frozen=True)
class Snapshot:
    """All inputs of one decision. `pods`: those the Job owns, and those of its namespace that nobody owns."""

    job: batch_v1.Job
    pods: tuple[core_v1.Pod, ...]
    now: datetime


@dataclass(frozen=True)
class CreatePod:
    """One more attempt."""

    pod: core_v1.Pod


@dataclass(frozen=True)
class DeletePod:
    """A pod that is not wanted any more; one that shall not count as failed is let go of before (`uncounted`)."""

    pod: core_v1.Pod
    uncounted: bool


@dataclass(frozen=True)
class LetGo:
    """Take away the finalizer: the stored status has counted the pod, so it may vanish."""

    pod: core_v1.Pod


@dataclass(frozen=True)
class DeleteJob:
    """The Job has been finished for as long as it wanted to be seen."""


Action = Adopt | Release | LetGo | CreatePod | DeletePod | DeleteJob


@dataclass(frozen=True)
class Plan:
    """`actions` in order, the creations and deletions among them in growing batches; then the status.

    `told`: what the Job's user hears once the status is written, as (type, reason, message).
    """

    actions: tuple[Action, ...]
    status: batch_v1.JobStatus
    told: tuple[tuple[str, str, str], ...] = ()
    wake_after_seconds: float | None = None
