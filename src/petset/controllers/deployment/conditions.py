"""A Deployment's conditions, and how one replaces another."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from petset.api.models import apps_v1

Condition = apps_v1.DeploymentCondition

AVAILABLE, PROGRESSING, FAILURE = "Available", "Progressing", "ReplicaFailure"
PAUSED, RESUMED = "DeploymentPaused", "DeploymentResumed"
CREATED, FOUND = "NewReplicaSetCreated", "FoundNewReplicaSet"
UPDATED, COMPLETE, TIMED_OUT = "ReplicaSetUpdated", "NewReplicaSetAvailable", "ProgressDeadlineExceeded"
NO_DEADLINE = 2**31 - 1


class Conditions:
    """The conditions of one Deployment while a plan works on them."""

    def __init__(self, stored: Sequence[Condition], now: datetime) -> None:
        self._conditions = list(stored)
        self._now = now

    def get(self, kind: str) -> Condition | None:
        return next((condition for condition in self._conditions if condition.type == kind), None)

    def set(self, kind: str, status: str, reason: str, message: str) -> None:
        """The same status for the same reason is no news; the same status keeps the time of its beginning."""
        known = self.get(kind)
        if known is not None and (known.status, known.reason) == (status, reason):
            return
        self.renew(kind, status, reason, message)

    def renew(self, kind: str, status: str, reason: str, message: str) -> None:
        """Say it anew, even where nothing but the time of saying it changes."""
        known = self.get(kind)
        since = known.lastTransitionTime if known is not None and known.status == status else self._now
        self.remove(kind)
        self._conditions.append(
            Condition(
                type=kind,
                status=status,
                reason=reason,
                message=message,
                lastUpdateTime=self._now,
                lastTransitionTime=since,
            )
        )

    def put(self, condition: Condition) -> None:
        """Take over a condition as it is."""
        kind = condition.type or ""
        known = self.get(kind)
        if known is not None and (known.status, known.reason) == (condition.status, condition.reason):
            return
        self.remove(kind)
        self._conditions.append(condition)

    def remove(self, kind: str) -> None:
        self._conditions = [condition for condition in self._conditions if condition.type != kind]

    def all(self) -> list[Condition] | None:
        return self._conditions or None


def deadline_seconds(deployment: apps_v1.Deployment) -> int | None:
    """Within how long an update has to get on; None where it may take for ever."""
    seconds = deployment.spec.progressDeadlineSeconds if deployment.spec else None
    return None if seconds in (None, NO_DEADLINE) else seconds


def seconds_left(condition: Condition, limit_seconds: int, now: datetime) -> float:
    """Until the deadline passes, counted from the last progress; negative once it has passed."""
    last = condition.lastUpdateTime or now
    return (last + timedelta(seconds=limit_seconds) - now).total_seconds()


def from_set(condition: apps_v1.ReplicaSetCondition) -> Condition:
    """A ReplicaSet's failure as the Deployment tells of it."""
    return Condition(
        type=FAILURE,
        status=condition.status,
        reason=condition.reason,
        message=condition.message,
        lastUpdateTime=condition.lastTransitionTime,
        lastTransitionTime=condition.lastTransitionTime,
    )


def same(one: apps_v1.DeploymentStatus | None, other: apps_v1.DeploymentStatus) -> bool:
    """Writing the other status would tell nothing new."""
    return one is not None and msgspec.to_builtins(one) == msgspec.to_builtins(other)
