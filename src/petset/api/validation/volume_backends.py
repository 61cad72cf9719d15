"""Where a volume's bytes are kept: the sources that pods and persistent volumes share, network disks most of all.

Nothing here can mount most of them; they are checked all the same, because charts and operators that run elsewhere
carry them, and a manifest that is wrong there should be wrong here. `path` is where the source stands.
"""

import re
from collections.abc import Callable
from typing import Any

from petset.api import names
from petset.api.validation.fields import Faults
from petset.api.validation.paths import check_backsteps, check_inside

_REQUIRED: dict[str, tuple[str, ...]] = {
    "awsElasticBlockStore": ("volumeID",),
    "azureDisk": ("diskName", "diskURI"),
    "azureFile": ("secretName", "shareName"),
    "cephfs": ("monitors",),
    "cinder": ("volumeID",),
    "flexVolume": ("driver",),
    "gcePersistentDisk": ("pdName",),
    "gitRepo": ("repository",),
    "glusterfs": ("endpoints", "path"),
    "hostPath": ("path",),
    "iscsi": ("targetPortal", "iqn"),
    "local": ("path",),
    "nfs": ("server", "path"),
    "persistentVolumeClaim": ("claimName",),
    "photonPersistentDisk": ("pdID",),
    "portworxVolume": ("volumeID",),
    "rbd": ("monitors", "image"),
    "scaleIO": ("gateway", "system", "volumeName"),
    "storageos": ("volumeName",),
    "vsphereVolume": ("volumePath",),
}
"""What each source cannot do without."""

_HOST_PATH_TYPES = (
    "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket",
)  # fmt: skip
_SECRETS = (
    "controllerPublishSecretRef",
    "controllerExpandSecretRef",
    "nodePublishSecretRef",
    "nodeExpandSecretRef",
)
_INITIATORS = {
    "iqn": re.compile(r"iqn\.\d{4}-\d{2}\.([a-zA-Z0-9.-]+)(:[^,;*&$|\s]+)$"),
    "eui": re.compile(r"eui.[a-zA-Z0-9]{16}$"),
    "naa": re.compile(r"naa.[a-zA-Z0-9]{32}$"),
}
_REGISTRY = "must be a host:port pair or multiple pairs separated by commas"
_MANAGED = "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"
_BLOB = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"


def check_backend(path: str, name: str, source: Any, faults: Faults) -> None:
    """A source by its name, such as `nfs`: complete, and its values possible."""
    for field in _REQUIRED.get(name, ()):
        if not getattr(source, field):
            faults.required(f"{path}.{field}")
    further = _FURTHER.get(name)
    if further is not None:
        further(path, source, faults)


def _check_host_path(path: str, source: Any, faults: Faults) -> None:
    if not source.path:
        return
    check_backsteps(f"{path}.path", source.path, faults)
    if getattr(source, "type", None) is not None and source.type not in _HOST_PATH_TYPES:
        faults.not_supported(f"{path}.type", source.type, _HOST_PATH_TYPES)


def _check_git(path: str, source: Any, faults: Faults) -> None:
    check_inside(f"{path}.directory", source.directory or "", faults)


def _check_partition(path: str, source: Any, faults: Faults) -> None:
    if not 0 <= (source.partition or 0) <= 255:
        faults.invalid(f"{path}.partition", source.partition, "must be between 1 and 255, inclusive")


def _check_nfs(path: str, source: Any, faults: Faults) -> None:
    if not source.path.startswith("/"):
        faults.invalid(f"{path}.path", source.path, "must be an absolute path")


def _check_iscsi(path: str, source: Any, faults: Faults) -> None:
    for field, shown, value in (
        ("iqn", "iqn", source.iqn),
        ("initiatorName", "initiatorname", source.initiatorName),
    ):
        if (field == "iqn" and not value) or value is None:
            continue
        pattern = _INITIATORS.get(value[:3])
        if pattern is None:
            faults.invalid(f"{path}.{shown}", value, "must be valid format starting with iqn, eui, or naa")
        elif not pattern.match(value):
            faults.invalid(f"{path}.{shown}", value, "must be valid format")
    _check_lun(path, source.lun, faults)
    if (source.chapAuthDiscovery or source.chapAuthSession) and source.secretRef is None:
        faults.required(f"{path}.secretRef")


def _check_lun(path: str, lun: int | None, faults: Faults) -> None:
    if lun is not None and not 0 <= lun <= 255:
        faults.invalid(f"{path}.lun", lun, "must be between 0 and 255, inclusive")


def _check_fibre_channel(path: str, source: Any, faults: Faults) -> None:
    if not source.targetWWNs and not source.wwids:
        faults.required(f"{path}.targetWWNs", "must specify either targetWWNs or wwids, but not both")
    if source.targetWWNs and source.wwids:
        what = "targetWWNs and wwids can not be specified simultaneously"
        faults.invalid(f"{path}.targetWWNs", source.targetWWNs, what)
    if source.targetWWNs:
        if source.lun is None:
            faults.required(f"{path}.lun", "lun is required if targetWWNs is specified")
        _check_lun(path, source.lun, faults)


