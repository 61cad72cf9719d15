"""Claims and volumes: the annotations that say how far a binding has come, and which volume suits which claim.

A binding has two halves: the volume's `claimRef` and the claim's `volumeName`. The volume's half comes first
and is the one that decides, because writing it is a compare-and-swap on one object: two claims can never both
win it.
"""

from collections.abc import Iterable

from petset.api import affinity, quantity
from petset.api.models import core_v1, storage_v1
from petset.api.objects import Object, is_terminating, meta, name_of, namespace_of, uid_of
from petset.api.selectors import Selector

BIND_COMPLETED = "pv.kubernetes.io/bind-completed"
BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller"
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
SELECTED_NODE = "volume.kubernetes.io/selected-node"
STORAGE_PROVISIONER = "volume.kubernetes.io/storage-provisioner"
STORAGE_PROVISIONER_BETA = "volume.beta.kubernetes.io/storage-provisioner"
IS_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
NO_PROVISIONER = "kubernetes.io/no-provisioner"


def annotation(obj: Object, key: str) -> str:
    """An annotation's value, empty where it is not set."""
    value: str = (meta(obj).annotations or {}).get(key, "")
    return value


def is_default_class(storage_class: storage_v1.StorageClass) -> bool:
    """Whether claims that name no class get this one."""
    return annotation(storage_class, IS_DEFAULT_CLASS) == "true"


def waits_for_consumer(storage_class: storage_v1.StorageClass | None) -> bool:
    """Whether claims of this class stay unbound until a pod that uses them has a node."""
    return storage_class is not None and storage_class.volumeBindingMode == "WaitForFirstConsumer"


def is_fully_bound(claim: core_v1.PersistentVolumeClaim) -> bool:
    """Both halves of the binding are written, and a pod may use the claim."""
    return bool(claim.spec and claim.spec.volumeName) and bool(annotation(claim, BIND_COMPLETED))


def requested(claim: core_v1.PersistentVolumeClaim) -> quantity.Quantity:
    """The storage that the claim asks for."""
    resources = claim.spec.resources if claim.spec else None
    return quantity.parse(((resources.requests if resources else None) or {}).get("storage", "0"))


def capacity(volume: core_v1.PersistentVolume) -> quantity.Quantity:
    """The storage that the volume offers."""
    return quantity.parse(((volume.spec.capacity if volume.spec else None) or {}).get("storage", "0"))


def reserves(volume: core_v1.PersistentVolume, claim: core_v1.PersistentVolumeClaim) -> bool:
    """Whether the volume's half of the binding names this claim; without a uid it names whoever has the name."""
    reference = volume.spec.claimRef if volume.spec else None
    if reference is None or (reference.namespace, reference.name) != (namespace_of(claim), name_of(claim)):
        return False
    return not reference.uid or reference.uid == uid_of(claim)


def mismatch(volume: core_v1.PersistentVolume, claim: core_v1.PersistentVolumeClaim) -> str:
    """Why the volume cannot serve the claim, in Kubernetes' words; empty where it can."""
    assert volume.spec and claim.spec
    if capacity(volume) < requested(claim):
        return "requested PV is too small"
    if (volume.spec.storageClassName or "") != (claim.spec.storageClassName or ""):
        return "storageClassName does not match"
    if (volume.spec.volumeMode or "Filesystem") != (claim.spec.volumeMode or "Filesystem"):
        return "incompatible volumeMode"
    if not set(claim.spec.accessModes or ()) <= set(volume.spec.accessModes or ()):
        return "incompatible accessMode"
    return ""


def is_free(volume: core_v1.PersistentVolume) -> bool:
    """Whether no claim has the volume or may still want it back."""
    healthy = not volume.status or volume.status.phase != "Failed"
    return healthy and not is_terminating(volume) and bool(volume.spec and volume.spec.claimRef is None)


def is_on_offer(volume: core_v1.PersistentVolume, claim: core_v1.PersistentVolumeClaim) -> bool:
    """Whether nobody has the volume, the claim's own selector likes it, and nothing else speaks against it."""
    assert claim.spec
    liked = claim.spec.selector is None or Selector.from_struct(claim.spec.selector).matches(meta(volume).labels)
    return is_free(volume) and liked and not mismatch(volume, claim)


def is_reachable(volume: core_v1.PersistentVolume, node: core_v1.Node) -> bool:
    """Whether a pod on this node could mount the volume, by the volume's node affinity."""
    bounds = volume.spec.nodeAffinity if volume.spec else None
    return bounds is None or bounds.required is None or affinity.selects(bounds.required, node)


def best_match(
    claim: core_v1.PersistentVolumeClaim,
    volumes: Iterable[core_v1.PersistentVolume],
    node: core_v1.Node | None = None,
) -> core_v1.PersistentVolume | None:
    """The smallest volume on offer that suits the claim (and the node, where one is given); ties go by name."""
    suitable = [v for v in volumes if is_on_offer(v, claim) and (node is None or is_reachable(v, node))]
    return min(suitable, key=lambda v: (capacity(v), name_of(v)), default=None)


def claim_names(pod: core_v1.Pod) -> list[str]:
    """The names of the claims that a pod mounts."""
    mounted = [v.persistentVolumeClaim for v in (pod.spec.volumes if pod.spec else None) or ()]
    return [source.claimName for source in mounted if source]


def claims_of_pod(pod: core_v1.Pod) -> list[str]:
    """Index of pods: the claims that each mounts, as `namespace/name`."""
    return [f"{namespace_of(pod)}/{name}" for name in claim_names(pod)]


def claim_of_volume(volume: core_v1.PersistentVolume) -> list[str]:
    """Index of volumes: the claim that each is reserved for, as `namespace/name`."""
    reference = volume.spec.claimRef if volume.spec else None
    return [f"{reference.namespace}/{reference.name}"] if reference else []


def class_on_offer(volume: core_v1.PersistentVolume) -> list[str]:
    """Index of volumes: the class, of those that no claim has."""
    return [(volume.spec.storageClassName if volume.spec else None) or ""] if is_free(volume) else []
