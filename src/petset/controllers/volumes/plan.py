"""What to do next for a claim: bind it to a volume that is there, make one for it, or say what it waits for.

The order of the writes is the guarantee. The volume's half of a binding is written first and decides; the
claim's half follows; its status, which only reports, comes last. So a claim never names a volume that is not
its own, and wherever the steps are cut off, the next plan finds a volume reserved for its claim and goes on
from there.
"""

from msgspec.structs import replace

from petset.api import volumes
from petset.api.models import core_v1
from petset.api.objects import is_terminating, meta, name_of
from petset.api.volumes import annotation
from petset.controllers.volumes.model import (
    CLAIM_PROTECTION,
    PROVISIONER,
    Action,
    Announce,
    ClaimSnapshot,
    CreateVolume,
    MakeDirectory,
    Plan,
    UpdateClaim,
    UpdateClaimStatus,
    UpdateVolume,
    Waiting,
)
from petset.controllers.volumes.provisioning import is_ours, new_volume, provisioner_marks, reference_to, size_of
from petset.controllers.volumes.waiting import no_class, no_consumer, no_volume

DIRECTORY_MODE = 0o777
"""Whichever user the container runs as must be able to write; the parent directory keeps everybody else out."""


def plan(snapshot: ClaimSnapshot) -> Plan:
    """The steps for one claim. Guarantees: a volume is only ever given to the claim that its claimRef names; a plan
    that was carried out leaves nothing to do."""
    claim = snapshot.claim
    if is_terminating(claim):
        return _let_go(snapshot)
    if annotation(claim, volumes.BIND_COMPLETED):
        return _keep(snapshot)
    if claim.spec and claim.spec.volumeName:
        return _bind_named(snapshot)
    volume = _chosen(snapshot)
    if volume is not None:
        return _bind(snapshot, volume)
    return _provision_or_wait(snapshot)


def _let_go(snapshot: ClaimSnapshot) -> Plan:
    """A claim that is being deleted stays for as long as a pod on some node uses it.

    One whose containers have ended and that only waits for its dependents does not: the claim may be one of them,
    and each would wait for the other. Kubernetes says so only of claims made for ephemeral volumes.
    """
    claim = snapshot.claim
    finalizers = meta(claim).finalizers or []
    users = [name_of(pod) for pod in snapshot.users if is_using(pod)]
    if CLAIM_PROTECTION not in finalizers:
        return Plan(waiting=Waiting(f"being deleted; held by {', '.join(finalizers) or 'nothing'}"))
    if users:
        return Plan(waiting=Waiting(f"being deleted; still used by pod {users[0]}", f"delete pod {users[0]}"))
    rest = [f for f in finalizers if f != CLAIM_PROTECTION]
    return Plan((UpdateClaim(replace(claim, metadata=replace(meta(claim), finalizers=rest))),))


def is_using(pod: core_v1.Pod) -> bool:
    """The pod has a node, which may have its claims mounted for it."""
    return bool(pod.spec and pod.spec.nodeName) and not is_shut_down(pod)


def is_shut_down(pod: core_v1.Pod) -> bool:
    """Its node is done with the pod, and only finalizers keep it: nothing of it will ever run again."""
    phase = pod.status.phase if pod.status else None
    return is_terminating(pod) and not meta(pod).deletionGracePeriodSeconds and phase in ("Succeeded", "Failed")


def _keep(snapshot: ClaimSnapshot) -> Plan:
    """A bound claim: its volume must still be there and still be its own; growth is granted at once."""
    claim, volume = snapshot.claim, snapshot.named
    assert claim.spec
    if volume is None or not volumes.reserves(volume, claim):
        return _lose(snapshot)
    growth: tuple[Action, ...] = ()
    if _is_growing(volume, claim):
        assert volume.spec
        volume = replace(volume, spec=replace(volume.spec, capacity={"storage": size_of(claim)}))
        growth = (UpdateVolume(volume),)
    return Plan((*growth, *_protect(claim), *_report_bound(claim, volume)))


def _is_growing(volume: core_v1.PersistentVolume, claim: core_v1.PersistentVolumeClaim) -> bool:
    """A directory has no size of its own, so the number is all there is to change."""
    return is_ours(volume) and volumes.requested(claim) > volumes.capacity(volume)


