"""Carries out a StatefulSet plan: one small coroutine for each action, with no decision left in it.

Every action may be repeated: what is there already is not made twice, what is gone already is not missed. Each
tells the set's user what was done or why it failed, in Kubernetes' own words (section I of the contract), and notes
its write, so that the controller does not act again on a cache that has not seen it.
"""

from collections.abc import Sequence
from functools import partial

from petset.aio.reconciler import Setback
from petset.api.errors import AlreadyExists, ApiError, Conflict, Invalid
from petset.api.models import apps_v1, core_v1
from petset.api.objects import name_of
from petset.client.events import EventRecorder
from petset.client.freshness import OwnWrites
from petset.client.port import Client
from petset.controllers.statefulset.model import (
    Action,
    AdoptPod,
    AdoptRevision,
    CreateClaim,
    CreatePod,
    DeletePod,
    RefuseClaim,
    ReleasePod,
    RepairPod,
    Stage,
    UpdateClaimOwners,
)
from petset.controllers.statefulset.telling import Teller
from petset.ownership import hand
from petset.ownership.batches import in_growing_batches
from petset.ownership.revisions import CreateRevision, DeleteRevision, RenumberRevision


class NameTaken(Setback):
    """A pod of this name exists and is not the set's: no event, only patience (rule 61)."""

    def __init__(self, pod: str, cause: AlreadyExists) -> None:
        super().__init__(str(cause))
        self.pod = pod


class Irreparable(Setback):
    """A pod is not as the set would make it, adopted from another set, say; the API lets nobody change that."""

    def __init__(self, pod: str, cause: Invalid) -> None:
        super().__init__(str(cause))
        self.pod = pod


class ClaimInTheWay(Setback):
    """A claim of the pod is on its way out: wait until it is gone (rules 27 and 28)."""


class Hand:
    """Carries out the actions of one plan for one set."""

    def __init__(
        self, client: Client, events: EventRecorder, writes: OwnWrites[str], owner: apps_v1.StatefulSet
    ) -> None:
        self._hand = hand.Hand(client, writes, owner)
        self._tell = Teller(events, owner)

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
        await self._hand.write_status(status)

    async def _pull(self, strand: Sequence[Action]) -> None:
        for action in strand:
            await self._act(action)

    async def _act(self, action: Action) -> None:
        match action:
            case AdoptPod(orphan) | AdoptRevision(orphan):
                await self._hand.adopt(orphan)
            case ReleasePod(pod):
                await self._hand.release(pod)
            case CreateRevision() | RenumberRevision() | DeleteRevision():
                await self._hand.change_history(action)
            case CreateClaim(claim, pod_name):
                await self._create_claim(claim, pod_name)
            case RefuseClaim(_, pod_name, reason, told):
                if told:
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

    async def _create_claim(self, claim: core_v1.PersistentVolumeClaim, pod: str) -> None:
        name = name_of(claim)
        try:
            await self._hand.create(claim)
        except AlreadyExists:
            raise  # somebody was faster: look at what it is before using it
        except ApiError as error:
            self._tell.claim_refused(name, pod, error)
            raise
        self._tell.claim_created(name, pod)

    async def _update_claim_owners(self, claim: core_v1.PersistentVolumeClaim, conflicting: bool) -> None:
        if conflicting:
            self._tell.conflicting_controller(name_of(claim))
        await self._hand.update(claim)

    async def _create_pod(self, pod: core_v1.Pod) -> None:
        try:
            await self._hand.create(pod)
        except AlreadyExists as error:
            raise NameTaken(name_of(pod), error) from error
        except ApiError as error:
            self._tell.failed("Create", name_of(pod), error)
            raise
        self._tell.succeeded("Create", name_of(pod))

    async def _repair_pod(self, pod: core_v1.Pod) -> None:
        try:
            await self._hand.update(pod)
        except Conflict:
            raise  # not a failure to tell of: the next plan starts from what is there now
        except ApiError as error:
            self._tell.failed("Update", name_of(pod), error)
            if isinstance(error, Invalid):
                raise Irreparable(name_of(pod), error) from error
            raise
        self._tell.succeeded("Update", name_of(pod))

    async def _delete_pod(self, pod: core_v1.Pod) -> None:
        """A plain delete; a pod that is gone already counts as deleted (rule 58)."""
        try:
            await self._hand.delete_plainly(pod)
        except ApiError as error:
            self._tell.failed("Delete", name_of(pod), error)
            raise
        self._tell.succeeded("Delete", name_of(pod))
