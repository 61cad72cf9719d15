"""Which events are worth a write: repeats are counted on one object, chatter is summed up, floods are cut.

A component says what it sees as often as it sees it. Written down one by one that would bury the one line a person
looks for, so, as Kubernetes' clients do:

- the same event again raises the count of the one that is there;
- from the tenth text for one reason and object within ten minutes on they become one, marked as combined;
- one object may cause `BURST` events at once and one more every five minutes.

There an object's parts (the containers of a pod) count as the object; only repeats are counted for each part.

Everything is remembered for a bounded number of objects, the most recently seen.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, NamedTuple, TypeVar

MOST_APART = 9
"""So many texts about one object for one reason are told one by one."""
SIMILAR_WITHIN = timedelta(minutes=10)
BURST = 25
REFILL = timedelta(minutes=5)
REMEMBERED = 4096
COMBINED = "(combined from similar events): "

V = TypeVar("V")


class Subject(NamedTuple):
    """What an event is about."""

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str
    field_path: str = ""

    @property
    def whole(self) -> tuple[str, ...]:
        """The object, whichever part of it is meant."""
        return self[:-1]


class Occurrence(NamedTuple):
    """Something that happened, once. `type` is Normal or Warning."""

    subject: Subject
    type: str
    reason: str
    message: str
    at: datetime


@dataclass(slots=True)
class Tally:
    """The event object that stands for equal occurrences; `count` is 1 when it is to be created."""

    name: str
    first: datetime
    last: datetime
    count: int
    message: str


@dataclass(slots=True)
class _Similar:
    """Occurrences that differ in nothing but their text."""

    last: datetime
    messages: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Allowance:
    """How many more events an object may cause, as of a moment."""

    left: float
    at: datetime


class _Recent(Generic[V]):
    """A mapping that forgets what was least recently asked for."""

    def __init__(self) -> None:
        self._items: OrderedDict[Hashable, V] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], V]) -> V:
        if key not in self._items:
            self._items[key] = make()
            if len(self._items) > REMEMBERED:
                self._items.popitem(last=False)
        self._items.move_to_end(key)
        return self._items[key]


class Correlator:
    """Remembers what one component has said. `name_for` gives the name of a new event object."""

    def __init__(self, name_for: Callable[[Occurrence], str]) -> None:
        self._name_for = name_for
        self._tallies: _Recent[Tally] = _Recent()
        self._similar: _Recent[_Similar] = _Recent()
        self._allowances: _Recent[_Allowance] = _Recent()

    def observe(self, occurrence: Occurrence) -> Tally | None:
        """What to write for this occurrence, or None where its object has said enough."""
        message, key = self._summed_up(occurrence)
        now = occurrence.at
        tally = self._tallies.get(key, lambda: Tally(self._name_for(occurrence), now, now, 0, message))
        tally.count += 1
        tally.last, tally.message = now, message
        return tally if self._allows(occurrence) else None

    def _summed_up(self, occurrence: Occurrence) -> tuple[str, Hashable]:
        """The text to show, and what makes occurrences count as the same."""
        alike = (occurrence.subject.whole, occurrence.type, occurrence.reason)
        similar = self._similar.get(alike, lambda: _Similar(occurrence.at))
        if occurrence.at - similar.last > SIMILAR_WITHIN:
            similar.messages.clear()
        similar.last = occurrence.at
        if occurrence.message in similar.messages or len(similar.messages) < MOST_APART:
            similar.messages.add(occurrence.message)
            return occurrence.message, (*alike, occurrence.subject.field_path, occurrence.message)
        return COMBINED + occurrence.message, alike

    def _allows(self, occurrence: Occurrence) -> bool:
        allowance = self._allowances.get(occurrence.subject.whole, lambda: _Allowance(BURST, occurrence.at))
        allowance.left = min(BURST, allowance.left + (occurrence.at - allowance.at) / REFILL)
        allowance.at = occurrence.at
        if allowance.left < 1:
            return False
        allowance.left -= 1
        return True
