"""How fast the machine is just now: a fixed piece of plain Python, timed before and after every table.

A virtual machine shares its processor with strangers: on the one where these figures are taken the same loop took
twice as long from one quarter of an hour to the next, with nothing else running on it. Figures compare only where
their yardsticks do.
"""

import time
from statistics import median

_RUNS = 5
_STEPS = 200_000


def milliseconds() -> float:
    """The median of five runs."""
    return median(_run() for _ in range(_RUNS))


def _run() -> float:
    started = time.perf_counter()
    known: dict[int, int] = {}
    total = 0
    for step in range(_STEPS):
        known[step & 1023] = step
        total += known.get((step * 7) & 1023, 0)
    return (time.perf_counter() - started) * 1000
