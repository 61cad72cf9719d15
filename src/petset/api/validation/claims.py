"""Persistent volumes, claims and storage classes."""

from petset.api import names, quantity
from petset.api.models import core_v1, storage_v1
from petset.api.objects import copy
from petset.api.validation.fields import IMMUTABLE, Faults
from petset.api.validation.pods import check_label_selector, check_node_selector
from petset.api.validation.volumes import check_source

ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
VOLUME_MODES = ("Block", "Filesystem")
IMMUTABLE_CLAIM = (
    "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
)
_SOURCES = (
    "awsElasticBlockStore", "azureDisk", "azureFile", "cephfs", "cinder", "csi", "fc", "flexVolume", "flocker",
    "gcePersistentDisk", "glusterfs", "hostPath", "iscsi", "local", "nfs", "photonPersistentDisk", "portworxVolume",
    "quobyte", "rbd", "scaleIO", "storageos", "vsphereVolume",
)  # fmt: skip


def check_claim(claim: core_v1.PersistentVolumeClaim, faults: Faults) -> None:
    """A new claim."""
    assert claim.spec is not None
    check_claim_spec("spec", claim.spec, faults)


def check_claim_spec(path: str, spec: core_v1.PersistentVolumeClaimSpec, faults: Faults) -> None:
    """What is claimed, in a claim or in a claim template."""
    if not spec.accessModes:
        faults.required(f"{path}.accessModes", "at least 1 access mode is required")
    _check_modes(path, spec.accessModes, faults)
    check_label_selector(f"{path}.selector", spec.selector, faults)
    storage = ((spec.resources.requests if spec.resources else None) or {}).get("storage")
    if storage is None:
        faults.required(f"{path}.resources[storage]")
    elif quantity.parse(storage).nanos <= 0:
        faults.invalid(f"{path}.resources[storage]", storage, "must be greater than zero")
    if spec.storageClassName:
        faults.each(f"{path}.storageClassName", spec.storageClassName, names.dns_subdomain(spec.storageClassName))
    if spec.volumeMode is not None and spec.volumeMode not in VOLUME_MODES:
        faults.not_supported(f"{path}.volumeMode", spec.volumeMode, VOLUME_MODES)


def _check_modes(path: str, modes: list[str] | None, faults: Faults) -> None:
    for mode in modes or ():
        if mode not in ACCESS_MODES:
            faults.not_supported(f"{path}.accessModes", mode, ACCESS_MODES)
    if modes and "ReadWriteOncePod" in modes and len(modes) > 1:
        faults.forbidden(f"{path}.accessModes", "may not use ReadWriteOncePod with other access modes")


def check_claim_update(
    new: core_v1.PersistentVolumeClaim, old: core_v1.PersistentVolumeClaim, faults: Faults
) -> None:
    """A claim may be bound once, and a bound one may grow."""
    after, before = new.spec, old.spec
    assert after is not None and before is not None
    if after == before:
        return
    check_claim_spec("spec", after, faults)
    same = copy(after)
    if not before.volumeName:
        same.volumeName = before.volumeName
    bound = old.status is not None and old.status.phase == "Bound"
    if bound and same.resources is not None and before.resources is not None:
        same.resources.requests = before.resources.requests
        same.volumeAttributesClassName = before.volumeAttributesClassName
    if same.storageClassName != before.storageClassName and before.storageClassName is None:
        same.storageClassName = None  # a default class that appears later fills the gap
    if same != before:
        faults.forbidden("spec", IMMUTABLE_CLAIM)
    elif bound:
        _check_growth(after, before, (old.status.capacity if old.status else None) or {}, faults)


def _check_growth(
    after: core_v1.PersistentVolumeClaimSpec,
    before: core_v1.PersistentVolumeClaimSpec,
    capacity: dict[str, str],
    faults: Faults,
) -> None:
    sizes = [
        quantity.parse(((spec.resources.requests if spec.resources else None) or {}).get("storage", "0"))
        for spec in (after, before)
    ]
    if sizes[0] < sizes[1] and sizes[0] < quantity.parse(capacity.get("storage", "0")):
        faults.forbidden("spec.resources.requests.storage", "field can not be less than status.capacity")


