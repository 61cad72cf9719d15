"""Carries out the steps of a collector's plan on the objects as they are now; each is safe to repeat."""

from collections.abc import Callable

from msgspec.structs import replace

from petset.api.errors import NotFound
from petset.api.models import meta_v1
from petset.api.objects import Object, meta, uid_of
from petset.client.port import Client
from petset.controllers.garbage.model import Action, Delete, DropFinalizer, DropReferences, Identity, Unblock

Edit = Callable[[meta_v1.ObjectMeta], meta_v1.ObjectMeta]


async def find(client: Client, where: Identity) -> Object | None:
    """The very object as it is now, None where it is gone, another has its name, or its kind is not served."""
    kind = client.kinds.by_type(where.api_version, where.kind)
    if kind is None:
        return None
    try:
        found: Object = await client.get(kind.model, where.name, where.namespace)
    except NotFound:
        return None
    return found if uid_of(found) == where.uid else None


async def apply(client: Client, action: Action) -> None:
    """Do one step. Conflict means that the object has changed: it is to be judged again."""
    match action:
        case Delete(target, version, policy):
            await _delete(client, target, version, policy)
        case DropReferences(target, owner_uids):
            await _edit(client, target, lambda m: _without_owners(m, owner_uids))
        case Unblock(target):
            await _edit(client, target, _without_blocking)
        case DropFinalizer(target, finalizer):
            await _edit(client, target, lambda m: _without_finalizer(m, finalizer))


async def _delete(client: Client, target: Identity, version: str, policy: str) -> None:
    kind = client.kinds.by_type(target.api_version, target.kind)
    assert kind is not None, "the plan names objects that were found"
    very_one = meta_v1.Preconditions(uid=target.uid, resourceVersion=version)
    options = meta_v1.DeleteOptions(preconditions=very_one, propagationPolicy=policy)
    try:
        await client.delete(kind.model, target.name, target.namespace, options)
    except NotFound:
        return


async def _edit(client: Client, target: Identity, change: Edit) -> None:
    """Change the metadata of the object as it is now; one that is gone or needs no change is left alone."""
    found = await find(client, target)
    if found is None:
        return
    changed = change(meta(found))
    if changed != meta(found):
        await client.update(replace(found, metadata=changed))  # type: ignore[type-var]


def _without_owners(metadata: meta_v1.ObjectMeta, uids: tuple[str, ...]) -> meta_v1.ObjectMeta:
    left = [owner for owner in metadata.ownerReferences or () if owner.uid not in uids]
    return replace(metadata, ownerReferences=left or None)


def _without_blocking(metadata: meta_v1.ObjectMeta) -> meta_v1.ObjectMeta:
    owners = [replace(owner, blockOwnerDeletion=False) for owner in metadata.ownerReferences or ()]
    return replace(metadata, ownerReferences=owners or None)


def _without_finalizer(metadata: meta_v1.ObjectMeta, finalizer: str) -> meta_v1.ObjectMeta:
    left = [f for f in metadata.finalizers or () if f != finalizer]
    return replace(metadata, finalizers=left or None)
