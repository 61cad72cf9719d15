"""Carries out a StatefulSet plan: one small coroutine for each action, with no decision left in it.

Every action may be repeated: what is there already is not made twice, what is gone already is not missed. Each
tells the set's user what was done or why it failed, in Kubernetes' own words (section I of the contract), and notes
its write, so that the controller does not act again on a cache that has not seen it.
"""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import msgspec

from petset.api.errors import AlreadyExists, ApiError, Conflict, NotFound
from petset.api.models import apps_v1, core_v1, meta_v1
from petset.api.objects import is_terminating, meta, name_of, namespace_of, owner_reference, uid_of
from petset.client.events import EventRecorder
from petset.client.port import Client
from petset.controllers.statefulset.model import (
    Action,
    AdoptPod,
    AdoptRevision,
    CreateClaim,
    CreatePod,
    CreateRevision,
    DeletePod,
    DeleteRevision,
    RefuseClaim,
    ReleasePod,
    RenumberRevision,
    RepairPod,
    Stage,
    UpdateClaimOwners,
)
from petset.controllers.statefulset.telling import Teller
from petset.ownership.batches import in_growing_batches
from petset.ownership.expectations import Expectations
from petset.ownership.hashing import canonical


class RevisionCollision(Exception):
    """The name of a new revision is taken by other data: count it and compute another (rule 38)."""


class NameTaken(Exception):
    """A pod of this name exists and is not the set's: no event, only patience (rule 61)."""

    def __init__(self, pod: str, cause: AlreadyExists) -> None:
        super().__init__(str(cause))
        self.pod = pod


class ClaimInTheWay(Exception):
    """A claim of the pod is on its way out: wait until it is gone (rule 27)."""


