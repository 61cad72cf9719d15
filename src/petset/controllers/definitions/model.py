"""What the definitions controller sees of a CustomResourceDefinition, and what it may do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from petset.api.definitions import Definition


@dataclass(frozen=True)
class Instance:
    """One object of the kind that is defined."""

    namespace: str
    name: str
    uid: str
    terminating: bool = False


@dataclass(frozen=True)
class Snapshot:
    """A definition, the other definitions of its group and, while it goes, what is left of its objects."""

    definition: Definition
    now: datetime
    others: Sequence[Definition] = ()
    instances: Sequence[Instance] = ()


@dataclass(frozen=True)
class ReportStatus:
    """Write the status: which names are accepted, and how far the definition is."""

    definition: Definition


@dataclass(frozen=True)
class DeleteInstance:
    """Delete this very object."""

    target: Instance


@dataclass(frozen=True)
class Finalize:
    """No object is left: let the definition go."""

    definition: Definition


Action: TypeAlias = ReportStatus | DeleteInstance | Finalize


@dataclass(frozen=True)
class Waiting:
    """What a definition waits for."""

    message: str


@dataclass(frozen=True)
class Plan:
    """The steps in order, and what they leave waiting."""

    actions: tuple[Action, ...] = ()
    waiting: Waiting | None = None
