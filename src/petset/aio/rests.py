"""Pauses between the looks at one thing, for work whose cost grows with the thing.

A change after a quiet time is looked at at once; while changes come one after the other, each look is followed by a
pause in proportion to its cost, in which they collect. So N changes of a thing of size N cost N times a constant,
and not N².
"""

from collections.abc import Hashable
from typing import Generic, TypeVar

from petset.aio.clock import Clock

K = TypeVar("K", bound=Hashable)


class Rests(Generic[K]):
    """Who rests until when: `least_seconds` and `seconds_per_part` for each part, `longest_seconds` at most.

    Where both are ten times what a look costs, without parts and for each of them, a tenth of the time is work.
    """

    def __init__(
        self, clock: Clock, seconds_per_part: float, longest_seconds: float, least_seconds: float = 0.0
    ) -> None:
        self._clock = clock
        self._least = least_seconds
        self._per_part = seconds_per_part
        self._longest = longest_seconds
        self._until: dict[K, float] = {}  # on the clock's monotonic scale

    def left(self, key: K) -> float:
        """How many seconds the key still rests."""
        return max(0.0, self._until.get(key, 0.0) - self._clock.monotonic())

    def begin(self, key: K, parts: int) -> None:
        """The key has just been looked at, with so many parts."""
        pause = min(self._longest, self._least + parts * self._per_part)
        self._until[key] = self._clock.monotonic() + pause

    def forget(self, key: K) -> None:
        """The key is gone."""
        self._until.pop(key, None)
