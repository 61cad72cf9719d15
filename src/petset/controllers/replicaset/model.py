"""What the ReplicaSet planner looks at, and what it may answer.

A ReplicationController is an older ReplicaSet, whose selector is plain labels: the same planner decides for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from petset.api.models import apps_v1, core_v1
from petset.ownership.membership import Adopt, Release

Replicated = apps_v1.ReplicaSet | core_v1.ReplicationController
Status = apps_v1.ReplicaSetStatus | core_v1.ReplicationControllerStatus


@dataclass(frozen=True)
class Snapshot:
    """All inputs of one decision.

    `pods`: those that the set owns, and those of its namespace that nobody owns. `beside`: how many pods of the
    set's siblings (the ReplicaSets of the same Deployment) run on each node.
    """

    set: Replicated
    pods: tuple[core_v1.Pod, ...]
    now: datetime
    beside: Mapping[str, int]


@dataclass(frozen=True)
class CreatePod:
    """One more pod; the server completes its name."""

    pod: core_v1.Pod


@dataclass(frozen=True)
class DeletePod:
    """One pod too many."""

    pod: core_v1.Pod


Action = Adopt | Release | CreatePod | DeletePod


@dataclass(frozen=True)
class Plan:
    """`ownership` first, in order; then either `creations` or `deletions`, at once in growing batches."""

    ownership: tuple[Adopt | Release, ...]
    creations: tuple[CreatePod, ...]
    deletions: tuple[DeletePod, ...]
    status: Status
    wake_after_seconds: float | None = None

    @property
    def actions(self) -> tuple[Action, ...]:
        """Every action, in the order in which one worker would take them."""
        return (*self.ownership, *self.creations, *self.deletions)
