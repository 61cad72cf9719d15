"""The present time and waiting for a later one: both are arguments, so that a test can own them."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol


class Timer(Protocol):
    """A call that is still to come."""

    def cancel(self) -> None:
        """Forget the call; nothing happens where it has been made already."""
        ...


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

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Call `callback` on the event loop after `seconds`: a timer without a task of its own."""
        ...
