"""Two kinds of Event, one room: core/v1 and events.k8s.io/v1 show the same objects with other field names.

Stored is the core form. The other is made when somebody asks for it, and turned back before it is stored, so that
an event written through either API is seen through both.
"""

from typing import Any

from petset.api.kinds import Kind, by_model
from petset.api.models import core_v1, events_v1

CORE = by_model(core_v1.Event)
NEW = by_model(events_v1.Event)


def stored_kind(kind: Kind) -> Kind:
    """The kind whose form the store holds."""
    return CORE if kind is NEW else kind


def from_stored(kind: Kind, obj: Any) -> Any:
    """A stored object as `kind` shows it."""
    return to_new(obj) if kind is NEW else obj


def to_stored(kind: Kind, obj: Any) -> Any:
    """An object of `kind` as it is stored."""
    return to_core(obj) if kind is NEW else obj


def to_new(event: core_v1.Event) -> events_v1.Event:
    series = event.series
    shown = events_v1.Event(
        eventTime=event.eventTime,  # type: ignore[arg-type]  # null in events of the old style, as in Kubernetes
        action=event.action,
        deprecatedCount=event.count,
        deprecatedFirstTimestamp=event.firstTimestamp,
        deprecatedLastTimestamp=event.lastTimestamp,
        deprecatedSource=event.source,
        metadata=event.metadata,
        note=event.message,
        reason=event.reason,
        regarding=event.involvedObject,
        related=event.related,
        reportingController=event.reportingComponent,
        reportingInstance=event.reportingInstance,
        type=event.type,
    )
    if series is not None and series.count is not None and series.lastObservedTime is not None:
        shown.series = events_v1.EventSeries(count=series.count, lastObservedTime=series.lastObservedTime)
    return shown


def to_core(event: events_v1.Event) -> core_v1.Event:
    assert event.metadata is not None
    stored = core_v1.Event(
        involvedObject=event.regarding or core_v1.ObjectReference(),
        metadata=event.metadata,
        action=event.action,
        count=event.deprecatedCount,
        eventTime=event.eventTime,
        firstTimestamp=event.deprecatedFirstTimestamp,
        lastTimestamp=event.deprecatedLastTimestamp,
        message=event.note,
        reason=event.reason,
        related=event.related,
        reportingComponent=event.reportingController,
        reportingInstance=event.reportingInstance,
        source=event.deprecatedSource,
        type=event.type,
    )
    if event.series is not None:
        stored.series = core_v1.EventSeries(
            count=event.series.count, lastObservedTime=event.series.lastObservedTime
        )
    return stored
