"""Carries out a DaemonSet plan, and tells the set's user in Kubernetes' own words."""

from functools import partial

import msgspec

from petset.api.errors import AlreadyExists, ApiError
from petset.api.models import apps_v1
from petset.api.objects import name_of, namespace_of
from petset.client.events import EventRecorder
from petset.client.port import Client
from petset.controllers.daemonset.model import (
    Action,
    CreatePod,
    CreateRevision,
    DeletePod,
    DeleteRevision,
    Plan,
    RenumberRevision,
)
from petset.ownership.batches import in_growing_batches
from petset.ownership.hand import Hand
from petset.ownership.hashing import canonical
from petset.ownership.membership import Adopt, Release


class NameTaken(Exception):
    """The name of a new revision is taken by other data: count it and compute another."""


async def carry_out(plan: Plan, hand: Hand, client: Client, events: EventRecorder) -> None:
    """Raises NameTaken, or the first error of the API; what follows it waits for the next look."""
    pods = [action for action in plan.actions if isinstance(action, CreatePod | DeletePod)]
    for action in plan.actions:
        if not isinstance(action, CreatePod | DeletePod):
            await _act(action, hand, client)
    await in_growing_batches("pods", [partial(_make_or_stop, action, hand, events) for action in pods])


async def _act(action: Action, hand: Hand, client: Client) -> None:
    match action:
        case Adopt(orphan):
            await hand.adopt(orphan)
        case Release(member):
            await hand.release(member)
        case CreateRevision(revision):
            await _create_revision(revision, hand, client)
        case RenumberRevision(revision, number):
            await hand.update(msgspec.structs.replace(revision, revision=number))
        case DeleteRevision(revision):
            await hand.delete(revision)


async def _create_revision(revision: apps_v1.ControllerRevision, hand: Hand, client: Client) -> None:
    try:
        await hand.create(revision)
    except AlreadyExists as error:
        there = await client.get(apps_v1.ControllerRevision, name_of(revision), namespace_of(revision))
        if canonical(there.data) != canonical(revision.data):
            raise NameTaken(name_of(revision)) from error


async def _make_or_stop(action: CreatePod | DeletePod, hand: Hand, events: EventRecorder) -> None:
    verb, pod = ("Create", action.pod) if isinstance(action, CreatePod) else ("Delete", action.pod)
    try:
        if isinstance(action, CreatePod):
            pod = await hand.create(pod)
        else:
            if action.told is not None:
                events.event(hand.owner, "Warning", *action.told)
            await hand.delete(pod)
    except ApiError as error:
        doing = "creating" if verb == "Create" else "deleting"
        events.event(hand.owner, "Warning", f"Failed{verb}", f"Error {doing}: {error}")
        raise
    events.event(hand.owner, "Normal", f"Successful{verb}", f"{verb}d pod: {name_of(pod)}")
