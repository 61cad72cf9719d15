"""Carries out a ReplicaSet plan, and tells the set's user in Kubernetes' own words."""

from functools import partial

from petset.client.events import EventRecorder
from petset.controllers.replicaset.model import Plan
from petset.ownership.batches import in_growing_batches
from petset.ownership.hand import Hand
from petset.ownership.membership import Adopt
from petset.ownership.told import create_pod, delete_pod


async def carry_out(plan: Plan, hand: Hand, events: EventRecorder) -> None:
    """Raises the first error of the API; what follows it waits for the next look."""
    for change in plan.ownership:
        if isinstance(change, Adopt):
            await hand.adopt(change.object)
        else:
            await hand.release(change.object)
    await in_growing_batches("create", [partial(create_pod, hand, events, action.pod) for action in plan.creations])
    if plan.deletions:
        await in_growing_batches(
            "delete", [partial(delete_pod, hand, events, action.pod) for action in plan.deletions]
        )
