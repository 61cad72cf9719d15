"""What all open watches share, so that a hundred of them do not cost a hundred times one.

Lines that several watchers of the same selection get are put together once. And the more watches are open, the
longer each rests after it was written to: events that come meanwhile leave together, in one piece. What comes after
a silence leaves at once; among a few watchers nobody can tell the rest at all.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from petset.registry.port import WatchItem

REST_SECONDS_EACH = 0.0002
LONGEST_REST_SECONDS = 0.05
_MOST_REMEMBERED = 16

Selection = tuple[str, ...]
"""Of which kind, in which namespace, by which selectors: those who agree in it see the same items."""


class Fanout:
    """One for each application."""

    def __init__(self) -> None:
        self._open = 0
        self._pieces: dict[tuple[Selection, int, int], bytes] = {}

    @contextmanager
    def one_more(self) -> Iterator[None]:
        """While a watch is open."""
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1

    @property
    def rest_seconds(self) -> float:
        """How long a watch waits between two writes."""
        return min(self._open * REST_SECONDS_EACH, LONGEST_REST_SECONDS)

    def piece(self, selection: Selection, items: Sequence[WatchItem], line: Callable[[WatchItem], bytes]) -> bytes:
        """The items' lines. All items of a selection between two revisions are the same for everybody."""
        if self._open < 2 or not items:
            return b"".join(map(line, items))
        key = (selection, items[0].record.revision, items[-1].record.revision)
        piece = self._pieces.get(key)
        if piece is None:
            if len(self._pieces) >= _MOST_REMEMBERED:
                del self._pieces[next(iter(self._pieces))]
            piece = self._pieces[key] = b"".join(map(line, items))
        return piece
