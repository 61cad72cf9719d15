"""The machine's own time. Nothing else in Petset asks for it, so everything else can be run in simulated time."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime


class SystemClock:
    """The `Clock` of a running server."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - the one owner of the wall clock

    monotonic = staticmethod(time.monotonic)  # noqa: TID251 - the one owner of the steady clock

    async def sleep(self, seconds: float) -> None:
        if seconds > 0:
            await asyncio.sleep(seconds)  # noqa: TID251 - the one owner of real waiting

    def call_later(self, seconds: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(seconds, callback)
