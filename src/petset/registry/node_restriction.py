"""What a node may write of what it may write at all: its own Node and Lease, and the pods that are bound to it.

Kubernetes' admission plugin NodeRestriction, with its messages. It keeps a node that somebody has broken into from
reaching for others: it cannot change other nodes, take labels or taints by which work is steered, make pods that
read what it may not, or ask for tokens of pods elsewhere. All of it is judged here, purely, from the objects.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from petset.api import objects
from petset.api.errors import Forbidden
from petset.api.kinds import Kind, by_model
from petset.api.models import authentication_v1, coordination_v1, core_v1
from petset.api.validation.fields import quoted
from petset.registry import refusals
from petset.registry.port import Find, Guard

MIRROR = "kubernetes.io/config.mirror"
"""The annotation of a pod that only shows what a node runs on its own."""
RESTRICTED = "node-restriction.kubernetes.io"
_OWN_LABELS = frozenset(
    {
        "kubernetes.io/hostname",
        "kubernetes.io/os",
        "kubernetes.io/arch",
        "beta.kubernetes.io/os",
        "beta.kubernetes.io/arch",
        "beta.kubernetes.io/instance-type",
        "node.kubernetes.io/instance-type",
        "failure-domain.beta.kubernetes.io/zone",
        "failure-domain.beta.kubernetes.io/region",
        "topology.kubernetes.io/zone",
        "topology.kubernetes.io/region",
    }
)
_OWN_DOMAINS = ("kubelet.kubernetes.io", "node.kubernetes.io")
_NAMED = ("secrets", "configmaps", "persistentvolumeclaims")
_KUBERNETES = ("kubernetes.io", "k8s.io")

_PODS, _NODES = by_model(core_v1.Pod), by_model(core_v1.Node)
_CLAIMS, _ACCOUNTS = by_model(core_v1.PersistentVolumeClaim), by_model(core_v1.ServiceAccount)
_LEASES = by_model(coordination_v1.Lease)


class _Asking(NamedTuple):
    """A node, its quoted name, and how it looks things up."""

    node: str
    quoted: str
    find: Find


Rule = Callable[[_Asking, Any, Any], None]


def guard_of(node: str, kind: Kind, subresource: str, find: Find) -> Guard | None:
    """Who looks at what the node writes; None where there is nothing to look for."""
    rules = _RULES.get(kind.model)
    if rules is None:
        return None
    return partial(rules.get(subresource, rules["*"]), _Asking(node, quoted(node), find))


def check_eviction(node: str, pod: core_v1.Pod) -> None:
    """Raises Forbidden unless the pod is the node's."""
    if _node_of(pod) != node:
        raise _refused(_PODS, pod, f"node {node} can only evict pods with spec.nodeName set to itself")


def check_token(node: str, account: str, namespace: str, asked: authentication_v1.TokenRequest, find: Find) -> None:
    """Raises Forbidden unless the token is bound to a pod of the node."""
    to = asked.spec.boundObjectRef if asked.spec else None
    if to is None or to.apiVersion != "v1" or to.kind != "Pod" or not to.name:
        why = "node requested token not bound to a pod"
    elif not to.uid:
        why = "node requested token with a pod binding without a uid"
    else:
        pod: core_v1.Pod = find(_PODS, namespace, to.name)
        if to.uid != objects.uid_of(pod):
            why = (
                f"the UID in the bound object reference ({to.uid}) does not match the UID in record. "
                "The object might have been deleted and then recreated"
            )
        elif _node_of(pod) != node:
            why = "node requested token bound to a pod scheduled on a different node"
        else:
            return
    raise refusals.forbidden(_ACCOUNTS, account, why)


def _pod(asking: _Asking, new: core_v1.Pod | None, old: core_v1.Pod | None) -> None:
    if new is None:
        if _node_of(old) != asking.node:
            why = f"node {asking.quoted} can only delete pods with spec.nodeName set to itself"
            raise _refused(_PODS, old, why)
    elif old is None:
        _new_pod(asking, new)
    else:
        why = f'unexpected operation "UPDATE", node {asking.quoted} can only create and delete mirror pods'
        raise _refused(_PODS, old, why)


