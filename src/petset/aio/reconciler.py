"""Brings things, one key at a time, to where they should be, and tries again when that fails.

A controller says which keys to look at (`wake`) and how to look (`reconcile`, which reads the present state and
acts on it). Everything else is here: workers, one look at a key at a time, retries with a growing pause, looks at
a later time. A trigger carries no data, so a lost, late or repeated one costs nothing but a look.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable, Iterator
from typing import Generic, TypeVar

from petset.aio.backoff import Backoff, Bucket, Rate
from petset.aio.clock import Clock
from petset.aio.measures import Family
from petset.aio.queue import WorkQueue
from petset.aio.tasks import Supervisor, give_way
from petset.api.errors import ApiError

K = TypeVar("K", bound=Hashable)

_log = logging.getLogger(__name__)

CONTROLLER_BACKOFF = Backoff(first_seconds=0.005, factor=2, most_seconds=1000)
"""The pauses of Kubernetes' own controllers."""

CONTROLLER_RETRIES = Rate(per_second=10, burst=100)
"""How many retries all keys of one of Kubernetes' controllers share (rule 71)."""


class Setback(Exception):
    """What a `reconcile` raises where it foresaw that it cannot go on yet: the message says all there is."""


class Reconciler(Generic[K]):
    """Runs `reconcile(key)` for every key woken, in up to `workers` at once, never two for the same key.

    `reconcile` returns None, or the seconds after which the key is to be looked at again unless it is woken before:
    each look takes the place of those that were planned for later. Whatever it raises is logged and retried after a
    pause that grows with each failure in a row of that key: refusals of the API and setbacks in one line, for they
    belong to an ordinary day, anything else with its traceback. The retries of all keys together come no faster
    than `retries`, where that is given: the longer pause of the two counts.
    """

    def __init__(
        self,
        name: str,
        clock: Clock,
        reconcile: Callable[[K], Awaitable[float | None]],
        workers: int = 5,
        backoff: Backoff = CONTROLLER_BACKOFF,
        retries: Rate | None = CONTROLLER_RETRIES,
    ) -> None:
        self.name = name
        self._reconcile = reconcile
        self._workers = workers
        self._backoff = backoff
        self._clock = clock
        self._bucket = Bucket(retries) if retries is not None else None
        self._queue: WorkQueue[K] = WorkQueue(clock)
        self._failures: dict[K, int] = {}

    def wake(self, key: K) -> None:
        """Look at the key soon. Wakes before `run` are kept."""
        self._queue.add(key)

    def wake_after(self, key: K, seconds: float) -> None:
        """Look at the key in `seconds`, unless there is a look before."""
        self._queue.add_after(key, seconds)

    def failures(self, key: K) -> int:
        """How many times in a row the key's reconcile has failed."""
        return self._failures.get(key, 0)

    def measures(self) -> Iterator[Family]:
        """What the queue has counted, under this reconciler's name."""
        return self._queue.measures.families(self.name, len(self._queue))

    async def run(self) -> None:
        """Work until cancelled."""
        async with Supervisor(self.name) as workers:
            for number in range(self._workers):
                workers.start(f"worker-{number}", self._work())
            await workers.wait()

    async def _work(self) -> None:
        while True:
            key = await self._queue.get()
            try:
                await self.look(key)
            finally:
                self._queue.done(key)
            if self._queue:
                await give_way()  # a long backlog must not hold up the requests of others

    async def look(self, key: K) -> None:
        """Look at the key now, in the caller's task. Only where `reconcile` never waits: nothing else keeps two
        looks at one key apart."""
        self._queue.forget_later(key)  # what a later look was to see, this one sees
        try:
            again_seconds = await self._reconcile(key)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            self._failed(key, error)  # not we but something it waited for was cancelled
        except Exception as error:
            self._failed(key, error)
        else:
            self._failures.pop(key, None)
            if again_seconds is not None:
                self._queue.add_after(key, again_seconds)

    def _failed(self, key: K, error: BaseException) -> None:
        failures = self._failures[key] = self.failures(key) + 1
        pause_seconds = self._backoff.delay(failures)
        if self._bucket is not None:
            pause_seconds = max(pause_seconds, self._bucket.reserve(self._clock.monotonic()))
        foreseen = isinstance(error, ApiError | Setback)
        _log.warning(
            "%s: %s failed, %d in a row, again in %.3f s: %s",
            self.name, _written(key), failures, pause_seconds, _in_one_line(error),
            exc_info=None if foreseen else error,
        )  # fmt: skip
        self._queue.add_after(key, pause_seconds)


def _written(key: Hashable) -> str:
    """`default/web`; what has no namespace, by its name alone."""
    return "/".join(str(part) for part in key if part != "") if isinstance(key, tuple) else str(key)


def _in_one_line(error: BaseException) -> str:
    """What it says; whoever wrote the message (a webhook, a user's object) starts no further line of the log."""
    return " ".join(str(error).splitlines()) or type(error).__name__
