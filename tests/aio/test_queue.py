"""No key in two hands, no change missed, no storm looked at twice."""

import asyncio
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from petset.aio.queue import QueueClosed, WorkQueue
from petset.aio.tasks import Supervisor
from petset.testing.clock import SimulatedClock
from petset.testing.loop import run

_clock = SimulatedClock()


def test_many_adds_of_a_key_are_one_look() -> None:
    async def main() -> None:
        queue: WorkQueue[str] = WorkQueue(SimulatedClock())
        for key in ("a", "b", "a", "a"):
            queue.add(key)
        assert [await queue.get(), await queue.get()] == ["a", "b"]
        assert len(queue) == 0

    run(main())


def test_a_key_added_while_it_is_processed_comes_once_more_after_done() -> None:
    async def main() -> None:
        queue: WorkQueue[str] = WorkQueue(SimulatedClock())
        queue.add("a")
        key = await queue.get()
        queue.add("a")
        queue.add("a")
        assert len(queue) == 0
        queue.done(key)
        assert await queue.get() == "a"
        queue.done("a")
        assert len(queue) == 0

    run(main())


@pytest.mark.parametrize("wishes", [(5, 2, 9), (2, 5), (9, 5, 2), (2, 2)])
def test_of_several_later_adds_the_earliest_holds(wishes: tuple[float, ...]) -> None:
    async def main() -> None:
        clock = SimulatedClock()
        queue: WorkQueue[str] = WorkQueue(clock)
        for seconds in wishes:
            queue.add_after("a", seconds)
        queue.done(await queue.get())
        assert clock.monotonic() == 2
        await clock.sleep(100)
        assert len(queue) == 0

    run(main())


def test_a_later_add_that_is_due_at_once_needs_no_timer() -> None:
    async def main() -> None:
        queue: WorkQueue[str] = WorkQueue(SimulatedClock())
        queue.add_after("a", 0)
        assert len(queue) == 1

    run(main())


def test_a_closed_queue_hands_out_what_is_ready_and_then_ends() -> None:
    async def main() -> None:
        queue: WorkQueue[str] = WorkQueue(SimulatedClock())
        queue.add("a")
        queue.add_after("later", 5)
        queue.close()
        queue.add("b")
        queue.add_after("c", 1)
        assert await queue.get() == "a"
        with pytest.raises(QueueClosed):
            await queue.get()

    run(main())


def test_closing_ends_those_who_wait() -> None:
    async def main() -> None:
        queue: WorkQueue[str] = WorkQueue(SimulatedClock())
        async with Supervisor("test") as tasks:
            waiting = [tasks.start(str(n), _expect_closed(queue)) for n in range(3)]
            await _clock.sleep(1)
            queue.close()
            await asyncio.gather(*waiting)

    run(main())


async def _expect_closed(queue: WorkQueue[str]) -> None:
    with pytest.raises(QueueClosed):
        await queue.get()


@given(st.integers(0, 2**32))
@settings(max_examples=25)
def test_a_key_whose_getter_is_cancelled_reaches_another(seed: int) -> None:
    async def main() -> None:
        queue: WorkQueue[str] = WorkQueue(SimulatedClock())
        async with Supervisor("test") as tasks:
            first = tasks.start("first", queue.get())
            second = tasks.start("second", queue.get())
            await _clock.sleep(1)
            queue.add("a")
            first.cancel()
            assert await second == "a" or first.result() == "a"

    run(main(), seed=seed)


@given(
    seed=st.integers(0, 2**32),
    adds=st.lists(st.tuples(st.floats(0, 5), st.integers(0, 4), st.floats(0, 3)), max_size=40),
)
@settings(max_examples=60)
def test_every_add_is_followed_by_a_look_and_no_key_is_looked_at_twice_at_once(
    seed: int, adds: list[tuple[float, int, float]]
) -> None:
    """Safety: at most one look at a key at a time. Liveness: each add is followed by the start of a look."""
    clock = SimulatedClock()
    wanted: Counter[int] = Counter()
    seen: Counter[int] = Counter()
    busy: set[int] = set()

    async def work(queue: WorkQueue[int]) -> None:
        while True:
            key = await queue.get()
            assert key not in busy
            busy.add(key)
            seen[key] = wanted[key]
            await clock.sleep(0.7)
            busy.discard(key)
            queue.done(key)

    async def main() -> None:
        queue: WorkQueue[int] = WorkQueue(clock)

        async def add(at: float, key: int, later: float) -> None:
            await clock.sleep(at)
            wanted[key] += 1
            queue.add_after(key, later)

        async with Supervisor("test") as tasks:
            for n in range(3):
                tasks.start(f"worker-{n}", work(queue))
            for n, (at, key, later) in enumerate(adds):
                tasks.start(f"add-{n}", add(at, key, later))
            await clock.sleep(1000)

    run(main(), seed=seed)
    assert seen == wanted
