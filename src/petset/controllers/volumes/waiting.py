"""Why a claim has no volume yet, in the words that people know from Kubernetes, and what to do about it."""

from petset.api.objects import name_of
from petset.controllers.volumes.model import ClaimSnapshot, Waiting


def no_class(name: str | None) -> Waiting:
    """The claim names a class that does not exist, or none where there is no default."""
    if name:
        message = f'storageclass.storage.k8s.io "{name}" not found'
        return Waiting(message, f"create StorageClass {name}", "Warning", "ProvisioningFailed")
    return no_volume()


def no_volume() -> Waiting:
    """Nothing fits, and nobody makes what would."""
    message = "no persistent volumes available for this claim and no storage class is set"
    remedy = "create a matching PersistentVolume, or set a StorageClass that provisions"
    return Waiting(message, remedy, "Normal", "FailedBinding")


def no_consumer(snapshot: ClaimSnapshot) -> Waiting:
    """The class waits until a pod that uses the claim has a node."""
    unscheduled = [name_of(p) for p in snapshot.users if p.spec and not p.spec.nodeName]
    if unscheduled:
        message = f"waiting for pod {min(unscheduled)} to be scheduled"
        return Waiting(message, f"see why pod {min(unscheduled)} has no node", "Normal", "WaitForPodScheduled")
    message = "waiting for first consumer to be created before binding"
    return Waiting(message, "create a pod that uses the claim", "Normal", "WaitForFirstConsumer")
