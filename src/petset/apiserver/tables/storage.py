"""Rows of where data is kept: claims, volumes, storage classes."""

from collections.abc import Sequence
from datetime import datetime

from petset.api.models import core_v1, storage_v1
from petset.api.objects import is_terminating, meta
from petset.apiserver.tables.columns import AGE, NAME, Cell, Column, Printer, age_of, name_of, wide

MODES = (
    ("ReadWriteOnce", "RWO"),
    ("ReadOnlyMany", "ROX"),
    ("ReadWriteMany", "RWX"),
    ("ReadWriteOncePod", "RWOP"),
)
DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


def claim(obj: core_v1.PersistentVolumeClaim, now: datetime) -> list[Cell]:
    """Capacity and modes are what the bound volume gives, so they are empty until there is one."""
    spec = obj.spec or core_v1.PersistentVolumeClaimSpec()
    status = obj.status or core_v1.PersistentVolumeClaimStatus()
    bound = bool(spec.volumeName)
    return [
        name_of(obj),
        "Terminating" if is_terminating(obj) else status.phase or "",
        spec.volumeName or "",
        (status.capacity or {}).get("storage", "") if bound else "",
        _modes(status.accessModes or ()) if bound else "",
        spec.storageClassName or "",
        spec.volumeAttributesClassName or "<unset>",
        age_of(obj, now),
        (spec.volumeMode if bound else "") or "<unset>",
    ]


def volume(obj: core_v1.PersistentVolume, now: datetime) -> list[Cell]:
    """The claim stands as `namespace/name`."""
    spec = obj.spec or core_v1.PersistentVolumeSpec()
    status = obj.status or core_v1.PersistentVolumeStatus()
    owner = spec.claimRef
    return [
        name_of(obj),
        (spec.capacity or {}).get("storage", ""),
        _modes(spec.accessModes or ()),
        spec.persistentVolumeReclaimPolicy or "",
        "Terminating" if is_terminating(obj) else status.phase or "",
        f"{owner.namespace}/{owner.name}" if owner else "",
        spec.storageClassName or "",
        spec.volumeAttributesClassName or "<unset>",
        status.reason or "",
        age_of(obj, now),
        spec.volumeMode or "<unset>",
    ]


def storage_class(obj: storage_v1.StorageClass, now: datetime) -> list[Cell]:
    """The default class says so behind its name."""
    default = (meta(obj).annotations or {}).get(DEFAULT_CLASS) == "true"
    return [
        f"{name_of(obj)} (default)" if default else name_of(obj),
        obj.provisioner,
        obj.reclaimPolicy or "Delete",
        obj.volumeBindingMode or "Immediate",
        bool(obj.allowVolumeExpansion),
        age_of(obj, now),
    ]


CLAIMS = Printer(
    (
        NAME,
        Column("Status"),
        Column("Volume"),
        Column("Capacity"),
        Column("Access Modes"),
        Column("StorageClass"),
        Column("VolumeAttributesClass"),
        AGE,
        wide("VolumeMode"),
    ),
    claim,
)
VOLUMES = Printer(
    (
        NAME,
        Column("Capacity"),
        Column("Access Modes"),
        Column("Reclaim Policy"),
        Column("Status"),
        Column("Claim"),
        Column("StorageClass"),
        Column("VolumeAttributesClass"),
        Column("Reason"),
        AGE,
        wide("VolumeMode"),
    ),
    volume,
)
CLASSES = Printer(
    (
        NAME,
        Column("Provisioner"),
        Column("ReclaimPolicy"),
        Column("VolumeBindingMode"),
        Column("AllowVolumeExpansion"),
        AGE,
    ),
    storage_class,
)


def _modes(modes: Sequence[str]) -> str:
    return ",".join(short for long, short in MODES if long in modes)


def csi_driver(obj: storage_v1.CSIDriver, now: datetime) -> list[Cell]:
    """What it wants and can."""
    spec = obj.spec
    tokens = ",".join(request.audience for request in spec.tokenRequests or ())
    return [
        name_of(obj),
        spec.attachRequired is not False,
        bool(spec.podInfoOnMount),
        bool(spec.storageCapacity),
        "<unset>" if spec.tokenRequests is None else tokens,
        bool(spec.requiresRepublish),
        ",".join(spec.volumeLifecycleModes or ()) or "<none>",
        age_of(obj, now),
    ]


def csi_node(obj: storage_v1.CSINode, now: datetime) -> list[Cell]:
    """How many drivers it has."""
    return [name_of(obj), len(obj.spec.drivers), age_of(obj, now)]


def csi_capacity(obj: storage_v1.CSIStorageCapacity, now: datetime) -> list[Cell]:
    """How much there is of a class."""
    return [name_of(obj), obj.storageClassName, obj.capacity or "<unset>"]


def attachment(obj: storage_v1.VolumeAttachment, now: datetime) -> list[Cell]:
    """Which volume is attached to which node."""
    volume = obj.spec.source.persistentVolumeName or ""
    attached = bool(obj.status and obj.status.attached)
    return [name_of(obj), obj.spec.attacher, volume, obj.spec.nodeName, attached, age_of(obj, now)]


def attributes_class(obj: storage_v1.VolumeAttributesClass, now: datetime) -> list[Cell]:
    """Whose settings they are."""
    return [name_of(obj), obj.driverName, age_of(obj, now)]


_YES_OR_NO = ("AttachRequired", "PodInfoOnMount", "StorageCapacity")
DRIVERS = Printer(
    (
        NAME,
        *(Column(name, "boolean") for name in _YES_OR_NO),
        Column("TokenRequests"),
        Column("RequiresRepublish", "boolean"),
        Column("Modes"),
        AGE,
    ),
    csi_driver,
)
DRIVERS_OF_NODES = Printer((NAME, Column("Drivers", "integer"), AGE), csi_node)
CAPACITIES = Printer((NAME, Column("StorageClassName"), Column("Capacity")), csi_capacity)
ATTACHMENTS = Printer(
    (NAME, Column("Attacher"), Column("PV"), Column("Node"), Column("Attached", "boolean"), AGE), attachment
)
ATTRIBUTES_CLASSES = Printer((NAME, Column("DriverName"), AGE), attributes_class)
