"""The recent past: the last events, from which a watch starts without a gap and an earlier list is put together.

It is bounded by number and by bytes: those of versions that are no more, which nobody else keeps. What is older is
gone for good, and whoever asks for it must list again.
"""

from collections import deque
from collections.abc import Sequence

from petset.storage.port import Event, Key, Record, StoreExpired


class Window:
    """Every event after `floor`, in order. Revisions have no gaps."""

    def __init__(self, floor: int, most_events: int, most_bytes: int) -> None:
        self.floor = floor
        self._events: deque[Event] = deque()
        self._bytes = 0
        self._most_events = most_events
        self._most_bytes = most_bytes

    def add(self, event: Event) -> None:
        """Remember the event, forgetting the oldest ones where there is no room."""
        self._events.append(event)
        self._bytes += _kept_bytes(event)
        while len(self._events) > self._most_events or self._bytes > self._most_bytes:
            oldest = self._events.popleft()
            self._bytes -= _kept_bytes(oldest)
            self.floor = oldest.record.revision

    def since(self, revision: int, resource: str, namespace: str) -> Sequence[Event]:
        """The events after `revision` under a prefix, oldest first. Raises StoreExpired beyond the floor."""
        if revision < self.floor:
            raise StoreExpired(
                f"revision {revision} is older than {self.floor}, the oldest that is kept: list again"
            )
        found = []
        for event in reversed(self._events):
            record = event.record
            if record.revision <= revision:
                break
            if record.key.resource == resource and (not namespace or record.key.namespace == namespace):
                found.append(event)
        found.reverse()
        return found

    def undo(self, revision: int, resource: str, namespace: str) -> dict[Key, Record | None]:
        """For each key that changed after `revision`, what was there then: None where nothing was."""
        before: dict[Key, Record | None] = {}
        for event in self.since(revision, resource, namespace):
            before.setdefault(event.record.key, event.previous)
        return before


def _kept_bytes(event: Event) -> int:
    """How much of the past the event keeps: what it replaced or removed."""
    replaced = len(event.previous.value) if event.previous is not None else 0
    return replaced + len(event.record.value) if event.deleted else replaced
