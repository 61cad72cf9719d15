"""What a component counts of itself, as plain numbers: how they are written for others to read is not its business.

Counting happens on every turn of every queue, so it must cost next to nothing; families are made when somebody
asks.
"""

from bisect import bisect_left
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Generic, Literal, TypeVar

from petset.aio.clock import Clock

K = TypeVar("K", bound=Hashable)

BOUNDS_SECONDS: Sequence[float] = [1e-8 * 10**n for n in range(12)]
"""Upper bounds of the buckets, ten nanoseconds to a thousand seconds: those of Kubernetes' work queues."""


@dataclass
class Histogram:
    """Durations, counted by size. `counts` has one more place, for those above the last bound."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_SECONDS) + 1))
    sum_seconds: float = 0.0

    def observe(self, seconds: float) -> None:
        self.counts[bisect_left(BOUNDS_SECONDS, seconds)] += 1
        self.sum_seconds += seconds

    def cumulative(self) -> list[tuple[str, float]]:
        """How many were at most as long as each bound."""
        bounds = [*(f"{bound:g}" for bound in BOUNDS_SECONDS), "+Inf"]
        return list(zip(bounds, map(float, accumulate(self.counts)), strict=True))


@dataclass(frozen=True)
class Sample:
    """One value with its labels' values, in the order of the family's labels."""

    labels: tuple[str, ...]
    value: float | Histogram


@dataclass(frozen=True)
class Family:
    """Measures of one name. A counter's name ends in `_total`."""

    kind: Literal["counter", "gauge", "histogram"]
    name: str
    help: str
    labels: tuple[str, ...]
    samples: tuple[Sample, ...]


class QueueMeasures(Generic[K]):
    """What one work queue counts. `adds` and `retries` only grow."""

    def __init__(self, clock: Clock) -> None:
        self._now = clock.monotonic
        self._added: dict[K, float] = {}
        self._started: dict[K, float] = {}
        self.adds = 0
        self.retries = 0
        self.waited = Histogram()
        self.worked = Histogram()

    def added(self, key: K) -> None:
        self.adds += 1
        self._added[key] = self._now()

    def taken(self, key: K) -> None:
        now = self._now()
        self.waited.observe(now - self._added.pop(key, now))
        self._started[key] = now

    def done(self, key: K) -> None:
        started = self._started.pop(key, None)
        if started is not None:
            self.worked.observe(self._now() - started)

    def families(self, name: str, depth: int) -> Iterator[Family]:
        """Under the names that every Kubernetes component uses for its queues."""
        ages = [self._now() - started for started in self._started.values()]
        rows: tuple[tuple[Literal["counter", "gauge", "histogram"], str, str, float | Histogram], ...] = (
            ("counter", "adds_total", "Total number of adds handled by workqueue", self.adds),
            ("gauge", "depth", "Current depth of workqueue", depth),
            ("gauge", "longest_running_processor_seconds",
             "How many seconds the longest running look at a key has taken so far", max(ages, default=0.0)),
            ("histogram", "queue_duration_seconds", "How long in seconds a key stays in the queue", self.waited),
            ("counter", "retries_total", "Total number of retries handled by workqueue", self.retries),
            ("gauge", "unfinished_work_seconds", "How many seconds of work are in progress", sum(ages)),
            ("histogram", "work_duration_seconds", "How long in seconds a look at a key takes", self.worked),
        )  # fmt: skip
        for kind, suffix, text, value in rows:
            yield Family(kind, f"workqueue_{suffix}", text, ("name",), (Sample((name,), value),))
