"""What the claim binder sees, and the few things it may do.

There are two subjects, each with its own snapshot and plan: a claim, which wants a volume, and a volume, which
is on offer, bound, or to be taken back. Both plans are lists of whole objects to write; nothing is left to
decide.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from petset.api.models import core_v1, storage_v1

PROVISIONER = "petset.dev/directory"
"""The provisioner that makes a directory on this machine for each claim."""

CLAIM_PROTECTION = "kubernetes.io/pvc-protection"
VOLUME_PROTECTION = "kubernetes.io/pv-protection"


@dataclass(frozen=True)
class ClaimSnapshot:
    """One claim and everything that decides where its data goes.

    `named` is the volume that the claim's spec names; `reserved` those whose claimRef names the claim; `offers` the
    unclaimed ones of its class; `users` the pods that mount it; `node` the one selected for its first consumer.
    `storage_class` is the claim's own, or the default where it names none.
    """

    claim: core_v1.PersistentVolumeClaim
    root: str
    named: core_v1.PersistentVolume | None = None
    reserved: Sequence[core_v1.PersistentVolume] = ()
    offers: Sequence[core_v1.PersistentVolume] = ()
    storage_class: storage_v1.StorageClass | None = None
    users: Sequence[core_v1.Pod] = ()
    node: core_v1.Node | None = None


@dataclass(frozen=True)
class VolumeSnapshot:
    """One volume and the claim that its claimRef names by namespace, name and uid: None where that one is gone."""

    volume: core_v1.PersistentVolume
    now: datetime
    claim: core_v1.PersistentVolumeClaim | None = None


@dataclass(frozen=True)
class MakeDirectory:
    """Make the directory that a new volume will be; one that is there already is kept with what it holds."""

    path: str
    mode: int


@dataclass(frozen=True)
class RemoveDirectory:
    """Remove a volume's directory and everything in it: the one step that cannot be taken back."""

    path: str


@dataclass(frozen=True)
class CreateVolume:
    """Create a volume, already reserved for its claim."""

    volume: core_v1.PersistentVolume


@dataclass(frozen=True)
class UpdateVolume:
    """Write a volume's metadata and spec."""

    volume: core_v1.PersistentVolume


@dataclass(frozen=True)
class UpdateVolumeStatus:
    """Write a volume's phase."""

    volume: core_v1.PersistentVolume


@dataclass(frozen=True)
class DeleteVolume:
    """Delete the volume object."""

    name: str
    uid: str


@dataclass(frozen=True)
class UpdateClaim:
    """Write a claim's metadata and spec."""

    claim: core_v1.PersistentVolumeClaim


@dataclass(frozen=True)
class UpdateClaimStatus:
    """Write a claim's phase, capacity and access modes."""

    claim: core_v1.PersistentVolumeClaim


@dataclass(frozen=True)
class Announce:
    """Record an event about the plan's subject, once the steps before it have succeeded."""

    type: Literal["Normal", "Warning"]
    reason: str
    message: str


Action: TypeAlias = (
    MakeDirectory
    | RemoveDirectory
    | CreateVolume
    | UpdateVolume
    | UpdateVolumeStatus
    | DeleteVolume
    | UpdateClaim
    | UpdateClaimStatus
    | Announce
)


@dataclass(frozen=True)
class Waiting:
    """Why nothing more is done. `reason` and `message` become the event; `remedy` is for whoever asks why.

    With no `reason` the wait is short and ordinary, and nobody is told.
    """

    message: str
    remedy: str = ""
    type: Literal["Normal", "Warning"] = "Normal"
    reason: str = ""


@dataclass(frozen=True)
class Plan:
    """The steps in order, each safe to stop after, and what they leave waiting."""

    actions: tuple[Action, ...] = ()
    waiting: Waiting | None = None
