"""When a set's status is written: what matters at once, mere counts now and then.

A thousand pods that become Ready one after the other change the counts two thousand times. Whoever watches the set
learns nothing from every single one, so counts that go on changing are written at most ten times a second. Written
at once is all that tells of a decision (a generation observed, a revision), all that the next plan reads from the
status (rule 46), and the counts of a set that has come to rest.
"""

from operator import attrgetter

from petset.api.models import apps_v1
from petset.controllers.statefulset.model import Plan

SECONDS_BETWEEN_COUNTS = 0.1
_decided = attrgetter("observedGeneration", "currentRevision", "updateRevision", "collisionCount")


class Reports:
    """When the status of each set, by uid, was last written. Times are the clock's monotonic seconds."""

    def __init__(self) -> None:
        self._written_at: dict[str, float] = {}

    def wait_seconds(self, uid: str, old: apps_v1.StatefulSet, made: Plan, now: float) -> float:
        """How long a status that differs may still wait; 0 where it is to be written now."""
        if is_urgent(old, made):
            return 0.0
        return max(0.0, self._written_at.get(uid, 0.0) + SECONDS_BETWEEN_COUNTS - now)

    def written(self, uid: str, now: float) -> None:
        """The status was written."""
        self._written_at[uid] = now

    def forget(self, uid: str) -> None:
        """The set is gone."""
        self._written_at.pop(uid, None)


def is_urgent(stateful_set: apps_v1.StatefulSet, made: Plan) -> bool:
    """Somebody may act on it now, or nothing else will come."""
    old, new = stateful_set.status, made.status
    if old is None or not (made.stages or made.waiting or made.wake_after_seconds):
        return True
    if [value or 0 for value in _decided(old)] != [value or 0 for value in _decided(new)]:
        return True
    strategy = stateful_set.spec.updateStrategy
    return (strategy is None or strategy.rollingUpdate is None) and old.currentReplicas != new.currentReplicas
