"""Volumes of a pod: one source each, and that one complete."""

from typing import Any

from petset.api import names, quantity
from petset.api.models import core_v1
from petset.api.validation.containers import check_field_ref, check_inside
from petset.api.validation.fields import Faults

MODE_RANGE = "must be a number between 0 and 0777 (octal), both inclusive"

_REQUIRED: dict[str, tuple[str, ...]] = {
    "awsElasticBlockStore": ("volumeID",),
    "azureDisk": ("diskName", "diskURI"),
    "azureFile": ("secretName", "shareName"),
    "cephfs": ("monitors",),
    "cinder": ("volumeID",),
    "configMap": ("name",),
    "csi": ("driver",),
    "gcePersistentDisk": ("pdName",),
    "glusterfs": ("endpoints", "path"),
    "hostPath": ("path",),
    "iscsi": ("targetPortal", "iqn"),
    "local": ("path",),
    "nfs": ("server", "path"),
    "persistentVolumeClaim": ("claimName",),
    "rbd": ("monitors", "image"),
    "secret": ("secretName",),
}
"""What each source cannot do without."""


def check_volumes(path: str, volumes: list[core_v1.Volume] | None, faults: Faults) -> set[str]:
    """All volumes of a pod; returns their names."""
    seen: set[str] = set()
    for index, volume in enumerate(volumes or ()):
        here = f"{path}[{index}]"
        if not volume.name:
            faults.required(f"{here}.name")
        else:
            faults.each(f"{here}.name", volume.name, names.dns_label(volume.name))
        if volume.name in seen:
            faults.duplicate(f"{here}.name", volume.name)
        seen.add(volume.name)
        check_source(here, volume, faults, tuple(name for name in volume.__struct_fields__ if name != "name"))
    return seen


def check_source(path: str, holder: Any, faults: Faults, candidates: tuple[str, ...]) -> None:
    """Exactly one of the sources in `candidates`, complete."""
    given = [name for name in candidates if getattr(holder, name) is not None]
    if not given:
        faults.required(path, "must specify a volume type")
        return
    for name in given[1:]:
        faults.forbidden(f"{path}.{name}", "may not specify more than 1 volume type")
    name = given[0]
    source, here = getattr(holder, name), f"{path}.{name}"
    for field in _REQUIRED.get(name, ()):
        if not getattr(source, field):
            faults.required(f"{here}.{field}")
    if name in ("configMap", "secret", "downwardAPI", "projected"):
        _check_files(here, source, faults)
    elif name == "emptyDir" and source.sizeLimit is not None and quantity.parse(source.sizeLimit).nanos < 0:
        faults.forbidden(f"{here}.sizeLimit", "SizeLimit field must be a valid resource quantity")
    elif name in ("hostPath", "local") and ".." in (source.path or "").split("/"):
        faults.invalid(f"{here}.path", source.path, "must not contain '..'")


def _check_files(path: str, source: Any, faults: Faults) -> None:
    """A volume of files: their modes, and where each goes."""
    _check_mode(f"{path}.defaultMode", source.defaultMode, faults)
    if isinstance(source, core_v1.ProjectedVolumeSource):
        for index, part in enumerate(source.sources or ()):
            _check_projection(f"{path}.sources[{index}]", part, faults)
        return
    _check_items(f"{path}.items", source.items, faults)


def _check_items(path: str, items: Any, faults: Faults) -> None:
    for index, item in enumerate(items or ()):
        here = f"{path}[{index}]"
        if isinstance(item, core_v1.KeyToPath):
            if not item.key:
                faults.required(f"{here}.key")
        elif item.fieldRef is not None:
            check_field_ref(f"{here}.fieldRef", item.fieldRef, faults)
        elif item.resourceFieldRef is None:
            faults.required(here, "one of fieldRef and resourceFieldRef is required")
        if not item.path:
            faults.required(f"{here}.path")
        else:
            check_inside(f"{here}.path", item.path, faults)
        _check_mode(f"{here}.mode", item.mode, faults)


def _check_projection(path: str, part: core_v1.VolumeProjection, faults: Faults) -> None:
    given = [name for name in part.__struct_fields__ if getattr(part, name) is not None]
    if not given:
        faults.required(path, "must specify a volume type")
    for name in given[1:]:
        faults.forbidden(f"{path}.{name}", "may not specify more than 1 volume type")
    for name in given[:1]:
        source = getattr(part, name)
        if name in ("configMap", "secret") and not source.name:
            faults.required(f"{path}.{name}.name")
        if name == "serviceAccountToken":
            _check_token(f"{path}.{name}", source, faults)
        elif name in ("configMap", "secret", "downwardAPI"):
            _check_items(f"{path}.{name}.items", source.items, faults)


def _check_token(path: str, token: core_v1.ServiceAccountTokenProjection, faults: Faults) -> None:
    if not token.path:
        faults.required(f"{path}.path")
    else:
        check_inside(f"{path}.path", token.path, faults)
    seconds = token.expirationSeconds
    if seconds is not None and seconds < 600:
        faults.invalid(f"{path}.expirationSeconds", seconds, "may not specify a duration less than 10 minutes")


def _check_mode(path: str, mode: int | None, faults: Faults) -> None:
    if mode is not None and not 0 <= mode <= 0o777:
        faults.invalid(path, mode, MODE_RANGE)
