"""Persistent volumes, and the classes by which they are made."""

import posixpath

from petset.api import names, quantity
from petset.api.models import core_v1, storage_v1
from petset.api.objects import copy, given, meta
from petset.api.validation.claims import NOT_POSITIVE, VOLUME_MODES, check_class, check_modes
from petset.api.validation.fields import IMMUTABLE, AsWritten, Faults
from petset.api.validation.selectors import check_node_selector
from petset.api.validation.volume_backends import check_backend
from petset.api.validation.volumes import check_portal, only_source

RECLAIM_POLICIES = ("Delete", "Recycle", "Retain")
_SOURCES = (
    "hostPath", "gcePersistentDisk", "awsElasticBlockStore", "glusterfs", "flocker", "nfs", "rbd", "quobyte",
    "cephfs", "iscsi", "cinder", "fc", "flexVolume", "azureFile", "vsphereVolume", "photonPersistentDisk",
    "portworxVolume", "azureDisk", "scaleIO", "local", "storageos", "csi",
)  # fmt: skip
_sources_of = given(*_SOURCES)
_RENAMED = {
    "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
    "beta.kubernetes.io/os": "kubernetes.io/os",
    "beta.kubernetes.io/arch": "kubernetes.io/arch",
    "beta.kubernetes.io/instance-type": "node.kubernetes.io/instance-type",
}


def check_volume(volume: core_v1.PersistentVolume, faults: Faults) -> None:
    """A persistent volume: a size, how it may be used, and where it is."""
    spec = volume.spec
    assert spec is not None
    if not spec.accessModes:
        faults.required("spec.accessModes")
    check_modes("spec", spec.accessModes, faults)
    _check_capacity(spec.capacity or {}, faults)
    policy = spec.persistentVolumeReclaimPolicy
    if policy and policy not in RECLAIM_POLICIES:
        faults.not_supported("spec.persistentVolumeReclaimPolicy", policy, RECLAIM_POLICIES)
    if spec.nodeAffinity is not None and spec.nodeAffinity.required is None:
        faults.required("spec.nodeAffinity.required", "must specify required node constraints")
    elif spec.nodeAffinity is not None and spec.nodeAffinity.required is not None:
        check_node_selector("spec.nodeAffinity.required", spec.nodeAffinity.required, faults)
    _check_place(volume, spec, faults)
    check_class("spec.storageClassName", spec.storageClassName, faults)
    if spec.volumeMode is not None and spec.volumeMode not in VOLUME_MODES:
        faults.not_supported("spec.volumeMode", spec.volumeMode, VOLUME_MODES)
    if spec.volumeAttributesClassName is not None:
        if not spec.volumeAttributesClassName:
            faults.required("spec.volumeAttributesClassName", "an empty string is disallowed")
        check_class("spec.volumeAttributesClassName", spec.volumeAttributesClassName, faults)
        if spec.csi is None:
            faults.required("spec.csi", "has to be specified when using volumeAttributesClassName")


def _check_capacity(capacity: dict[str, str], faults: Faults) -> None:
    if not capacity:
        faults.required("spec.capacity")
    if list(capacity) != ["storage"]:
        faults.not_supported("spec.capacity", capacity or AsWritten(None), ("storage",))
    for name, amount in capacity.items():
        exact = quantity.parse(amount)
        if exact.nanos < 0:
            faults.invalid(f"spec.capacity[{name}]", exact.whole, "must be a valid resource quantity")
        if exact.nanos <= 0:
            faults.invalid(f"spec.capacity[{name}]", amount, NOT_POSITIVE)


def _check_place(volume: core_v1.PersistentVolume, spec: core_v1.PersistentVolumeSpec, faults: Faults) -> None:
    """The one place where the volume is."""
    name = only_source("spec", _sources_of(spec), faults)
    if not name:
        return
    shown = "persistentDisk" if name == "gcePersistentDisk" else name
    check_backend(f"spec.{shown}", name, getattr(spec, name), faults)
    if name == "local" and spec.nodeAffinity is None:
        faults.required("spec.nodeAffinity", "Local volume requires node affinity")
    if spec.iscsi is not None and spec.iscsi.initiatorName is not None:
        portal, both = spec.iscsi.targetPortal, f"{meta(volume).name}:{spec.iscsi.targetPortal}"
        check_portal("spec.iscsi.targetportal", portal, both, faults)
    root = spec.hostPath is not None and posixpath.normpath(spec.hostPath.path) in ("/", "//")
    if root and spec.persistentVolumeReclaimPolicy == "Recycle":
        what = "may not be 'recycle' for a hostPath mount of '/'"
        faults.forbidden("spec.persistentVolumeReclaimPolicy", what)


def check_volume_update(new: core_v1.PersistentVolume, old: core_v1.PersistentVolume, faults: Faults) -> None:
    """Where a volume is never changes."""
    check_volume(new, faults)
    after, before = new.spec, old.spec
    assert after is not None and before is not None
    place = copy(after)
    if place.csi is not None and before.csi is not None and before.csi.controllerExpandSecretRef is None:
        place.csi.controllerExpandSecretRef = None  # who learns later how to let a volume grow may say so
    if any(getattr(place, name) != getattr(before, name) for name in _SOURCES):
        faults.forbidden("spec.persistentvolumesource", "spec.persistentvolumesource is immutable after creation")
    faults.unchanged("volumeMode", after.volumeMode, before.volumeMode)
    if before.nodeAffinity is not None and _renamed(after.nodeAffinity) != _renamed(before.nodeAffinity):
        what = f"{IMMUTABLE}, except for updating from beta label to GA"
        faults.invalid("nodeAffinity", after.nodeAffinity, what)
    if before.volumeAttributesClassName is not None and after.volumeAttributesClassName is None:
        what = "update from non-nil value to nil is forbidden"
        faults.forbidden("spec.volumeAttributesClassName", what)


def _renamed(affinity: core_v1.VolumeNodeAffinity | None) -> core_v1.VolumeNodeAffinity | None:
    """The same, with the names that labels of nodes have today: the one change that means none."""
    if affinity is None or affinity.required is None:
        return affinity
    same = copy(affinity)
    for term in (same.required.nodeSelectorTerms if same.required else None) or ():
        for requirement in term.matchExpressions or ():
            requirement.key = _RENAMED.get(requirement.key, requirement.key)
    return same


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
