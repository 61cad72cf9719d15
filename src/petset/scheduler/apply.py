"""Writes down what the scheduler has decided: one small coroutine per step, each safe to repeat."""

from datetime import datetime

from msgspec.structs import replace

from petset.api import volumes
from petset.api.models import core_v1
from petset.api.objects import meta, name_of, namespace_of
from petset.client.port import Client
from petset.scheduler.model import Waiting


async def select_node(client: Client, claim: core_v1.PersistentVolumeClaim, node: str) -> None:
    """Tell the claim's binder which node its first consumer has."""
    annotations = {**(meta(claim).annotations or {}), volumes.SELECTED_NODE: node}
    await client.update(replace(claim, metadata=replace(meta(claim), annotations=annotations)))


async def bind(client: Client, pod: core_v1.Pod, node: str) -> None:
    """Give the pod its node. Conflict where it has another already."""
    await client.bind(namespace_of(pod), name_of(pod), node)


async def report(client: Client, pod: core_v1.Pod, waiting: Waiting, now: datetime) -> None:
    """Say in the pod's status why it has no node."""
    condition = core_v1.PodCondition(
        type="PodScheduled",
        status="False",
        reason=waiting.reason,
        message=waiting.message,
        lastTransitionTime=now,
    )
    status = pod.status or core_v1.PodStatus()
    others = [c for c in status.conditions or () if c.type != "PodScheduled"]
    await client.update(replace(pod, status=replace(status, conditions=[*others, condition])), "status")
