"""What the server adds to a new object, or why it may not come in: the part of Kubernetes' admission that applies.

Each rule reads what is stored now and changes the object in place; the order is Kubernetes'. The rules run after
defaults and before validation, so that what they add is checked like everything else; only the bounds of limit
ranges are looked at last.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from petset.api import limits, objects, quantity
from petset.api.errors import Cause
from petset.api.kinds import Kind, by_model
from petset.api.models import certificates_v1, core_v1, networking_v1, scheduling_v1
from petset.registry import api_access, binding, custom, pod_security, refusals, signing_requests
from petset.registry.default_classes import DefaultClasses
from petset.registry.following import Kept
from petset.registry.memo import Decoder
from petset.registry.node_restriction import MIRROR, names_of
from petset.registry.parts import RESIZE
from petset.registry.priorities import Priorities
from petset.registry.runtime_classes import RuntimeClasses
from petset.storage.port import Key, Store

NAMESPACES = by_model(core_v1.Namespace)
_SERVICE_ACCOUNTS = by_model(core_v1.ServiceAccount)
_PATIENCE_SECONDS = 300
_TROUBLES = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
_PROTECTION: Mapping[type, str] = {
    core_v1.PersistentVolumeClaim: "kubernetes.io/pvc-protection",
    core_v1.PersistentVolume: "kubernetes.io/pv-protection",
}
_BOUNDED: Mapping[type, Callable[[Any, core_v1.LimitRange], list[str]]] = {
    core_v1.Pod: limits.pod_faults,
    core_v1.PersistentVolumeClaim: limits.claim_faults,
}


class Admission:
    """The rules, over the store that they look things up in."""

    def __init__(self, store: Store, decoder: Decoder) -> None:
        self._store = store
        self._decoder = decoder
        self._limits = Kept(store, decoder, core_v1.LimitRange)
        self._classes = DefaultClasses(store, decoder)
        self._priorities = Priorities(store, decoder)
        self._runtime_classes = RuntimeClasses(store, decoder)

    def admit(self, kind: Kind, namespace: str, obj: Any) -> None:
        """Complete a new object. Raises NotFound, Forbidden or MethodNotAllowed where it may not come in."""
        custom.require_open(kind)
        if kind.namespaced:
            self._require_open_namespace(kind, namespace, objects.name_of(obj))
        if kind.model is core_v1.Pod:
            self._complete_pod(kind, namespace, obj)
        elif kind.model is core_v1.PersistentVolumeClaim:
            self._classes.choose_storage(obj)
        elif kind.model is networking_v1.Ingress:
            self._classes.choose_ingress(obj)
        elif kind.model is scheduling_v1.PriorityClass:
            self._priorities.check_default(kind, obj)
        _protect(kind, obj)

    def admit_update(self, kind: Kind, new: Any, old: Any) -> None:
        """Raises Forbidden where the change from `old` to `new` needs what is not there."""
        if kind.model is core_v1.PersistentVolumeClaim and _storage_of(new) > _storage_of(old):
            self._require_growing_class(kind, new)
        elif kind.model is scheduling_v1.PriorityClass:
            self._priorities.check_default(kind, new)

    def check(self, kind: Kind, new: Any, old: Any, warnings: list[str], subresource: str = "") -> None:
        """Raises Forbidden where an object that is complete and valid is outside the bounds of its namespace, or
        asks for what nobody may have. Raises Invalid for what only a library can read.

        `old` is None for a new object; `warnings` are for who sent it.
        """
        if kind.model is certificates_v1.CertificateSigningRequest and old is None:
            signing_requests.check_inside(kind, new)
        pod_security.check(self._store, kind, new, old, warnings)
        faults_of = _BOUNDED.get(kind.model)
        if faults_of is None or (old is not None and kind.model is core_v1.Pod and subresource != RESIZE):
            return  # a pod keeps what it was let in with, unless it asks for something else
        for limit_range in self._limits.in_namespace(objects.namespace_of(new)):
            faults = faults_of(new, limit_range)
            if faults:
                raise refusals.forbidden(kind, objects.name_of(new), limits.summary(faults))

    def _require_growing_class(self, kind: Kind, claim: core_v1.PersistentVolumeClaim) -> None:
        storage_class = self._classes.storage_class((claim.spec.storageClassName if claim.spec else None) or "")
        if storage_class is None or not storage_class.allowVolumeExpansion:
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
        limits.complete_pod(pod, self._limits.in_namespace(namespace))
        if MIRROR in (objects.meta(pod).annotations or {}):
            _check_mirror(kind, pod)
        else:
            account = self._choose_account(kind, namespace, pod)
            if api_access.wants_token(pod, account):
                api_access.mount_token(pod)
        self._priorities.give(kind, pod)
        self._runtime_classes.admit(kind, pod)
        if pod.spec.nodeName:
            binding.told_place(objects.meta(pod), binding.place_of(self._store, pod.spec.nodeName))
        pod.spec.tolerations = _with_patience(pod.spec.tolerations or [])

    def _choose_account(self, kind: Kind, namespace: str, pod: core_v1.Pod) -> core_v1.ServiceAccount | None:
        """The account that the pod acts as; None for one that is about to be made."""
        spec = pod.spec
        assert spec is not None
        name = spec.serviceAccount = spec.serviceAccountName = spec.serviceAccountName or "default"
        record = self._store.get(Key(_SERVICE_ACCOUNTS.store_key, namespace, name))
        if record is not None:
            account: core_v1.ServiceAccount = self._decoder.decode(_SERVICE_ACCOUNTS, record)
            if account.imagePullSecrets and not spec.imagePullSecrets:
                spec.imagePullSecrets = objects.copy(account.imagePullSecrets)
            return account
        if name != "default":  # that one is made with the namespace; a pod need not wait to see it
            why = f'error looking up service account {namespace}/{name}: serviceaccount "{name}" not found'
            raise refusals.forbidden(kind, objects.name_of(pod), why)
        return None


def _check_mirror(kind: Kind, pod: core_v1.Pod) -> None:
    """A pod that only shows what a node runs on its own acts as nobody. Raises Forbidden."""
    if pod.spec is not None and pod.spec.serviceAccountName:
        why = "a mirror pod may not reference service accounts"
    elif "secrets" in names_of(pod):
        why = "a mirror pod may not reference secrets"
    else:
        return
    raise refusals.forbidden(kind, objects.name_of(pod), why)


def _storage_of(claim: core_v1.PersistentVolumeClaim) -> int:
    """The bytes that the claim asks for."""
    resources = claim.spec.resources if claim.spec else None
    requests = (resources.requests if resources else None) or {}
    return quantity.to_bytes(requests.get("storage", "0"))


def _with_patience(tolerations: list[core_v1.Toleration]) -> list[core_v1.Toleration]:
    """Let the pod stay five minutes on a node in trouble, unless it says itself how long it stays."""
    if not tolerations:
        return list(_patience())  # which all pods share
    return tolerations + [
        patience
        for patience in _patience()
        if not any(t.key in (patience.key, None, "") and t.effect in ("NoExecute", None, "") for t in tolerations)
    ]


@cache
def _patience() -> tuple[core_v1.Toleration, ...]:
    return tuple(
        core_v1.Toleration(key=trouble, operator="Exists", effect="NoExecute", tolerationSeconds=_PATIENCE_SECONDS)
        for trouble in _TROUBLES
    )


def _protect(kind: Kind, obj: Any) -> None:
    """A volume or claim in use outlives its deletion: a controller lets it go when nobody uses it any more."""
    finalizer = _PROTECTION.get(kind.model)
    if finalizer is None:
        return
    metadata = objects.meta(obj)
    if finalizer not in (metadata.finalizers or ()):
        metadata.finalizers = [*(metadata.finalizers or ()), finalizer]
