"""Carries out the steps of a volume plan, one small coroutine each, without deciding anything.

Every step is safe to repeat. Writes carry the resource version that the plan was made from, so a plan made from
an old cache changes nothing: the write is refused with Conflict and the subject is looked at again.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from msgspec.structs import replace

from petset.api.errors import AlreadyExists, NotFound
from petset.api.models import core_v1, meta_v1
from petset.api.objects import Object, meta, name_of
from petset.client.events import EventRecorder
from petset.client.port import Client
from petset.controllers.volumes.directories import Directories
from petset.controllers.volumes.model import (
    Action,
    Announce,
    CreateVolume,
    DeleteVolume,
    MakeDirectory,
    RemoveDirectory,
    UpdateClaim,
    UpdateClaimStatus,
    UpdateVolume,
    UpdateVolumeStatus,
)

T = TypeVar("T")


class Applier:
    """Applies the actions of one plan. What one step has written, the next builds on."""

    def __init__(
        self,
        client: Client,
        directories: Directories,
        events: EventRecorder,
        subject: Any,
        note: Callable[[Object], None],
    ) -> None:
        self._client = client
        self._directories = directories
        self._events = events
        self._subject = subject
        self._note = note
        self._written: dict[tuple[type[Any], str], Any] = {}  # what the server answered

    async def apply_all(self, actions: Sequence[Action]) -> None:
        """In order; the first failure ends it, and the next plan goes on from what is there."""
        for action in actions:
            await self.apply(action)

    async def apply(self, action: Action) -> None:
        """Do one step."""
        match action:
            case MakeDirectory(path, mode):
                await self._directories.create(path, mode)
            case RemoveDirectory(path):
                await self._directories.remove(path)
            case CreateVolume(volume):
                await self._create(volume)
            case UpdateVolume(volume):
                await self._update(volume)
            case UpdateVolumeStatus(volume):
                await self._update_status(volume)
            case DeleteVolume(name, uid):
                await self._delete(name, uid)
            case UpdateClaim(claim):
                await self._update(claim)
            case UpdateClaimStatus(claim):
                await self._update_status(claim)
            case Announce(type_, reason, message):
                self._events.event(self._subject, type_, reason, message)

    async def _create(self, volume: core_v1.PersistentVolume) -> None:
        """A volume of this name carries the claim's uid in it: if it is there, it is the one meant."""
        try:
            created = await self._client.create(volume)
        except AlreadyExists:
            created = await self._client.get(core_v1.PersistentVolume, name_of(volume))
        self._keep(created)

    async def _update(self, obj: Any) -> None:
        before = self._latest(obj)
        metadata = replace(meta(obj), resourceVersion=meta(before).resourceVersion)
        self._keep(await self._client.update(replace(obj, metadata=metadata)))

    async def _update_status(self, obj: Any) -> None:
        before = self._latest(obj)
        self._keep(await self._client.update(replace(before, status=obj.status), "status"))

    async def _delete(self, name: str, uid: str) -> None:
        options = meta_v1.DeleteOptions(preconditions=meta_v1.Preconditions(uid=uid))
        try:
            await self._client.delete(core_v1.PersistentVolume, name, "", options)
        except NotFound:
            return

    def _keep(self, written: Any) -> None:
        self._written[type(written), name_of(written)] = written
        self._note(written)

    def _latest(self, obj: T) -> T:
        latest: T = self._written.get((type(obj), name_of(obj)), obj)  # type: ignore[arg-type]
        return latest
