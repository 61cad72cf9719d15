"""The set's status, taken from the roster at every look (rules 63-68)."""

from collections.abc import Iterable
from operator import attrgetter

from petset.api.models import apps_v1, core_v1
from petset.api.objects import meta
from petset.controllers.statefulset.identity import revision_of, wanted_replicas
from petset.controllers.statefulset.lineup import Lineup
from petset.ownership import health

_counted = attrgetter(
    "replicas", "readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas",
    "currentRevision", "updateRevision",
)  # fmt: skip


def count(lineup: Lineup, replaced: Iterable[core_v1.Pod]) -> apps_v1.StatefulSetStatus:
    """The status once the pods in `replaced` are on their way out.

    Where Kubernetes subtracts every replaced pod from `currentReplicas`, which can end below zero, only those of
    the current revision are; conditions that others set are kept (section M).
    """
    roster, current = lineup.roster, lineup.history.current_label
    created, staying = roster.having("created"), roster.having("created") & ~roster.having("terminating")
    ready = roster.having("ready").bit_count()
    leaving = sum(revision_of(pod) == current and bool(health.phase_of(pod)) for pod in replaced)
    current_replicas = (staying & roster.at_revision(current)).bit_count() - leaving
    updated = (staying & roster.at_revision(lineup.history.update_label)).bit_count()
    status = apps_v1.StatefulSetStatus(
        replicas=created.bit_count(),
        readyReplicas=ready or None,
        availableReplicas=roster.having("available").bit_count(),
        currentReplicas=current_replicas or None,
        updatedReplicas=updated or None,
        currentRevision=lineup.history.current.name,
        updateRevision=lineup.history.update.name,
        collisionCount=lineup.history.collisions,
        observedGeneration=meta(lineup.set).generation,
        conditions=lineup.set.status.conditions if lineup.set.status else None,
    )
    return _completed(lineup.set, status)


def differs(old: apps_v1.StatefulSetStatus | None, new: apps_v1.StatefulSetStatus) -> bool:
    """The status is worth a write (rule 63); a new collision count alone is not."""
    if old is None or (new.observedGeneration or 0) > (old.observedGeneration or 0):
        return True
    return [value or 0 for value in _counted(old)] != [value or 0 for value in _counted(new)]


def _completed(stateful_set: apps_v1.StatefulSet, status: apps_v1.StatefulSetStatus) -> apps_v1.StatefulSetStatus:
    """When every wanted pod is Ready at the update revision, that is the current one from now on (rule 66)."""
    wanted = wanted_replicas(stateful_set)
    if (status.updatedReplicas or 0) == (status.readyReplicas or 0) == status.replicas == wanted:
        status.currentRevision = status.updateRevision
        status.currentReplicas = status.updatedReplicas
    return status
