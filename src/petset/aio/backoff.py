"""How long to wait before the next attempt: after one's own failures in a row, and for everybody's sake.

The first is a pure function with two bounds. The second is a bucket that refills at a steady rate: when everything
fails at once, because the API is away or a quota is full, all retries together come no faster than that. Neither
reads a clock.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Backoff:
    """`first_seconds` after the first failure, `factor` times longer after each more, never over `most_seconds`."""

    first_seconds: float
    factor: float
    most_seconds: float

    def delay(self, failures: int) -> float:
        """Seconds to wait after this many failures in a row; 0 after none."""
        if failures <= 0:
            return 0.0
        exponent = failures - 1
        # Compared as logarithms: the power itself overflows after a thousand failures.
        if exponent * math.log(self.factor) >= math.log(self.most_seconds / self.first_seconds):
            return self.most_seconds
        return float(self.first_seconds * self.factor**exponent)


@dataclass(frozen=True)
class Rate:
    """So many a second in the long run, and `burst` at once after a rest."""

    per_second: float
    burst: int


class Bucket:
    """Gives out leave to go on at a rate. Times are seconds on any scale that never goes back."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._left = float(rate.burst)
        self._at: float | None = None

    def reserve(self, now: float) -> float:
        """Take the next leave there is; how many seconds it is away. It is taken even if it is not waited for."""
        if self._at is not None:
            refilled = self._left + max(0.0, now - self._at) * self._rate.per_second
            self._left = min(float(self._rate.burst), refilled)
        self._at = now if self._at is None else max(self._at, now)
        self._left -= 1
        return max(0.0, -self._left / self._rate.per_second)
