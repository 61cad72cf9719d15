"""What is to be looked at next: a queue of keys in which no key is handed to two workers at once.

The semantics are those Kubernetes' controllers rely on. A key is *dirty* from `add` until a worker takes it, and
*processing* from then until `done`. Adding a dirty key changes nothing, so a storm of changes costs one look;
adding a key that is being processed makes it ready again only after `done`, so two workers never meet in one object
and no change is missed.
"""

import asyncio
from collections import deque
from collections.abc import Hashable
from typing import Generic, NamedTuple, TypeVar

from petset.aio.clock import Clock, Timer
from petset.aio.measures import QueueMeasures

K = TypeVar("K", bound=Hashable)


class QueueClosed(Exception):
    """Nothing more will come: the worker may go home."""


class _Later(NamedTuple):
    due: float  # on the clock's monotonic scale
    timer: Timer


class WorkQueue(Generic[K]):
    """First in, first out, each key at most once. All methods are called on the event loop's thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ready: deque[K] = deque()
        self._dirty: set[K] = set()
        self._processing: set[K] = set()
        self._later: dict[K, _Later] = {}
        self._getters: deque[asyncio.Future[None]] = deque()
        self._closed = False
        self.measures: QueueMeasures[K] = QueueMeasures(clock)

    def __len__(self) -> int:
        """How many keys are ready for a worker."""
        return len(self._ready)

    def add(self, key: K) -> None:
        """Have the key looked at, once more after the present look if there is one."""
        if self._closed or key in self._dirty:
            return
        self._dirty.add(key)
        self.measures.added(key)
        if key not in self._processing:
            self._offer(key)

    def add_after(self, key: K, seconds: float) -> None:
        """Add the key in `seconds`. Of several such wishes for a key only the earliest holds."""
        if self._closed:
            return
        self.measures.retries += 1
        if seconds <= 0:
            self.add(key)
            return
        due = self._clock.monotonic() + seconds
        planned = self._later.get(key)
        if planned is not None:
            if planned.due <= due:
                return
            planned.timer.cancel()
        self._later[key] = _Later(due, self._clock.call_later(seconds, lambda: self._fall_due(key)))

    def forget_later(self, key: K) -> None:
        """Take back what `add_after` has planned for the key; what is ready stays ready."""
        planned = self._later.pop(key, None)
        if planned is not None:
            planned.timer.cancel()

    async def get(self) -> K:
        """The next key; the caller owes a `done`. Raises QueueClosed once closed and empty."""
        while not self._ready:
            if self._closed:
                raise QueueClosed
            await self._wait()
        key = self._ready.popleft()
        self._dirty.discard(key)
        self._processing.add(key)
        self.measures.taken(key)
        return key

    def done(self, key: K) -> None:
        """The look at the key is over; if it was added meanwhile, it is ready again."""
        self._processing.discard(key)
        self.measures.done(key)
        if key in self._dirty:
            self._offer(key)

    def close(self) -> None:
        """Accept nothing more; what is ready is still handed out."""
        self._closed = True
        for planned in self._later.values():
            planned.timer.cancel()
        self._later.clear()
        for getter in self._getters:
            if not getter.done():
                getter.set_result(None)

    def _fall_due(self, key: K) -> None:
        del self._later[key]
        self.add(key)

    def _offer(self, key: K) -> None:
        self._ready.append(key)
        self._wake_one()

    def _wake_one(self) -> None:
        while self._getters:
            getter = self._getters.popleft()
            if not getter.done():
                getter.set_result(None)
                return

    async def _wait(self) -> None:
        getter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._getters.append(getter)
        try:
            await getter
        except asyncio.CancelledError:
            # Woken and cancelled in one turn: the key it was woken for must reach somebody else.
            if getter.done() and not getter.cancelled() and self._ready:
                self._wake_one()
            raise
