"""How pods of the old templates give way to pods of the new one.

Rolling: the new ReplicaSet grows while there is room below replicas + surge; the old ones shrink while enough pods
are Available without them, those that do not work first. Recreating: all old pods go before a new one comes.
"""

from petset.api.objects import uid_of
from petset.controllers.deployment import history
from petset.controllers.deployment.budget import is_rolling
from petset.controllers.deployment.fleet import Draft, Fleet
from petset.controllers.deployment.model import Snapshot
from petset.ownership.health import is_finished


def roll(fleet: Fleet) -> None:
    """One step of a rolling update."""
    new = fleet.new or history.found(fleet, 0)
    created = new.stored is None
    if fleet.scale(new, _size_of_new(fleet, new)) and not created:
        return
    _shrink_old(fleet, new)


def recreate(fleet: Fleet, snapshot: Snapshot) -> None:
    """One step of a Recreate: stop the old, wait until they are gone, start the new."""
    stopped = [fleet.scale(draft, 0) for draft in fleet.old]
    if any(stopped) or _old_pods_run(fleet, snapshot):
        return
    new = fleet.new or history.found(fleet, 0)
    fleet.scale(new, fleet.replicas)


def _size_of_new(fleet: Fleet, new: Draft) -> int:
    if new.replicas >= fleet.replicas or not is_rolling(fleet.deployment):
        return fleet.replicas
    room = fleet.replicas + fleet.budget.surge - fleet.total
    return new.replicas + max(0, min(room, fleet.replicas - new.replicas))


def _shrink_old(fleet: Fleet, new: Draft) -> None:
    """Remove what does not work, then what is not needed, and never go below what must be Available."""
    if not any(draft.replicas for draft in fleet.old):
        return
    least = fleet.replicas - fleet.budget.unavailable
    room = fleet.total - least - (new.replicas - new.available)
    if room <= 0:
        return
    for draft in fleet.old:
        broken = draft.replicas - draft.available
        part = min(room, max(0, broken))
        if part:
            fleet.scale(draft, draft.replicas - part)
            room -= part
    # Kubernetes trusts the counts of the ReplicaSets here; they may be older than what was decided before.
    spare = min(room, sum(draft.available for draft in fleet.all) - least)
    for draft in fleet.old:
        part = min(draft.replicas, max(0, spare))
        if part:
            fleet.scale(draft, draft.replicas - part)
            spare -= part


def _old_pods_run(fleet: Fleet, snapshot: Snapshot) -> bool:
    if any(draft.existing for draft in fleet.old):
        return True
    new_uid = uid_of(fleet.new.stored) if fleet.new and fleet.new.stored else ""
    return any(
        not is_finished(pod) for uid, pods in snapshot.pods.items() if uid != new_uid for pod in pods
    )  # fmt: skip
