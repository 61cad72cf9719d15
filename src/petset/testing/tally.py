"""What was played so far, over many runs: a line for each batch of seeds.

A campaign of hours may be cut off at any time and goes on later where it was, on another state of the code too: a
line says which, as its caller named it.
"""

from dataclasses import asdict
from pathlib import Path

import msgspec

from petset.testing.outcome import Total

BATCH = 1000
"""Seeds between two lines: what is lost when a campaign is cut off."""


class Line(msgspec.Struct):
    """One batch: `seeds` of them, the first of which was `first`, on the `code` of that name."""

    first: int
    code: str
    seeds: int
    seconds: float
    events: int
    checks: int
    failed: list[int]


class Tally:
    """The lines of one file; one that does not exist has none."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, first: int, code: str, total: Total) -> None:
        line = msgspec.json.encode(Line(first, code, **asdict(total)))
        with self._path.open("ab") as file:
            file.write(line + b"\n")

    def total(self) -> Total:
        """The sum of all batches."""
        total = Total()
        for line in self._lines():
            total.seeds += line.seeds
            total.seconds += line.seconds
            total.events += line.events
            total.checks += line.checks
            total.failed += line.failed
        return total

    def next_seed(self, otherwise: int) -> int:
        """The first seed after those that were played."""
        return max((line.first + line.seeds for line in self._lines()), default=otherwise)

    def _lines(self) -> list[Line]:
        if not self._path.exists():
            return []
        return [msgspec.json.decode(line, type=Line) for line in self._path.read_bytes().splitlines()]
