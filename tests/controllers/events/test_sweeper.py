"""Events go an hour after they were last written, and no earlier."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from petset.aio.tasks import Supervisor
from petset.api.models import core_v1, meta_v1
from petset.controllers.events.controller import EventSweeper
from petset.controllers.events.invariants import is_safe
from petset.controllers.events.model import Snapshot
from petset.controllers.events.plan import LATEST_SECONDS, LIFE, SOONEST_SECONDS, plan
from petset.testing.loop import run
from petset.testing.plane import plane

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def event(name: str, made: datetime, last: datetime | None = None) -> core_v1.Event:
    return core_v1.Event(
        involvedObject=core_v1.ObjectReference(kind="Pod", name="p", namespace="default"),
        metadata=meta_v1.ObjectMeta(name=name, namespace="default", creationTimestamp=made),
        lastTimestamp=last,
        reason="Tested",
        type="Normal",
    )


def test_an_event_goes_an_hour_after_it_was_made() -> None:
    old, young = event("old", NOW - LIFE), event("young", NOW - LIFE + timedelta(seconds=90))
    decided = plan(Snapshot([old, young], NOW))
    assert [action.name for action in decided.actions] == ["old"]
    assert decided.wake_after_seconds == 90


def test_an_event_that_is_repeated_lives_on() -> None:
    repeated = event("again", NOW - 3 * LIFE, last=NOW - timedelta(minutes=1))
    assert plan(Snapshot([repeated], NOW)).actions == ()


def test_looks_are_neither_frantic_nor_forgotten() -> None:
    assert plan(Snapshot([], NOW)).wake_after_seconds == LATEST_SECONDS
    assert (
        plan(Snapshot([event("soon", NOW - LIFE + timedelta(seconds=1))], NOW)).wake_after_seconds
        == SOONEST_SECONDS
    )


@given(st.lists(st.integers(0, 20_000), max_size=20))
def test_no_event_goes_early_and_none_stays_late(ages_seconds: list[int]) -> None:
    events = [event(f"e{n}", NOW - timedelta(seconds=age)) for n, age in enumerate(ages_seconds)]
    snapshot = Snapshot(events, NOW)
    decided = plan(snapshot)
    assert is_safe(snapshot, decided)
    assert len(decided.actions) == sum(age >= LIFE.total_seconds() for age in ages_seconds)


def test_the_store_is_empty_again_after_an_hour() -> None:
    async def story() -> list[int]:
        async with plane() as p, Supervisor("test") as tasks:
            for number in range(3):
                await p.client.create(event(f"e{number}", p.clock.now()))
            tasks.start("sweeper", EventSweeper(p.client, p.clock).run())
            counts = []
            for seconds in (3599, 601):
                await p.clock.sleep(seconds)
                counts.append(len((await p.client.list(core_v1.Event)).items))
            return counts

    assert run(story()) == [3, 0]
