"""When the process looks for cyclic garbage: at what is new, and at all of it only when it has doubled.

Objects of a control plane live long, and Python frees nearly all that die by counting references. Its collector
looks through the survivors again and again all the same: with 10,000 pods half of the processor's time went there.
So whatever has survived one look is set aside (`gc.freeze`) and not looked at again, until there is twice as much
of it as the last full look left. N pods then cost N, and what leaks meanwhile is bounded by what lives.
"""

import asyncio
import gc
from typing import Any

NEW_OBJECTS = 20_000
"""So many objects more than were freed make a look worth it; it takes a few milliseconds."""
FEWEST_BETWEEN_FULL_LOOKS = 1_000_000
_COUNTS_BETWEEN_LIMITS = 4
"""To count what is set aside means to walk over it: not before a quarter of the limit has been added."""


class Collector:
    """The policy of the whole process, from `start` to `stop`, both called on the event loop."""

    def __init__(self, new_objects: int = NEW_OBJECTS, fewest: int = FEWEST_BETWEEN_FULL_LOOKS) -> None:
        self._new_objects = new_objects
        self._fewest = fewest
        self._uncounted = 0
        self._limit = fewest
        self._thresholds = gc.get_threshold()

    def start(self) -> None:
        """Take over from Python's own policy."""
        self._loop = asyncio.get_running_loop()
        self._thresholds = gc.get_threshold()
        gc.set_threshold(self._new_objects, 1_000_000_000, 1_000_000_000)
        gc.callbacks.append(self._looked)

    def stop(self) -> None:
        """Give the policy back."""
        gc.callbacks.remove(self._looked)
        gc.set_threshold(*self._thresholds)
        gc.unfreeze()

    def _looked(self, phase: str, info: dict[str, Any]) -> None:
        """Called by Python around each look, on whatever thread it happened."""
        if phase != "stop" or info["generation"] != 0:
            return
        self._uncounted += len(gc.get_objects(generation=1))
        gc.freeze()
        if self._uncounted <= self._limit // _COUNTS_BETWEEN_LIMITS:
            return
        self._uncounted = 0
        set_aside = gc.get_freeze_count()  # fewer than survived: most have died since, without any look
        if set_aside > self._limit:
            self._limit = 2 * set_aside  # once is enough until it has happened
            self._loop.call_soon_threadsafe(self._look_at_all)

    def _look_at_all(self) -> None:
        gc.unfreeze()
        gc.collect()
        self._limit = max(2 * len(gc.get_objects(generation=2)), self._fewest)
        gc.freeze()
