"""The Deployment's ReplicaSets as they shall be after this plan: a draft that the steps of a plan work on.

A step sees what the steps before it decided. `actions()` is the difference between the draft and what is stored.
"""

from datetime import UTC, datetime

import msgspec

from petset.api.models import apps_v1
from petset.api.objects import meta, name_of
from petset.controllers.deployment.budget import Budget, budget_of, replicas_of
from petset.controllers.deployment.model import CreateReplicaSet, DeleteReplicaSet, ReplaceReplicaSet

DESIRED = "deployment.kubernetes.io/desired-replicas"
MAXIMUM = "deployment.kubernetes.io/max-replicas"


class Draft:
    """One ReplicaSet; `stored` is None while it has to be created."""

    def __init__(self, stored: apps_v1.ReplicaSet | None, wanted: apps_v1.ReplicaSet) -> None:
        self.stored = stored
        self.wanted = wanted

    @property
    def name(self) -> str:
        return name_of(self.wanted)

    @property
    def replicas(self) -> int:
        return (self.wanted.spec.replicas if self.wanted.spec else None) or 0

    @property
    def existing(self) -> int:
        """Pods that there are, by its own status."""
        return (self.wanted.status.replicas if self.wanted.status else None) or 0

    @property
    def available(self) -> int:
        return (self.wanted.status.availableReplicas if self.wanted.status else None) or 0

    @property
    def born(self) -> tuple[datetime, str]:
        """Older ones sort before younger ones; what is not created yet is the youngest."""
        return meta(self.wanted).creationTimestamp or datetime.max.replace(tzinfo=UTC), self.name

    def note(self, key: str) -> str:
        """An annotation, empty where there is none."""
        annotations: dict[str, str] = meta(self.wanted).annotations or {}
        return annotations.get(key, "")

    def annotate(self, notes: dict[str, str]) -> None:
        """Add or change annotations."""
        metadata = meta(self.wanted)
        merged = {**(metadata.annotations or {}), **notes}
        if merged != (metadata.annotations or {}):
            metadata = msgspec.structs.replace(metadata, annotations=merged)
            self.wanted = msgspec.structs.replace(self.wanted, metadata=metadata)

    def change_spec(self, **changes: object) -> None:
        """Other values in the spec."""
        assert self.wanted.spec is not None
        self.wanted = msgspec.structs.replace(
            self.wanted, spec=msgspec.structs.replace(self.wanted.spec, **changes)
        )


class Fleet:
    """`new` has the present template, `old` are all others, oldest first."""

    def __init__(self, deployment: apps_v1.Deployment, new: Draft | None, old: list[Draft]) -> None:
        self.deployment = deployment
        self.replicas = replicas_of(deployment)
        self.budget: Budget = budget_of(deployment)
        self.new = new
        self.old = sorted(old, key=lambda draft: draft.born)
        self.forgotten: list[Draft] = []
        self._order: list[Draft] = []

    @property
    def all(self) -> list[Draft]:
        return [*self.old, *([self.new] if self.new else [])]

    @property
    def active(self) -> list[Draft]:
        """Those that have, or shall have, pods."""
        return [draft for draft in self.all if draft.replicas > 0]

    @property
    def total(self) -> int:
        """Pods that all of them ask for."""
        return sum(draft.replicas for draft in self.all)

    def scale(self, draft: Draft, replicas: int) -> bool:
        """Ask for so many pods of this one. False where it asks for them already."""
        if draft.replicas == replicas:
            return False
        draft.change_spec(replicas=replicas)
        draft.annotate(self.size_notes())
        self.touch(draft)
        return True

    def touch(self, draft: Draft) -> None:
        """Keep the order in which ReplicaSets were changed: it is the order of the writes."""
        if draft not in self._order:
            self._order.append(draft)

    def size_notes(self) -> dict[str, str]:
        """What a ReplicaSet remembers of the Deployment's size, to tell scaling from updating."""
        return {DESIRED: str(self.replicas), MAXIMUM: str(self.replicas + self.budget.surge)}

    def actions(self) -> list[CreateReplicaSet | ReplaceReplicaSet | DeleteReplicaSet]:
        """What makes the stored ReplicaSets agree with the draft."""
        made: list[CreateReplicaSet | ReplaceReplicaSet | DeleteReplicaSet] = []
        for draft in self._order:
            if draft.stored is None:
                made.append(CreateReplicaSet(draft.wanted))
            elif draft.wanted != draft.stored:
                assert draft.stored.spec is not None
                made.append(ReplaceReplicaSet(draft.wanted, draft.stored.spec.replicas or 0))
        return [*made, *(DeleteReplicaSet(draft.wanted) for draft in self.forgotten)]
