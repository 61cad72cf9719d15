"""What a set says of itself can always be true."""

from petset.api.models import apps_v1
from petset.api.objects import meta, name_of
from petset.testing.promises.scene import Scene, Sentences

Set = apps_v1.StatefulSet


def set_changed(scene: Scene, old: Set | None, new: Set | None) -> Sentences:
    """Counts stay within bounds; what was observed and counted never goes back (rules 63, 64, 67)."""
    status = new.status if new is not None else None
    if new is None or status is None:
        return
    counts = {
        "readyReplicas": status.readyReplicas or 0,
        "currentReplicas": status.currentReplicas or 0,
        "updatedReplicas": status.updatedReplicas or 0,
    }
    for field, count in counts.items():
        if not 0 <= count <= status.replicas:
            yield f"{name_of(new)} says {field} {count} of {status.replicas} replicas"
    if (status.availableReplicas or 0) > (status.readyReplicas or 0):
        yield f"{name_of(new)} says more pods are available than ready"
    if (status.observedGeneration or 0) > (meta(new).generation or 0):
        yield f"{name_of(new)} has observed a generation that is yet to come"
    yield from _never_goes_back(old, new)


def _never_goes_back(old: Set | None, new: Set) -> Sentences:
    before, now = old.status if old is not None else None, new.status
    if before is None or now is None:
        return
    if (now.observedGeneration or 0) < (before.observedGeneration or 0):
        yield f"{name_of(new)} forgot that it had observed generation {before.observedGeneration}"
    if (now.collisionCount or 0) < (before.collisionCount or 0):
        yield f"{name_of(new)} forgot a collision"
