"""A store without a disk: for control planes that live as long as a test, and for simulations.

It goes the same way as the durable one, with a turn of the event loop between accepting a write and showing it, so
that what goes wrong only there goes wrong here too. A simulation may let its disk fail, and look at every commit.
"""

from collections.abc import Callable, Sequence

from petset.storage.live import DEFAULT_BOUNDS, Bounds, LiveStore
from petset.storage.port import Event

Onlooker = Callable[[Sequence[Event]], None]
"""Called with every commit, in order, before anybody else hears of it. It must not write."""


class _MemoryJournal:
    """Takes no time and keeps nothing."""

    def __init__(self) -> None:
        self.failure = ""
        self.onlookers: list[Onlooker] = []

    def commit(self, batch: Sequence[Event], ended: Callable[[str], None]) -> None:
        if not self.failure:
            for onlooker in self.onlookers:
                onlooker(batch)
        ended(self.failure)

    async def close(self) -> None:
        return None


class MemoryStore(LiveStore):
    """A `Store` that is gone with its process."""

    def __init__(self, bounds: Bounds = DEFAULT_BOUNDS) -> None:
        self._memory = _MemoryJournal()
        super().__init__(self._memory, bounds=bounds)

    def fail_writes(self, reason: str) -> None:
        """From now on refuse every write for this reason, as a full disk would; an empty reason ends that."""
        self._memory.failure = reason

    def show(self, onlooker: Onlooker) -> None:
        """Show every commit from now on."""
        self._memory.onlookers.append(onlooker)
