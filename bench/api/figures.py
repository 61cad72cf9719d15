"""The API's figures: rates with 64 workers and with one, watches, long lists, memory, and all among many pods."""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench.api import load
from bench.api.load import Ask, Taken
from bench.api.served import Served, make_maps, pods_stored, served
from bench.api.watchers import watching

MANY = 64
LISTED, WATCHED = "five-hundred", "watched"
WATCHERS = 100
FEW_PODS, MANY_PODS = 10_000, 50_000
_IN_FLIGHT = 3 * MANY
"""Of the last requests of a run nobody knows what became of them: their objects are left alone."""


@dataclass(frozen=True)
class Row:
    """One verb: its name, what the real API server does with 64 workers, our targets with 64 and with one."""

    verb: str
    name: str
    real: float
    target_many: float
    target_one: float


ROWS = (
    Row("create", "creates/s", 1631, 5000, 1300),
    Row("get", "gets/s", 2695, 15000, 5000),
    Row("patch", "merge patches/s", 1182, 4000, 1200),
    Row("delete", "deletes/s", 1692, 5000, 1300),
    Row("list", "lists of 500/s", 271, 1500, 500),
)
WATCH_TARGET, WATCH_REAL = 100_000, 29_200
LIST_TARGET_MS, LIST_REAL_MS = 80, 440
MEMORY = {FEW_PODS: (130, 972), MANY_PODS: (380, 3009)}

Round = dict[str, Taken]


class Site:
    """A server with what the load needs, and which of its objects are still there."""

    def __init__(self, server: Served, seconds: int) -> None:
        self.server = server
        self._seconds = seconds
        self._next = 0
        make_maps(server, LISTED, 500)
        make_maps(server, WATCHED, 1)

    def round(self, workers: int) -> Round:
        """Every verb once, with so many workers."""
        taken = {"create": self._create(workers)}
        first, count = self._last if workers == MANY else self._made()
        for verb in ("get", "patch"):
            taken[verb] = load.run(self.server, Ask(verb, first, count), workers, self._seconds)
        taken["list"] = load.run(self.server, Ask("list", 0, 1, LISTED), workers, self._seconds)
        taken["delete"] = load.run(self.server, Ask("delete", first), workers, max(1, self._seconds // 2))
        return taken

    def events_per_second(self) -> float:
        """What reaches all watchers together while one worker writes one change after the other."""
        with watching(self.server, WATCHED, WATCHERS) as watchers:
            begun = time.perf_counter()
            load.run(self.server, Ask("patch", 0, 1, WATCHED), 1, self._seconds)
            took = time.perf_counter() - begun
            return watchers.events() / took

    def fill(self, count: int) -> None:
        """Store pods, with statuses as if they ran, until there are so many."""
        stored = pods_stored(self.server)
        while stored < count:
            first, missing = self._next, count - stored
            # wrk knows no number of requests, only a time: short ones, so that it does not make too many.
            made = load.run(self.server, Ask("create-pod", first, last=first + missing), MANY, 2, strict=False)
            self._next += made.requests + _IN_FLIGHT
            load.run(self.server, Ask("run-pod", first, last=first + made.requests), MANY, 4, strict=False)
            stored = pods_stored(self.server)

    def list_ms(self) -> float:
        """How long a list of all pods takes."""
        return load.run(self.server, Ask("list-pods"), 1, self._seconds).median_ms

    def _create(self, workers: int) -> Taken:
        taken = load.run(self.server, Ask("create", self._next), workers, self._seconds)
        self._last = (self._next, max(1, taken.requests - _IN_FLIGHT))
        self._next += taken.requests + _IN_FLIGHT
        return taken

    def _made(self) -> tuple[int, int]:
        self._create(MANY)
        return self._last


@contextmanager
def _site(seconds: int) -> Iterator[Site]:
    load.require()
    with served() as server:
        yield Site(server, seconds)


def table(runs: int, seconds: int) -> str:
    """All figures as Markdown, medians of so many runs of so many seconds each."""
    with _site(seconds) as site:
        many = [site.round(MANY) for _ in range(runs)]
        one = [site.round(1) for _ in range(runs)]
        events = statistics.median(site.events_per_second() for _ in range(runs))
        with _site(seconds) as full:
            idle = full.server.memory_mb()
            full.fill(FEW_PODS)
            few_mb, few_ms = full.server.memory_mb(), full.list_ms()
            full.fill(MANY_PODS)
            many_mb = full.server.memory_mb()
            # One after the other: the machine's speed is not the same a minute later.
            pairs = [(site.round(MANY), full.round(MANY)) for _ in range(runs)]
    rows = "\n".join(_row(row, many, one, pairs) for row in ROWS)
    return f"""{_HEAD}
{rows}

| figure | measured | target | the real API server |
|---|---|---|---|
| one writer → {WATCHERS} watchers | {events:,.0f} events/s | ≥ {WATCH_TARGET:,} | {WATCH_REAL:,} |
| list of {FEW_PODS:,} pods | {few_ms:.0f} ms | ≤ {LIST_TARGET_MS} ms | {LIST_REAL_MS} ms |
| memory with {FEW_PODS:,} pods ({idle:.0f} MB before) | {_memory(FEW_PODS, few_mb)} |
| memory with {MANY_PODS:,} pods | {_memory(MANY_PODS, many_mb)} |"""


_HEAD = (
    "| 512 B ConfigMap | 64 workers | p99 | server's CPU each | target | the real API server | 1 worker | target "
    f"| 64 workers, {MANY_PODS:,} pods stored |\n|---|---|---|---|---|---|---|---|---|"
)


def _row(row: Row, many: list[Round], one: list[Round], pairs: list[tuple[Round, Round]]) -> str:
    """`pairs`: rounds of a server without pods and of one with many, side by side."""

    def mid(rounds: list[Round], of: Callable[[Taken], float]) -> float:
        return statistics.median(of(taken[row.verb]) for taken in rounds)

    full = [with_pods for _, with_pods in pairs]
    rate, alone, among = (mid(rounds, lambda taken: taken.per_second) for rounds in (many, one, full))
    left = statistics.median(b[row.verb].per_second / a[row.verb].per_second for a, b in pairs)
    p99, cpu = mid(many, lambda taken: taken.p99_ms), mid(many, lambda taken: taken.cpu_micros)
    return (
        f"| {row.name} | {rate:,.0f} | {p99:.0f} ms | {cpu:.0f} µs | ≥ {row.target_many:,} | {row.real:,} "
        f"| {alone:,.0f} | ≥ {row.target_one:,} | {among:,.0f} ({left:.0%}) |"
    )


def _memory(pods: int, measured_mb: float) -> str:
    target, real = MEMORY[pods]
    return f"{measured_mb:.0f} MB | ≤ {target} MB | {real:,} MB"
