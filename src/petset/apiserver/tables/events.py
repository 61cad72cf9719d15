"""Rows of events, whichever of their two API groups shows them."""

from dataclasses import dataclass
from datetime import datetime

from petset.api.models import core_v1
from petset.apiserver.tables.columns import Cell, Column, Printer, wide
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


def event(obj: core_v1.Event, now: datetime) -> list[Cell]:
    """What happened to whom."""
    first = obj.firstTimestamp or obj.eventTime
    seen = _Seen(first, obj.lastTimestamp or first, obj.count or 1)
    if obj.series is not None:
        seen = _Seen(first, obj.series.lastObservedTime, obj.series.count or 1)
    source = _source(obj.source, obj.reportingComponent, obj.reportingInstance)
    about = obj.involvedObject
    return [
        since(seen.last, now),
        obj.type or "",
        obj.reason or "",
        _target(about),
        about.fieldPath or "",
        source,
        (obj.message or "").strip(),
        since(seen.first, now),
        seen.count,
        obj.metadata.name or "",
    ]


EVENTS = Printer(COLUMNS, event)


def _target(about: core_v1.ObjectReference) -> str:
    kind = (about.kind or "").lower()
    return f"{kind}/{about.name}" if about.name else kind


def _source(source: core_v1.EventSource | None, component: str | None, instance: str | None) -> str:
    """`kubelet, node-1`, from the older fields where they are set."""
    older = source is not None and bool(source.component)
    parts = (source.component, source.host) if source is not None and older else (component, instance)
    return ", ".join(part for part in parts if part)
