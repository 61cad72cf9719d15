"""Makes and removes the pods of an owner, and tells the owner's user of each in Kubernetes' own words."""

from collections.abc import Awaitable, Callable

from petset.api.errors import ApiError
from petset.api.models import core_v1
from petset.api.objects import name_of
from petset.client.events import EventRecorder
from petset.ownership.hand import Hand

Prepare = Callable[[core_v1.Pod, Hand], Awaitable[core_v1.Pod]]


async def create_pod(hand: Hand, events: EventRecorder, pod: core_v1.Pod) -> None:
    """Raises what the API refuses, once that is told."""
    try:
        created = await hand.create(pod)
    except ApiError as error:
        events.event(hand.owner, "Warning", "FailedCreate", f"Error creating: {error}")
        raise
    events.event(hand.owner, "Normal", "SuccessfulCreate", f"Created pod: {name_of(created)}")


async def delete_pod(hand: Hand, events: EventRecorder, pod: core_v1.Pod, prepare: Prepare | None = None) -> None:
    """The same for a pod that goes; `prepare` makes it ready for that."""
    try:
        await hand.delete(pod if prepare is None else await prepare(pod, hand))
    except ApiError as error:
        events.event(hand.owner, "Warning", "FailedDelete", f"Error deleting: {error}")
        raise
    events.event(hand.owner, "Normal", "SuccessfulDelete", f"Deleted pod: {name_of(pod)}")