def _new_pod(asking: _Asking, pod: core_v1.Pod) -> None:
    node = f"node {asking.quoted}"
    if MIRROR not in (objects.meta(pod).annotations or {}):
        why = f'pod does not have "{MIRROR}" annotation, {node} can only create mirror pods'
    elif _node_of(pod) != asking.node:
        why = f"{node} can only create pods with spec.nodeName set to itself"
    else:
        why = _owner_fault(asking, pod) or _reference_fault(asking, pod)
    if why:
        raise _refused(_PODS, pod, why)


def _owner_fault(asking: _Asking, pod: core_v1.Pod) -> str:
    """What is wrong with the owner of a mirror pod, which must be its node; empty where nothing is."""
    node, owners = f"node {asking.quoted}", objects.meta(pod).ownerReferences or []
    if len(owners) > 1:
        return f"{node} can only create pods with a single owner reference set to itself"
    if not owners or (owners[0].apiVersion, owners[0].kind, owners[0].name) != ("v1", "Node", asking.node):
        return f"{node} can only create pods with an owner reference set to itself"
    if not owners[0].controller:
        return f"{node} can only create pods with a controller owner reference set to itself"
    if owners[0].blockOwnerDeletion:
        return f"{node} must not set blockOwnerDeletion on an owner reference"
    found = objects.uid_of(asking.find(_NODES, "", asking.node))
    if owners[0].uid != found:
        return f"node {asking.node} UID mismatch: expected {owners[0].uid} got {found}"
    return ""


def _reference_fault(asking: _Asking, pod: core_v1.Pod) -> str:
    """What else of the API the pod names; a node makes no pod that does."""
    assert pod.spec is not None
    cannot = f"node {asking.quoted} can not create pods that reference"
    if pod.spec.serviceAccountName:
        return f"{cannot} a service account"
    named = names_of(pod)
    return next((f"{cannot} {what}" for what in _NAMED if what in named), "")


def names_of(pod: core_v1.Pod) -> set[str]:
    """The resources that the pod's volumes, containers and pulls name."""
    spec = pod.spec
    assert spec is not None
    found = {"secrets"} if spec.imagePullSecrets else set()
    for volume in spec.volumes or ():
        projected = (volume.projected.sources if volume.projected else None) or ()
        if volume.secret or any(source.secret for source in projected):
            found.add("secrets")
        if volume.configMap or any(source.configMap for source in projected):
            found.add("configmaps")
        if volume.persistentVolumeClaim:
            found.add("persistentvolumeclaims")
    for container in (*(spec.initContainers or ()), *spec.containers, *(spec.ephemeralContainers or ())):
        found |= _names_of_environment(container)
    return found


def _names_of_environment(container: Any) -> set[str]:
    taken = [variable.valueFrom for variable in container.env or () if variable.valueFrom]
    whole = container.envFrom or ()
    found = set()
    if any(one.secretKeyRef for one in taken) or any(one.secretRef for one in whole):
        found.add("secrets")
    if any(one.configMapKeyRef for one in taken) or any(one.configMapRef for one in whole):
        found.add("configmaps")
    return found


def _pod_status(asking: _Asking, new: core_v1.Pod, old: core_v1.Pod) -> None:
    if old.spec is None or old.spec.nodeName != asking.node:
        which = "for pods with spec.nodeName set to itself"
        why = f"node {asking.quoted} can only update pod status {which}"
    elif ((new.metadata and new.metadata.labels) or {}) != ((old.metadata and old.metadata.labels) or {}):
        why = f"node {asking.quoted} cannot update labels through pod status"
    else:
        return
    raise _refused(_PODS, old, why)


def _other_part(asking: _Asking, new: core_v1.Pod, old: core_v1.Pod) -> None:
    why = "unexpected pod subresource, only 'status' and 'eviction' are allowed"
    raise _refused(_PODS, old or new, why)


