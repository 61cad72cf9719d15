"""Tasks have a parent that hears of their end."""

import asyncio
import logging

import pytest

from petset.aio.tasks import SECONDS_BETWEEN_CANCELS, Supervisor
from petset.testing.clock import SimulatedClock
from petset.testing.loop import run

_clock = SimulatedClock()


async def _forever() -> None:
    await asyncio.Event().wait()


async def _fail() -> None:
    raise ValueError("broken")


def test_leaving_the_block_stops_every_child_and_waits_for_it() -> None:
    ended = []

    async def child(name: str) -> None:
        try:
            await _forever()
        finally:
            await _clock.sleep(1)
            ended.append(name)

    async def main() -> None:
        async with Supervisor("parent") as tasks:
            tasks.start("a", child("a"))
            tasks.start("b", child("b"))
            await _clock.sleep(1)

    run(main())
    assert sorted(ended) == ["a", "b"]


def test_a_child_that_loses_a_cancel_while_cleaning_up_is_told_again() -> None:
    async def stubborn() -> None:
        while True:
            try:
                await _clock.sleep(100)
            except asyncio.CancelledError:
                if _clock.monotonic() >= 1 + SECONDS_BETWEEN_CANCELS:
                    raise

    async def main() -> float:
        async with Supervisor("parent") as tasks:
            tasks.start("stubborn", stubborn())
            await _clock.sleep(1)
        return _clock.monotonic()

    assert run(main()) == 1 + SECONDS_BETWEEN_CANCELS


def test_a_failing_child_is_logged_by_name_and_fails_the_wait(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with Supervisor("parent") as tasks:
            tasks.start("other", _forever())
            tasks.start("weak", _fail())
            await tasks.wait()

    with caplog.at_level(logging.ERROR), pytest.raises(ValueError, match="broken"):
        run(main())
    assert [record.getMessage() for record in caplog.records] == ["parent/weak failed"]


def test_a_failure_nobody_waited_for_is_raised_on_leaving() -> None:
    async def main() -> None:
        async with Supervisor("parent") as tasks:
            tasks.start("weak", _fail())
            await _clock.sleep(1)

    with pytest.raises(ValueError, match="broken"):
        run(main())


def test_the_error_of_the_block_is_not_hidden_by_a_childs() -> None:
    async def main() -> None:
        async with Supervisor("parent") as tasks:
            tasks.start("weak", _fail())
            await _clock.sleep(1)
            raise KeyError("the block's")

    with pytest.raises(KeyError):
        run(main())


def test_a_child_that_its_owner_cancels_is_no_failure() -> None:
    async def main() -> None:
        async with Supervisor("parent") as tasks:
            child = tasks.start("ended", _forever())
            await _clock.sleep(1)
            child.cancel()
            await _clock.sleep(1)
            assert child.cancelled()

    run(main())


def test_wait_returns_once_stopped() -> None:
    async def main() -> None:
        tasks = Supervisor("parent")
        async with Supervisor("test") as test:
            waiting = test.start("waiting", tasks.wait())
            await _clock.sleep(1)
            assert not waiting.done()
            await tasks.stop()
            await waiting

    run(main())


def test_nothing_starts_once_stopping() -> None:
    async def main() -> None:
        tasks = Supervisor("parent")
        await tasks.stop()
        with pytest.raises(RuntimeError, match="parent is stopping and starts nothing more, so not late"):
            tasks.start("late", _forever())

    run(main())


def test_a_child_may_stop_its_own_supervisor() -> None:
    async def main() -> None:
        tasks = Supervisor("parent")
        tasks.start("other", _forever())
        await tasks.start("last", tasks.stop())

    run(main())
