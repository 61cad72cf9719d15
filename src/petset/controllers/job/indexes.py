"""Sets of completion indexes as text: `0,2-4`."""

from collections.abc import Iterable

from petset.api.models import core_v1
from petset.api.objects import meta
from petset.controllers.job.model import INDEX


def parse(text: str | None, end: int) -> set[int]:
    """The indexes below `end` that the text names."""
    found: set[int] = set()
    for part in filter(None, (text or "").split(",")):
        first, _, last = part.partition("-")
        found.update(range(int(first), min(int(last or first) + 1, end)))
    return {index for index in found if index < end}


def text_of(indexes: Iterable[int]) -> str:
    """In order, runs of more than two as a range."""
    runs: list[list[int]] = []
    for index in sorted(indexes):
        if runs and index == runs[-1][1] + 1:
            runs[-1][1] = index
        else:
            runs.append([index, index])
    return ",".join(_run(first, last) for first, last in runs)


def _run(first: int, last: int) -> str:
    if first == last:
        return str(first)
    return f"{first},{last}" if last == first + 1 else f"{first}-{last}"


def index_of(pod: core_v1.Pod) -> int | None:
    """The pod's completion index, None where it has none that can be read."""
    text = (meta(pod).annotations or {}).get(INDEX, "")
    return int(text) if text.isdecimal() else None
