"""What the server adds to a new object, or why it may not come in: the part of Kubernetes' admission that applies.

Each rule reads what is stored now and changes the object in place; the order is Kubernetes'. The rules run after
defaults and before validation, so that what they add is checked like everything else.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from petset.api import objects, quantity
from petset.api.errors import Cause
from petset.api.kinds import Kind, by_model
from petset.api.models import core_v1, scheduling_v1, storage_v1
from petset.registry import api_access, refusals
from petset.registry.memo import Decoder
from petset.storage.port import Key, Store

DEFAULT_CLASS_ANNOTATION = "storageclass.kubernetes.io/is-default-class"
_OLDER_DEFAULT_CLASS_ANNOTATION = "storageclass.beta.kubernetes.io/is-default-class"
_OLDER_CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class"

NAMESPACES = by_model(core_v1.Namespace)
_STORAGE_CLASSES = by_model(storage_v1.StorageClass)
_SERVICE_ACCOUNTS = by_model(core_v1.ServiceAccount)
_PRIORITY_CLASSES = by_model(scheduling_v1.PriorityClass)
_SYSTEM_PRIORITIES = {"system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000}
_PATIENCE_SECONDS = 300
_TROUBLES = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
_PROTECTION: Mapping[type, str] = {
    core_v1.PersistentVolumeClaim: "kubernetes.io/pvc-protection",
    core_v1.PersistentVolume: "kubernetes.io/pv-protection",
}


class Admission:
    """The rules, over the store that they look things up in."""

    def __init__(self, store: Store, decoder: Decoder) -> None:
        self._store = store
        self._decoder = decoder

    def admit(self, kind: Kind, namespace: str, obj: Any) -> None:
        """Complete a new object. Raises NotFound or Forbidden where it may not come in."""
        if kind.namespaced:
            self._require_open_namespace(kind, namespace, objects.name_of(obj))
        if kind.model is core_v1.Pod:
            self._complete_pod(kind, namespace, obj)
        elif kind.model is core_v1.PersistentVolumeClaim:
            self._choose_storage_class(obj)
        _protect(kind, obj)

    def admit_update(self, kind: Kind, new: Any, old: Any) -> None:
        """Raises Forbidden where the change from `old` to `new` needs what is not there."""
        if kind.model is core_v1.PersistentVolumeClaim and _storage_of(new) > _storage_of(old):
            self._require_growing_class(kind, new)

    def _require_growing_class(self, kind: Kind, claim: core_v1.PersistentVolumeClaim) -> None:
        name = claim.spec.storageClassName if claim.spec else None
        record = self._store.get(Key(_STORAGE_CLASSES.store_key, "", name or ""))
        if record is None or not self._decoder.decode(_STORAGE_CLASSES, record).allowVolumeExpansion:
            why = (
                "only dynamically provisioned pvc can be resized and "
                "the storageclass that provisions the pvc must support resize"
            )
            raise refusals.forbidden(kind, objects.name_of(claim), why)

    def _require_open_namespace(self, kind: Kind, namespace: str, name: str) -> None:
        record = self._store.get(Key(NAMESPACES.store_key, "", namespace))
        if record is None:
            raise refusals.not_found(NAMESPACES, namespace)
        status = self._decoder.decode(NAMESPACES, record).status
        if status is not None and status.phase == "Terminating":
            cause = Cause(
                "NamespaceTerminating", f"namespace {namespace} is being terminated", "metadata.namespace"
            )
            why = f"unable to create new content in namespace {namespace} because it is being terminated"
            raise refusals.forbidden(kind, name, why, (cause,))

    def _complete_pod(self, kind: Kind, namespace: str, pod: core_v1.Pod) -> None:
        assert pod.spec is not None
        account = self._choose_account(kind, namespace, pod)
        if api_access.wants_token(pod, account):
            api_access.mount_token(pod)
        self._set_priority(kind, pod)
        pod.spec.tolerations = _with_patience(pod.spec.tolerations or [])

    def _set_priority(self, kind: Kind, pod: core_v1.Pod) -> None:
        """The number of the class that the pod names, or else of the class that is for all others."""
        spec = pod.spec
        assert spec is not None
        named = spec.priorityClassName
        if named in _SYSTEM_PRIORITIES:
            spec.priority = _SYSTEM_PRIORITIES[named]
        else:
            found = self._priority_class(named)
            if named and found is None:
                why = f"no PriorityClass with name {named} was found"
                raise refusals.forbidden(kind, objects.name_of(pod), why)
            spec.priority = (found.value if found else None) or 0
            if found is not None:
                spec.priorityClassName = objects.name_of(found)
                spec.preemptionPolicy = spec.preemptionPolicy or found.preemptionPolicy
        spec.preemptionPolicy = spec.preemptionPolicy or "PreemptLowerPriority"

    def _priority_class(self, name: str | None) -> scheduling_v1.PriorityClass | None:
        if name:
            record = self._store.get(Key(_PRIORITY_CLASSES.store_key, "", name))
            return None if record is None else self._decoder.decode(_PRIORITY_CLASSES, record)
        records = self._store.list(_PRIORITY_CLASSES.store_key).records
        classes = (self._decoder.decode(_PRIORITY_CLASSES, record) for record in records)
        return min((c for c in classes if c.globalDefault), key=lambda c: c.value or 0, default=None)

    def _choose_account(self, kind: Kind, namespace: str, pod: core_v1.Pod) -> core_v1.ServiceAccount | None:
        """The account that the pod acts as; None for one that is about to be made."""
        spec = pod.spec
        assert spec is not None
        name = spec.serviceAccount = spec.serviceAccountName = spec.serviceAccountName or "default"
        record = self._store.get(Key(_SERVICE_ACCOUNTS.store_key, namespace, name))
        if record is not None:
            account: core_v1.ServiceAccount = self._decoder.decode(_SERVICE_ACCOUNTS, record)
            spec.imagePullSecrets = spec.imagePullSecrets or objects.copy(account.imagePullSecrets)
            return account
        if name != "default":  # that one is made with the namespace; a pod need not wait to see it
            why = f'error looking up service account {namespace}/{name}: serviceaccount "{name}" not found'
            raise refusals.forbidden(kind, objects.name_of(pod), why)
        return None

    def _choose_storage_class(self, claim: core_v1.PersistentVolumeClaim) -> None:
        spec = claim.spec
        annotations = objects.meta(claim).annotations or {}
        if spec is None or spec.storageClassName is not None or _OLDER_CLASS_ANNOTATION in annotations:
            return
        records = self._store.list(_STORAGE_CLASSES.store_key).records
        classes = (self._decoder.decode(_STORAGE_CLASSES, record) for record in records)
        defaults = [c for c in classes if _is_default(c)]
        if defaults:
            # Of several the youngest wins; of several as young, the first by name.
            youngest = max(_age_key(c) for c in defaults)
            names = (objects.name_of(c) for c in defaults if _age_key(c) == youngest)
            spec.storageClassName = min(names)


def _storage_of(claim: core_v1.PersistentVolumeClaim) -> int:
    """The bytes that the claim asks for."""
    resources = claim.spec.resources if claim.spec else None
    requests = (resources.requests if resources else None) or {}
    return quantity.to_bytes(requests.get("storage", "0"))


def _age_key(storage_class: storage_v1.StorageClass) -> datetime:
    created = objects.meta(storage_class).creationTimestamp
    assert created is not None, "a stored object has a creation time"
    return created


def _is_default(storage_class: storage_v1.StorageClass) -> bool:
    annotations = objects.meta(storage_class).annotations or {}
    return "true" in (
        annotations.get(DEFAULT_CLASS_ANNOTATION),
        annotations.get(_OLDER_DEFAULT_CLASS_ANNOTATION),
    )


def _with_patience(tolerations: list[core_v1.Toleration]) -> list[core_v1.Toleration]:
    """Let the pod stay five minutes on a node in trouble, unless it says itself how long it stays."""
    return tolerations + [
        core_v1.Toleration(key=trouble, operator="Exists", effect="NoExecute", tolerationSeconds=_PATIENCE_SECONDS)
        for trouble in _TROUBLES
        if not any(t.key in (trouble, None, "") and t.effect in ("NoExecute", None, "") for t in tolerations)
    ]


def _protect(kind: Kind, obj: Any) -> None:
    """A volume or claim in use outlives its deletion: a controller lets it go when nobody uses it any more."""
    finalizer = _PROTECTION.get(kind.model)
    if finalizer is None:
        return
    metadata = objects.meta(obj)
    if finalizer not in (metadata.finalizers or ()):
        metadata.finalizers = [*(metadata.finalizers or ()), finalizer]
