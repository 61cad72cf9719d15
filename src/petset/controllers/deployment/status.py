"""What a Deployment says of itself: counts, whether it is Available, and whether its update gets on."""

import msgspec

from petset.api.models import apps_v1
from petset.api.objects import meta, name_of
from petset.controllers.deployment import conditions as words
from petset.controllers.deployment.conditions import Conditions
from petset.controllers.deployment.fleet import Fleet
from petset.controllers.deployment.model import Snapshot

Status = apps_v1.DeploymentStatus


def count(fleet: Fleet, conditions: Conditions) -> Status:
    """The counts, and Available: enough pods are, for a Deployment of this size during an update."""
    available = sum(draft.available for draft in fleet.all)
    total = sum(draft.existing for draft in fleet.all)
    if available >= fleet.replicas - fleet.budget.unavailable:
        conditions.set(words.AVAILABLE, "True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    else:
        conditions.set(
            words.AVAILABLE, "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability."
        )
    sets = [draft.wanted.status for draft in fleet.all if draft.wanted.status is not None]
    old = fleet.deployment.status or Status()
    return Status(
        observedGeneration=meta(fleet.deployment).generation,
        replicas=total or None,
        updatedReplicas=(fleet.new.existing if fleet.new else 0) or None,
        readyReplicas=sum(each.readyReplicas or 0 for each in sets) or None,
        availableReplicas=available or None,
        unavailableReplicas=max(0, sum(draft.replicas for draft in fleet.all) - available) or None,
        terminatingReplicas=sum(each.terminatingReplicas or 0 for each in sets),
        collisionCount=old.collisionCount,
        conditions=conditions.all(),
    )


def is_complete(fleet: Fleet, status: Status) -> bool:
    """All pods have the present template and are Available, and no others are left."""
    counts = (status.updatedReplicas, status.replicas, status.availableReplicas)
    seen = (status.observedGeneration or 0) >= (meta(fleet.deployment).generation or 0)
    return seen and all((each or 0) == fleet.replicas for each in counts)


def report(fleet: Fleet, conditions: Conditions, snapshot: Snapshot) -> Status:
    """The whole status of a Deployment that is rolled out."""
    status = count(fleet, conditions)
    limit = words.deadline_seconds(fleet.deployment)
    if limit is None:
        conditions.remove(words.PROGRESSING)
    elif not _was_complete(conditions, status):
        _judge_progress(fleet, conditions, status, snapshot)
    failure = _failure(fleet)
    if failure is not None:
        conditions.put(words.from_set(failure))
    else:
        conditions.remove(words.FAILURE)
    return msgspec.structs.replace(status, conditions=conditions.all())


def _was_complete(conditions: Conditions, status: Status) -> bool:
    """An update that has ended once is not judged again for a pod that fails later."""
    known = conditions.get(words.PROGRESSING)
    return status.replicas == status.updatedReplicas and known is not None and known.reason == words.COMPLETE


def _judge_progress(fleet: Fleet, conditions: Conditions, status: Status, snapshot: Snapshot) -> None:
    named = f'ReplicaSet "{fleet.new.name}"' if fleet.new else f'Deployment "{name_of(fleet.deployment)}"'
    limit = words.deadline_seconds(fleet.deployment)
    assert limit is not None
    if is_complete(fleet, status):
        conditions.set(words.PROGRESSING, "True", words.COMPLETE, f"{named} has successfully progressed.")
    elif _has_progressed(fleet.deployment.status or Status(), status):
        conditions.renew(words.PROGRESSING, "True", words.UPDATED, f"{named} is progressing.")
    elif _is_late(conditions, limit, snapshot):
        conditions.set(words.PROGRESSING, "False", words.TIMED_OUT, f"{named} has timed out progressing.")


def _has_progressed(old: Status, new: Status) -> bool:
    def stale(status: Status) -> int:
        return (status.replicas or 0) - (status.updatedReplicas or 0)

    more = ("updatedReplicas", "readyReplicas", "availableReplicas")
    return stale(new) < stale(old) or any((getattr(new, n) or 0) > (getattr(old, n) or 0) for n in more)


def _is_late(conditions: Conditions, limit_seconds: int, snapshot: Snapshot) -> bool:
    known = conditions.get(words.PROGRESSING)
    if known is None or known.reason == words.COMPLETE:
        return False
    return known.reason == words.TIMED_OUT or words.seconds_left(known, limit_seconds, snapshot.now) < 0


def _failure(fleet: Fleet) -> apps_v1.ReplicaSetCondition | None:
    """Why pods cannot be made: of the new ReplicaSet first, else of any."""
    first = [fleet.new] if fleet.new else []
    for draft in [*first, *fleet.old]:
        for condition in (draft.wanted.status.conditions if draft.wanted.status else None) or ():
            if condition.type == words.FAILURE:
                return condition
    return None


def next_look_seconds(fleet: Fleet, conditions: Conditions, status: Status, snapshot: Snapshot) -> float | None:
    """When the deadline passes, if nothing happens before."""
    limit, known = words.deadline_seconds(fleet.deployment), conditions.get(words.PROGRESSING)
    if limit is None or known is None or known.reason == words.TIMED_OUT or is_complete(fleet, status):
        return None
    return max(1.0, words.seconds_left(known, limit, snapshot.now) + 1.0)
