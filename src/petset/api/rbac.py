"""Role-based access control: which rule allows what, and which rules cover which others.

A rule only ever allows; whatever no rule allows is refused. So the answer for a request is the first rule that
matches it, and a person who hands out rules may hand out those that their own cover (`uncovered`): otherwise
whoever may write roles could make themselves administrator.
"""

from collections.abc import Iterable, Sequence
from itertools import product

import msgspec

from petset.api.models import rbac_v1
from petset.api.validation.fields import quoted

ANY = "*"
ACCOUNT_PREFIX = "system:serviceaccount:"
ACCOUNTS_GROUP = "system:serviceaccounts"
NODE_PREFIX = "system:node:"
NODES_GROUP = "system:nodes"
FULL_AUTHORITY = (
    rbac_v1.PolicyRule(verbs=[ANY], apiGroups=[ANY], resources=[ANY]),
    rbac_v1.PolicyRule(verbs=[ANY], nonResourceURLs=[ANY]),
)
"""Rules that cover every other."""


class Attributes(msgspec.Struct, frozen=True):
    """A request as access rules see it. `path` is set instead of a resource where none is addressed.

    `fields` is the field selector of a list or watch: rules of roles do not look at it.
    """

    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""
    fields: str = ""


class Decision(msgspec.Struct, frozen=True):
    """A yes or no. `reason` says which binding allowed it, or why it is refused where that is known."""

    allowed: bool
    reason: str = ""


def allows(rule: rbac_v1.PolicyRule, asked: Attributes) -> bool:
    """Whether the rule allows the request, wherever the rule holds."""
    if not _has(rule.verbs, asked.verb):
        return False
    if asked.path:
        return any(_matches_path(pattern, asked.path) for pattern in rule.nonResourceURLs or ())
    return (
        _has(rule.apiGroups or (), asked.group)
        and _has_resource(rule.resources or (), asked.resource, asked.subresource)
        and (not rule.resourceNames or asked.name in rule.resourceNames)
    )


def subjects_of(user: str, groups: Iterable[str]) -> list[tuple[str, str]]:
    """Under which (kind, name) bindings may name this user; a service account's name is `namespace/name`."""
    found = [("User", user), *(("Group", group) for group in groups)]
    account = account_of(user)
    if account is not None:
        found.append(("ServiceAccount", "/".join(account)))
    return found


def account_of(user: str) -> tuple[str, str] | None:
    """Namespace and name of the service account that a user name stands for; None for a person's."""
    if not user.startswith(ACCOUNT_PREFIX):
        return None
    namespace, _, name = user.removeprefix(ACCOUNT_PREFIX).partition(":")
    return (namespace, name) if namespace and name and ":" not in name else None


def node_of(user: str, groups: Iterable[str]) -> str | None:
    """The node that a user name stands for; None for everybody else's. Only members of `system:nodes` are nodes."""
    return user.removeprefix(NODE_PREFIX) if user.startswith(NODE_PREFIX) and NODES_GROUP in groups else None


def groups_of_account(namespace: str) -> tuple[str, str]:
    """The groups of every service account of a namespace."""
    return ACCOUNTS_GROUP, f"{ACCOUNTS_GROUP}:{namespace}"


def uncovered(
    owned: Sequence[rbac_v1.PolicyRule], wanted: Iterable[rbac_v1.PolicyRule]
) -> list[rbac_v1.PolicyRule]:
    """What of the wanted rules the owned ones do not allow: one rule for each single thing.

    If it is empty, every request that `wanted` allows is allowed by `owned`.
    """
    return [
        single for rule in wanted for single in _singles(rule) if not any(_covers(own, single) for own in owned)
    ]


def compact(rules: Iterable[rbac_v1.PolicyRule]) -> list[rbac_v1.PolicyRule]:
    """The same rules with those joined that differ in their verbs alone."""
    joined: dict[tuple[tuple[str, ...], ...], list[str]] = {}
    for rule in rules:
        about = (rule.apiGroups, rule.resources, rule.resourceNames, rule.nonResourceURLs)
        verbs = joined.setdefault(tuple(tuple(part or ()) for part in about), [])
        verbs += [verb for verb in rule.verbs if verb not in verbs]
    return [
        rbac_v1.PolicyRule(
            verbs=verbs,
            apiGroups=list(groups) or None,
            resources=list(resources) or None,
            resourceNames=list(names) or None,
            nonResourceURLs=list(urls) or None,
        )
        for (groups, resources, names, urls), verbs in joined.items()
    ]


def described(rule: rbac_v1.PolicyRule) -> str:
    """`{APIGroups:["apps"], Resources:["statefulsets"], Verbs:["get"]}`, as messages show a rule."""
    parts = (
        ("APIGroups", rule.apiGroups),
        ("Resources", rule.resources),
        ("NonResourceURLs", rule.nonResourceURLs),
        ("ResourceNames", rule.resourceNames),
        ("Verbs", rule.verbs),
    )
    return "{" + ", ".join(f"{name}:{listed(values)}" for name, values in parts if values) + "}"


def listed(texts: Iterable[str]) -> str:
    """`["a" "b"]`: a list as Go's messages quote it."""
    return f"[{' '.join(quoted(text) for text in texts)}]"


def _has(allowed: Iterable[str], wanted: str) -> bool:
    return ANY in allowed or wanted in allowed


def _has_resource(allowed: Iterable[str], resource: str, subresource: str) -> bool:
    """`pods/log`, `*/log` (of whatever resource) and `*` name a pod's log; `pods` does not."""
    if not subresource:
        return _has(allowed, resource)
    return _has(allowed, f"{resource}/{subresource}") or f"{ANY}/{subresource}" in allowed


def _matches_path(pattern: str, path: str) -> bool:
    return pattern in (ANY, path) or (pattern.endswith(ANY) and path.startswith(pattern.rstrip(ANY)))


def _singles(rule: rbac_v1.PolicyRule) -> Iterable[rbac_v1.PolicyRule]:
    """The rule as rules of one verb on one resource (and name), or on one path, each."""
    for verb, group, resource in product(rule.verbs, rule.apiGroups or (), rule.resources or ()):
        for name in rule.resourceNames or (None,):
            names = None if name is None else [name]
            yield rbac_v1.PolicyRule(verbs=[verb], apiGroups=[group], resources=[resource], resourceNames=names)
    for verb, path in product(rule.verbs, rule.nonResourceURLs or ()):
        yield rbac_v1.PolicyRule(verbs=[verb], nonResourceURLs=[path])


def _covers(owned: rbac_v1.PolicyRule, single: rbac_v1.PolicyRule) -> bool:
    if not _has(owned.verbs, single.verbs[0]):
        return False
    if single.nonResourceURLs:
        return any(_matches_path(pattern, single.nonResourceURLs[0]) for pattern in owned.nonResourceURLs or ())
    assert single.apiGroups and single.resources
    resource, _, subresource = single.resources[0].partition("/")
    named = not owned.resourceNames or bool(single.resourceNames and single.resourceNames[0] in owned.resourceNames)
    return (
        named
        and _has(owned.apiGroups or (), single.apiGroups[0])
        and _has_resource(owned.resources or (), resource, subresource)
    )
