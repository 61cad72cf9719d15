"""Carries out the steps of the APIService plan, each safe to repeat."""

from contextlib import suppress

from petset.api.errors import AlreadyExists, Conflict, NotFound
from petset.api.models import meta_v1
from petset.client.port import Client
from petset.controllers.apiservices.model import Action, APIService, Register


async def apply(client: Client, action: Action) -> None:
    """Do one step; what is done already, or undone by somebody else, stays as it is."""
    if isinstance(action, Register):
        with suppress(AlreadyExists):
            await client.create(action.api_service)
        return
    options = meta_v1.DeleteOptions(preconditions=meta_v1.Preconditions(uid=action.uid))
    with suppress(NotFound, Conflict):
        await client.delete(APIService, action.name, "", options)
