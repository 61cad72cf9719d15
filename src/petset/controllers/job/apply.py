"""Carries out a Job plan, and tells the Job's user in Kubernetes' own words."""

from functools import partial

from petset.api.errors import NotFound
from petset.api.models import core_v1, meta_v1
from petset.client.events import EventRecorder
from petset.client.port import Client
from petset.controllers.job.attempts import without_finalizer
from petset.controllers.job.model import Action, CreatePod, DeleteJob, DeletePod, LetGo, Plan, is_tracked
from petset.ownership.batches import in_growing_batches
from petset.ownership.hand import Hand
from petset.ownership.membership import Adopt, Release
from petset.ownership.told import create_pod, delete_pod


async def carry_out(plan: Plan, hand: Hand, events: EventRecorder, cleaner: Client) -> None:
    """Raises the first error of the API; what follows it waits for the next look.

    `cleaner` removes Jobs whose time is over: Kubernetes has a controller of its own for that.
    """
    pods = [action for action in plan.actions if isinstance(action, CreatePod | DeletePod)]
    for action in plan.actions:
        if not isinstance(action, CreatePod | DeletePod):
            await _act(action, hand, cleaner)
    await in_growing_batches("pods", [partial(_make_or_stop, action, hand, events) for action in pods])


async def let_go(pod: core_v1.Pod, hand: Hand) -> core_v1.Pod:
    """Take the finalizer away; a pod that is gone is let go of already."""
    if not is_tracked(pod):
        return pod
    try:
        return await hand.update(without_finalizer(pod))
    except NotFound:
        return pod


async def _act(action: Action, hand: Hand, cleaner: Client) -> None:
    match action:
        case Adopt(orphan):
            await hand.adopt(orphan)
        case Release(member):
            await hand.release(member)
        case LetGo(pod):
            await let_go(pod, hand)
        case DeleteJob():
            options = meta_v1.DeleteOptions(propagationPolicy="Foreground")
            await hand.lent(cleaner).delete(hand.owner, options)


async def _make_or_stop(action: CreatePod | DeletePod, hand: Hand, events: EventRecorder) -> None:
    if isinstance(action, CreatePod):
        await create_pod(hand, events, action.pod)
    else:
        await delete_pod(hand, events, action.pod, let_go if action.uncounted else None)
