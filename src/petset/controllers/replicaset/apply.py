"""Carries out a ReplicaSet plan, and tells the set's user in Kubernetes' own words."""

from functools import partial

from petset.api.errors import ApiError
from petset.api.models import core_v1
from petset.api.objects import name_of
from petset.client.events import EventRecorder
from petset.controllers.replicaset.model import Plan
from petset.ownership.batches import in_growing_batches
from petset.ownership.hand import Hand
from petset.ownership.membership import Adopt


async def carry_out(plan: Plan, hand: Hand, events: EventRecorder) -> None:
    """Raises the first error of the API; what follows it waits for the next look."""
    for change in plan.ownership:
        if isinstance(change, Adopt):
            await hand.adopt(change.object)
        else:
            await hand.release(change.object)
    await in_growing_batches("create", [partial(_create, hand, events, action.pod) for action in plan.creations])
    if plan.deletions:
        await in_growing_batches(
            "delete", [partial(_delete, hand, events, action.pod) for action in plan.deletions]
        )


async def _create(hand: Hand, events: EventRecorder, pod: core_v1.Pod) -> None:
    try:
        created = await hand.create(pod)
    except ApiError as error:
        events.event(hand.owner, "Warning", "FailedCreate", f"Error creating: {error}")
        raise
    events.event(hand.owner, "Normal", "SuccessfulCreate", f"Created pod: {name_of(created)}")


async def _delete(hand: Hand, events: EventRecorder, pod: core_v1.Pod) -> None:
    try:
        await hand.delete(pod)
    except ApiError as error:
        events.event(hand.owner, "Warning", "FailedDelete", f"Error deleting: {error}")
        raise
    events.event(hand.owner, "Normal", "SuccessfulDelete", f"Deleted pod: {name_of(pod)}")
