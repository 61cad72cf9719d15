"""Carries out a DaemonSet plan, and tells the set's user in Kubernetes' own words."""

from functools import partial

from petset.client.events import EventRecorder
from petset.controllers.daemonset.model import Action, CreatePod, DeletePod, Plan
from petset.ownership.batches import in_growing_batches
from petset.ownership.hand import Hand
from petset.ownership.membership import Adopt, Release
from petset.ownership.revisions import CreateRevision, DeleteRevision, RenumberRevision
from petset.ownership.told import create_pod, delete_pod


async def carry_out(plan: Plan, hand: Hand, events: EventRecorder) -> None:
    """Raises RevisionCollision, or the first error of the API; what follows it waits for the next look."""
    pods = [action for action in plan.actions if isinstance(action, CreatePod | DeletePod)]
    for action in plan.actions:
        if not isinstance(action, CreatePod | DeletePod):
            await _act(action, hand)
    await in_growing_batches("pods", [partial(_make_or_stop, action, hand, events) for action in pods])


async def _act(action: Action, hand: Hand) -> None:
    match action:
        case Adopt(orphan):
            await hand.adopt(orphan)
        case Release(member):
            await hand.release(member)
        case CreateRevision() | RenumberRevision() | DeleteRevision():
            await hand.change_history(action)


async def _make_or_stop(action: CreatePod | DeletePod, hand: Hand, events: EventRecorder) -> None:
    if isinstance(action, CreatePod):
        await create_pod(hand, events, action.pod)
        return
    if action.told is not None:
        events.event(hand.owner, "Warning", *action.told)
    await delete_pod(hand, events, action.pod)
