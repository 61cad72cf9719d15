"""The words of the Service data plane: where a Service is reached, who answers there, and what must change.

A *front* is one address, protocol and port at which a Service is reached; a node port is a front on every address
of the machine. A *ruleset* says for each front who answers. It is all that the kernel has to know.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

ANY_OWN = ""
"""As a front's address: every address that the machine has itself."""


class Front(NamedTuple):
    """Where a Service is reached. `protocol` is tcp or udp."""

    address: str
    protocol: str
    port: int


class Backend(NamedTuple):
    """Who answers: an endpoint's address and port."""

    address: str
    port: int


@dataclass(frozen=True)
class Backends:
    """Who answers at a front, each once, in a stable order. Nobody: whoever asks is refused.

    `sticky`: a client stays with the same backend while the backends stay the same.
    """

    members: tuple[Backend, ...] = ()
    sticky: bool = False


Ruleset: TypeAlias = Mapping[Front, Backends]


@dataclass(frozen=True)
class Snapshot:
    """What the kernel has been told, and what it should know."""

    standing: Ruleset
    wanted: Ruleset


@dataclass(frozen=True)
class Open:
    """A front that is new: lead it to its backends, or refuse whoever comes."""

    front: Front
    backends: Backends


@dataclass(frozen=True)
class Change:
    """A front that goes on with other backends; connections that stand are left alone."""

    front: Front
    before: Backends
    backends: Backends


@dataclass(frozen=True)
class Close:
    """A front that is gone."""

    front: Front
    before: Backends


Action: TypeAlias = Open | Change | Close


@dataclass(frozen=True)
class Plan:
    """The changes, what ends before what begins. All of them are made at once or not at all."""

    actions: tuple[Action, ...] = ()