class Hand:
    """Carries out the actions of one plan for one set."""

    def __init__(
        self, client: Client, events: EventRecorder, expectations: Expectations, owner: apps_v1.StatefulSet
    ) -> None:
        self._client = client
        self._tell = Teller(events, owner)
        self._expectations = expectations
        self._set = owner
        self._may_adopt = False

    async def carry_out(self, stages: Sequence[Stage]) -> None:
        """Stage by stage; the first error ends it once the actions beside it are done."""
        for stage in stages:
            if not stage.concurrent:
                for strand in stage.strands:
                    await self._pull(strand)
            else:
                await in_growing_batches(stage.name, [partial(self._pull, strand) for strand in stage.strands])

    async def write_status(self, status: apps_v1.StatefulSetStatus) -> None:
        """Write the status; a writer that came between costs one more look, not the status (rule 63)."""
        with suppress(NotFound):
            try:
                await self._write_status(self._set, status)
            except Conflict:
                fresh = await self._live_set()
                if uid_of(fresh) == uid_of(self._set):
                    await self._write_status(fresh, status)

    async def _live_set(self) -> apps_v1.StatefulSet:
        return await self._client.get(apps_v1.StatefulSet, name_of(self._set), namespace_of(self._set))

    async def _write_status(self, base: apps_v1.StatefulSet, status: apps_v1.StatefulSetStatus) -> None:
        written = await self._client.update(msgspec.structs.replace(base, status=status), "status")
        self._wrote(written)

    async def _pull(self, strand: Sequence[Action]) -> None:
        for action in strand:
            await self._act(action)

    async def _act(self, action: Action) -> None:
        match action:
            case AdoptPod(pod) | AdoptRevision(pod):
                await self._adopt(pod)
            case ReleasePod(pod):
                await self._release(pod)
            case CreateRevision(revision):
                await self._create_revision(revision)
            case RenumberRevision(revision, number):
                await self._update(msgspec.structs.replace(revision, revision=number))
            case DeleteRevision(revision):
                await self._delete(revision)
            case CreateClaim(claim, pod_name):
                await self._create_claim(claim, pod_name)
            case RefuseClaim(_, pod_name, reason):
                self._tell.failed("Create", pod_name, reason)
                raise ClaimInTheWay(reason)
            case UpdateClaimOwners(claim, conflicting):
                await self._update_claim_owners(claim, conflicting)
            case CreatePod(pod):
                await self._create_pod(pod)
            case RepairPod(pod):
                await self._repair_pod(pod)
            case DeletePod(pod):
                await self._delete_pod(pod)

    async def _adopt(self, orphan: core_v1.Pod | apps_v1.ControllerRevision) -> None:
        where = f"{namespace_of(orphan)}/{name_of(orphan)} ({uid_of(orphan)})"
        await self._check_may_adopt(f"can't adopt {orphan.kind} {where}")
        others = meta(orphan).ownerReferences or []
        await self._update(_with_owners(orphan, [*others, owner_reference(self._set)]))

    async def _check_may_adopt(self, refusal: str) -> None:
        """One live look per plan: nothing may be bound to a set that is going or has been replaced (rule 42)."""
        if self._may_adopt:
            return
        set_name = f"{namespace_of(self._set)}/{name_of(self._set)}"
        fresh = await self._live_set()
        if uid_of(fresh) != uid_of(self._set):
            gone = f"original StatefulSet {set_name} is gone: got uid {uid_of(fresh)}, wanted {uid_of(self._set)}"
            raise ApiError(f"{refusal}: {gone}")
        if is_terminating(fresh):
            raise ApiError(f"{refusal}: {set_name} has just been deleted at {meta(fresh).deletionTimestamp}")
        self._may_adopt = True

    async def _release(self, pod: core_v1.Pod) -> None:
        others = [ref for ref in meta(pod).ownerReferences or () if ref.uid != uid_of(self._set)]
        with suppress(NotFound):
            await self._update(_with_owners(pod, others))

    async def _create_revision(self, revision: apps_v1.ControllerRevision) -> None:
        try:
            self._wrote(await self._client.create(revision))
        except AlreadyExists as error:
            there = await self._client.get(apps_v1.ControllerRevision, name_of(revision), namespace_of(revision))
            if canonical(there.data) != canonical(revision.data):
                raise RevisionCollision(name_of(revision)) from error

    async def _create_claim(self, claim: core_v1.PersistentVolumeClaim, pod: str) -> None:
        name = name_of(claim)
        try:
            self._wrote(await self._client.create(claim))
        except AlreadyExists:
            raise  # somebody was faster: look at what it is before using it
        except ApiError as error:
            self._tell.claim_refused(name, pod, error)
            raise
        self._tell.claim_created(name, pod)

    async def _update_claim_owners(self, claim: core_v1.PersistentVolumeClaim, conflicting: bool) -> None:
        if conflicting:
            self._tell.conflicting_controller(name_of(claim))
        await self._update(claim)

    async def _create_pod(self, pod: core_v1.Pod) -> None:
        try:
            self._wrote(await self._client.create(pod))
        except AlreadyExists as error:
            raise NameTaken(name_of(pod), error) from error
        except ApiError as error:
            self._tell.failed("Create", name_of(pod), error)
            raise
        self._tell.succeeded("Create", name_of(pod))

    async def _repair_pod(self, pod: core_v1.Pod) -> None:
        try:
            await self._update(pod)
        except Conflict:
            raise  # not a failure to tell of: the next plan starts from what is there now
        except ApiError as error:
            self._tell.failed("Update", name_of(pod), error)
            raise
        self._tell.succeeded("Update", name_of(pod))

    async def _delete_pod(self, pod: core_v1.Pod) -> None:
        """A plain delete; a pod that is gone already counts as deleted (rule 58)."""
        try:
            await self._delete(pod)
        except ApiError as error:
            self._tell.failed("Delete", name_of(pod), error)
            raise
        self._tell.succeeded("Delete", name_of(pod))

    async def _update(self, obj: Any) -> None:
        self._wrote(await self._client.update(obj))

    async def _delete(self, obj: Any) -> None:
        with suppress(NotFound):
            await self._client.delete(type(obj), name_of(obj), namespace_of(obj))
        self._expectations.deleted(uid_of(self._set), obj)

    def _wrote(self, obj: Any) -> None:
        self._expectations.wrote(uid_of(self._set), obj)


def _with_owners(obj: Any, owners: list[meta_v1.OwnerReference]) -> Any:
    metadata = msgspec.structs.replace(meta(obj), ownerReferences=owners or None)
    return msgspec.structs.replace(obj, metadata=metadata)
