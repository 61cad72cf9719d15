"""Carries out the steps of a node's plan, each safe to repeat."""

from datetime import datetime

from msgspec.structs import replace

from petset.api.errors import NotFound
from petset.api.models import core_v1, meta_v1
from petset.api.objects import name_of, namespace_of, uid_of
from petset.client.events import EventRecorder
from petset.client.port import Client
from petset.controllers.nodelifecycle.model import (
    Action,
    Evict,
    ForceDelete,
    MarkNotReady,
    ReportUnknown,
    UpdateTaints,
)


async def apply(client: Client, events: EventRecorder, action: Action, now: datetime) -> None:
    """Do one step. Conflict means that the node or pod has changed, perhaps because its agent is back."""
    match action:
        case ReportUnknown(node):
            await client.update(node, "status")
            events.event(node, "Normal", "NodeNotReady", f"Node {name_of(node)} status is now: NodeNotReady")
        case UpdateTaints(node):
            await client.update(node)
        case MarkNotReady(pod):
            await client.update(pod, "status")
            events.event(pod, "Warning", "NodeNotReady", "Node is not ready")
        case Evict(pod, message):
            await _evict(client, events, pod, message, now)
        case ForceDelete(pod):
            await _delete(client, pod, grace_seconds=0)


async def _evict(client: Client, events: EventRecorder, pod: core_v1.Pod, message: str, now: datetime) -> None:
    condition = core_v1.PodCondition(
        type="DisruptionTarget",
        status="True",
        reason="DeletionByTaintManager",
        message=message,
        lastTransitionTime=now,
    )
    latest = await client.get(core_v1.Pod, name_of(pod), namespace_of(pod))
    if uid_of(latest) != uid_of(pod):
        return
    status = latest.status or core_v1.PodStatus()
    others = [c for c in status.conditions or () if c.type != "DisruptionTarget"]
    await client.update(replace(latest, status=replace(status, conditions=[*others, condition])), "status")
    told = f"Marking for deletion Pod {namespace_of(pod)}/{name_of(pod)}"
    events.event(pod, "Normal", "TaintManagerEviction", told)
    await _delete(client, pod)


async def _delete(client: Client, pod: core_v1.Pod, grace_seconds: int | None = None) -> None:
    options = meta_v1.DeleteOptions(
        preconditions=meta_v1.Preconditions(uid=uid_of(pod)), gracePeriodSeconds=grace_seconds
    )
    try:
        await client.delete(core_v1.Pod, name_of(pod), namespace_of(pod), options)
    except NotFound:
        return