def _lose(snapshot: ClaimSnapshot) -> Plan:
    claim = snapshot.claim
    assert claim.spec
    if snapshot.named is None:
        reason, message = "ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!"
    else:
        reason = "ClaimMisbound"
        message = "Two claims are bound to the same volume, this one is bound incorrectly"
    if not claim.spec.volumeName:
        message = "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!"
    waiting = Waiting(
        message, "delete the claim, or restore its volume with this claim's claimRef", "Warning", reason
    )
    if claim.status and claim.status.phase == "Lost":
        return Plan(waiting=waiting)
    status = core_v1.PersistentVolumeClaimStatus(phase="Lost")
    return Plan((UpdateClaimStatus(replace(claim, status=status)),), waiting)


def _bind_named(snapshot: ClaimSnapshot) -> Plan:
    """The user has chosen the volume: that one or none."""
    claim, volume = snapshot.claim, snapshot.named
    assert claim.spec
    wanted = claim.spec.volumeName
    if volume is None:
        return Plan(waiting=Waiting(f'volume "{wanted}" does not exist', f"create PersistentVolume {wanted}"))
    if volumes.reserves(volume, claim):
        return _bind(snapshot, volume)
    assert volume.spec
    if volume.spec.claimRef is not None:
        message = f'volume "{wanted}" already bound to a different claim.'
        return Plan(waiting=Waiting(message, "name another volume", "Warning", "FailedBinding"))
    if problem := volumes.mismatch(volume, claim):
        message = f'Cannot bind to requested volume "{wanted}": {problem}'
        return Plan(waiting=Waiting(message, "name a volume that fits", "Warning", "VolumeMismatch"))
    return _bind(snapshot, volume)


def _chosen(snapshot: ClaimSnapshot) -> core_v1.PersistentVolume | None:
    """A volume that waits for this very claim, else the smallest that fits once the claim may be bound at all."""
    mine = [v for v in snapshot.reserved if not is_terminating(v)]
    if mine:
        return min(mine, key=name_of)
    if volumes.waits_for_consumer(snapshot.storage_class) and not annotation(snapshot.claim, volumes.SELECTED_NODE):
        return None
    return volumes.best_match(_with_class(snapshot), snapshot.offers, snapshot.node)


def _bind(snapshot: ClaimSnapshot, volume: core_v1.PersistentVolume) -> Plan:
    """Volume's half, claim's half, then what the claim reports; the volume's phase is its own plan's to write."""
    claim = _bound(snapshot, volume)
    actions: list[Action] = []
    reference = volume.spec.claimRef if volume.spec else None
    if reference is None or not reference.uid:
        volume = _reserved(volume, claim, by_us=reference is None)
        actions.append(UpdateVolume(volume))
    if is_ours(volume) and volume.spec and volume.spec.hostPath:
        actions.append(MakeDirectory(volume.spec.hostPath.path, DIRECTORY_MODE))
    actions.append(UpdateClaim(claim))
    return Plan((*actions, *_report_bound(claim, volume)))


def _reserved(
    volume: core_v1.PersistentVolume, claim: core_v1.PersistentVolumeClaim, *, by_us: bool
) -> core_v1.PersistentVolume:
    """The volume with its half of the binding; the annotation remembers that we may take it back."""
    assert volume.spec
    metadata = meta(volume)
    if by_us:
        metadata = replace(
            metadata, annotations={**(metadata.annotations or {}), volumes.BOUND_BY_CONTROLLER: "yes"}
        )
    return replace(volume, metadata=metadata, spec=replace(volume.spec, claimRef=reference_to(claim)))


def _bound(snapshot: ClaimSnapshot, volume: core_v1.PersistentVolume) -> core_v1.PersistentVolumeClaim:
    """The claim with its half of the binding, and everything else it lacks, so that one write does."""
    claim = _with_class(snapshot)
    assert claim.spec
    annotations = {**(meta(claim).annotations or {}), volumes.BIND_COMPLETED: "yes"}
    if not claim.spec.volumeName:
        annotations[volumes.BOUND_BY_CONTROLLER] = "yes"
    if is_ours(volume):
        annotations |= provisioner_marks(PROVISIONER)
    return replace(
        claim,
        metadata=replace(meta(claim), annotations=annotations, finalizers=_protected(claim)),
        spec=replace(claim.spec, volumeName=name_of(volume)),
    )


