"""When the process looks for cyclic garbage: at what is new, and at all of it only when it has doubled.

Objects of a control plane live long, and Python frees nearly all that die by counting references. Its collector
looks through the survivors again and again all the same: with 10,000 pods half of the processor's time went there.
So whatever has survived one look is set aside (`gc.freeze`) and not looked at again, until there is twice as much
of it as the last full look left. N pods then cost N, and what leaks meanwhile is bounded by what lives.

A full look at 10,000 pods stops everything for a second, so it waits until little happens, unless there is twice
as much again before that.

How much there is comes from Python's own counter, which a look resets: so many more were made than freed since the
look before. It never goes below zero, so the sum may say too much, and what is set aside is counted before a full
look is made for it. To count is to walk over all of it, which costs a tenth of a second for a million.
"""

import asyncio
import gc
from typing import Any

NEW_OBJECTS = 20_000
"""So many objects more than were freed make a look worth it; it takes a few milliseconds."""
FEWEST_BETWEEN_FULL_LOOKS = 1_000_000
QUIET_SECONDS = 5.0
"""So long without any look at what is new: little happens."""


class Collector:
    """The policy of the whole process, from `start` to `stop`, both called on the event loop."""

    def __init__(
        self,
        new_objects: int = NEW_OBJECTS,
        fewest: int = FEWEST_BETWEEN_FULL_LOOKS,
        quiet_seconds: float = QUIET_SECONDS,
    ) -> None:
        self._new_objects = new_objects
        self._fewest = fewest
        self._quiet_seconds = quiet_seconds
        self._looks = 0
        self._set_aside = 0  # at most so many
        self._limit = fewest
        self._due = False
        self._waiting: asyncio.TimerHandle | None = None
        self._thresholds = gc.get_threshold()

    def start(self) -> None:
        """Take over from Python's own policy."""
        self._loop = asyncio.get_running_loop()
        self._thresholds = gc.get_threshold()
        gc.set_threshold(self._new_objects, 1_000_000_000, 1_000_000_000)
        gc.callbacks.append(self._looked)

    def stop(self) -> None:
        """Give the policy back."""
        if self._waiting is not None:
            self._waiting.cancel()
        gc.callbacks.remove(self._looked)
        gc.set_threshold(*self._thresholds)
        gc.unfreeze()

    def _looked(self, phase: str, info: dict[str, Any]) -> None:
        """Called by Python around each look, on whatever thread it happened."""
        if info["generation"] != 0:
            return
        if phase == "start":
            self._set_aside += gc.get_count()[0]
            return
        gc.freeze()
        self._looks += 1
        if self._due or self._set_aside <= self._limit:
            return
        self._set_aside = gc.get_freeze_count()
        if self._set_aside > self._limit:
            self._due = True
            self._loop.call_soon_threadsafe(self._look_or_wait)

    def _look_or_wait(self, looks: int = -1) -> None:
        """`looks` is how many there had been when the waiting began."""
        if looks == self._looks or self._set_aside > 2 * self._limit:
            self._look_at_all()
        else:
            self._waiting = self._loop.call_later(self._quiet_seconds, self._look_or_wait, self._looks)

    def _look_at_all(self) -> None:
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        self._due = False
        self._set_aside = gc.get_freeze_count()
        self._limit = max(2 * self._set_aside, self._fewest)
