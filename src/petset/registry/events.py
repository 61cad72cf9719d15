"""Two kinds of Event, one room: core/v1 and events.k8s.io/v1 show the same objects with other field names.

Stored is the core form. The other is made when somebody asks for it, and turned back before it is stored, so that
an event written through either API is seen through both.
"""

from petset.api.models import core_v1, events_v1


def to_new(event: core_v1.Event) -> events_v1.Event:
    """A stored event as `events.k8s.io` shows it."""
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
    """The event in the form that is stored."""
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
