"""Keys are looked at until they are where they should be."""

import asyncio
import logging

import pytest

from petset.aio.backoff import Backoff
from petset.aio.reconciler import Reconciler
from petset.aio.tasks import Supervisor
from petset.testing.clock import SimulatedClock
from petset.testing.loop import run


class _Looks:
    """A reconcile function that writes down when it was called and does what it was told."""

    def __init__(self, clock: SimulatedClock, *outcomes: float | BaseException | None) -> None:
        self.clock = clock
        self.outcomes = list(outcomes)
        self.at: list[float] = []

    async def __call__(self, key: str) -> float | None:
        self.at.append(self.clock.monotonic())
        outcome = self.outcomes.pop(0) if self.outcomes else None
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


def _looks_until(seconds: float, *outcomes: float | BaseException | None) -> tuple[list[float], int]:
    clock = SimulatedClock()
    looks = _Looks(clock, *outcomes)
    reconciler = Reconciler("test", clock, looks, backoff=Backoff(1, 2, 100))

    async def main() -> None:
        reconciler.wake("key")
        async with Supervisor("test") as tasks:
            tasks.start("reconciler", reconciler.run())
            await clock.sleep(seconds)

    run(main())
    return looks.at, reconciler.failures("key")


def test_a_wake_before_run_is_kept() -> None:
    assert _looks_until(10) == ([0], 0)


def test_a_failure_is_retried_with_growing_pauses_until_it_succeeds() -> None:
    oops = [ValueError() for _ in range(4)]
    assert _looks_until(100, *oops) == ([0, 1, 3, 7, 15], 0)


def test_success_forgets_the_failures_before_it() -> None:
    looks, failures = _looks_until(12, ValueError(), ValueError(), 5, ValueError())
    assert looks == [0, 1, 3, 8, 9]
    assert failures == 0


def test_failures_in_a_row_are_counted() -> None:
    assert _looks_until(2, ValueError(), ValueError(), ValueError()) == ([0, 1], 2)


def test_a_returned_number_is_the_pause_before_the_next_look() -> None:
    assert _looks_until(100, 30, 30, None) == ([0, 30, 60], 0)


def test_a_cancelled_dependency_is_a_failure_and_not_the_end_of_the_worker() -> None:
    assert _looks_until(100, *[asyncio.CancelledError() for _ in range(6)])[0] == [0, 1, 3, 7, 15, 31, 63]


def test_a_failure_is_logged_with_its_key(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        _looks_until(1, ValueError("no such thing"))
    assert caplog.messages == ["test: key failed, 1 in a row, again in 1.000 s"]
    assert "no such thing" in caplog.text


def test_different_keys_are_looked_at_side_by_side_up_to_the_number_of_workers() -> None:
    clock = SimulatedClock()
    most = busy = 0

    async def look(key: int) -> None:
        nonlocal most, busy
        busy += 1
        most = max(most, busy)
        await clock.sleep(1)
        busy -= 1

    async def main() -> None:
        reconciler = Reconciler("test", clock, look, workers=3)
        for key in range(9):
            reconciler.wake(key)
        async with Supervisor("test") as tasks:
            tasks.start("reconciler", reconciler.run())
            await clock.sleep(2.5)
            assert busy == 3
            await clock.sleep(1)
        assert busy == 0

    run(main())
    assert most == 3


def test_a_long_backlog_lets_others_run_in_between() -> None:
    clock = SimulatedClock()
    order: list[object] = []

    async def other() -> None:
        order.append("other")

    async def main() -> None:
        async def look(key: int) -> None:
            order.append(key)
            if key == 0:
                tasks.start("other", other())

        reconciler = Reconciler("test", clock, look, workers=1)
        for key in range(100):
            reconciler.wake(key)
        async with Supervisor("test") as tasks:
            tasks.start("reconciler", reconciler.run())
            await clock.sleep(1)

    run(main())
    assert order.index("other") < 5
