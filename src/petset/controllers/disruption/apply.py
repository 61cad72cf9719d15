"""Carries out a disruption plan: tell, then write."""

from datetime import datetime

from petset.api.disruptions import DISRUPTION_TARGET
from petset.api.errors import NotFound
from petset.api.models import core_v1
from petset.api.objects import replace
from petset.client.events import EventRecorder
from petset.client.port import Client
from petset.controllers.disruption.model import Action, Calm, Tell, WriteStatus


async def apply(client: Client, events: EventRecorder, action: Action) -> None:
    """Raises Conflict where the plan was made from an old cache: an eviction may have come in between."""
    try:
        match action:
            case Tell(about, kind, reason, message):
                events.event(about, kind, reason, message)
            case WriteStatus(budget):
                await client.update(budget, "status")
            case Calm(pod, since):
                await client.update(calmed(pod, since), "status")
    except NotFound:
        return


def calmed(pod: core_v1.Pod, since: datetime) -> core_v1.Pod:
    """The pod, no longer about to be disrupted."""
    assert pod.status is not None, "a pod with a condition has a status"
    calm = core_v1.PodCondition(type=DISRUPTION_TARGET, status="False", lastTransitionTime=since)
    conditions = [calm if each.type == calm.type else each for each in pod.status.conditions or ()]
    return replace(pod, status=replace(pod.status, conditions=conditions))
