"""What components may do where no roles are stored: what the default roles say.

A simulated control plane that lets its components do no more proves with every run that their roles suffice. The
roles are read once, not stored anew for each of a thousand planes.
"""

from functools import lru_cache

from petset.api import rbac
from petset.api.errors import Forbidden
from petset.api.models import rbac_v1
from petset.api.rbac import Attributes, Decision
from petset.apiserver.authenticate import MASTERS
from petset.apiserver.gate import RulesGate
from petset.apiserver.nodes import NodeRights
from petset.registry.default_roles import cluster_role_bindings, cluster_roles
from petset.registry.port import Registry, User


class DefaultGate(RulesGate):
    """The gate by the default roles. `refused` holds what a component asked for that its role does not give it.

    A node may be refused: its right to read ends with its pod, and it may hear of that last.
    """

    def __init__(self, registry: Registry) -> None:
        nodes = NodeRights(registry)
        super().__init__(registry, DefaultRights(nodes), nodes)
        self.refused: list[str] = []

    def require(self, user: User, asked: Attributes, instead: str = "") -> None:
        try:
            super().require(user, asked, instead)
        except Forbidden as error:
            if rbac.node_of(user.name, user.groups) is None:
                self.refused.append(str(error))
            raise


class DefaultRights:
    """An `Authorizer` for whom the default bindings name."""

    def __init__(self, nodes: NodeRights) -> None:
        self._nodes = nodes

    def decide(self, user: User, attributes: Attributes) -> Decision:
        """Whether a node's right or a default rule allows it."""
        if MASTERS in user.groups:
            return Decision(True)
        node = rbac.node_of(user.name, user.groups)
        first = self._nodes.decide(node, attributes) if node is not None else Decision(False)
        if first.allowed or not any(rbac.allows(rule, attributes) for rule in _rules_of(user)):
            return first
        return Decision(True)

    def rules_of(self, user: User, namespace: str) -> list[rbac_v1.PolicyRule]:
        return _rules_of(user)


@lru_cache(maxsize=1024)
def _rules_of(user: User) -> list[rbac_v1.PolicyRule]:
    subjects = rbac.subjects_of(user.name, user.groups)
    rules = {role.metadata.name: role.rules or [] for role in cluster_roles() if role.metadata}
    return [
        rule
        for binding in cluster_role_bindings()
        if any(_as_filed(subject) in subjects for subject in binding.subjects or ())
        for rule in rules[binding.roleRef.name]
    ]


def _as_filed(subject: rbac_v1.Subject) -> tuple[str, str]:
    return subject.kind, f"{subject.namespace}/{subject.name}" if subject.namespace else subject.name
