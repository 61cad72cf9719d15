"""What a pod's status lets a StatefulSet say about it: the claims that all owners of pods share."""

from petset.ownership.health import (
    is_available,
    is_finished,
    is_pending,
    is_running_and_ready,
    is_unavailable,
    phase_of,
    ready_since,
    seconds_until_available,
)

__all__ = [
    "is_available",
    "is_finished",
    "is_pending",
    "is_running_and_ready",
    "is_unavailable",
    "phase_of",
    "ready_since",
    "seconds_until_available",
]
