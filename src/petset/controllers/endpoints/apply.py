"""Carries out the steps of an endpoints plan, each safe to repeat."""

from collections.abc import Callable
from typing import Any

from petset.api.errors import NotFound
from petset.api.models import meta_v1
from petset.api.objects import Object, meta, name_of, namespace_of
from petset.client.port import Client
from petset.controllers.endpoints.model import (
    Action,
    CreateEndpoints,
    CreateSlice,
    DeleteEndpoints,
    DeleteSlice,
    UpdateEndpoints,
    UpdateSlice,
)


async def apply(client: Client, action: Action, note: Callable[[Object], None]) -> None:
    """Do one step. Conflict means that the plan was made from an old cache."""
    match action:
        case CreateSlice(obj) | CreateEndpoints(obj):
            note(await client.create(obj))
        case UpdateSlice(obj) | UpdateEndpoints(obj):
            note(await client.update(obj))
        case DeleteSlice(obj) | DeleteEndpoints(obj):
            await _delete(client, obj)


async def _delete(client: Client, obj: Any) -> None:
    """Delete this very version: one that has been written since is somebody's."""
    very_one = meta_v1.Preconditions(uid=meta(obj).uid, resourceVersion=meta(obj).resourceVersion)
    try:
        await client.delete(
            type(obj), name_of(obj), namespace_of(obj), meta_v1.DeleteOptions(preconditions=very_one)
        )
    except NotFound:
        return
