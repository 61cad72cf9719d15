"""What the cluster role controller looks at and what it can decide: rules gathered by labels."""

from collections.abc import Sequence
from dataclasses import dataclass

from petset.api.models import rbac_v1


@dataclass(frozen=True)
class Snapshot:
    """One role that gathers, and every cluster role there is, in the order of their names."""

    role: rbac_v1.ClusterRole
    roles: Sequence[rbac_v1.ClusterRole]


@dataclass(frozen=True)
class SetRules:
    """Replace the role's rules by these. `version` is what the decision was made on."""

    name: str
    version: str
    rules: Sequence[rbac_v1.PolicyRule]


@dataclass(frozen=True)
class Plan:
    """At most one step; a role whose rules are right needs none."""

    actions: Sequence[SetRules] = ()
