"""What components tell people: repeats counted, chatter summed up, floods cut, the work never held up."""

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from registry.given import play, pod

from petset.aio.tasks import Supervisor
from petset.api.models import core_v1
from petset.client.correlate import BURST, COMBINED, MOST_APART, Correlator, Occurrence, Subject
from petset.client.events import AT_ONCE, COLLECT_SECONDS, PER_SECOND, EventRecorder
from petset.testing.plane import Plane

START = datetime(2026, 1, 1, tzinfo=UTC)
SUBJECT = Subject("v1", "Pod", "default", "web-0", "u")


def happened(message: str = "m", after: float = 0, subject: Subject = SUBJECT, reason: str = "R") -> Occurrence:
    return Occurrence(subject, "Normal", reason, message, START + timedelta(seconds=after))


def correlator() -> Correlator:
    names = iter(range(1_000_000))
    return Correlator(lambda o: f"{o.subject.name}.{next(names)}")


def test_the_same_again_raises_the_count() -> None:
    said = correlator()
    first = said.observe(happened(after=0))
    assert first is not None and (first.name, first.count) == ("web-0.0", 1)
    again = said.observe(happened(after=7))
    assert again is not None and (again.name, again.count) == ("web-0.0", 2)
    assert (again.first, again.last) == (START, START + timedelta(seconds=7))


@pytest.mark.parametrize(
    "other",
    [
        happened("another text"),
        happened(reason="Other"),
        happened(subject=SUBJECT._replace(uid="v")),
        happened(subject=SUBJECT._replace(field_path="spec.containers{a}")),
        happened()._replace(type="Warning"),
    ],
)
def test_anything_else_is_another_event(other: Occurrence) -> None:
    said = correlator()
    said.observe(happened())
    tally = said.observe(other)
    assert tally is not None and tally.count == 1


def test_many_texts_for_one_reason_become_one() -> None:
    said = correlator()
    for n in range(MOST_APART):
        said.observe(happened(f"text {n}"))
    one, two = said.observe(happened("text x")), said.observe(happened("text y"))
    assert one is not None and two is not None and one.name == two.name
    assert (two.count, two.message) == (2, COMBINED + "text y")


def test_the_parts_of_an_object_share_what_it_may_say() -> None:
    said = correlator()
    containers = [SUBJECT._replace(field_path=f"spec.containers{{c{n}}}") for n in range(BURST + 1)]
    let_through = [said.observe(happened(subject=container)) for container in containers]
    assert len({tally.name for tally in let_through if tally is not None}) == BURST
    assert let_through[-1] is None


def test_after_a_quiet_time_texts_count_anew() -> None:
    said = correlator()
    for n in range(MOST_APART):
        said.observe(happened(f"text {n}"))
    later = said.observe(happened("text x", after=601))
    assert later is not None and later.message == "text x"


def test_a_flood_is_cut_and_one_more_let_through_every_five_minutes() -> None:
    said = correlator()
    let_through = [said.observe(happened(after=0)) is not None for _ in range(BURST + 5)]
    assert let_through == [True] * BURST + [False] * 5
    assert said.observe(happened(after=299)) is None
    assert said.observe(happened(after=301)) is not None
    assert said.observe(happened(after=302)) is None


def test_what_one_object_says_costs_another_nothing() -> None:
    said = correlator()
    for _ in range(BURST + 5):
        said.observe(happened())
    assert said.observe(happened(subject=SUBJECT._replace(uid="other"))) is not None


def recording(story: Callable[[Plane, EventRecorder], Awaitable[None]]) -> None:
    async def main(p: Plane) -> None:
        recorder = EventRecorder(p.client, p.clock, "agent", p.random, host="n1")
        async with Supervisor("test") as tasks:
            tasks.start("recorder", recorder.run())
            await story(p, recorder)

    play(main)


async def events(p: Plane, namespace: str = "default") -> list[core_v1.Event]:
    await p.clock.sleep(1)
    return list((await p.client.list(core_v1.Event, namespace)).items)


