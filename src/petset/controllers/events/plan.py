"""Which events are over. Without this an idle cluster's store would grow for as long as it runs."""

from datetime import datetime, timedelta

from petset.api.models import core_v1
from petset.controllers.events.model import DeleteEvent, Plan, Snapshot

LIFE = timedelta(hours=1)
"""Kubernetes' default `--event-ttl`."""

SOONEST_SECONDS, LATEST_SECONDS = 60.0, 600.0


def plan(snapshot: Snapshot) -> Plan:
    """Every event whose life is over goes; the next look is when the oldest of the others ends, within bounds."""
    ends = [(ends_at(event), event) for event in snapshot.events]
    over = tuple(
        DeleteEvent(meta.namespace or "", meta.name or "", meta.resourceVersion or "")
        for end, meta in ((end, event.metadata) for end, event in ends if end <= snapshot.now)
    )
    left = [(end - snapshot.now).total_seconds() for end, _ in ends if end > snapshot.now]
    return Plan(over, min(max(min(left, default=LATEST_SECONDS), SOONEST_SECONDS), LATEST_SECONDS))


def ends_at(event: core_v1.Event) -> datetime:
    """An hour after the newest time that it carries: a repeated event lives on."""
    series = event.series.lastObservedTime if event.series else None
    times = (event.metadata.creationTimestamp, event.lastTimestamp, event.eventTime, series)
    return max(time for time in times if time is not None) + LIFE
