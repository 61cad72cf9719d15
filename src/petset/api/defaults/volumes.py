"""Defaults of a pod's volumes and of the sources that persistent volumes share with them."""

from petset.api.models import core_v1
from petset.api.objects import given

FILE_MODE = 0o644
_sources_of = given(*(name for name in core_v1.Volume.__struct_fields__ if name != "name"))


def default_volume_source(volume: core_v1.Volume) -> None:
    """One volume of a pod: a volume that names no source is an empty directory."""
    if not _sources_of(volume):
        volume.emptyDir = core_v1.EmptyDirVolumeSource()
        return
    _default_files(volume)
    default_backend(volume)
    if volume.image is not None and not volume.image.pullPolicy:
        # Looked up late: pods import this module.
        from petset.api.defaults.pods import pull_policy

        volume.image.pullPolicy = pull_policy(volume.image.reference or "")
    if volume.ephemeral is not None and volume.ephemeral.volumeClaimTemplate is not None:
        spec = volume.ephemeral.volumeClaimTemplate.spec
        spec.volumeMode = spec.volumeMode or "Filesystem"


def _default_files(volume: core_v1.Volume) -> None:
    """Volumes made of files that the API holds."""
    for source in (volume.configMap, volume.secret, volume.downwardAPI, volume.projected):
        if source is not None and source.defaultMode is None:
            source.defaultMode = FILE_MODE
    if volume.downwardAPI is not None:
        _default_items(volume.downwardAPI.items)
    for part in (volume.projected.sources if volume.projected else None) or ():
        if part.downwardAPI is not None:
            _default_items(part.downwardAPI.items)
        if part.serviceAccountToken is not None and part.serviceAccountToken.expirationSeconds is None:
            part.serviceAccountToken.expirationSeconds = 3600
        if part.podCertificate is not None and part.podCertificate.maxExpirationSeconds is None:
            part.podCertificate.maxExpirationSeconds = 24 * 3600


def _default_items(items: list[core_v1.DownwardAPIVolumeFile] | None) -> None:
    for item in items or ():
        if item.fieldRef is not None:
            item.fieldRef.apiVersion = item.fieldRef.apiVersion or "v1"


def default_backend(source: core_v1.Volume | core_v1.PersistentVolumeSpec) -> None:
    """Volumes on a host or on storage elsewhere."""
    if source.hostPath is not None and source.hostPath.type is None:
        source.hostPath.type = ""
    if source.iscsi is not None:
        source.iscsi.iscsiInterface = source.iscsi.iscsiInterface or "default"
    if source.rbd is not None:
        source.rbd.pool = source.rbd.pool or "rbd"
        source.rbd.user = source.rbd.user or "admin"
        source.rbd.keyring = source.rbd.keyring or "/etc/ceph/keyring"
    if source.scaleIO is not None:
        source.scaleIO.storageMode = source.scaleIO.storageMode or "ThinProvisioned"
        source.scaleIO.fsType = source.scaleIO.fsType or "xfs"
    disk = source.azureDisk
    if disk is not None:
        disk.cachingMode = "ReadWrite" if disk.cachingMode is None else disk.cachingMode
        disk.kind = "Shared" if disk.kind is None else disk.kind
        disk.fsType = "ext4" if disk.fsType is None else disk.fsType
        disk.readOnly = bool(disk.readOnly)
