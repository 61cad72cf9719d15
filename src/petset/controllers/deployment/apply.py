"""Carries out a Deployment plan, and tells the Deployment's user in Kubernetes' own words."""

from petset.api.errors import AlreadyExists, ApiError
from petset.api.models import apps_v1
from petset.api.objects import name_of, namespace_of
from petset.client.events import EventRecorder
from petset.client.port import Client
from petset.controllers.deployment.model import Action, CreateReplicaSet, DeleteReplicaSet, ReplaceReplicaSet
from petset.ownership.hand import Hand
from petset.ownership.membership import Adopt, Release, is_owned
from petset.ownership.template_hash import same_but_for_the_hash


class NameTaken(Exception):
    """The name of the new ReplicaSet is that of another: count it and compute another name."""


class CannotCreate(Exception):
    """The API refuses the new ReplicaSet; the Deployment's condition tells of it."""

    def __init__(self, name: str, cause: ApiError) -> None:
        super().__init__(str(cause))
        self.name = name
        self.cause = cause


class Executor:
    """Carries out the actions of one plan for one Deployment."""

    def __init__(self, client: Client, hand: Hand, events: EventRecorder) -> None:
        self._client = client
        self._hand = hand
        self._events = events

    async def act(self, action: Action) -> None:
        """Raises NameTaken, CannotCreate, or what the API refuses."""
        match action:
            case Adopt(orphan):
                await self._hand.adopt(orphan)
            case Release(member):
                await self._hand.release(member)
            case CreateReplicaSet(wanted):
                await self._create(wanted)
            case ReplaceReplicaSet(wanted, was):
                await self._hand.update(wanted)
                self._tell_scaled(wanted, was)
            case DeleteReplicaSet(old):
                await self._hand.delete(old)

    async def _create(self, wanted: apps_v1.ReplicaSet) -> None:
        try:
            await self._hand.create(wanted)
        except AlreadyExists as error:
            there = await self._client.get(apps_v1.ReplicaSet, name_of(wanted), namespace_of(wanted))
            if not is_owned(self._hand.owner, there) or not _same_template(there, wanted):
                raise NameTaken(name_of(wanted)) from error
        except ApiError as error:
            raise CannotCreate(name_of(wanted), error) from error
        else:
            self._tell_scaled(wanted, 0)

    def _tell_scaled(self, replica_set: apps_v1.ReplicaSet, was: int) -> None:
        now = (replica_set.spec.replicas if replica_set.spec else None) or 0
        if now == was:
            return
        way = "up" if now > was else "down"
        text = f"Scaled {way} replica set {name_of(replica_set)} from {was} to {now}"
        self._events.event(self._hand.owner, "Normal", "ScalingReplicaSet", text)


def _same_template(one: apps_v1.ReplicaSet, other: apps_v1.ReplicaSet) -> bool:
    templates = [rs.spec.template if rs.spec else None for rs in (one, other)]
    return templates[0] is not None and templates[1] is not None and same_but_for_the_hash(*templates)  # type: ignore[arg-type]