def check_volume(volume: core_v1.PersistentVolume, faults: Faults) -> None:
    """A persistent volume: a size, how it may be used, and where it is."""
    spec = volume.spec
    assert spec is not None
    if not spec.accessModes:
        faults.required("spec.accessModes")
    _check_modes("spec", spec.accessModes, faults)
    storage = (spec.capacity or {}).get("storage")
    if not spec.capacity:
        faults.required("spec.capacity")
    elif storage is None or len(spec.capacity) > 1:
        faults.not_supported("spec.capacity", spec.capacity, ("storage",))
    elif quantity.parse(storage).nanos <= 0:
        faults.invalid("spec.capacity[storage]", storage, "must be greater than zero")
    if spec.persistentVolumeReclaimPolicy not in ("Delete", "Recycle", "Retain"):
        faults.one_of(
            "spec.persistentVolumeReclaimPolicy",
            spec.persistentVolumeReclaimPolicy,
            ("Delete", "Recycle", "Retain"),
        )
    check_source("spec", spec, faults, _SOURCES)
    required = spec.nodeAffinity.required if spec.nodeAffinity else None
    if required is not None:
        check_node_selector("spec.nodeAffinity.required", required, faults)
    elif spec.local is not None:
        faults.required("spec.nodeAffinity", "Local volume requires node affinity")
    if spec.storageClassName:
        faults.each("spec.storageClassName", spec.storageClassName, names.dns_subdomain(spec.storageClassName))
    if spec.volumeMode is not None and spec.volumeMode not in VOLUME_MODES:
        faults.not_supported("spec.volumeMode", spec.volumeMode, VOLUME_MODES)


def check_volume_update(new: core_v1.PersistentVolume, old: core_v1.PersistentVolume, faults: Faults) -> None:
    """Where a volume is never changes."""
    check_volume(new, faults)
    after, before = new.spec, old.spec
    assert after is not None and before is not None
    if any(getattr(after, name) != getattr(before, name) for name in _SOURCES):
        faults.forbidden("spec.persistentvolumesource", "spec.persistentvolumesource is immutable after creation")
    faults.unchanged("spec.volumeMode", after.volumeMode, before.volumeMode)
    if before.nodeAffinity is not None and after.nodeAffinity != before.nodeAffinity:
        faults.invalid("spec.nodeAffinity", after.nodeAffinity, IMMUTABLE)


def check_storage_class(storage_class: storage_v1.StorageClass, faults: Faults) -> None:
    """How volumes are made."""
    if not storage_class.provisioner:
        faults.required("provisioner")
    else:
        provisioner = storage_class.provisioner
        faults.each("provisioner", provisioner, names.qualified_name(provisioner.lower()))
    if storage_class.reclaimPolicy not in ("Delete", "Retain"):
        faults.not_supported("reclaimPolicy", storage_class.reclaimPolicy, ("Delete", "Retain"))
    if not storage_class.volumeBindingMode:
        faults.required("volumeBindingMode")
    elif storage_class.volumeBindingMode not in ("Immediate", "WaitForFirstConsumer"):
        faults.not_supported(
            "volumeBindingMode", storage_class.volumeBindingMode, ("Immediate", "WaitForFirstConsumer")
        )


def check_storage_class_update(new: storage_v1.StorageClass, old: storage_v1.StorageClass, faults: Faults) -> None:
    """Only whether volumes may grow, and where they may be, can change."""
    check_storage_class(new, faults)
    if new.parameters != old.parameters:
        faults.forbidden("parameters", "updates to parameters are forbidden.")
    if new.provisioner != old.provisioner:
        faults.forbidden("provisioner", "updates to provisioner are forbidden.")
    if new.reclaimPolicy != old.reclaimPolicy:
        faults.forbidden("reclaimPolicy", "updates to reclaimPolicy are forbidden.")
    faults.unchanged("volumeBindingMode", new.volumeBindingMode, old.volumeBindingMode)
