"""Carries out the steps of a mirroring plan, each safe to repeat."""

from collections.abc import Callable
from contextlib import suppress

from petset.api.errors import NotFound
from petset.api.models import meta_v1
from petset.api.objects import Object, meta, name_of, namespace_of
from petset.client.port import Client
from petset.controllers.mirroring.model import Action, CreateSlice, Slice, UpdateSlice


async def apply(client: Client, action: Action, note: Callable[[Object], None]) -> None:
    """Do one step. Conflict means that the plan was made from an old cache."""
    if isinstance(action, CreateSlice):
        note(await client.create(action.slice))
    elif isinstance(action, UpdateSlice):
        note(await client.update(action.slice))
    else:
        very_one = meta_v1.Preconditions(uid=meta(action.slice).uid)
        options = meta_v1.DeleteOptions(preconditions=very_one)
        with suppress(NotFound):
            await client.delete(Slice, name_of(action.slice), namespace_of(action.slice), options)
