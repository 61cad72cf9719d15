"""Both kinds of Event show the same objects."""

from datetime import UTC, datetime

from registry.given import EVENTS, PLAIN, create, merge, meta, play

from petset.api.kinds import by_model
from petset.api.models import core_v1, events_v1
from petset.registry.events import to_core, to_new
from petset.registry.port import ListOptions
from petset.testing.plane import Plane

NEW = by_model(events_v1.Event)
AT = datetime(2026, 1, 1, 12, 0, 0, 250_000, tzinfo=UTC)


def newer(name: str = "web-0.1") -> events_v1.Event:
    return events_v1.Event(
        metadata=meta(name, namespace="default"),
        eventTime=AT,
        action="Binding",
        note="a node for web-0",
        reason="Scheduled",
        regarding=core_v1.ObjectReference(kind="Pod", name="web-0", namespace="default"),
        reportingController="scheduler",
        reportingInstance="scheduler-1",
        series=events_v1.EventSeries(count=2, lastObservedTime=AT),
        type="Normal",
    )


def test_what_one_form_says_the_other_says_too_and_back() -> None:
    assert to_new(to_core(newer())) == newer()


def test_an_event_written_in_one_form_is_read_in_both() -> None:
    async def story(p: Plane) -> None:
        await create(p, newer())
        record = p.registry.get(EVENTS, "default", "web-0.1")
        core = p.registry.decode(EVENTS, record)
        assert (core.message, core.involvedObject.name) == ("a node for web-0", "web-0")
        assert p.registry.render(EVENTS, record) is record.value
        shown = p.registry.render(NEW, p.registry.get(NEW, "default", "web-0.1"))
        assert b'"apiVersion":"events.k8s.io/v1"' in shown
        assert b'"eventTime":"2026-01-01T12:00:00.250000Z"' in shown
        assert b'"note":"a node for web-0"' in shown

    play(story)


def test_a_patch_speaks_the_language_of_its_form() -> None:
    async def story(p: Plane) -> None:
        await create(p, newer())
        await p.registry.patch(NEW, "default", "web-0.1", merge({"note": "two nodes"}), PLAIN)
        assert p.registry.decode(EVENTS, p.registry.get(EVENTS, "default", "web-0.1")).message == "two nodes"

    play(story)


def test_selectors_name_the_fields_of_their_form() -> None:
    async def story(p: Plane) -> None:
        await create(p, newer())
        for kind, fields in [(EVENTS, "involvedObject.name=web-0"), (NEW, "regarding.name=web-0")]:
            (found,) = p.registry.list(kind, "default", ListOptions(fields=fields)).records
            assert found.key.name == "web-0.1"
        assert not p.registry.list(EVENTS, "default", ListOptions(fields="involvedObject.name=web-1")).records

    play(story)
