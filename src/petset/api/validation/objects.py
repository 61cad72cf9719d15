"""The smaller kinds: ConfigMaps, Secrets, Nodes, Namespaces, Leases, Events."""

from base64 import b64decode
from typing import Any

from petset.api import names
from petset.api.models import coordination_v1, core_v1
from petset.api.objects import meta
from petset.api.validation.fields import Faults
from petset.api.validation.placement import EFFECTS

LARGEST_BYTES = 1024 * 1024
_TLS = "kubernetes.io/tls"
_TOKEN, _ACCOUNT = "kubernetes.io/service-account-token", "kubernetes.io/service-account.name"
_NEEDED_KEYS = {
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    _TLS: ("tls.crt", "tls.key"),
}
_ELSEWHERE = "does not match event.namespace"
_LONGEST_WORD_BYTES = 128
_LONGEST_NOTE_BYTES = 1024


def check_config_map(config_map: core_v1.ConfigMap, faults: Faults) -> None:
    """Keys are file names; a key stands in one half only; there is a limit for all."""
    data, binary = config_map.data or {}, config_map.binaryData or {}
    size_bytes = 0
    for key, text in data.items():
        faults.each(f"data[{key}]", key, names.config_key(key))
        if key in binary:
            faults.invalid(f"data[{key}]", key, "duplicate of key present in binaryData")
        size_bytes += len(text.encode())
    for key, encoded in binary.items():
        faults.each(f"binaryData[{key}]", key, names.config_key(key))
        size_bytes += len(b64decode(encoded))
    if size_bytes > LARGEST_BYTES:
        faults.too_long("", LARGEST_BYTES)


def check_config_map_update(new: core_v1.ConfigMap, old: core_v1.ConfigMap, faults: Faults) -> None:
    """An immutable one stays as it is."""
    _check_immutable(new, old, ("data", "binaryData"), faults)
    check_config_map(new, faults)


def check_secret(secret: core_v1.Secret, faults: Faults) -> None:
    """Keys are file names; some types must have certain keys; there is a limit for all."""
    data = secret.data or {}
    size_bytes = 0
    for key, encoded in data.items():
        faults.each(f"data[{key}]", key, names.config_key(key))
        size_bytes += len(b64decode(encoded))
    if size_bytes > LARGEST_BYTES:
        faults.too_long("data", LARGEST_BYTES)
    if secret.type == _TOKEN and not (meta(secret).annotations or {}).get(_ACCOUNT):
        faults.required(f"metadata.annotations[{_ACCOUNT}]")
    for key in _NEEDED_KEYS.get(secret.type or "", ()):
        if key not in data:
            faults.required(f"data[{key}]")


def check_secret_update(new: core_v1.Secret, old: core_v1.Secret, faults: Faults) -> None:
    """A Secret keeps its type; an immutable one stays as it is."""
    faults.unchanged("type", new.type, old.type)
    _check_immutable(new, old, ("data",), faults)
    check_secret(new, faults)


def _check_immutable(new: Any, old: Any, fields: tuple[str, ...], faults: Faults) -> None:
    if not old.immutable:
        return
    for name in ("immutable", *fields):
        if getattr(new, name) != getattr(old, name):
            faults.forbidden(name, "field is immutable when `immutable` is set")


def check_namespace(namespace: core_v1.Namespace, faults: Faults) -> None:
    """Who must let go of a Namespace before it goes, and labels that say how secure its pods must be."""
    labels = (namespace.metadata.labels if namespace.metadata else None) or {}
    if any(key.startswith("pod-security.kubernetes.io/") for key in labels):
        from petset.api.pod_security.levels import faults_of_labels  # few namespaces have them

        for key, value, detail in faults_of_labels(labels):
            faults.invalid(f"metadata.labels[{key}]", value, detail)
    for finalizer in (namespace.spec.finalizers if namespace.spec else None) or ():
        faults.each("spec.finalizers", finalizer, names.qualified_name(finalizer))
        if "/" not in finalizer and finalizer != "kubernetes":
            faults.invalid(
                "spec.finalizers",
                finalizer,
                "name is neither a standard finalizer name nor is it fully qualified",
            )


def check_node(node: core_v1.Node, faults: Faults) -> None:
    """A node's taints."""
    seen: set[tuple[str, str]] = set()
    for index, taint in enumerate((node.spec.taints if node.spec else None) or ()):
        here = f"spec.taints[{index}]"
        faults.each(f"{here}.key", taint.key, names.qualified_name(taint.key))
        faults.each(f"{here}.value", taint.value or "", names.label_value(taint.value or ""))
        if not taint.effect:
            faults.required(f"{here}.effect")
        elif taint.effect not in EFFECTS:
            faults.not_supported(f"{here}.effect", taint.effect, EFFECTS)
        if (taint.key, taint.effect) in seen:
            faults.duplicate(here, taint)
        seen.add((taint.key, taint.effect))


def check_node_update(new: core_v1.Node, old: core_v1.Node, faults: Faults) -> None:
    """What identifies a machine is set once."""
    check_node(new, faults)
    for name in ("podCIDR", "providerID"):
        before, after = (getattr(each.spec, name) if each.spec else None for each in (old, new))
        if before and after != before:
            faults.forbidden(f"spec.{name}", "node updates may not change this field once it is set")


def check_lease(lease: coordination_v1.Lease, faults: Faults) -> None:
    """A lease's numbers."""
    spec = lease.spec
    if spec is None:
        return
    if spec.leaseDurationSeconds is not None and spec.leaseDurationSeconds <= 0:
        faults.invalid("spec.leaseDurationSeconds", spec.leaseDurationSeconds, "must be greater than 0")
    faults.at_least_zero("spec.leaseTransitions", spec.leaseTransitions)
    if spec.holderIdentity == "":
        faults.invalid("spec.holderIdentity", "", "must not be empty")


def check_event(event: core_v1.Event, faults: Faults) -> None:
    """An old event lives where what it is about does; one with a time of its own says who tells of what."""
    about, place = event.involvedObject.namespace, event.metadata.namespace
    if event.eventTime is None:
        if about and about != place:
            faults.invalid("involvedObject.namespace", about, _ELSEWHERE)
        if not about and place not in (None, "", "default"):
            faults.invalid("involvedObject.namespace", "", _ELSEWHERE)
        return
    if not about and place not in ("default", "kube-system"):
        faults.invalid("involvedObject.namespace", "", _ELSEWHERE)
    reporter = event.reportingComponent or ""
    if not reporter:
        faults.required("reportingComponent")
    faults.each("reportingComponent", reporter, names.qualified_name(reporter))
    for name in ("reportingInstance", "action", "reason"):
        value = getattr(event, name)
        if not value:
            faults.required(name)
        elif len(value.encode()) > _LONGEST_WORD_BYTES:
            faults.invalid(name, "", f"can have at most {_LONGEST_WORD_BYTES} characters")
    if len((event.message or "").encode()) > _LONGEST_NOTE_BYTES:
        faults.invalid("message", "", f"can have at most {_LONGEST_NOTE_BYTES} characters")