def _report_bound(
    claim: core_v1.PersistentVolumeClaim, volume: core_v1.PersistentVolume
) -> tuple[UpdateClaimStatus, ...]:
    assert volume.spec
    before = claim.status or core_v1.PersistentVolumeClaimStatus()
    status = replace(before, phase="Bound", accessModes=volume.spec.accessModes, capacity=volume.spec.capacity)
    return () if status == before else (UpdateClaimStatus(replace(claim, status=status)),)


def _provision_or_wait(snapshot: ClaimSnapshot) -> Plan:
    claim, storage_class = snapshot.claim, snapshot.storage_class
    assert claim.spec
    if storage_class is None:
        return Plan(_protect(claim), no_class(claim.spec.storageClassName))
    if volumes.waits_for_consumer(storage_class) and not annotation(claim, volumes.SELECTED_NODE):
        return Plan(_protect(claim), no_consumer(snapshot))
    if storage_class.provisioner == PROVISIONER:
        return _provision(snapshot)
    if storage_class.provisioner == volumes.NO_PROVISIONER:
        return Plan(_protect(claim), no_volume())
    return _ask_provisioner(claim, storage_class.provisioner)


def _provision(snapshot: ClaimSnapshot) -> Plan:
    """A volume that is born reserved, its directory, then the binding: nothing on disk that no object tells of."""
    claim = snapshot.claim
    assert claim.spec
    if (claim.spec.volumeMode or "Filesystem") != "Filesystem":
        message = f"provisioner {PROVISIONER} makes directories, which cannot serve as volumeMode Block"
        return Plan(waiting=Waiting(message, "use volumeMode Filesystem", "Warning", "ProvisioningFailed"))
    if claim.spec.selector is not None:
        message = "claim.Spec.Selector is not supported for dynamic provisioning"
        return Plan(waiting=Waiting(message, "drop the selector", "Warning", "ProvisioningFailed"))
    volume = new_volume(snapshot)
    succeeded = Announce("Normal", "ProvisioningSucceeded", f"Successfully provisioned volume {name_of(volume)}")
    return Plan((CreateVolume(volume), *_bind(snapshot, volume).actions, succeeded))


def _ask_provisioner(claim: core_v1.PersistentVolumeClaim, provisioner: str) -> Plan:
    """Somebody else makes this volume: say so on the claim, as provisioners expect."""
    message = (
        f"Waiting for a volume to be created either by the external provisioner '{provisioner}' or manually by the "
        "system administrator. If volume creation is delayed, please verify that the provisioner is running and "
        "correctly registered."
    )
    waiting = Waiting(
        message, f"run {provisioner}, or use a class of {PROVISIONER}", "Normal", "ExternalProvisioning"
    )
    if annotation(claim, volumes.STORAGE_PROVISIONER) == provisioner:
        return Plan(_protect(claim), waiting)
    annotations = {**(meta(claim).annotations or {}), **provisioner_marks(provisioner)}
    marked = replace(meta(claim), annotations=annotations, finalizers=_protected(claim))
    return Plan((UpdateClaim(replace(claim, metadata=marked)),), waiting)


def _with_class(snapshot: ClaimSnapshot) -> core_v1.PersistentVolumeClaim:
    """The claim as it would be had the default class been there when it was made."""
    claim, storage_class = snapshot.claim, snapshot.storage_class
    assert claim.spec
    if claim.spec.storageClassName is not None or storage_class is None:
        return claim
    return replace(claim, spec=replace(claim.spec, storageClassName=name_of(storage_class)))


def _protect(claim: core_v1.PersistentVolumeClaim) -> tuple[UpdateClaim, ...]:
    if CLAIM_PROTECTION in (meta(claim).finalizers or ()):
        return ()
    return (UpdateClaim(replace(claim, metadata=replace(meta(claim), finalizers=_protected(claim)))),)


def _protected(claim: core_v1.PersistentVolumeClaim) -> list[str]:
    finalizers = list(meta(claim).finalizers or ())
    return finalizers if CLAIM_PROTECTION in finalizers else [*finalizers, CLAIM_PROTECTION]
