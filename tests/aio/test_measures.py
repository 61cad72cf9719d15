"""A queue counts what passes through it, and how long that took."""

from petset.aio.measures import Histogram
from petset.aio.queue import WorkQueue
from petset.testing.clock import SimulatedClock
from petset.testing.loop import run


def value(queue: WorkQueue[str], name: str) -> object:
    [family] = [f for f in queue.measures.families("pets", len(queue)) if f.name == f"workqueue_{name}"]
    assert family.samples[0].labels == ("pets",)
    return family.samples[0].value


def test_adds_count_once_for_a_key_that_waits_already() -> None:
    async def story() -> None:
        queue: WorkQueue[str] = WorkQueue(SimulatedClock())
        for key in ("a", "a", "b"):
            queue.add(key)
        assert (value(queue, "adds_total"), value(queue, "depth")) == (2, 2)

    run(story())


def test_waiting_and_work_are_timed() -> None:
    async def story() -> None:
        clock = SimulatedClock()
        queue: WorkQueue[str] = WorkQueue(clock)
        queue.add("a")
        await clock.sleep(3)
        assert await queue.get() == "a"
        await clock.sleep(5)
        assert value(queue, "unfinished_work_seconds") == value(queue, "longest_running_processor_seconds") == 5
        queue.done("a")
        waited, worked = value(queue, "queue_duration_seconds"), value(queue, "work_duration_seconds")
        assert isinstance(waited, Histogram)
        assert isinstance(worked, Histogram)
        assert (waited.sum_seconds, worked.sum_seconds) == (3, 5)
        assert value(queue, "unfinished_work_seconds") == 0

    run(story())


def test_a_look_at_a_later_time_counts_as_a_retry() -> None:
    async def story() -> None:
        queue: WorkQueue[str] = WorkQueue(SimulatedClock())
        queue.add_after("a", 5)
        assert value(queue, "retries_total") == 1

    run(story())


def test_buckets_are_cumulative_and_end_at_infinity() -> None:
    histogram = Histogram()
    for seconds in (0.05, 0.1, 5000):
        histogram.observe(seconds)
    buckets = dict(histogram.cumulative())
    assert (buckets["0.01"], buckets["0.1"], buckets["1000"], buckets["+Inf"]) == (0, 2, 2, 3)
