"""Carries out the steps of an endpoints plan, each safe to repeat."""

from collections.abc import Callable
from typing import Any, NamedTuple

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


class Hands(NamedTuple):
    """Kubernetes has a controller for each of the two kinds; each is written in the name of its own."""

    slices: Client
    endpoints: Client


async def apply(hands: Hands, action: Action, note: Callable[[Object], None]) -> None:
    """Do one step. Conflict means that the plan was made from an old cache."""
    match action:
        case CreateSlice(slice_):
            note(await hands.slices.create(slice_))
        case UpdateSlice(slice_):
            note(await hands.slices.update(slice_))
        case DeleteSlice(slice_):
            await _delete(hands.slices, slice_)
        case CreateEndpoints(endpoints):
            note(await hands.endpoints.create(endpoints))
        case UpdateEndpoints(endpoints):
            note(await hands.endpoints.update(endpoints))
        case DeleteEndpoints(endpoints):
            await _delete(hands.endpoints, endpoints)


async def _delete(client: Client, obj: Any) -> None:
    """Delete this very version: one that has been written since is somebody's."""
    very_one = meta_v1.Preconditions(uid=meta(obj).uid, resourceVersion=meta(obj).resourceVersion)
    try:
        await client.delete(
            type(obj), name_of(obj), namespace_of(obj), meta_v1.DeleteOptions(preconditions=very_one)
        )
    except NotFound:
        return
