"""How long to wait after the nth failure in a row: a pure function with two bounds."""

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
