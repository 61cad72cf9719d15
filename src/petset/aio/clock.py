"""The present time and waiting for a later one: both are arguments, so that a test can own them."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Time as a component sees it. Simulations advance it; only `petset.daemons` makes the real one."""

    def now(self) -> datetime:
        """The wall-clock time, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start that never go backwards."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`, or at once where they are not positive."""
        ...
