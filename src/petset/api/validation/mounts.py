"""Where a container finds the pod's volumes: as directories, or as devices."""

from petset.api.models import core_v1
from petset.api.validation.fields import Faults
from petset.api.validation.paths import check_inside, has_backsteps
from petset.api.validation.volumes import Volumes

AnyContainer = core_v1.Container | core_v1.EphemeralContainer
_PROPAGATIONS = ("Bidirectional", "HostToContainer", "None")
_RECURSIVE = ("Disabled", "Enabled", "IfPossible")


def check_mounts(path: str, container: AnyContainer, volumes: Volumes, faults: Faults) -> None:
    """Directories; of no volume that is a device too, and each at a place of its own."""
    devices = container.volumeDevices or ()
    device_names, device_paths = {each.name for each in devices}, {each.devicePath for each in devices}
    seen: set[str] = set()
    for index, mount in enumerate(container.volumeMounts or ()):
        here = f"{path}[{index}]"
        if not mount.name:
            faults.required(f"{here}.name")
        if mount.name not in volumes:
            faults.not_found(f"{here}.name", mount.name)
        if not mount.mountPath:
            faults.required(f"{here}.mountPath")
        if mount.mountPath in seen:
            faults.invalid(f"{here}.mountPath", mount.mountPath, "must be unique")
        seen.add(mount.mountPath)
        if mount.name in device_names:
            faults.invalid(f"{here}.name", mount.name, "must not already exist in volumeDevices")
        if mount.mountPath in device_paths:
            what = "must not already exist as a path in volumeDevices"
            faults.invalid(f"{here}.mountPath", mount.mountPath, what)
        _check_details(path, here, mount, container, faults)


def _check_details(
    path: str, here: str, mount: core_v1.VolumeMount, container: AnyContainer, faults: Faults
) -> None:
    """What few mounts have. As in Kubernetes, most of these complaints do not say which mount they are about."""
    if mount.subPath:
        check_inside(f"{path}.subPath", mount.subPath, faults)
    if mount.subPathExpr:
        if mount.subPath:
            what = "subPathExpr and subPath are mutually exclusive"
            faults.invalid(f"{here}.subPathExpr", mount.subPathExpr, what)
        check_inside(f"{path}.subPathExpr", mount.subPathExpr, faults)
    if mount.mountPropagation is not None:
        _check_propagation(f"{path}.mountPropagation", mount.mountPropagation, container, faults)
    if mount.recursiveReadOnly is not None:
        _check_recursive(f"{path}.recursiveReadOnly", mount, faults)


def _check_propagation(path: str, propagation: str, container: AnyContainer, faults: Faults) -> None:
    if propagation not in _PROPAGATIONS:
        faults.not_supported(path, propagation, _PROPAGATIONS)
    context = container.securityContext
    if propagation == "Bidirectional" and not (context is not None and context.privileged):
        faults.forbidden(path, "Bidirectional mount propagation is available only to privileged containers")


def _check_recursive(path: str, mount: core_v1.VolumeMount, faults: Faults) -> None:
    if mount.recursiveReadOnly in ("Enabled", "IfPossible"):
        if not mount.readOnly:
            faults.forbidden(path, "may only be specified when readOnly is true")
        if mount.mountPropagation not in (None, "None"):
            faults.forbidden(path, "may only be specified when mountPropagation is None or not specified")
    elif mount.recursiveReadOnly not in _RECURSIVE:
        faults.not_supported(path, mount.recursiveReadOnly, _RECURSIVE)


def check_devices(path: str, container: AnyContainer, volumes: Volumes, faults: Faults) -> None:
    """Devices: claims alone can be some."""
    mounts = container.volumeMounts or ()
    mount_names, mount_paths = {each.name for each in mounts}, {each.mountPath for each in mounts}
    seen_names: set[str] = set()
    seen_paths: set[str] = set()
    for index, device in enumerate(container.volumeDevices or ()):
        here, name, place = f"{path}[{index}]", device.name, device.devicePath
        if not name:
            faults.required(f"{here}.name")
        if name in seen_names:
            faults.invalid(f"{here}.name", name, "must be unique")
        _check_claim(f"{here}.name", name, volumes, faults)
        if not place:
            faults.required(f"{here}.devicePath")
        if place in seen_paths:
            faults.invalid(f"{here}.devicePath", place, "must be unique")
        if has_backsteps(place):
            faults.invalid(f"{here}.devicePath", place, "can not contain backsteps ('..')")
        else:
            seen_paths.add(place)
        if name in mount_names:
            faults.invalid(f"{here}.name", name, "must not already exist in volumeMounts")
        if place in mount_paths:
            faults.invalid(f"{here}.devicePath", place, "must not already exist as a path in volumeMounts")
        if name:
            seen_names.add(name)


def _check_claim(path: str, name: str, volumes: Volumes, faults: Faults) -> None:
    volume = volumes.get(name)
    if volume is None:
        faults.not_found(path, name)
    elif volume.persistentVolumeClaim is None and volume.ephemeral is None:
        what = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"
        faults.invalid(path, name, what)
