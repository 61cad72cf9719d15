"""What the resource quota controller looks at and what it can decide."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from petset.api.models import core_v1
from petset.api.quotas.usage import Usage


@dataclass(frozen=True)
class Snapshot:
    """One quota, and what the objects of its namespace use of it."""

    quota: core_v1.ResourceQuota
    used: Usage


@dataclass(frozen=True)
class SetStatus:
    """Say how much there is and how much of it is used. `version` is what the decision was made on."""

    namespace: str
    name: str
    version: str
    hard: Mapping[str, str]
    used: Mapping[str, str]


@dataclass(frozen=True)
class Plan:
    """At most one step; a status that is right needs none."""

    actions: Sequence[SetStatus] = ()
