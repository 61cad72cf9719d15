"""A store without a disk: for control planes that live as long as a test, and for simulations.

It goes the same way as the durable one, with a turn of the event loop between accepting a write and showing it, so
that what goes wrong only there goes wrong here too. A simulation may let its disk fail.
"""

from collections.abc import Callable, Sequence

from petset.storage.live import DEFAULT_BOUNDS, Bounds, LiveStore
from petset.storage.port import Event


class _MemoryJournal:
    """Takes no time and keeps nothing."""

    def __init__(self) -> None:
        self.failure = ""

    def commit(self, batch: Sequence[Event], ended: Callable[[str], None]) -> None:
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
