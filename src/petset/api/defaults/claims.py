"""Defaults of persistent volumes and of claims, on their own or as a StatefulSet's templates."""

from petset.api.defaults.volumes import default_backend
from petset.api.models import core_v1


def default_claim(claim: core_v1.PersistentVolumeClaim) -> None:
    """A claim; its two ways to name a data source agree."""
    default_claim_template(claim)
    spec = claim.spec
    assert spec is not None, "stored form has a spec"
    source, reference = spec.dataSource, spec.dataSourceRef
    if source is not None and reference is None:
        spec.dataSourceRef = core_v1.TypedObjectReference(
            kind=source.kind, name=source.name, apiGroup=source.apiGroup
        )
    elif source is None and reference is not None and not reference.namespace:
        spec.dataSource = core_v1.TypedLocalObjectReference(
            kind=reference.kind, name=reference.name, apiGroup=reference.apiGroup
        )


def default_claim_template(claim: core_v1.PersistentVolumeClaim) -> None:
    """What a claim and a claim template share (rule 7)."""
    assert claim.spec is not None and claim.status is not None, "stored form has spec and status"
    claim.spec.volumeMode = claim.spec.volumeMode or "Filesystem"
    claim.status.phase = claim.status.phase or "Pending"


def default_volume(volume: core_v1.PersistentVolume) -> None:
    """A persistent volume made by hand is kept when it is released; provisioners say Delete themselves."""
    spec, status = volume.spec, volume.status
    assert spec is not None and status is not None, "stored form has spec and status"
    status.phase = status.phase or "Pending"
    spec.persistentVolumeReclaimPolicy = spec.persistentVolumeReclaimPolicy or "Retain"
    spec.volumeMode = spec.volumeMode or "Filesystem"
    default_backend(spec)
