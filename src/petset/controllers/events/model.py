"""What the sweeper of events sees, and what it may do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from petset.api.models import core_v1


@dataclass(frozen=True)
class Snapshot:
    """All events there are."""

    events: Sequence[core_v1.Event]
    now: datetime


@dataclass(frozen=True)
class DeleteEvent:
    """Remove one event, unless it has been written again since."""

    namespace: str
    name: str
    resource_version: str


@dataclass(frozen=True)
class Plan:
    """The events to remove now, and when to look again."""

    actions: tuple[DeleteEvent, ...]
    wake_after_seconds: float
