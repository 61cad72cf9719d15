"""What the CronJob planner looks at, and what it may answer."""

from dataclasses import dataclass
from datetime import datetime

from petset.api.models import batch_v1


@dataclass(frozen=True)
class Snapshot:
    """All inputs of one decision. `jobs` are those that the CronJob owns."""

    cron_job: batch_v1.CronJob
    jobs: tuple[batch_v1.Job, ...]
    now: datetime


@dataclass(frozen=True)
class CreateJob:
    """The Job of one moment; its name is made of the moment, so that no moment gets two."""

    job: batch_v1.Job


@dataclass(frozen=True)
class DeleteJob:
    """A Job that is replaced, or beyond the history limit."""

    job: batch_v1.Job


Action = CreateJob | DeleteJob


@dataclass(frozen=True)
class Plan:
    """`actions` in order, then the status, then `told`: events as (type, reason, message)."""

    actions: tuple[Action, ...]
    status: batch_v1.CronJobStatus
    told: tuple[tuple[str, str, str], ...] = ()
    wake_after_seconds: float | None = None
