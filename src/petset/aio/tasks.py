"""Every task has a parent, a name and a reason it may be cancelled; none dies unheard.

asyncio forgets a task that nobody waits for: its exception surfaces at some later garbage collection, if ever,
and the component it ran is silently gone. So tasks are started here and nowhere else. A child that fails is
logged at once under its name and fails its supervisor, whose owner waits for that and decides what to do:
usually to stop the siblings and fail in turn.
"""

import asyncio
import logging
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

T = TypeVar("T")

SECONDS_BETWEEN_CANCELS = 1.0

_log = logging.getLogger(__name__)


async def give_way() -> None:
    """Let everything that is ready now run first: for loops that may go on long without waiting."""
    await asyncio.sleep(0)  # noqa: TID251 - no time passes; this is the one owner


class Supervisor:
    """The parent of some tasks, usable as `async with`; leaving the block stops them all."""

    def __init__(self, name: str) -> None:
        self.name = name
        # A dictionary keeps the order in which they were started, which a set would not: runs must replay.
        self._children: dict[asyncio.Task[Any], None] = {}
        self._failure: BaseException | None = None
        self._ended = asyncio.Event()
        self._stopping = False

    def start(self, name: str, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run `work` beside the others. The task may be awaited or cancelled; neither fails the supervisor."""
        if self._stopping:
            work.close()
            raise RuntimeError(f"{self.name} is stopping and starts nothing more, so not {name}")
        task = asyncio.create_task(work, name=f"{self.name}/{name}")  # noqa: TID251 - the one owner
        self._children[task] = None
        task.add_done_callback(self._child_ended)
        return task

    @property
    def stopping(self) -> bool:
        """Its children are being cancelled, and no more can be started."""
        return self._stopping

    async def wait(self) -> None:
        """Raise what the first failing child raised, as soon as it does; return once stopped."""
        await self._ended.wait()
        if self._failure is not None:
            raise self._failure

    async def stop(self) -> None:
        """Cancel the children and wait until each is gone. Called from a child, it leaves that one running."""
        self._stopping = True
        children = [child for child in self._children if child is not asyncio.current_task()]
        while children:
            for child in children:
                child.cancel(f"{self.name} stops")
            # A child that fails while it cleans up may take that failure for its own and go on: it is told again.
            await asyncio.wait(children, timeout=SECONDS_BETWEEN_CANCELS)
            children = [child for child in children if not child.done()]
        self._ended.set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
        if error is None and self._failure is not None:
            raise self._failure

    def _child_ended(self, task: asyncio.Task[Any]) -> None:
        self._children.pop(task, None)
        error = None if task.cancelled() else task.exception()
        if error is None:
            return
        _log.error("%s failed", task.get_name(), exc_info=error)
        if self._failure is None:
            self._failure = error
        self._ended.set()
