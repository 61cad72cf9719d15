"""Removes one event, safe to repeat."""

from petset.api.errors import Conflict, NotFound
from petset.api.models import core_v1, meta_v1
from petset.client.port import Client
from petset.controllers.events.model import DeleteEvent


async def apply(client: Client, action: DeleteEvent) -> None:
    """Gone already, or written again meanwhile: both are well."""
    only_this = meta_v1.Preconditions(resourceVersion=action.resource_version)
    try:
        await client.delete(
            core_v1.Event, action.name, action.namespace, meta_v1.DeleteOptions(preconditions=only_this)
        )
    except (NotFound, Conflict):
        return
