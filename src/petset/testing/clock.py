"""The clock that goes with the simulated loop: its time is the loop's time, counted from a given moment."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class SimulatedClock:
    """A `Clock` whose time passes only when nothing else can happen (`petset.testing.loop`)."""

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._start = start
        self._seconds = 0.0

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        try:
            self._seconds = asyncio.get_running_loop().time()
        except RuntimeError:  # outside the loop time stands where it was last seen
            return self._seconds
        return self._seconds

    async def sleep(self, seconds: float) -> None:
        if seconds > 0:
            await asyncio.sleep(seconds)  # noqa: TID251 - the loop's time is the simulated one

    def call_later(self, seconds: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(seconds, callback)
