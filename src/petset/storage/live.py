"""A store that answers from memory and lets a journal make its writes durable.

A write is checked against the newest accepted state, gets its revision at once, and waits in an overlay that no
reader sees. Writes that come while the journal is busy form its next batch, and a lone one lets a turn of the event
loop pass for others to join it, so that any number of writers share a commit. When a batch is durable it moves into
the table, the writers return and the watchers hear of it, all within one turn of the event loop and in this order:
whoever wrote knows already what its own watch is about to say. When the journal fails, all that was accepted and is
not yet durable fails with it: nothing was visible, so nothing has to be taken back, and the next write starts again
from what is durable.

A write that would lose against one still on its way waits for that one's fate before it reports a conflict: else it
would tell of a state that a failing disk can still undo.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec

from petset.storage.hub import Hub
from petset.storage.listing import earlier_page, page
from petset.storage.port import (
    Draft,
    Event,
    Key,
    Listing,
    Record,
    StoreConflict,
    StoreExpired,
    StoreFailed,
    Subscription,
)
from petset.storage.table import Table
from petset.storage.window import Window


class Journal(Protocol):
    """Where writes become durable. It gets one batch at a time."""

    def commit(self, batch: Sequence[Event], ended: Callable[[str], None]) -> None:
        """Make the batch durable, all or nothing, then call `ended` on the loop's thread: empty, or why not."""
        ...

    async def close(self) -> None: ...


class Bounds(NamedTuple):
    """How much of the past is kept: for new watches (events, bytes), and for a watcher that does not read."""

    window_events: int = 10_000
    window_bytes: int = 4 << 20
    events_behind: int = 10_000


DEFAULT_BOUNDS = Bounds()


class _Write(msgspec.Struct, frozen=True, eq=False):
    event: Event
    done: asyncio.Future[None]


class LiveStore:
    """The `Store` over a journal. It starts with the given records at the given revision."""

    def __init__(
        self, journal: Journal, records: Iterable[Record] = (), revision: int = 0, bounds: Bounds = DEFAULT_BOUNDS
    ) -> None:
        self._journal = journal
        self._table = Table()
        self._table.load(records)
        self._window = Window(revision, bounds.window_events, bounds.window_bytes)
        self._hub = Hub(revision, bounds.events_behind)
        self._accepted_revision = revision
        self._overlay: dict[Key, Event] = {}  # the newest accepted change of each key that is not durable yet
        self._queued: deque[_Write] = deque()
        self._committing: tuple[_Write, ...] = ()
        self._outcome_waiters: deque[asyncio.Future[None]] = deque()
        self._closed = False

    @property
    def revision(self) -> int:
        return self._hub.revision

    def get(self, key: Key) -> Record | None:
        return self._table.get(key)

    def list(
        self, resource: str, namespace: str = "", *, after: Key | None = None, limit: int = 0, revision: int = 0
    ) -> Listing:
        if not revision or revision >= self.revision:
            return page(self._table, resource, namespace, after, limit, self.revision)
        undo = self._window.undo(revision, resource, namespace)
        return earlier_page(self._table, undo, (resource, namespace), after, limit, revision)

    def put(self, key: Key, draft: Draft, expected: int) -> Coroutine[Any, Any, Record]:
        return self._write(key, draft, expected, deleted=False)

    def delete(self, key: Key, draft: Draft, expected: int) -> Coroutine[Any, Any, Record]:
        return self._write(key, draft, expected, deleted=True)

    def watch(self, resource: str, namespace: str = "", *, after: int) -> Subscription:
        if self._closed:
            raise StoreExpired("the store is closed")
        backlog = self._window.since(after, resource, namespace)
        return self._hub.subscribe((resource, namespace), after, backlog)

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        while self._queued or self._committing:
            await self._next_outcome()
        self._hub.close()
        await self._journal.close()

    async def _write(self, key: Key, draft: Draft, expected: int, *, deleted: bool) -> Record:
        current = self._newest(key)
        while (current.revision if current else 0) != expected or (deleted and current is None):
            if key not in self._overlay:
                raise StoreConflict(key, current)
            await self._next_outcome()
            current = self._newest(key)
        if self._closed:
            raise StoreFailed("the store is closed")
        write = self._accept(key, draft, current, deleted=deleted)
        await write.done
        return write.event.record

    def _newest(self, key: Key) -> Record | None:
        """What the next write of the key meets: durable or not."""
        event = self._overlay.get(key)
        if event is None:
            return self._table.get(key)
        return None if event.deleted else event.record

    def _accept(self, key: Key, draft: Draft, current: Record | None, *, deleted: bool) -> _Write:
        revision = self._accepted_revision + 1
        value, memo = draft(revision)
        self._accepted_revision = revision
        if current is not None:
            key = current.key  # all versions of an object share one
        event = Event(Record(key, _fitted(value), revision, memo), current, deleted)
        loop = asyncio.get_running_loop()
        write = _Write(event, loop.create_future())
        self._overlay[key] = event
        if not self._queued and not self._committing:
            # After the next turn: who hears of the last commit in this one writes in that one, and joins in.
            loop.call_soon(loop.call_soon, self._commit_queued)
        self._queued.append(write)
        return write

    def _commit_queued(self) -> None:
        self._committing = tuple(self._queued)
        self._queued.clear()
        self._journal.commit([write.event for write in self._committing], self._commit_ended)

    def _commit_ended(self, refusal: str) -> None:
        if refusal:
            self._drop_accepted(refusal)
        else:
            self._make_visible()
        for waiter in self._outcome_waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._outcome_waiters.clear()

    def _make_visible(self) -> None:
        durable, self._committing = self._committing, ()
        for write in durable:
            self._apply(write.event)
        if self._queued:
            self._commit_queued()  # the journal works on while we tell of what it did
        for write in durable:
            if not write.done.done():
                write.done.set_result(None)
        self._hub.publish([write.event for write in durable])

    def _apply(self, event: Event) -> None:
        key = event.record.key
        if self._overlay[key] is event:
            del self._overlay[key]
        if event.deleted:
            self._table.remove(key)
        else:
            self._table.put(event.record)
        self._window.add(event)

    def _drop_accepted(self, refusal: str) -> None:
        lost = (*self._committing, *self._queued)
        self._committing = ()
        self._queued.clear()
        self._overlay.clear()
        self._accepted_revision = self.revision
        for write in lost:
            if not write.done.done():
                write.done.set_exception(StoreFailed(refusal))

    async def _next_outcome(self) -> None:
        """Wait until the journal has ended a batch, well or badly."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._outcome_waiters.append(waiter)
        await waiter


def _fitted(value: bytes) -> bytes:
    """The value in memory of just its size: an encoder's bytes have grown, and were cut off with a rest behind."""
    return bytes(memoryview(value))
