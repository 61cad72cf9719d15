"""Defaults of what storage drivers say of themselves."""

from petset.api.models import storage_v1


def default_csi_driver(driver: storage_v1.CSIDriver) -> None:
    """A driver needs attaching, and is for volumes that outlive pods."""
    spec = driver.spec
    spec.attachRequired = True if spec.attachRequired is None else spec.attachRequired
    for name in ("podInfoOnMount", "storageCapacity", "requiresRepublish", "seLinuxMount"):
        setattr(spec, name, bool(getattr(spec, name)))
    spec.fsGroupPolicy = spec.fsGroupPolicy or "ReadWriteOnceWithFSType"
    spec.volumeLifecycleModes = spec.volumeLifecycleModes or ["Persistent"]
