"""Blocking work goes on when its caller leaves; what must be cleared up after is waited for."""

import asyncio
import threading

import pytest

from petset.aio.tasks import Supervisor
from petset.node.oci.jobs import Jobs


@pytest.mark.parametrize("fails", [False, True])
def test_a_cancelled_caller_sees_its_work_through(fails: bool) -> None:
    begun, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        may_end.wait()
        ended.set()
        if fails:
            raise OSError("it did not work")

    async def story() -> None:
        jobs, left = Jobs(), list[bool]()

        async def caller() -> None:
            try:
                await jobs.see_through(work)
            finally:
                left.append(ended.is_set())

        async with Supervisor("test") as tasks:
            task = tasks.start("caller", caller())
            await jobs.run(begun.wait)
            task.cancel()
            await jobs.run(lambda: None)
            assert not left
            may_end.set()
            await asyncio.wait([task])
        assert task.cancelled()
        assert left == [True]
        jobs.close()

    asyncio.run(story())


def test_work_that_is_seen_through_answers_and_fails_as_any() -> None:
    async def story() -> None:
        jobs = Jobs()
        assert await jobs.see_through(int, "7") == 7
        with pytest.raises(ValueError, match="seven"):
            await jobs.see_through(int, "seven")
        jobs.close()

    asyncio.run(story())
