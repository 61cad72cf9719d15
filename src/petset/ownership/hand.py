"""How an owner's controller writes: carefully, idempotently, and remembering what its cache does not show yet."""

from contextlib import suppress
from typing import Any, TypeVar

import msgspec

from petset.api.errors import AlreadyExists, ApiError, Conflict, NotFound
from petset.api.models import apps_v1, meta_v1
from petset.api.objects import is_terminating, meta, name_of, namespace_of, owner_reference, uid_of
from petset.client.freshness import OwnWrites
from petset.client.port import Client
from petset.ownership.hashing import canonical
from petset.ownership.revisions import CreateRevision, DeleteRevision, HistoryAction, RenumberRevision

T = TypeVar("T")


class RevisionCollision(Exception):
    """The name of a new revision is taken by other data: count it and compute another (rule 38)."""


class Hand:
    """Writes for one owner, during one sync."""

    def __init__(self, client: Client, writes: OwnWrites[str], owner: Any) -> None:
        self._client = client
        self._writes = writes
        self.owner = owner
        self._may_adopt = False

    def lent(self, client: Client) -> "Hand":
        """The same hand in another name."""
        return Hand(client, self._writes, self.owner)

    async def create(self, obj: T) -> T:
        """Raises what the API refuses."""
        return self._noted(await self._client.create(obj))

    async def update(self, obj: T) -> T:
        """Replace an object as it was read."""
        return self._noted(await self._client.update(obj))

    async def delete(self, obj: Any, options: meta_v1.DeleteOptions | None = None) -> None:
        """What is gone already is not missed; somebody else's object of the same name is left alone."""
        asked = msgspec.structs.replace(options) if options else meta_v1.DeleteOptions()
        asked.preconditions = meta_v1.Preconditions(uid=uid_of(obj))
        with suppress(Conflict):
            await self._delete(obj, asked)
        self._writes.deleted(uid_of(self.owner), obj)

    async def delete_plainly(self, obj: Any) -> None:
        """Remove whatever has the name by now; what is gone already is not missed (rule 58)."""
        await self._delete(obj, None)
        self._writes.deleted(uid_of(self.owner), obj)

    async def _delete(self, obj: Any, options: meta_v1.DeleteOptions | None) -> None:
        with suppress(NotFound):
            await self._client.delete(type(obj), name_of(obj), namespace_of(obj), options)

    async def adopt(self, orphan: Any) -> None:
        """Become the controller of an orphan, after one live look that the owner is not going."""
        await self._check_may_adopt(orphan)
        others = meta(orphan).ownerReferences or []
        await self.update(_with_owners(orphan, [*others, owner_reference(self.owner)]))

    async def release(self, obj: Any) -> None:
        """Let go of an object; one that is gone is let go of already."""
        others = [ref for ref in meta(obj).ownerReferences or () if ref.uid != uid_of(self.owner)]
        with suppress(NotFound):
            await self.update(_with_owners(obj, others))

    async def change_history(self, action: HistoryAction) -> None:
        """Keep, renumber or forget a template. Raises RevisionCollision where its name keeps another."""
        match action:
            case CreateRevision(revision):
                await self._create_revision(revision)
            case RenumberRevision(revision, number):
                await self.update(msgspec.structs.replace(revision, revision=number))
            case DeleteRevision(revision):
                await self.delete(revision)

    async def _create_revision(self, revision: apps_v1.ControllerRevision) -> None:
        try:
            await self.create(revision)
        except AlreadyExists as error:
            there = await self._client.get(apps_v1.ControllerRevision, name_of(revision), namespace_of(revision))
            if canonical(there.data) != canonical(revision.data):
                raise RevisionCollision(name_of(revision)) from error

    async def write_status(self, status: Any, annotations: dict[str, str] | None = None) -> None:
        """Write the owner's status, with annotations to add; another writer in between costs a second try."""
        with suppress(NotFound):
            try:
                await self._write_status(self.owner, status, annotations)
            except Conflict:
                fresh = await self._live_owner()
                if uid_of(fresh) == uid_of(self.owner):
                    await self._write_status(fresh, status, annotations)

    async def _write_status(self, base: Any, status: Any, annotations: dict[str, str] | None) -> None:
        changed = msgspec.structs.replace(base, status=status)
        if annotations is not None:
            merged = {**(base.metadata.annotations or {}), **annotations}
            changed.metadata = msgspec.structs.replace(base.metadata, annotations=merged)
        self._noted(await self._client.update(changed, "status"))

    async def _live_owner(self) -> Any:
        return await self._client.get(type(self.owner), name_of(self.owner), namespace_of(self.owner))

    async def _check_may_adopt(self, orphan: Any) -> None:
        if self._may_adopt:
            return
        fresh = await self._live_owner()
        refusal = f"can't adopt {orphan.kind} {namespace_of(orphan)}/{name_of(orphan)} ({uid_of(orphan)})"
        name = f"{namespace_of(self.owner)}/{name_of(self.owner)}"
        if uid_of(fresh) != uid_of(self.owner):
            gone = (
                f"original {self.owner.kind} {name} is gone: got uid {uid_of(fresh)}, wanted {uid_of(self.owner)}"
            )
            raise ApiError(f"{refusal}: {gone}")
        if is_terminating(fresh):
            raise ApiError(f"{refusal}: {name} has just been deleted at {meta(fresh).deletionTimestamp}")
        self._may_adopt = True

    def _noted(self, obj: T) -> T:
        self._writes.wrote(uid_of(self.owner), obj)
        return obj


def _with_owners(obj: T, owners: list[meta_v1.OwnerReference]) -> T:
    metadata = msgspec.structs.replace(obj.metadata, ownerReferences=owners or None)  # type: ignore[attr-defined]
    return msgspec.structs.replace(obj, metadata=metadata)  # type: ignore[type-var]
