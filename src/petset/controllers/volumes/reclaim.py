"""What to do with a volume: offer it, keep it bound, or take it back once its claim is gone.

A volume that has lost its claim is Released, never offered again by itself: what is on it belonged to somebody.
With the policy Retain it stays for a person to look at; with Delete its directory goes first and the object
last, so that wherever we stop, nothing is left behind that no object tells of.
"""

from msgspec.structs import replace

from petset.api import volumes
from petset.api.models import core_v1
from petset.api.objects import is_terminating, meta, name_of, uid_of
from petset.controllers.volumes.model import (
    PROVISIONER,
    VOLUME_PROTECTION,
    Action,
    DeleteVolume,
    Plan,
    RemoveDirectory,
    UpdateVolume,
    UpdateVolumeStatus,
    VolumeSnapshot,
    Waiting,
)


def plan(snapshot: VolumeSnapshot) -> Plan:
    """The steps for one volume. Guarantees: nothing is removed while the claim that the volume names exists; a plan
    that was carried out leaves nothing to do."""
    volume, claim = snapshot.volume, snapshot.claim
    assert volume.spec
    reference = volume.spec.claimRef
    if reference is None or not reference.uid:
        return _offer(snapshot)
    if claim is None:
        return _take_back(snapshot)
    named = claim.spec.volumeName if claim.spec else None
    if not named:
        return Plan(_protect(volume), Waiting(f"claim {reference.namespace}/{reference.name} is being bound"))
    if named == name_of(volume):
        return Plan((*_protect(volume), *_phase(snapshot, "Bound")))
    return _unbind(snapshot)


def _offer(snapshot: VolumeSnapshot) -> Plan:
    if is_terminating(snapshot.volume):
        return Plan(_unprotect(snapshot.volume))
    return Plan((*_protect(snapshot.volume), *_phase(snapshot, "Available")))


def _take_back(snapshot: VolumeSnapshot) -> Plan:
    volume = snapshot.volume
    assert volume.spec
    released = _phase(snapshot, "Released")
    policy = volume.spec.persistentVolumeReclaimPolicy or "Retain"
    if policy == "Delete" and volumes.annotation(volume, volumes.PROVISIONED_BY) == PROVISIONER:
        return Plan(released + _remove(volume))
    if is_terminating(volume):
        return Plan(released + _unprotect(volume))
    if policy == "Delete":
        return Plan(released, Waiting("released; its own provisioner deletes it", f"delete pv {name_of(volume)}"))
    return Plan(
        released, Waiting("released; policy Retain keeps it", f"look at the data, delete pv {name_of(volume)}")
    )


def _remove(volume: core_v1.PersistentVolume) -> tuple[Action, ...]:
    """Data, then finalizer, then object. A volume that is already being deleted goes with its last finalizer."""
    path = volume.spec.hostPath.path if volume.spec and volume.spec.hostPath else ""
    data: tuple[Action, ...] = (RemoveDirectory(path),) if path else ()
    if is_terminating(volume):
        return data + _unprotect(volume)
    return (*data, *_unprotect(volume), DeleteVolume(name_of(volume), uid_of(volume)))


def _unbind(snapshot: VolumeSnapshot) -> Plan:
    """The claim has gone to another volume: one made for it is taken back, any other is on offer again."""
    volume = snapshot.volume
    assert volume.spec and volume.spec.claimRef
    made_for_it = volumes.annotation(volume, volumes.PROVISIONED_BY) == PROVISIONER
    if made_for_it and volume.spec.persistentVolumeReclaimPolicy == "Delete":
        return _take_back(snapshot)
    annotations = dict(meta(volume).annotations or {})
    by_us = annotations.pop(volumes.BOUND_BY_CONTROLLER, None) is not None
    reference = None if by_us else replace(volume.spec.claimRef, uid=None, resourceVersion=None)
    freed = replace(
        volume,
        metadata=replace(meta(volume), annotations=annotations),
        spec=replace(volume.spec, claimRef=reference),
    )
    return Plan((UpdateVolume(freed), *_phase(snapshot, "Available")))


def _phase(snapshot: VolumeSnapshot, phase: str) -> tuple[Action, ...]:
    volume = snapshot.volume
    if volume.status and volume.status.phase == phase:
        return ()
    status = core_v1.PersistentVolumeStatus(phase=phase, lastPhaseTransitionTime=snapshot.now)
    return (UpdateVolumeStatus(replace(volume, status=status)),)


def _protect(volume: core_v1.PersistentVolume) -> tuple[Action, ...]:
    finalizers = meta(volume).finalizers or []
    if is_terminating(volume) or VOLUME_PROTECTION in finalizers:
        return ()
    return (
        UpdateVolume(replace(volume, metadata=replace(meta(volume), finalizers=[*finalizers, VOLUME_PROTECTION]))),
    )


def _unprotect(volume: core_v1.PersistentVolume) -> tuple[Action, ...]:
    finalizers = meta(volume).finalizers or []
    if VOLUME_PROTECTION not in finalizers:
        return ()
    rest = [f for f in finalizers if f != VOLUME_PROTECTION]
    return (UpdateVolume(replace(volume, metadata=replace(meta(volume), finalizers=rest))),)