def _node(asking: _Asking, new: core_v1.Node | None, old: core_v1.Node | None) -> None:
    name = objects.name_of(new or old)  # type: ignore[arg-type] # one of them is there
    if name != asking.node:
        why = f"node {asking.quoted} is not allowed to modify node {quoted(name)}"
        raise refusals.forbidden(_NODES, name, why)
    if new is None:
        return
    if old is not None and (_taints(new) != _taints(old)):
        raise _refused(_NODES, new, f"node {asking.quoted} is not allowed to modify taints")
    forbidden = forbidden_labels(objects.meta(new).labels or {}, (objects.meta(old).labels if old else None) or {})
    if forbidden:
        listed = ", ".join(forbidden)
        why = f"node {asking.quoted} is not allowed to set the following labels: {listed}"
        raise _refused(_NODES, new, why if old is None else f"is not allowed to modify labels: {listed}")


def forbidden_labels(new: Mapping[str, str], old: Mapping[str, str]) -> list[str]:
    """The labels among those that differ which a node may not set on itself, sorted."""
    return sorted(key for key in {*new, *old} if new.get(key) != old.get(key) and _is_forbidden(key))


def _is_forbidden(label: str) -> bool:
    domain = label.partition("/")[0] if "/" in label else ""
    if _is_within(domain, (RESTRICTED,)):
        return True
    return _is_within(domain, _KUBERNETES) and label not in _OWN_LABELS and not _is_within(domain, _OWN_DOMAINS)


def _is_within(domain: str, others: tuple[str, ...]) -> bool:
    return any(domain == other or domain.endswith(f".{other}") for other in others)


def _claim_status(asking: _Asking, new: core_v1.PersistentVolumeClaim, old: core_v1.PersistentVolumeClaim) -> None:
    if _fixed_part(new) != _fixed_part(old):
        why = (
            f"node {asking.quoted} is not allowed to update fields other than status.capacity and status.conditions"
        )
        raise _refused(_CLAIMS, old, why)


def _fixed_part(claim: core_v1.PersistentVolumeClaim) -> core_v1.PersistentVolumeClaim:
    """What no node may touch of a claim."""
    status = claim.status or core_v1.PersistentVolumeClaimStatus()
    loose: dict[str, Any] = dict.fromkeys(
        ("capacity", "conditions", "allocatedResourceStatuses", "allocatedResources")
    )
    metadata = objects.replace(objects.meta(claim), resourceVersion=None, managedFields=None)
    return objects.replace(claim, metadata=metadata, status=objects.replace(status, **loose))


def _claim(asking: _Asking, new: Any, old: Any) -> None:
    raise _refused(_CLAIMS, old or new, "may only update PVC status")


def _lease(asking: _Asking, new: coordination_v1.Lease | None, old: coordination_v1.Lease | None) -> None:
    """In another namespace than the one of nodes it may do nothing at all."""
    lease = new or old
    assert lease is not None
    if objects.name_of(lease) != asking.node:
        why = "can only access node lease with the same name as the requesting node"
        raise _refused(_LEASES, lease, why)


_RULES: Mapping[type[Any], Mapping[str, Rule]] = {
    core_v1.Pod: {"": _pod, "status": _pod_status, "*": _other_part},
    core_v1.Node: {"*": _node},
    core_v1.PersistentVolumeClaim: {"status": _claim_status, "*": _claim},
    coordination_v1.Lease: {"*": _lease},
}
"""By sub-resource; `*` stands for all others."""


def _taints(node: core_v1.Node) -> list[core_v1.Taint]:
    return (node.spec.taints if node.spec else None) or []


def _node_of(pod: core_v1.Pod | None) -> str:
    return (pod.spec.nodeName if pod is not None and pod.spec else None) or ""


def _refused(kind: Kind, obj: Any, why: str) -> Forbidden:
    return refusals.forbidden(kind, objects.name_of(obj), why)
