"""Keys are looked at until they are where they should be."""

import asyncio
import logging

import pytest

from petset.aio.backoff import Backoff, Rate
from petset.aio.reconciler import CONTROLLER_RETRIES, Reconciler, Setback
from petset.aio.tasks import Supervisor
from petset.api.errors import Conflict, NotFound, TooManyRequests
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


def test_the_last_answer_holds_and_what_an_earlier_look_planned_is_forgotten() -> None:
    clock = SimulatedClock()
    looks = _Looks(clock, 30, 100, None)
    reconciler = Reconciler("test", clock, looks)

    async def main() -> None:
        reconciler.wake("key")
        async with Supervisor("test") as tasks:
            tasks.start("reconciler", reconciler.run())
            await clock.sleep(10)
            reconciler.wake("key")
            await clock.sleep(500)

    run(main())
    assert looks.at == [0, 10, 110]


def test_a_cancelled_dependency_is_a_failure_and_not_the_end_of_the_worker() -> None:
    assert _looks_until(100, *[asyncio.CancelledError() for _ in range(6)])[0] == [0, 1, 3, 7, 15, 31, 63]


def test_a_failure_is_logged_with_its_key(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        _looks_until(1, ValueError("no such thing"))
    assert caplog.messages == ["test: key failed, 1 in a row, again in 1.000 s: no such thing"]
    assert "Traceback" in caplog.text


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Conflict("the object has been modified"), "the object has been modified"),
        (NotFound('pods "web-0" not found'), 'pods "web-0" not found'),
        (TooManyRequests("it would violate\nthe budget"), "it would violate the budget"),
        (Setback("a claim is on its way out"), "a claim is on its way out"),
        (Setback(), "Setback"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_was_foreseen_takes_one_line_of_the_log(
    error: Exception, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        _looks_until(0.5, error)
    assert caplog.messages == [f"test: key failed, 1 in a row, again in 1.000 s: {said}"]
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize(
    ("key", "written"), [(("default", "web"), "default/web"), (("", "node-1"), "node-1"), ("uid", "uid")]
)
def test_a_key_is_written_as_people_write_it(
    key: tuple[str, ...] | str, written: str, caplog: pytest.LogCaptureFixture
) -> None:
    clock = SimulatedClock()

    async def fail(_: object) -> None:
        raise Setback("not yet")

    async def main() -> None:
        reconciler: Reconciler[tuple[str, ...] | str] = Reconciler("test", clock, fail)
        reconciler.wake(key)
        async with Supervisor("test") as tasks:
            tasks.start("reconciler", reconciler.run())
            await clock.sleep(0.001)

    with caplog.at_level(logging.WARNING):
        run(main())
    assert caplog.messages == [f"test: {written} failed, 1 in a row, again in 0.005 s: not yet"]


def _first_retries(count: int, retries: Rate | None) -> list[float]:
    """When each of `count` keys that fail at once, and once, is looked at again."""
    clock, seen, again = SimulatedClock(), set[int](), list[float]()

    async def fail_once(key: int) -> None:
        if key in seen:
            again.append(clock.monotonic())
            return
        seen.add(key)
        raise ValueError

    reconciler = Reconciler("test", clock, fail_once, backoff=Backoff(0.005, 2, 1000), retries=retries)

    async def main() -> None:
        for key in range(count):
            reconciler.wake(key)
        async with Supervisor("test") as tasks:
            tasks.start("reconciler", reconciler.run())
            await clock.sleep(1000)

    run(main())
    return again


def test_a_hundred_retries_come_after_their_own_pause_and_the_rest_ten_a_second() -> None:
    again = _first_retries(120, CONTROLLER_RETRIES)
    assert again[:100] == pytest.approx([0.005] * 100)
    assert again[100:] == pytest.approx([0.1 * (n + 1) for n in range(20)])


def test_a_reconciler_that_shares_no_bucket_retries_all_after_their_own_pause() -> None:
    assert _first_retries(120, None) == pytest.approx([0.005] * 120)


def test_the_longer_pause_counts() -> None:
    clock = SimulatedClock()
    looks = _Looks(clock, *[ValueError()] * 4)
    reconciler = Reconciler("test", clock, looks, backoff=Backoff(1, 2, 100), retries=Rate(0.25, 1))

    async def main() -> None:
        reconciler.wake("key")
        async with Supervisor("test") as tasks:
            tasks.start("reconciler", reconciler.run())
            await clock.sleep(100)

    run(main())
    # Its own pauses are 1, 2, 4 and 8 seconds; one leave in 4 seconds makes the second pause 3.
    assert looks.at == pytest.approx([0, 1, 4, 8, 16])


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
