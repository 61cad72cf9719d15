"""Rows of events, which exist under two API groups with the same things under different names."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from petset.api.models import core_v1, events_v1
from petset.apiserver.tables.columns import Cell, Column, Printer, name_of, wide
from petset.apiserver.tables.durations import since

COLUMNS = (
    Column("Last Seen"),
    Column("Type"),
    Column("Reason"),
    Column("Object"),
    wide("Subobject"),
    wide("Source"),
    Column("Message"),
    wide("First Seen"),
    wide("Count"),
    wide("Name"),
)


@dataclass(frozen=True)
class _Seen:
    """When and how often: from the series where there is one, else from the event's own times."""

    first: datetime | None
    last: datetime | None
    count: int


def core_event(obj: core_v1.Event, now: datetime) -> list[Cell]:
    """An event of the core group."""
    first = obj.firstTimestamp or obj.eventTime
    seen = _Seen(first, obj.lastTimestamp or first, obj.count or 1)
    if obj.series is not None:
        seen = _Seen(first, obj.series.lastObservedTime, obj.series.count or 1)
    source = _source(obj.source, obj.reportingComponent, obj.reportingInstance)
    about = obj.involvedObject
    return _row(obj, (about, source, obj.message or ""), seen, now)


def event(obj: events_v1.Event, now: datetime) -> list[Cell]:
    """An event of `events.k8s.io`."""
    first = obj.deprecatedFirstTimestamp or obj.eventTime
    seen = _Seen(first, obj.deprecatedLastTimestamp or first, obj.deprecatedCount or 1)
    if obj.series is not None:
        seen = _Seen(first, obj.series.lastObservedTime, obj.series.count)
    source = _source(obj.deprecatedSource, obj.reportingController, obj.reportingInstance)
    about = obj.regarding or core_v1.ObjectReference()
    return _row(obj, (about, source, obj.note or ""), seen, now)


CORE_EVENTS = Printer(COLUMNS, core_event)
EVENTS = Printer(COLUMNS, event)


def _row(obj: Any, told: tuple[core_v1.ObjectReference, str, str], seen: _Seen, now: datetime) -> list[Cell]:
    about, source, message = told
    return [
        since(seen.last, now),
        obj.type or "",
        obj.reason or "",
        _target(about),
        about.fieldPath or "",
        source,
        message.strip(),
        since(seen.first, now),
        seen.count,
        name_of(obj),
    ]


def _target(about: core_v1.ObjectReference) -> str:
    kind = (about.kind or "").lower()
    return f"{kind}/{about.name}" if about.name else kind


def _source(source: core_v1.EventSource | None, component: str | None, instance: str | None) -> str:
    """`kubelet, node-1`, from the older fields where they are set."""
    older = source is not None and bool(source.component)
    parts = (source.component, source.host) if source is not None and older else (component, instance)
    return ", ".join(part for part in parts if part)
