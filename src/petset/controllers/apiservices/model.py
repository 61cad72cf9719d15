"""What the APIService controller looks at and what it can decide: which groups and versions are registered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from petset.api.models import apiregistration_v1

APIService = apiregistration_v1.APIService
MANAGED = "kube-aggregator.kubernetes.io/automanaged"
"""The label of what is registered by the server itself: `onstart`, or `true` for what comes and goes."""


class Served(NamedTuple):
    """A group and version, by its own kinds or by those of definitions."""

    group: str
    version: str
    defined: bool = False

    @property
    def name(self) -> str:
        """The name of its APIService: `v1.apps`, and `v1.` of the core group."""
        return f"{self.version}.{self.group}"


@dataclass(frozen=True)
class Snapshot:
    """What is served, and every APIService there is. `starts`: the server has only begun to register."""

    served: Sequence[Served]
    present: Sequence[APIService]
    starts: bool = False


@dataclass(frozen=True)
class Register:
    """Make this one."""

    api_service: APIService


@dataclass(frozen=True)
class Deregister:
    """Delete the one of this name, if it still is this very one."""

    name: str
    uid: str


Action: TypeAlias = Register | Deregister


@dataclass(frozen=True)
class Plan:
    """The steps, in any order."""

    actions: tuple[Action, ...] = ()
