"""Pauses in proportion to the work: at once after a quiet time, together while changes come one after the other."""

from hypothesis import given
from hypothesis import strategies as st

from petset.aio.rests import Rests
from petset.testing.clock import SimulatedClock
from petset.testing.loop import run


def test_a_thing_rests_as_long_as_its_size_asks_for_and_no_longer_than_the_longest() -> None:
    async def story() -> None:
        clock = SimulatedClock()
        rests: Rests[str] = Rests(clock, seconds_per_part=0.5, longest_seconds=2.0)
        assert rests.left("web") == 0.0
        rests.begin("web", parts=3)
        assert (rests.left("web"), rests.left("other")) == (1.5, 0.0)
        await clock.sleep(1.5)
        assert rests.left("web") == 0.0
        rests.begin("web", parts=1000)
        assert rests.left("web") == 2.0
        rests.forget("web")
        assert rests.left("web") == 0.0

    run(story())


@given(st.integers(1, 50))
def test_as_many_changes_as_parts_cost_no_more_than_their_time_allows(parts: int) -> None:
    """However fast changes come, looks are as far apart as the work in each asks for."""

    async def story() -> None:
        clock = SimulatedClock()
        rests: Rests[str] = Rests(clock, seconds_per_part=0.01, longest_seconds=60.0)
        looks = 0
        for _ in range(100):  # a change every millisecond
            if not rests.left("web"):
                looks += 1
                rests.begin("web", parts)
            await clock.sleep(0.001)
        assert looks * parts * 0.01 <= 0.1 + parts * 0.01 + 1e-9

    run(story())
