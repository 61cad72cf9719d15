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
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

MOST_APART = 9
"""So many texts about one object for one reason are told one by one."""
SIMILAR_WITHIN = timedelta(minutes=10)
BURST = 25
REFILL = timedelta(minutes=5)
REMEMBERED = 4096
COMBINED = "(combined from similar events): "


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
    """Occurrences about one object that differ in nothing but their text."""

    last: datetime
    messages: set[str] = field(default_factory=set)


class _Said:
    """What has been said about one object."""

    __slots__ = ("allowed", "allowed_at", "similar", "tallies")

    def __init__(self, now: datetime) -> None:
        self.allowed: float = BURST  # so many more events it may cause
        self.allowed_at = now
        self.similar: dict[tuple[str, str], _Similar] = {}
        self.tallies: dict[tuple[str, ...], Tally] = {}


class Correlator:
    """Remembers what one component has said. `name_for` gives the name of a new event object."""

    def __init__(self, name_for: Callable[[Occurrence], str]) -> None:
        self._name_for = name_for
        self._objects: OrderedDict[tuple[str, ...], _Said] = OrderedDict()

    def observe(self, occurrence: Occurrence) -> Tally | None:
        """What to write for this occurrence, or None where its object has said enough."""
        now, said = occurrence.at, self._said(occurrence)
        message, key = _summed_up(said, occurrence)
        tally = said.tallies.get(key)
        if tally is None:
            tally = said.tallies[key] = Tally(self._name_for(occurrence), now, now, 0, message)
        tally.count += 1
        tally.last, tally.message = now, message
        return tally if _allows(said, now) else None

    def _said(self, occurrence: Occurrence) -> _Said:
        """What is remembered of the object, which is the most recently seen now."""
        whole = occurrence.subject.whole
        said = self._objects.get(whole)
        if said is None:
            said = self._objects[whole] = _Said(occurrence.at)
            if len(self._objects) > REMEMBERED:
                self._objects.popitem(last=False)
        else:
            self._objects.move_to_end(whole)
        return said


def _summed_up(said: _Said, occurrence: Occurrence) -> tuple[str, tuple[str, ...]]:
    """The text to show, and what makes occurrences count as the same."""
    subject, type_, reason, message, now = occurrence
    similar = said.similar.get((type_, reason))
    if similar is None:
        similar = said.similar[type_, reason] = _Similar(now)
    elif now - similar.last > SIMILAR_WITHIN:
        similar.messages.clear()
    similar.last = now
    if message in similar.messages or len(similar.messages) < MOST_APART:
        similar.messages.add(message)
        return message, (type_, reason, subject.field_path, message)
    return COMBINED + message, (type_, reason)


def _allows(said: _Said, now: datetime) -> bool:
    if said.allowed < BURST:
        said.allowed = min(BURST, said.allowed + (now - said.allowed_at) / REFILL)
    said.allowed_at = now
    if said.allowed < 1:
        return False
    said.allowed -= 1
    return True
