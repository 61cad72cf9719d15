"""The set's members in their places: one place for each wanted ordinal, and the condemned beside them (rule 43).

The roster answers in sets of positions; here stand the questions that the stages of the plan ask, in their words.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from petset.api.models import apps_v1, core_v1
from petset.api.objects import meta, name_of
from petset.api.options import Options, options_of
from petset.controllers.statefulset import bits, identity
from petset.controllers.statefulset.history import History
from petset.controllers.statefulset.model import Snapshot
from petset.controllers.statefulset.roster import Roster
from petset.controllers.statefulset.standing import Trait
from petset.ownership import health


@dataclass(frozen=True)
class Lineup:
    """What the stages decide from. None of its questions costs more in a set with more healthy pods."""

    snapshot: Snapshot
    history: History

    @cached_property
    def set(self) -> apps_v1.StatefulSet:
        return self.snapshot.set

    @cached_property
    def roster(self) -> Roster:
        return self.snapshot.roster

    @cached_property
    def ordered(self) -> bool:
        """One step at a time (OrderedReady), as opposed to all at once (Parallel)."""
        return self.set.spec.podManagementPolicy != "Parallel"

    @cached_property
    def options(self) -> Options:
        """What the set asks for beyond Kubernetes."""
        return options_of(meta(self.set).annotations)

    @cached_property
    def min_ready_seconds(self) -> int:
        return self.set.spec.minReadySeconds or 0

    @cached_property
    def ordinals(self) -> range:
        return identity.wanted_ordinals(self.set)

    def pod_name(self, ordinal: int) -> str:
        return identity.pod_name(self.set, ordinal)

    def is_unavailable(self, pod: core_v1.Pod | None) -> bool:
        """A missing pod is unavailable too."""
        return pod is None or health.is_unavailable(pod, self.min_ready_seconds, self.snapshot.now)

    # -- the wanted

    def replica(self, ordinal: int) -> core_v1.Pod | None:
        """The pod of a wanted ordinal, None while it is missing."""
        place = self.roster.places.of(ordinal)
        return None if place is None else self.roster.pod(place)

    def to_look_at(self) -> Iterator[int]:
        """The wanted ordinals that may need an action or, in order, hold up the later ones; lowest first."""
        fine = self.roster.there & ~self.roster.having("needy")
        if self.ordered:
            fine &= self.roster.having("settled")
        return map(self.roster.places.ordinal, bits.ascending(self.roster.wanted & ~fine))

    def missing_after(self, ordinal: int) -> int | None:
        """The lowest wanted ordinal above this one that has no pod."""
        place = self.roster.places.of(ordinal)
        assert place is not None
        missing = self.roster.wanted & ~self.roster.there
        return self._ordinal(bits.lowest(missing >> (place + 1) << (place + 1)))

    @cached_property
    def unavailable_replicas(self) -> int:
        """How much of the update budget is spent (rule 53)."""
        return self._unavailable_wanted.bit_count()

    @cached_property
    def first_unavailable(self) -> str:
        """The name of the first unavailable pod of the whole set: replicas ascending, then condemned ascending."""
        first = bits.lowest(self._unavailable_wanted)
        if first is None:
            first = bits.lowest(self._condemned & self._having("unavailable"))
        return "" if first is None else self.pod_name(self.roster.places.ordinal(first))

    @property
    def first_unavailable_replica(self) -> core_v1.Pod | None:
        """The lowest wanted pod that is there and unavailable."""
        return self._pod(bits.lowest(self.roster.wanted & self._having("unavailable")))

    @property
    def first_unavailable_pod(self) -> core_v1.Pod | None:
        """The same, and where there is none the highest condemned pod that is unavailable."""
        return self.first_unavailable_replica or self._pod(
            bits.highest(self._condemned & self._having("unavailable"))
        )

    # -- the condemned: members outside the wanted ordinals

    def condemned(self) -> Iterator[core_v1.Pod]:
        """All of them, highest first."""
        return self.roster.pods(bits.descending(self._condemned))

    def condemned_to_remove(self) -> Iterator[core_v1.Pod]:
        """Those that are not on their way out yet, highest first."""
        return self.roster.pods(bits.descending(self._condemned & ~self._having("terminating")))

    def condemned_in_need(self) -> Iterator[int]:
        """The ordinals of those whose claims need other owners, highest first."""
        return map(self.roster.places.ordinal, bits.descending(self._condemned & self._having("needy")))

    @property
    def highest_condemned(self) -> core_v1.Pod | None:
        return self._pod(bits.highest(self._condemned))

    def condemned_below(self, pod: core_v1.Pod) -> core_v1.Pod | None:
        """The condemned pod that goes after this one."""
        place = self._place(pod)
        return self._pod(bits.highest(self._condemned & bits.span(0, place)))

    # -- pods of another template than the present one

    def stale(self, partition: int = 0) -> int:
        """The positions of the wanted pods to replace, but the lowest `partition` and those that go already."""
        at_update = self.roster.at_revision(self.history.update_label)
        first = bits.lowest(self.roster.wanted)
        above = 0 if first is None else self.roster.wanted >> (first + partition) << (first + partition)
        return above & self.roster.there & ~at_update & ~self._having("terminating")

    def is_stale(self, pod: core_v1.Pod, partition: int) -> bool:
        """This wanted pod is one to replace."""
        return bool(self.stale(partition) >> self._place(pod) & 1)

    @property
    def stale_everywhere(self) -> int:
        """The positions of all pods of other templates, the condemned and those that go already among them."""
        return self.roster.there & ~self.roster.at_revision(self.history.update_label)

    @property
    def staying_at_current(self) -> int:
        """How many pods are of the current revision and not on their way out."""
        at_current = self.roster.at_revision(self.history.current_label)
        return (self.roster.there & at_current & ~self._having("terminating")).bit_count()

    @property
    def terminating(self) -> int:
        """The positions of the pods that are on their way out."""
        return self._having("terminating")

    def pods_from_the_top(self, places: int) -> Iterator[core_v1.Pod]:
        """The pods at these positions, highest first."""
        return self.roster.pods(bits.descending(places))

    @property
    def unavailable(self) -> int:
        """The positions of the pods that are unavailable."""
        return self._having("unavailable")

    def is_unavailable_above(self, pod: core_v1.Pod) -> bool:
        """A wanted ordinal above this pod's has no available pod."""
        return bool(self._unavailable_wanted >> (self._place(pod) + 1))

    @cached_property
    def _unavailable_wanted(self) -> int:
        return self.roster.wanted & (~self.roster.there | self._having("unavailable"))

    @cached_property
    def _condemned(self) -> int:
        return self.roster.there & ~self.roster.wanted

    def _having(self, trait: Trait) -> int:
        return self.roster.having(trait)

    def _place(self, pod: core_v1.Pod) -> int:
        ordinal = identity.ordinal_of(name_of(self.set), name_of(pod))
        place = None if ordinal is None else self.roster.places.of(ordinal)
        assert place is not None, "only members are asked about"
        return place

    def _pod(self, place: int | None) -> core_v1.Pod | None:
        return None if place is None else self.roster.pod(place)

    def _ordinal(self, place: int | None) -> int | None:
        return None if place is None else self.roster.places.ordinal(place)
