"""Who may do what: members of `system:masters` everything, everybody else what roles bound to them allow.

What a node may do is asked of the node authorizer first, as in Kubernetes, and only then of the roles.

Bindings are filed by whom they name, so that a decision looks at those of one user and their groups, however many
there are. What a user may do is remembered until any role or binding changes, of which this hears right before each
decision: a right that was given or taken holds for the very next request.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

from petset.aio.clock import Clock
from petset.aio.tasks import Supervisor
from petset.api import rbac
from petset.api.errors import Forbidden, NotFound
from petset.api.kinds import by_model
from petset.api.models import rbac_v1
from petset.api.objects import name_of, namespace_of
from petset.api.rbac import Attributes, Decision, node_of
from petset.apiserver.authenticate import MASTERS, User
from petset.apiserver.followed import Binding, Bindings, Followed, Subject
from petset.apiserver.nodes import NodeRights
from petset.registry.port import Registry

ROLES, CLUSTER_ROLES = by_model(rbac_v1.Role), by_model(rbac_v1.ClusterRole)
ROLE_BINDINGS, CLUSTER_ROLE_BINDINGS = by_model(rbac_v1.RoleBinding), by_model(rbac_v1.ClusterRoleBinding)
_MOST_REMEMBERED = 1000
"""Users in a namespace, and decisions of each."""
_NO_NODE = Decision(False)


class Granted(NamedTuple):
    """One rule that a user has, and through what."""

    rule: rbac_v1.PolicyRule
    binding: Binding
    subject: Subject


class Authorizer(Protocol):
    """Answers yes or no; whoever asked turns a no into `forbidden`."""

    def decide(self, user: User, attributes: Attributes) -> Decision: ...

    def rules_of(self, user: User, namespace: str) -> list[rbac_v1.PolicyRule]:
        """All that the user may do in a namespace and, where it is empty, in the cluster."""
        ...


class Rbac:
    """Roles and bindings of a registry."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self.nodes = NodeRights(registry)
        self._cluster = Bindings(registry, CLUSTER_ROLE_BINDINGS, self._forget)
        self._local = Bindings(registry, ROLE_BINDINGS, self._forget)
        roles = (Followed(registry, kind, self._forget) for kind in (ROLES, CLUSTER_ROLES))
        self._followed = (self._cluster, self._local, *roles)
        self._rights: dict[tuple[User, str], _Rights] = {}
        self._listeners: list[Callable[[], None]] = []

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call `listener()` when any role or binding has changed; at once only while `run` runs."""
        self._listeners.append(listener)

    async def run(self, clock: Clock) -> None:
        """Hear of changes as they come, until cancelled: for those who keep what they were told."""
        async with Supervisor("rights") as tasks:
            for followed in self._followed:
                tasks.start("changes", followed.run())
            tasks.start("pods", self.nodes.relations.take_in(clock))
            await tasks.wait()

    def decide(self, user: User, attributes: Attributes) -> Decision:
        """Whether a rule of the user's allows it."""
        if MASTERS in user.groups:
            return Decision(True)
        node = node_of(user.name, user.groups)
        first = self.nodes.decide(node, attributes) if node is not None else _NO_NODE
        if first.allowed:
            return first
        decision = self._rights_of(user, attributes.namespace).decide(attributes)
        return decision if decision.allowed or decision.reason else first

    def rules_of(self, user: User, namespace: str) -> list[rbac_v1.PolicyRule]:
        return [granted.rule for granted in self._rights_of(user, namespace).granted]

    def rules_in(self, reference: rbac_v1.RoleRef, namespace: str) -> list[rbac_v1.PolicyRule]:
        """The rules of the role that a binding names. Raises NotFound."""
        kind = CLUSTER_ROLES if reference.kind == "ClusterRole" else ROLES
        role = self._registry.decode(kind, self._registry.get(kind, namespace, reference.name))
        return role.rules or []

    def _rights_of(self, user: User, namespace: str) -> "_Rights":
        for followed in self._followed:
            if followed.watch is None or not followed.watch.idle:
                followed.catch_up()
        if len(self._rights) > _MOST_REMEMBERED:
            self._rights.clear()
        rights = self._rights.get((user, namespace))
        if rights is None:
            missing: list[str] = []
            granted = list(self._granted(user, namespace, missing))
            rights = self._rights[user, namespace] = _Rights(granted, missing)
        return rights

    def _forget(self) -> None:
        self._rights.clear()
        for listener in self._listeners:
            listener()

    def _granted(self, user: User, namespace: str, missing: list[str]) -> Iterator[Granted]:
        subjects = rbac.subjects_of(user.name, user.groups)
        yield from self._through(self._cluster.naming("", subjects), "", missing)
        if namespace:
            yield from self._through(self._local.naming(namespace, subjects), namespace, missing)

    def _through(
        self, named: Iterable[tuple[Binding, Subject]], namespace: str, missing: list[str]
    ) -> Iterator[Granted]:
        for binding, subject in named:
            try:
                rules = self.rules_in(binding.roleRef, namespace)
            except NotFound as error:
                missing.append(f'{error.kind.removesuffix("s")}.{error.group} "{error.name}" not found')
                continue
            for rule in rules:
                yield Granted(rule, binding, subject)


