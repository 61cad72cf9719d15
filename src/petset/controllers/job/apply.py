"""Carries out a Job plan, and tells the Job's user in Kubernetes' own words."""

from functools import partial

from petset.api.errors import ApiError, NotFound
from petset.api.models import core_v1, meta_v1
from petset.api.objects import name_of
from petset.client.events import EventRecorder
from petset.client.port import Client
from petset.controllers.job.attempts import without_finalizer
from petset.controllers.job.model import Action, CreatePod, DeleteJob, DeletePod, LetGo, Plan, is_tracked
from petset.ownership.batches import in_growing_batches
from petset.ownership.hand import Hand
from petset.ownership.membership import Adopt, Release


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
    verb, pod = ("Create", action.pod) if isinstance(action, CreatePod) else ("Delete", action.pod)
    try:
        if isinstance(action, CreatePod):
            pod = await hand.create(pod)
        else:
            if action.uncounted:
                pod = await let_go(pod, hand)
            await hand.delete(pod)
    except ApiError as error:
        doing = "creating" if verb == "Create" else "deleting"
        events.event(hand.owner, "Warning", f"Failed{verb}", f"Error {doing}: {error}")
        raise
    events.event(hand.owner, "Normal", f"Successful{verb}", f"{verb}d pod: {name_of(pod)}")
