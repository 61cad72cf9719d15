"""What a node's agent may do: everything that the role `system:node` says, cut down to itself and to its own pods.

Kubernetes' node authorizer, with its reasons. Of Secrets, ConfigMaps, claims and volumes a node gets those that its
pods name, one at a time; tokens for the accounts of its pods; its own Node and Lease. What it may write into its
Node or into a pod is judged with the object at hand (`petset.registry.node_restriction`).
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TypeVar

from petset.api import rbac
from petset.api.errors import BadRequest, NotFound
from petset.api.field_selectors import parse_fields
from petset.api.kinds import by_model
from petset.api.models import core_v1
from petset.api.rbac import Attributes, Decision
from petset.apiserver.relations import PODS, Relations
from petset.registry.default_roles import rules_of
from petset.registry.port import Registry

T = TypeVar("T")
LEASES = "kube-node-lease"
_YES, _NO = Decision(True), Decision(False)
_READS = ("get", "list", "watch")
_OWN = ("get", "create", "update", "patch", "delete")
_VOLUMES = by_model(core_v1.PersistentVolume)
Judge = Callable[["NodeRights", str, Attributes], Decision]


class NodeRights:
    """Decides for all nodes. `relations` is what it knows of their pods."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._rules = rules_of("system:node")
        self.relations = Relations(registry)

    def decide(self, node: str, asked: Attributes) -> Decision:
        """Whether the node of this name may do it; a name of nothing is no node."""
        if not node:
            return Decision(False, f'unknown node for user "{rbac.NODE_PREFIX}"')
        judge = _JUDGES.get((asked.group, asked.resource))
        if judge is not None:
            return judge(self, node, asked)
        return _YES if any(rbac.allows(rule, asked) for rule in self._rules) else _NO

    def _read(self, node: str, asked: Attributes) -> Decision:
        """Secrets and ConfigMaps, each by its name."""
        if asked.verb not in _READS:
            return Decision(False, "can only read resources of this type")
        if asked.subresource:
            return Decision(False, "cannot read subresource")
        if not asked.namespace:
            return Decision(False, "can only read namespaced object of this type")
        return self._related(node, asked)

    def _get(self, node: str, asked: Attributes) -> Decision:
        if asked.verb != "get":
            return Decision(False, "can only get individual resources of this type")
        if asked.subresource:
            return Decision(False, "cannot get subresource")
        return self._related(node, asked)

    def _claim(self, node: str, asked: Attributes) -> Decision:
        if asked.subresource != "status":
            return self._get(node, asked)
        if asked.verb not in ("update", "patch"):
            return Decision(False, "can only get/update/patch this type")
        return self._related(node, asked)

    def _token(self, node: str, asked: Attributes) -> Decision:
        if asked.verb != "create" or not asked.name:
            return Decision(False, "can only create tokens for individual service accounts")
        if asked.subresource != "token":
            return Decision(False, "can only create token subresource of serviceaccount")
        return self._related(node, asked)

    def _lease(self, node: str, asked: Attributes) -> Decision:
        if asked.verb not in _OWN:
            return Decision(False, "can only get, create, update, patch, or delete a node lease")
        if asked.namespace != LEASES:
            return Decision(False, f'can only access leases in the "{LEASES}" system namespace')
        if asked.verb != "create" and asked.name != node:
            return Decision(False, "can only access node lease with the same name as the requesting node")
        return _YES

    def _node(self, node: str, asked: Attributes) -> Decision:
        match asked.subresource, asked.verb:
            case ("", "create" | "update" | "patch") | ("status", "update" | "patch"):
                return _YES
            case "", "get" | "list" | "watch":
                if asked.name == node:
                    return _YES
                which = f"read '{asked.name}'" if asked.name else "read all nodes"
                return Decision(False, f"node '{node}' cannot {which}, only its own Node object")
        return _NO

    def _pod(self, node: str, asked: Attributes) -> Decision:
        match asked.subresource, asked.verb:
            case "", "get":
                return self._get(node, asked)
            case "", "list" | "watch":
                if _chosen_node(asked) == node:
                    return _YES
                if asked.name:
                    return self._related(node, asked)
                return Decision(False, "can only list/watch pods with spec.nodeName field selector")
            case ("", "create" | "delete") | ("status", "update" | "patch") | ("eviction", "create"):
                return _YES
        return _NO

    def _related(self, node: str, asked: Attributes) -> Decision:
        if not asked.name:
            return Decision(False, "No Object name found")
        if self.is_related(node, asked.resource, asked.namespace, asked.name):
            return _YES
        return Decision(False, f"no relationship found between node '{node}' and this object")

    def is_related(self, node: str, resource: str, namespace: str, name: str) -> bool:
        """Whether the pods of the node need this object."""
        if resource == PODS.resource:
            pod = self._found(core_v1.Pod, namespace, name)
            return bool(pod is not None and pod.spec and pod.spec.nodeName == node)
        if resource == _VOLUMES.resource:
            volume = self._found(core_v1.PersistentVolume, "", name)
            claim = volume.spec.claimRef if volume is not None and volume.spec else None
            if claim is None:
                return False
            resource, namespace, name = "persistentvolumeclaims", claim.namespace or "", claim.name or ""
        return self.relations.are_there(node, namespace, (resource, name))

    def _found(self, model: type[T], namespace: str, name: str) -> T | None:
        with suppress(NotFound):
            kind = by_model(model)
            obj: T = self._registry.decode(kind, self._registry.get(kind, namespace, name))
            return obj
        return None


_JUDGES: Mapping[tuple[str, str], Judge] = {
    ("", "secrets"): NodeRights._read,
    ("", "configmaps"): NodeRights._read,
    ("", "persistentvolumeclaims"): NodeRights._claim,
    ("", "persistentvolumes"): NodeRights._get,
    ("", "serviceaccounts"): NodeRights._token,
    ("", "nodes"): NodeRights._node,
    ("", "pods"): NodeRights._pod,
    ("coordination.k8s.io", "leases"): NodeRights._lease,
}


def _chosen_node(asked: Attributes) -> str | None:
    """The node that a list of pods is about."""
    with suppress(BadRequest):
        return parse_fields(PODS, asked.fields).exactly("spec.nodeName")
    return None
