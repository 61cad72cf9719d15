"""The gate for components in the server's own process: the same rules and restrictions that requests pass.

One thing differs. A kubelet opens a watch for each Secret and ConfigMap that its pods name; an agent here opens one
for all of them, and is shown what its pods name and nothing else.
"""

from functools import partial

from msgspec.structs import replace

from petset.api.kinds import Kind
from petset.api.models import core_v1
from petset.api.rbac import Attributes, node_of
from petset.apiserver.authorize import Authorizer, forbidden
from petset.apiserver.nodes import NodeRights
from petset.client.gate import Question, Sight
from petset.registry import node_restriction
from petset.registry.port import Guard, Registry, User, finder
from petset.storage.port import Key

_SHOWN_BY_RELATION = (core_v1.Secret, core_v1.ConfigMap, core_v1.PersistentVolumeClaim)


class RulesGate:
    """The `Gate` over an authorizer. Whoever changes the rules calls `forget`."""

    def __init__(self, registry: Registry, rules: Authorizer, nodes: NodeRights) -> None:
        self._find = finder(registry)
        self._rules = rules
        self._nodes = nodes
        self._granted: dict[User, set[Question]] = {}
        self._by_name: dict[User, set[Question]] = {}  # of which the answer is another for each object

    def forget(self) -> None:
        """A right has changed: everything is to be asked again."""
        for questions in (*self._granted.values(), *self._by_name.values()):
            questions.clear()

    def granted(self, user: User) -> set[Question]:
        return self._granted.setdefault(user, set())

    def require(self, user: User, asked: Attributes, instead: str = "") -> None:
        question = (asked.verb, asked.group, asked.resource, asked.subresource, asked.namespace)
        by_name = self._by_name.setdefault(user, set())
        for one in (asked, replace(asked, verb=instead)) if instead else (asked,):
            if self._rules.decide(user, one).allowed:
                break
        else:
            raise forbidden(user, asked, self._rules.decide(user, asked).reason)
        if question in by_name:
            return
        always = self._rules.decide(user, replace(one, name="", fields="")).allowed
        (self.granted(user) if always else by_name).add(question)

    def sight(self, user: User, kind: Kind) -> Sight | None:
        node = node_of(user.name, user.groups)
        return None if node is None or kind.model not in _SHOWN_BY_RELATION else partial(self._shows, node)

    def guard(self, user: User, kind: Kind, subresource: str) -> Guard | None:
        node = node_of(user.name, user.groups)
        return node_restriction.guard_of(node, kind, subresource, self._find) if node is not None else None

    def _shows(self, node: str, key: Key) -> bool:
        return self._nodes.is_related(node, key.resource, key.namespace, key.name)
