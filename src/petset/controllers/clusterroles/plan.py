"""Which rules a role that gathers others has: theirs, each once, in the order of the roles' names.

A role's own rules are the controller's alone: what somebody writes into them is replaced.
"""

from collections.abc import Iterator

from petset.api.models import rbac_v1
from petset.api.objects import meta, name_of
from petset.api.selectors import Selector
from petset.controllers.clusterroles.model import Plan, SetRules, Snapshot


def plan(snapshot: Snapshot) -> Plan:
    """Set the rules where they are not what is gathered."""
    role = snapshot.role
    if role.aggregationRule is None:
        return Plan()
    rules: list[rbac_v1.PolicyRule] = []
    for source in sources(snapshot):
        rules += [rule for rule in source.rules or () if rule not in rules]
    if rules == (role.rules or []):
        return Plan()
    return Plan((SetRules(name_of(role), meta(role).resourceVersion or "", tuple(rules)),))


def sources(snapshot: Snapshot) -> Iterator[rbac_v1.ClusterRole]:
    """The roles that one of the selectors takes in, never the role itself."""
    rule = snapshot.role.aggregationRule
    selectors = [Selector.from_struct(each) for each in (rule.clusterRoleSelectors if rule else None) or ()]
    for role in snapshot.roles:
        labels = meta(role).labels or {}
        if name_of(role) != name_of(snapshot.role) and any(each.matches(labels) for each in selectors):
            yield role
