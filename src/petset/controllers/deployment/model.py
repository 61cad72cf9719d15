"""What the Deployment planner looks at, and what it may answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from petset.api.models import apps_v1, core_v1
from petset.ownership.membership import Adopt, Release


@dataclass(frozen=True)
class Snapshot:
    """All inputs of one decision.

    `sets`: the ReplicaSets that the Deployment owns, and those of its namespace that nobody owns. `pods`: for a
    Deployment that recreates its pods, those of its ReplicaSets, by the uid of the ReplicaSet.
    """

    deployment: apps_v1.Deployment
    sets: tuple[apps_v1.ReplicaSet, ...]
    now: datetime
    pods: Mapping[str, tuple[core_v1.Pod, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class CreateReplicaSet:
    """The ReplicaSet of the present template. Its name may prove to be taken by other pods: a collision."""

    set: apps_v1.ReplicaSet


@dataclass(frozen=True)
class ReplaceReplicaSet:
    """A ReplicaSet with other replicas (`was` before) or other notes on it."""

    set: apps_v1.ReplicaSet
    was: int


@dataclass(frozen=True)
class DeleteReplicaSet:
    """Forget a ReplicaSet beyond the history limit."""

    set: apps_v1.ReplicaSet


Action = Adopt | Release | CreateReplicaSet | ReplaceReplicaSet | DeleteReplicaSet


@dataclass(frozen=True)
class Plan:
    """`actions` in this order, then the status; `revision` is what the Deployment's annotation shall say."""

    actions: tuple[Action, ...]
    status: apps_v1.DeploymentStatus
    revision: str = ""
    wake_after_seconds: float | None = None
