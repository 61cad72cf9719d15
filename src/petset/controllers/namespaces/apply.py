"""Carries out the steps of a namespace plan, each safe to repeat."""

from typing import NamedTuple

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


class Hands(NamedTuple):
    """Kubernetes has a controller for each of these; what is written is written in the name of its own."""

    namespaces: Client
    accounts: Client
    root_ca: Client


async def apply(hands: Hands, namespace: str, action: Action) -> None:
    """Do one step."""
    match action:
        case CreateAccount(account):
            await _create(hands.accounts, account)
        case CreateRootCa(root_ca):
            await _create(hands.root_ca, root_ca)
        case UpdateRootCa(root_ca):
            await hands.root_ca.update(root_ca)
        case DeleteObject(target):
            await _delete(hands.namespaces, namespace, target)
        case ReportStatus(obj):
            await hands.namespaces.update(obj, "status")
        case Finalize(obj):
            await hands.namespaces.update(obj, "finalize")


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
