"""Simulated time jumps, the order is the seed's, and waiting for nothing is an error."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from petset.aio.tasks import Supervisor
from petset.testing.clock import SimulatedClock
from petset.testing.loop import Deadlock, run

_clock = SimulatedClock()


def test_hours_pass_at_once_and_exactly() -> None:
    start = datetime(2026, 11, 22, tzinfo=UTC)
    clock = SimulatedClock(start)

    async def main() -> None:
        await clock.sleep(6 * 3600)
        assert clock.now() == start + timedelta(hours=6)
        assert clock.monotonic() == 6 * 3600

    run(main())
    assert clock.now() == start + timedelta(hours=6), "time stands still outside the loop"


def _order(seed: int) -> list[int]:
    order: list[int] = []

    async def step(number: int) -> None:
        order.append(number)
        await _clock.sleep(1)
        order.append(number)

    async def main() -> None:
        await asyncio.gather(*(step(n) for n in range(6)))

    run(main(), seed=seed)
    return order


def test_the_same_seed_gives_the_same_order() -> None:
    assert _order(7) == _order(7)


def test_seeds_shuffle_what_is_ready_at_the_same_time_also_timers() -> None:
    orders = [_order(seed) for seed in range(20)]
    assert len({tuple(order[:6]) for order in orders}) > 10
    assert len({tuple(order[6:]) for order in orders}) > 10


def test_waiting_for_what_can_never_happen_is_a_deadlock_that_names_the_waiting() -> None:
    async def main() -> None:
        async with Supervisor("house") as tasks:
            tasks.start("dreamer", asyncio.Event().wait())
            await tasks.wait()

    with pytest.raises(Deadlock, match=r"house/dreamer at .*locks.py:\d+ \(wait\)"):
        run(main())


def test_a_cancelled_timer_does_not_move_time() -> None:
    clock = SimulatedClock()

    async def main() -> None:
        clock.call_later(1000, lambda: None).cancel()
        called = asyncio.Event()
        clock.call_later(1, called.set)
        await called.wait()
        assert clock.monotonic() == 1

    run(main())


def test_a_wait_with_a_timeout_takes_exactly_that_long() -> None:
    clock = SimulatedClock()

    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(30):
                await asyncio.Event().wait()
        assert clock.monotonic() == 30

    run(main())


def test_threads_are_refused() -> None:
    async def main() -> None:
        await asyncio.to_thread(len, "")

    with pytest.raises(RuntimeError, match="simulated time has no threads"):
        run(main())
