"""The Deployment's size has changed, or it is paused: every ReplicaSet keeps its share of the pods.

So an update that is under way, or stands still, looks the same in the new size.
"""

from petset.controllers.deployment.budget import is_rolling
from petset.controllers.deployment.fleet import DESIRED, MAXIMUM, Draft, Fleet


def is_due(fleet: Fleet) -> bool:
    """An active ReplicaSet remembers another size."""
    return any(draft.note(DESIRED) not in ("", str(fleet.replicas)) for draft in fleet.active)


def scale(fleet: Fleet) -> None:
    """One active ReplicaSet takes all; otherwise the difference is shared out in proportion, largest first."""
    only = _active_or_latest(fleet)
    if only is not None:
        fleet.scale(only, fleet.replicas)
    elif is_saturated(fleet):
        for draft in fleet.old:
            fleet.scale(draft, 0)
    elif is_rolling(fleet.deployment):
        _share_out(fleet)


def is_saturated(fleet: Fleet) -> bool:
    """The new ReplicaSet alone is enough."""
    new, wanted = fleet.new, fleet.replicas
    return new is not None and new.note(DESIRED) == str(wanted) and new.replicas == new.available == wanted


def _active_or_latest(fleet: Fleet) -> Draft | None:
    active = fleet.active
    if len(active) > 1:
        return None
    if active:
        return active[0]
    if fleet.new is not None:
        return fleet.new
    return fleet.old[-1] if fleet.old else None


def _share_out(fleet: Fleet) -> None:
    allowed = fleet.replicas + fleet.budget.surge if fleet.replicas > 0 else 0
    difference = allowed - fleet.total
    drafts = sorted(fleet.active, key=lambda d: d.born, reverse=difference > 0)
    drafts.sort(key=lambda d: d.replicas, reverse=True)
    sizes = {}
    given = 0
    for draft in drafts:
        share = _share(fleet, draft, difference, given) if difference else 0
        sizes[draft.name] = draft.replicas + share
        given += share
    for number, draft in enumerate(drafts):
        leftover = difference - given if number == 0 and difference else 0
        fleet.scale(draft, max(0, sizes[draft.name] + leftover))
        draft.annotate(fleet.size_notes())
        fleet.touch(draft)


def _share(fleet: Fleet, draft: Draft, difference: int, given: int) -> int:
    """This one's part of the difference, never more than is left of it."""
    if difference == given:
        return 0
    part, left = _fraction(fleet, draft), difference - given
    return min(part, left) if difference > 0 else max(part, left)


def _fraction(fleet: Fleet, draft: Draft) -> int:
    if fleet.replicas == 0:
        return -draft.replicas
    before = int(draft.note(MAXIMUM)) if draft.note(MAXIMUM).isdecimal() else 0
    if before == 0:
        before = (fleet.deployment.status.replicas if fleet.deployment.status else None) or 0
    if before == 0:
        return 0
    exact = draft.replicas * (fleet.replicas + fleet.budget.surge)
    return (2 * exact + before) // (2 * before) - draft.replicas  # rounded half up