class _Rights:
    """All that one user holds in one namespace, and what was decided from it."""

    def __init__(self, granted: Sequence[Granted], missing: Sequence[str]) -> None:
        self.granted = granted
        self._missing = missing
        self._names_matter = any(one.rule.resourceNames for one in granted)
        self._decided: dict[tuple[str, ...], Decision] = {}

    def decide(self, asked: Attributes) -> Decision:
        """Whether one of the rules allows it; the first one counts."""
        name = asked.name if self._names_matter else ""
        question = (asked.verb, asked.group, asked.resource, asked.subresource, name, asked.path)
        decision = self._decided.get(question)
        if decision is None:
            if len(self._decided) > _MOST_REMEMBERED:
                self._decided.clear()
            decision = self._decided[question] = self._decision(asked)
        return decision

    def _decision(self, asked: Attributes) -> Decision:
        for granted in self.granted:
            if rbac.allows(granted.rule, asked):
                return Decision(True, f"RBAC: allowed by {_told(granted)}")
        return Decision(False, _trouble(self._missing))


def _told(granted: Granted) -> str:
    """Through what, in Kubernetes' words, which put a name before its namespace."""
    binding, (kind, name) = granted.binding, granted.subject
    named = f"{name_of(binding)}/{namespace_of(binding)}" if namespace_of(binding) else name_of(binding)
    of = f'{binding.kind} "{named}" of {binding.roleRef.kind} "{binding.roleRef.name}"'
    if kind == "ServiceAccount":
        namespace, _, account = name.partition("/")
        name = f"{account}/{namespace}"
    return f'{of} to {kind} "{name}"'


def _trouble(missing: Sequence[str]) -> str:
    if not missing:
        return ""
    told = list(dict.fromkeys(missing))
    return f"RBAC: {told[0]}" if len(told) == 1 else f"RBAC: [{', '.join(told)}]"


def forbidden(user: User, attributes: Attributes, reason: str = "") -> Forbidden:
    """The refusal in Kubernetes' words."""
    why = f": {reason}" if reason else ""
    if attributes.path:
        message = f'forbidden: User "{user.name}" cannot {attributes.verb} path "{attributes.path}"{why}'
        return Forbidden(message)
    qualified = f"{attributes.resource}.{attributes.group}" if attributes.group else attributes.resource
    whom = f'{qualified} "{attributes.name}"' if attributes.name else qualified
    resource = f"{attributes.resource}/{attributes.subresource}" if attributes.subresource else attributes.resource
    where = f'in the namespace "{attributes.namespace}"' if attributes.namespace else "at the cluster scope"
    message = (
        f'{whom} is forbidden: User "{user.name}" cannot {attributes.verb} resource "{resource}" '
        f'in API group "{attributes.group}" {where}{why}'
    )
    return Forbidden(message, kind=attributes.resource, group=attributes.group, name=attributes.name)
