"""The set's members in their places: one place for each wanted ordinal, and the condemned beside them (rule 43)."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from petset.api.models import apps_v1, core_v1
from petset.api.objects import is_terminating, name_of, uid_of
from petset.controllers.statefulset import health, identity
from petset.controllers.statefulset.history import History
from petset.controllers.statefulset.model import Member, Snapshot
from petset.controllers.statefulset.retention import Keeper


@dataclass(frozen=True)
class Lineup:
    """What the stages decide from. `replicas[i]` is the pod of the i-th wanted ordinal, None while it is missing.

    `condemned` are the members outside the wanted ordinals, highest first.
    """

    snapshot: Snapshot
    history: History
    replicas: tuple[core_v1.Pod | None, ...]
    condemned: tuple[Member, ...]

    @property
    def set(self) -> apps_v1.StatefulSet:
        return self.snapshot.set

    @cached_property
    def ordered(self) -> bool:
        """One step at a time (OrderedReady), as opposed to all at once (Parallel)."""
        return self.set.spec.podManagementPolicy != "Parallel"

    @cached_property
    def min_ready_seconds(self) -> int:
        return self.set.spec.minReadySeconds or 0

    @cached_property
    def ordinals(self) -> range:
        return identity.wanted_ordinals(self.set)

    def pod_name(self, ordinal: int) -> str:
        return identity.pod_name(self.set, ordinal)

    def pods(self) -> Iterator[core_v1.Pod]:
        """The wanted pods that exist, lowest ordinal first, then the condemned, highest first."""
        yield from (pod for pod in self.replicas if pod is not None)
        yield from (member.pod for member in self.condemned)

    def missing(self) -> Iterator[int]:
        """The wanted ordinals without a pod."""
        return (ordinal for ordinal, pod in zip(self.ordinals, self.replicas, strict=True) if pod is None)

    def is_unavailable(self, pod: core_v1.Pod | None) -> bool:
        """A missing pod is unavailable too."""
        return pod is None or health.is_unavailable(pod, self.min_ready_seconds, self.snapshot.now)

    @cached_property
    def unavailable_replicas(self) -> int:
        """How much of the update budget is spent (rule 53)."""
        return sum(map(self.is_unavailable, self.replicas))

    @cached_property
    def first_unavailable(self) -> str:
        """The name of the first unavailable pod of the whole set: replicas ascending, then condemned ascending."""
        for ordinal, pod in zip(self.ordinals, self.replicas, strict=True):
            if self.is_unavailable(pod):
                return self.pod_name(ordinal)
        return next((name_of(m.pod) for m in reversed(self.condemned) if self.is_unavailable(m.pod)), "")

    def keeper(self, ordinal: int, pod: core_v1.Pod | None) -> Keeper:
        """The ordinal as the claim retention policy sees it."""
        uid = uid_of(pod) if pod is not None else ""
        return Keeper(self.set, self.pod_name(ordinal), uid, ordinal not in self.ordinals)

    def highest_stale(self) -> str:
        """The name of the pod that a rolling update would replace next, or empty."""
        for pod in reversed(self.replicas):
            if pod is not None and self.history.is_stale(pod) and not is_terminating(pod):
                return name_of(pod)
        return ""


def line_up(snapshot: Snapshot, members: tuple[Member, ...], history: History) -> Lineup:
    """Put every member in its place; those without a usable ordinal have none."""
    wanted = identity.wanted_ordinals(snapshot.set)
    replicas: list[core_v1.Pod | None] = [None] * len(wanted)
    condemned: list[Member] = []
    for member in members:
        if member.ordinal in wanted:
            replicas[member.ordinal - wanted.start] = member.pod
        elif member.ordinal != identity.NO_ORDINAL:
            condemned.append(member)
    condemned.sort(key=lambda member: member.ordinal, reverse=True)
    return Lineup(snapshot, history, tuple(replicas), tuple(condemned))
