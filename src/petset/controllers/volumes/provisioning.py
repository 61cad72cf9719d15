"""What a volume of our own looks like: a directory for one claim, named so that a person finds it."""

from petset.api import volumes
from petset.api.models import core_v1, meta_v1
from petset.api.objects import name_of, namespace_of, uid_of
from petset.api.volumes import annotation
from petset.controllers.volumes.model import PROVISIONER, VOLUME_PROTECTION, ClaimSnapshot


def is_ours(volume: core_v1.PersistentVolume) -> bool:
    """Whether we have made this volume, and may change and remove it."""
    return annotation(volume, volumes.PROVISIONED_BY) == PROVISIONER


def new_volume(snapshot: ClaimSnapshot) -> core_v1.PersistentVolume:
    """The volume for a claim that has none, born reserved for it."""
    claim, storage_class = snapshot.claim, snapshot.storage_class
    assert claim.spec and storage_class
    return core_v1.PersistentVolume(
        apiVersion="v1",
        kind="PersistentVolume",
        metadata=meta_v1.ObjectMeta(
            name=f"pvc-{uid_of(claim)}",
            annotations={volumes.PROVISIONED_BY: PROVISIONER},
            finalizers=[VOLUME_PROTECTION],
        ),
        spec=core_v1.PersistentVolumeSpec(
            accessModes=claim.spec.accessModes,
            capacity={"storage": size_of(claim)},
            claimRef=reference_to(claim),
            hostPath=core_v1.HostPathVolumeSource(path=_path(snapshot.root, claim), type="DirectoryOrCreate"),
            mountOptions=storage_class.mountOptions,
            persistentVolumeReclaimPolicy=storage_class.reclaimPolicy or "Delete",
            storageClassName=name_of(storage_class),
            volumeMode="Filesystem",
        ),
    )


def _path(root: str, claim: core_v1.PersistentVolumeClaim) -> str:
    """Readable for a person; the uid's start keeps a later claim of the same name out of the old data."""
    return f"{root}/{namespace_of(claim)}_{name_of(claim)}_{uid_of(claim)[:8]}"


def provisioner_marks(provisioner: str) -> dict[str, str]:
    """The annotations that say who makes a claim's volume, in the new and in the old spelling."""
    return {volumes.STORAGE_PROVISIONER: provisioner, volumes.STORAGE_PROVISIONER_BETA: provisioner}


def reference_to(claim: core_v1.PersistentVolumeClaim) -> core_v1.ObjectReference:
    """A volume's half of its binding to the claim, uid included."""
    return core_v1.ObjectReference(
        apiVersion="v1",
        kind="PersistentVolumeClaim",
        name=name_of(claim),
        namespace=namespace_of(claim),
        uid=uid_of(claim),
    )


def size_of(claim: core_v1.PersistentVolumeClaim) -> str:
    """What the claim asks for, as it was written."""
    assert claim.spec and claim.spec.resources
    size: str = (claim.spec.resources.requests or {}).get("storage", "0")
    return size
