"""What storage drivers say of themselves and of volumes: kept as data, for drivers that run here."""

from petset.api import names
from petset.api.models import storage_v1
from petset.api.validation.fields import Faults

LONGEST_NAME = 63
_LEAST_SECONDS, _MOST_SECONDS = 600, 1 << 32
_POLICIES = ("File", "None", "ReadWriteOnceWithFSType")
_MODES = ("Ephemeral", "Persistent")


def check_csi_driver(driver: storage_v1.CSIDriver, faults: Faults) -> None:
    """A driver, new or changed."""
    _check_name("metadata.name", (driver.metadata.name if driver.metadata else None) or "", faults)
    spec = driver.spec
    if spec.fsGroupPolicy not in _POLICIES:
        faults.not_supported("spec.fsGroupPolicy", spec.fsGroupPolicy or "", _POLICIES)
    for mode in spec.volumeLifecycleModes or ():
        if mode not in _MODES:
            faults.not_supported("spec.volumeLifecycleModes", mode, _MODES)
    known: set[str] = set()
    for index, request in enumerate(spec.tokenRequests or ()):
        here = f"spec.tokenRequests[{index}]"
        if request.audience in known:
            faults.duplicate(f"{here}.audience", request.audience)
        known.add(request.audience)
        seconds = request.expirationSeconds
        if seconds is not None and seconds < _LEAST_SECONDS:
            faults.invalid(f"{here}.expirationSeconds", seconds, "may not specify a duration less than 10 minutes")
        elif seconds is not None and seconds > _MOST_SECONDS:
            why = "may not specify a duration larger than 2^32 seconds"
            faults.invalid(f"{here}.expirationSeconds", seconds, why)


def check_csi_driver_update(new: storage_v1.CSIDriver, old: storage_v1.CSIDriver, faults: Faults) -> None:
    """Volumes rely on whether they are attached and how long they live."""
    check_csi_driver(new, faults)
    faults.unchanged("spec.attachedRequired", new.spec.attachRequired, old.spec.attachRequired)
    faults.unchanged("spec.volumeLifecycleModes", new.spec.volumeLifecycleModes, old.spec.volumeLifecycleModes)


def check_csi_node(node: storage_v1.CSINode, faults: Faults) -> None:
    """The drivers of a node, each once."""
    known: set[str] = set()
    for index, driver in enumerate(node.spec.drivers):
        here = f"spec.drivers[{index}]"
        _check_name(f"{here}.name", driver.name, faults)
        if not driver.nodeID:
            faults.required(f"{here}.nodeID")
        if driver.name in known:
            faults.duplicate(f"{here}.name", driver.name)
        known.add(driver.name)


def check_volume_attachment(attachment: storage_v1.VolumeAttachment, faults: Faults) -> None:
    """Which volume, to which node, by whom."""
    spec = attachment.spec
    _check_name("spec.attacher", spec.attacher, faults)
    if not spec.nodeName:
        faults.required("spec.nodeName")
    both = (spec.source.persistentVolumeName, spec.source.inlineVolumeSpec)
    if both.count(None) == len(both):
        faults.required("spec.source", "must specify inlineVolumeSpec or persistentVolumeName")
    elif None not in both:
        faults.forbidden("spec.source", "must not specify both inlineVolumeSpec and persistentVolumeName")


def check_volume_attachment_update(
    new: storage_v1.VolumeAttachment, old: storage_v1.VolumeAttachment, faults: Faults
) -> None:
    """Another attachment is another object."""
    check_volume_attachment(new, faults)
    faults.unchanged("spec", new.spec, old.spec)


def check_attributes_class(attributes: storage_v1.VolumeAttributesClass, faults: Faults) -> None:
    """Whose settings, and at least one."""
    _check_name("driverName", attributes.driverName, faults)
    if not attributes.parameters:
        faults.required("parameters", "must contain at least one key/value pair")


def check_attributes_class_update(
    new: storage_v1.VolumeAttributesClass, old: storage_v1.VolumeAttributesClass, faults: Faults
) -> None:
    """Volumes that have the settings rely on them."""
    check_attributes_class(new, faults)
    faults.unchanged("driverName", new.driverName, old.driverName)
    if new.parameters != old.parameters:
        faults.forbidden("parameters", "updates to parameters are forbidden.")


def check_storage_capacity(capacity: storage_v1.CSIStorageCapacity, faults: Faults) -> None:
    """Of which class."""
    faults.each("storageClassName", capacity.storageClassName, names.dns_subdomain(capacity.storageClassName))


def check_storage_capacity_update(
    new: storage_v1.CSIStorageCapacity, old: storage_v1.CSIStorageCapacity, faults: Faults
) -> None:
    """Where it is and of which class stays."""
    check_storage_capacity(new, faults)
    faults.unchanged("nodeTopology", new.nodeTopology, old.nodeTopology)
    faults.unchanged("storageClassName", new.storageClassName, old.storageClassName)


def _check_name(path: str, name: str, faults: Faults) -> None:
    """A driver's name."""
    if not name:
        faults.required(path)
    elif len(name) > LONGEST_NAME:
        faults.too_long(path, LONGEST_NAME)
    else:
        faults.each(path, name, names.dns_subdomain(name.lower()))