def test_an_event_says_who_saw_what_where_and_when() -> None:
    async def story(p: Plane, recorder: EventRecorder) -> None:
        made = await p.client.create(pod("web-0", namespace="default"))
        recorder.event(made, "Warning", "Failed", "no such image", "spec.containers{main}")
        (event,) = await events(p)
        assert event.metadata.name is not None and event.metadata.name.startswith("web-0.")
        assert made.metadata is not None
        assert event.involvedObject == core_v1.ObjectReference(
            apiVersion="v1",
            kind="Pod",
            namespace="default",
            name="web-0",
            uid=made.metadata.uid,
            fieldPath="spec.containers{main}",
        )
        assert (event.type, event.reason, event.message, event.count) == ("Warning", "Failed", "no such image", 1)
        assert event.source == core_v1.EventSource(component="agent", host="n1")
        assert (event.reportingComponent, event.reportingInstance) == ("agent", "n1")
        assert event.firstTimestamp == event.lastTimestamp == made.metadata.creationTimestamp

    recording(story)


def test_repeats_are_counted_on_the_one_event() -> None:
    async def story(p: Plane, recorder: EventRecorder) -> None:
        made = await p.client.create(pod("web-0", namespace="default"))
        for _ in range(3):
            recorder.event(made, "Normal", "Pulled", "image is there")
            await p.clock.sleep(5)
        (event,) = await events(p)
        assert event.count == 3
        assert event.firstTimestamp is not None and event.lastTimestamp is not None
        assert event.lastTimestamp - event.firstTimestamp == timedelta(seconds=10)

    recording(story)


def test_an_event_that_was_cleared_away_is_written_anew() -> None:
    async def story(p: Plane, recorder: EventRecorder) -> None:
        made = await p.client.create(pod("web-0", namespace="default"))
        recorder.event(made, "Normal", "Pulled", "image is there")
        (event,) = await events(p)
        await p.client.delete(core_v1.Event, event.metadata.name or "", "default")
        recorder.event(made, "Normal", "Pulled", "image is there")
        (event,) = await events(p)
        assert event.count == 2

    recording(story)


def test_what_has_no_namespace_is_told_of_in_default() -> None:
    async def story(p: Plane, recorder: EventRecorder) -> None:
        recorder.event(await p.client.get(core_v1.Namespace, "kube-system"), "Normal", "Seen", "hello")
        (event,) = await events(p)
        assert event.involvedObject.name == "kube-system"

    recording(story)


def test_a_flood_is_written_at_a_measured_pace() -> None:
    async def story(p: Plane, recorder: EventRecorder) -> None:
        for n in range(2 * AT_ONCE):
            recorder.event(pod(f"web-{n}"), "Normal", "Told", "hello")
        await p.clock.sleep(COLLECT_SECONDS + 0.001)
        assert len((await p.client.list(core_v1.Event)).items) == AT_ONCE
        await p.clock.sleep(AT_ONCE / PER_SECOND + COLLECT_SECONDS)
        assert len((await p.client.list(core_v1.Event)).items) == 2 * AT_ONCE

    recording(story)


def test_what_is_told_within_a_moment_is_written_in_one_commit() -> None:
    async def story(p: Plane, recorder: EventRecorder) -> None:
        watch = p.store.watch("events", after=p.store.revision)
        for n in range(10):
            recorder.event(pod(f"web-{n}"), "Normal", "Told", "hello")
        committed = await watch.next()
        assert {event.record.key.name.split(".")[0] for event in committed} == {f"web-{n}" for n in range(10)}

    recording(story)


def test_repeats_within_a_moment_are_one_write() -> None:
    async def story(p: Plane, recorder: EventRecorder) -> None:
        for _ in range(3):
            recorder.event(pod("web-0"), "Normal", "Pulled", "image is there")
        (event,) = await events(p)
        assert event.count == 3

    recording(story)


def test_neither_a_full_queue_nor_a_refusal_reaches_the_teller(caplog: pytest.LogCaptureFixture) -> None:
    async def story(p: Plane) -> None:
        recorder = EventRecorder(p.client, p.clock, "agent", p.random)
        stray = pod("stray", namespace="nowhere")
        with caplog.at_level(logging.WARNING):
            for n in range(10_500):
                recorder.event(stray, "Normal", "Told", f"message {n}")
            assert "too many events wait" in caplog.text
            async with Supervisor("test") as tasks:
                tasks.start("recorder", recorder.run())
                await p.clock.sleep(1)
        assert 'namespaces "nowhere" not found' in caplog.text
        assert not (await p.client.list(core_v1.Event)).items

    play(story)
