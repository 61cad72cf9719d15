"""Who is where in a set and how they stand, kept up pod by pod: the plan's questions cost the same at any size.

Every identity has a position: the wanted ordinals in a row, the condemned on either side of them. For each trait
(`standing.py`) the positions of the pods that have it are the bits of one integer. "How many wanted replicas are
unavailable" is then a count of bits, "the highest stale pod" the top one, and a changed pod moves a few bits.

Guarantee: a roster that was told of every change equals the one made anew from what is there (`same_as`). The
ledger (`ledger.py`) checks that now and then, the tests after every event.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from datetime import datetime

from petset.api.models import apps_v1, core_v1
from petset.api.objects import name_of
from petset.controllers.statefulset import bits, identity
from petset.controllers.statefulset.standing import Judge, Standing, Trait
from petset.controllers.statefulset.upkeep import Claims


class Places:
    """Positions for the wanted ordinals and for those outside that have, or had, a pod."""

    def __init__(self, wanted: range, others: Iterable[int] = ()) -> None:
        outside = sorted(set(others))
        self._wanted = wanted
        self._below = [ordinal for ordinal in outside if ordinal < wanted.start]
        self._above = [ordinal for ordinal in outside if ordinal >= wanted.stop]
        self._outside = {ordinal: place for place, ordinal in enumerate(self._below)}
        first_above = len(self._below) + len(wanted)
        self._outside.update((ordinal, first_above + n) for n, ordinal in enumerate(self._above))
        self.wanted_bits = bits.span(len(self._below), first_above)

    def of(self, ordinal: int) -> int | None:
        """The position of an ordinal, None for one outside that nobody had so far."""
        if ordinal in self._wanted:
            return len(self._below) + ordinal - self._wanted.start
        return self._outside.get(ordinal)

    def ordinal(self, place: int) -> int:
        """The ordinal at a position."""
        if place < len(self._below):
            return self._below[place]
        place -= len(self._below)
        return self._wanted[place] if place < len(self._wanted) else self._above[place - len(self._wanted)]


class Roster:
    """All pods that concern one set. Whoever plans reads it; only `put`, `remove` and `ripen` change it."""

    def __init__(self, stateful_set: apps_v1.StatefulSet, claims: Claims) -> None:
        self._judge = Judge(stateful_set, claims)
        self._wanted = identity.wanted_ordinals(stateful_set)
        self._standings: dict[str, Standing] = {}
        self._unplaced: dict[str, Standing] = {}  # and whoever is to be adopted or released
        self._ripening: list[tuple[datetime, str]] = []
        self._clear()

    def _clear(self, others: Iterable[int] = ()) -> None:
        self.places = Places(self._wanted, others)
        self._pods: dict[int, core_v1.Pod] = {}
        self._there = 0
        self._traits: dict[Trait, int] = {}
        self._revisions: dict[str, int] = {}

    # -- keeping it up

    def put(self, pod: core_v1.Pod, now: datetime) -> None:
        """The pod is there now, as described; or one of the claims of its ordinal has changed."""
        name, standing = name_of(pod), self._judge.standing(pod, now)
        if standing is None:
            self.remove(name)
            return
        known, placed = self._standings.get(name), standing.placed
        if known is not None:
            if placed and standing.is_filed_like(known):
                self._renew(name, standing)
                return
            self.remove(name)
        self._standings[name] = standing
        if not placed or standing.relation != "member":
            self._unplaced[name] = standing
        if standing.ripe_at is not None:
            insort(self._ripening, (standing.ripe_at, name))
        if placed:
            self._enter(standing)

    def _renew(self, name: str, standing: Standing) -> None:
        """A newer version of a pod about which nothing else has changed."""
        self._standings[name] = standing
        if name in self._unplaced:
            self._unplaced[name] = standing
        place = self.places.of(standing.ordinal)
        assert place is not None
        self._pods[place] = standing.pod

    def remove(self, name: str) -> None:
        """No pod of this name is there any more."""
        standing = self._standings.pop(name, None)
        if standing is None:
            return
        self._unplaced.pop(name, None)
        if standing.ripe_at is not None:
            del self._ripening[bisect_left(self._ripening, (standing.ripe_at, name))]
        if standing.placed:
            self._strike(standing)

    def ripen(self, now: datetime) -> None:
        """Time has passed: who was Ready for long enough is Available."""
        while self._ripening and self._ripening[0][0] <= now:
            self.put(self._standings[self._ripening[0][1]].pod, now)

    def _enter(self, standing: Standing) -> None:
        place = self.places.of(standing.ordinal)
        if place is None:
            self._place_anew()
            return
        bit = 1 << place
        self._pods[place] = standing.pod
        self._there |= bit
        self._revisions[standing.revision] = self._revisions.get(standing.revision, 0) | bit
        for trait in standing.traits:
            self._traits[trait] = self._traits.get(trait, 0) | bit

    def _strike(self, standing: Standing) -> None:
        place = self.places.of(standing.ordinal)
        assert place is not None
        bit = 1 << place
        del self._pods[place]
        self._there ^= bit
        self._revisions[standing.revision] ^= bit
        if not self._revisions[standing.revision]:
            del self._revisions[standing.revision]
        for trait in standing.traits:
            self._traits[trait] ^= bit

    def _place_anew(self) -> None:
        """Somebody came outside the wanted ordinals, where nobody was before: rare, and the only costly event."""
        placed = [standing for standing in self._standings.values() if standing.placed]
        self._clear(standing.ordinal for standing in placed if standing.ordinal not in self._wanted)
        for standing in placed:
            self._enter(standing)

    # -- reading it

    @property
    def there(self) -> int:
        """The positions that have a pod."""
        return self._there

    @property
    def wanted(self) -> int:
        """The positions of the wanted ordinals."""
        return self.places.wanted_bits

    def having(self, trait: Trait) -> int:
        """The positions of the pods with this trait."""
        return self._traits.get(trait, 0)

    def at_revision(self, label: str) -> int:
        """The positions of the pods with this revision label."""
        return self._revisions.get(label, 0)

    def revision_labels(self) -> set[str]:
        """Every revision that a member still has."""
        return {*self._revisions, *(s.revision for s in self._unplaced.values() if s.relation != "to release")}

    def pod(self, place: int) -> core_v1.Pod | None:
        """The pod at a position."""
        return self._pods.get(place)

    def pods(self, places: Iterable[int]) -> Iterator[core_v1.Pod]:
        """The pods at these positions, all of which have one."""
        return (self._pods[place] for place in places)

    def to_release(self) -> list[core_v1.Pod]:
        """Owned pods that no longer match the selector, by name."""
        return self._unplaced_pods("to release")

    def to_adopt(self) -> list[core_v1.Pod]:
        """Orphans that the set takes in, by name; they count as members already."""
        return self._unplaced_pods("to adopt")

    @property
    def next_ripe_at(self) -> datetime | None:
        """When the next pod becomes Available by the passing of time alone."""
        return self._ripening[0][0] if self._ripening else None

    def _unplaced_pods(self, relation: str) -> list[core_v1.Pod]:
        return [
            self._unplaced[name].pod for name in sorted(self._unplaced) if self._unplaced[name].relation == relation
        ]

    def same_as(self, other: "Roster") -> bool:
        """Both say the same to every question."""
        return self._standings == other._standings and self._filed() == other._filed()

    def _filed(self) -> tuple[object, ...]:
        """What is kept beside the standings, without the accidents of how it came about."""
        filed = {trait: self._ordinals(places) for trait, places in self._traits.items() if places}
        revisions = {label: self._ordinals(places) for label, places in self._revisions.items()}
        pods = {self.places.ordinal(place): name_of(pod) for place, pod in self._pods.items()}
        unplaced = {name: standing.relation for name, standing in self._unplaced.items()}
        return filed, revisions, pods, self._ordinals(self._there), self._ripening, unplaced

    def _ordinals(self, places: int) -> list[int]:
        return [self.places.ordinal(place) for place in bits.ascending(places)]


def roster_of(
    stateful_set: apps_v1.StatefulSet, pods: Iterable[core_v1.Pod], claims: Claims, now: datetime
) -> Roster:
    """The roster made from what is there."""
    roster = Roster(stateful_set, claims)
    for pod in pods:
        roster.put(pod, now)
    return roster
