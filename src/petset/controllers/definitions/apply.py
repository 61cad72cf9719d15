"""Carries out the steps of a definition's plan, each safe to repeat."""

from petset.api.errors import Conflict, NotFound
from petset.api.kinds import Kind
from petset.api.models import meta_v1
from petset.client.port import Client
from petset.controllers.definitions.model import Action, DeleteInstance, Finalize, Instance, ReportStatus


async def apply(client: Client, kind: Kind | None, action: Action) -> None:
    """Do one step. Conflict means that the definition has changed: it is to be looked at again."""
    match action:
        case ReportStatus(definition):
            await client.update(definition, "status")
        case Finalize(definition):
            await client.update(definition)
        case DeleteInstance(target):
            assert kind is not None, "objects were found by their kind"
            await _delete(client, kind, target)


async def _delete(client: Client, kind: Kind, target: Instance) -> None:
    options = meta_v1.DeleteOptions(preconditions=meta_v1.Preconditions(uid=target.uid))
    try:
        await client.delete(kind.model, target.name, target.namespace, options)
    except (NotFound, Conflict):
        return
