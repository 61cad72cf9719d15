"""The set's status, counted afresh at every look (rules 63-68)."""

from collections.abc import Iterable

from petset.api.models import apps_v1, core_v1
from petset.api.objects import is_terminating, meta
from petset.controllers.statefulset import health
from petset.controllers.statefulset.identity import revision_of, wanted_replicas
from petset.controllers.statefulset.lineup import Lineup

_COUNTED = (
    "replicas", "readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas",
    "currentRevision", "updateRevision",
)  # fmt: skip


def count(lineup: Lineup, replaced: Iterable[core_v1.Pod]) -> apps_v1.StatefulSetStatus:
    """The status once the pods in `replaced` are on their way out.

    Where Kubernetes subtracts every replaced pod from `currentReplicas`, which can end below zero, only those of
    the current revision are; conditions that others set are kept (section M).
    """
    current, update = lineup.history.current_label, lineup.history.update_label
    leaving = {id(pod) for pod in replaced}
    replicas = ready = available = current_replicas = updated = 0
    for pod in lineup.pods():
        created = bool(health.phase_of(pod))
        is_ready = health.is_running_and_ready(pod)
        replicas += created
        ready += is_ready
        available += is_ready and health.is_available(pod, lineup.min_ready_seconds, lineup.snapshot.now)
        if created and not is_terminating(pod):
            current_replicas += revision_of(pod) == current and id(pod) not in leaving
            updated += revision_of(pod) == update
    status = apps_v1.StatefulSetStatus(
        replicas=replicas,
        readyReplicas=ready or None,
        availableReplicas=available,
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
    return any((getattr(old, name) or 0) != (getattr(new, name) or 0) for name in _COUNTED)


def _completed(stateful_set: apps_v1.StatefulSet, status: apps_v1.StatefulSetStatus) -> apps_v1.StatefulSetStatus:
    """When every wanted pod is Ready at the update revision, that is the current one from now on (rule 66)."""
    wanted = wanted_replicas(stateful_set)
    if (status.updatedReplicas or 0) == (status.readyReplicas or 0) == status.replicas == wanted:
        status.currentRevision = status.updateRevision
        status.currentReplicas = status.updatedReplicas
    return status
