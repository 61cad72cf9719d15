"""An event loop in which time is simulated and the order of things is drawn from a seed.

A control plane mostly waits: half an hour of it is a few thousand callbacks. Here time stands still while anything
can run and jumps to the next timer when nothing can, so half an hour takes milliseconds and "ten seconds later" is
exact. Callbacks that are ready together run in an order shuffled by the seed: code that is right only in one order
fails for some seed, and fails again in the same way when that seed is run again.

There are no threads, sockets or processes in simulated time: what waits for one of those waits for ever, and the
loop says so (`Deadlock`).
"""

import asyncio
import heapq
import random  # noqa: TID251 - the seed is the caller's
from collections import deque
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Deadlock(Exception):
    """Nothing is ready and no timer is set: what is waited for will never happen."""


class Livelock(Exception):
    """Something runs on and on, and time cannot pass."""


MOST_TURNS_AT_ONCE = 50_000


class SimulatedLoop(asyncio.SelectorEventLoop):
    """The standard loop, but for the choice of what runs next. The base class has the attributes named here."""

    _ready: deque[asyncio.Handle]
    _scheduled: list[asyncio.TimerHandle]
    _stopping: bool

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        self._seconds = 0.0
        self._turns = 0
        self._random = random.Random(seed)  # noqa: S311 - an order of play, no secret

    def time(self) -> float:
        """Simulated seconds since the loop was made."""
        return self._seconds

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:  # type: ignore[override]
        """Refused: a thread's timing would differ from run to run."""
        raise RuntimeError("simulated time has no threads: give the code under test something without one")

    def _run_once(self) -> None:
        self._take_due_timers()
        if not self._ready and not self._stopping:
            self._jump_to_next_timer()
        self._turns += 1
        if self._turns > MOST_TURNS_AT_ONCE:
            self._turns = 0  # the tasks are about to be cancelled, which takes a few more
            raise Livelock("time stands still; what runs is among:\n" + _waiting_tasks(self))
        turn = list(self._ready)
        self._ready.clear()
        if len(turn) > 1:
            self._random.shuffle(turn)
        for handle in turn:
            if not handle.cancelled():
                handle._run()

    def _take_due_timers(self) -> None:
        while self._scheduled and (self._scheduled[0].when() <= self._seconds or self._scheduled[0].cancelled()):
            timer = heapq.heappop(self._scheduled)
            if not timer.cancelled():
                self._ready.append(timer)

    def _jump_to_next_timer(self) -> None:
        if not self._scheduled:
            raise Deadlock("nothing will ever happen again; waiting are:\n" + _waiting_tasks(self))
        if self._scheduled[0].when() > self._seconds:
            self._turns = 0
        self._seconds = self._scheduled[0].when()
        self._take_due_timers()


def run(main: Coroutine[Any, Any, T], *, seed: int = 0) -> T:
    """`asyncio.run` in simulated time: the result of `main`, the same for the same seed."""
    with asyncio.Runner(loop_factory=lambda: SimulatedLoop(seed)) as runner:
        return runner.run(main)


def _waiting_tasks(loop: asyncio.AbstractEventLoop) -> str:
    return "\n".join(sorted(f"  {task.get_name()} at {_place(task)}" for task in asyncio.all_tasks(loop)))


def _place(task: asyncio.Task[Any]) -> str:
    """The innermost of our frames that the task waits in."""
    awaited: Any = task.get_coro()
    place = "its start"
    while (frame := getattr(awaited, "cr_frame", None)) is not None:
        place = f"{frame.f_code.co_filename}:{frame.f_lineno} ({frame.f_code.co_name})"
        awaited = awaited.cr_await
    return place
