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
    """Say in the quota, as it was looked at, how much there is and how much of it is used."""

    quota: core_v1.ResourceQuota
    hard: Mapping[str, str]
    used: Mapping[str, str]


@dataclass(frozen=True)
class Plan:
    """At most one step; a status that is right needs none."""

    actions: Sequence[SetStatus] = ()
