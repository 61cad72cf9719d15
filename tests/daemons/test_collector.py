"""Garbage goes, new or old, and what lives is not looked at over and over."""

import asyncio
import gc
import weakref
from collections.abc import Iterator
from contextlib import contextmanager

from petset.daemons.collector import Collector


class Knot:
    """Refers to itself, so that counting references never frees it."""

    def __init__(self) -> None:
        self.itself = self


@contextmanager
def collecting(new_objects: int, fewest: int, quiet_seconds: float = 60) -> Iterator[None]:
    collector = Collector(new_objects, fewest, quiet_seconds)
    collector.start()
    try:
        yield
    finally:
        collector.stop()


def make_objects(count: int) -> list[list[object]]:
    return [[] for _ in range(count)]


def test_new_garbage_goes_at_the_next_look() -> None:
    async def main() -> None:
        with collecting(new_objects=500, fewest=1_000_000):
            knot = weakref.ref(Knot())
            make_objects(2000)
            assert knot() is None

    asyncio.run(main())


def test_what_survived_a_look_is_set_aside_until_a_full_one() -> None:
    async def main() -> None:
        with collecting(new_objects=500, fewest=20_000):
            held = Knot()
            knot = weakref.ref(held)
            living = [make_objects(2000)]
            assert gc.get_freeze_count() > 1000
            del held
            living.append(make_objects(5000))
            assert knot() is not None
            living.append(make_objects(20_000))
            await asyncio.sleep(0)  # noqa: TID251 - the full look comes in a turn of its own
            assert knot() is None


def test_a_full_look_waits_until_little_happens() -> None:
    async def main() -> None:
        there_are = len(gc.get_objects())
        with collecting(new_objects=500, fewest=there_are + 20_000, quiet_seconds=0.01):
            held, gone = Knot(), asyncio.Event()
            knot = weakref.ref(held, lambda _: gone.set())
            living = [make_objects(2000)]
            del held
            living.append(make_objects(there_are + 25_000))
            await asyncio.sleep(0)  # noqa: TID251 - a turn, in which it could come
            assert knot() is not None
            await gone.wait()

    asyncio.run(main())

    asyncio.run(main())


def test_the_policy_of_the_process_is_given_back() -> None:
    async def main() -> None:
        with collecting(new_objects=500, fewest=20_000):
            make_objects(2000)
        assert gc.get_freeze_count() == 0

    before = gc.get_threshold(), list(gc.callbacks)
    asyncio.run(main())
    assert (gc.get_threshold(), list(gc.callbacks)) == before
