"""Carries out the steps of a namespace plan, each safe to repeat."""

from petset.api.errors import AlreadyExists, Conflict, NotFound
from petset.api.models import meta_v1
from petset.api.objects import Object
from petset.client.port import Client
from petset.controllers.namespaces.model import (
    Action,
    CreateAccount,
    CreateRootCa,
    DeleteObject,
    Finalize,
    Remaining,
    ReportStatus,
    UpdateRootCa,
)


async def apply(client: Client, namespace: str, action: Action) -> None:
    """Do one step."""
    match action:
        case CreateAccount(obj) | CreateRootCa(obj):
            await _create(client, obj)
        case UpdateRootCa(root_ca):
            await client.update(root_ca)
        case DeleteObject(target):
            await _delete(client, namespace, target)
        case ReportStatus(obj):
            await client.update(obj, "status")
        case Finalize(obj):
            await client.update(obj, "finalize")


async def _create(client: Client, obj: Object) -> None:
    try:
        await client.create(obj)
    except AlreadyExists:
        return


async def _delete(client: Client, namespace: str, target: Remaining) -> None:
    """Only the very object that was seen: another of its name goes when that one is seen."""
    kind = client.kinds.by_type(target.api_version, target.kind)
    assert kind is not None, "the snapshot lists only kinds that are served"
    options = meta_v1.DeleteOptions(
        preconditions=meta_v1.Preconditions(uid=target.uid), propagationPolicy="Background"
    )
    try:
        await client.delete(kind.model, target.name, namespace, options)
    except (NotFound, Conflict):
        return