def _check_flocker(path: str, source: Any, faults: Faults) -> None:
    if not source.datasetName and not source.datasetUUID:
        faults.required(path, "one of datasetName and datasetUUID is required")
    if source.datasetName and source.datasetUUID:
        faults.invalid(path, "resource", "datasetName and datasetUUID can not be specified simultaneously")
    if "/" in (source.datasetName or ""):
        faults.invalid(f"{path}.datasetName", source.datasetName, "must not contain '/'")


def _check_quobyte(path: str, source: Any, faults: Faults) -> None:
    if not source.registry:
        faults.required(f"{path}.registry", _REGISTRY)
    elif len(source.tenant or "") >= 65:
        faults.required(f"{path}.tenant", "must be a UUID and may not exceed a length of 64 characters")
    else:
        for pair in source.registry.split(","):
            if not re.fullmatch(r"(\[[^\]]*\]|[^:\[\]]*):[^:\[\]]*", pair):
                faults.invalid(f"{path}.registry", source.registry, _REGISTRY)
    if not source.volume:
        faults.required(f"{path}.volume")


def _check_flex(path: str, source: Any, faults: Faults) -> None:
    for key in source.options or ():
        if f".{key.partition('/')[0].lower()}".endswith((".kubernetes.io", ".k8s.io")):
            what = "kubernetes.io and k8s.io namespaces are reserved"
            faults.invalid(f"{path}.options[{key}]", key, what)


def _check_azure_disk(path: str, source: Any, faults: Faults) -> None:
    for field, known in (
        ("cachingMode", ("None", "ReadOnly", "ReadWrite")),
        ("kind", ("Dedicated", "Managed", "Shared")),
    ):
        value = getattr(source, field)
        if value is not None and value not in known:
            faults.not_supported(f"{path}.{field}", value, known)
    if source.kind == "Managed" and not source.diskURI.startswith("/subscriptions/"):
        faults.not_supported(f"{path}.diskURI", source.diskURI, (_MANAGED,))
    elif source.kind not in (None, "Managed") and not source.diskURI.startswith("https://"):
        faults.not_supported(f"{path}.diskURI", source.diskURI, (_BLOB,))


def _check_azure_file(path: str, source: Any, faults: Faults) -> None:
    if getattr(source, "secretNamespace", None) == "":
        faults.required(f"{path}.secretNamespace")


def _check_glusterfs(path: str, source: Any, faults: Faults) -> None:
    namespace = getattr(source, "endpointsNamespace", None)
    if namespace == "":
        what = "if the endpointnamespace is set, it must be a valid namespace name"
        faults.invalid(f"{path}.endpointsNamespace", "", what)
    elif namespace is not None:
        faults.each(f"{path}.endpointsNamespace", namespace, names.dns_label(namespace))


def _check_storageos(path: str, source: Any, faults: Faults) -> None:
    for field in ("volumeName", "volumeNamespace"):
        if getattr(source, field):
            faults.each(f"{path}.{field}", getattr(source, field), names.dns_label(getattr(source, field)))
    _check_secret(path, source, faults)


def _check_secret(path: str, source: Any, faults: Faults) -> None:
    """A Secret that a pod names in its own namespace, and a persistent volume in any."""
    reference = source.secretRef
    for field in ("name", "namespace"):
        if reference is not None and getattr(reference, field, "no such field") in (None, ""):
            faults.required(f"{path}.secretRef.{field}")


def _check_csi(path: str, source: Any, faults: Faults) -> None:
    _check_driver(f"{path}.driver", source.driver, faults)
    if not hasattr(source, "volumeHandle"):
        reference = source.nodePublishSecretRef
        if reference is not None and not reference.name:
            faults.required(f"{path}.nodePublishSecretRef.name")
        elif reference is not None:
            faults.each(f"{path}.name", reference.name, names.dns_subdomain(reference.name))
        return
    if not source.volumeHandle:
        faults.required(f"{path}.volumeHandle")
    for field in _SECRETS:
        reference = getattr(source, field)
        for part, check in (("name", names.dns_subdomain), ("namespace", names.dns_label)):
            value = getattr(reference, part) if reference is not None else None
            if reference is not None and not value:
                faults.required(f"{path}.{field}.{part}")
            elif value:
                faults.each(f"{path}.{field}.{part}", value, check(value))


def _check_driver(path: str, driver: str, faults: Faults) -> None:
    if not driver:
        faults.required(path)
    if len(driver) > 63:
        faults.too_long(path, 63)
    faults.each(path, driver, names.dns_subdomain(driver.lower()))


_FURTHER: dict[str, Callable[[str, Any, Faults], None]] = {
    "awsElasticBlockStore": _check_partition,
    "azureDisk": _check_azure_disk,
    "azureFile": _check_azure_file,
    "cinder": _check_secret,
    "csi": _check_csi,
    "fc": _check_fibre_channel,
    "flexVolume": _check_flex,
    "flocker": _check_flocker,
    "gcePersistentDisk": _check_partition,
    "gitRepo": _check_git,
    "glusterfs": _check_glusterfs,
    "hostPath": _check_host_path,
    "iscsi": _check_iscsi,
    "local": _check_host_path,
    "nfs": _check_nfs,
    "quobyte": _check_quobyte,
    "storageos": _check_storageos,
}
