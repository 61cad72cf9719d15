"""What the garbage collector knows of one object, its owners and its dependents, and what it may do.

It needs no object's contents: metadata is enough, and is all that is kept. There is a node for each object of the
API, so nodes are structs that Python's collector passes over: they refer to texts alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import msgspec

FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"


class Identity(msgspec.Struct, frozen=True, gc=False):
    """Where an object is, and which one of that name it is."""

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str


class Reference(msgspec.Struct, frozen=True, gc=False):
    """One of an object's owner references."""

    api_version: str
    kind: str
    name: str
    uid: str
    blocks: bool = False  # blockOwnerDeletion
    controller: bool = False


class Node(msgspec.Struct, frozen=True, gc=False):
    """An object as the collector sees it. `version` is which one was looked at; the graph keeps places alone."""

    identity: Identity
    owners: tuple[Reference, ...] = ()
    finalizers: tuple[str, ...] = ()
    terminating: bool = False
    version: str = ""

    @property
    def deletes_dependents(self) -> bool:
        """It waits, terminating, until its dependents are gone (foreground)."""
        return self.terminating and FOREGROUND in self.finalizers

    @property
    def orphans_dependents(self) -> bool:
        """It waits, terminating, until its dependents have been let go."""
        return self.terminating and ORPHAN in self.finalizers


class OwnerState(StrEnum):
    """What has become of an owner."""

    SOLID = "solid"  # there, so the object is wanted
    WAITING = "waiting"  # there, but only until its blocking dependents are gone
    GONE = "gone"  # checked with the API: no such object, or another of the same name
    UNKNOWN = "unknown"  # of a kind that is not served: nobody can tell, so nothing is deleted


@dataclass(frozen=True)
class Snapshot:
    """One object, each owner with its state, and everything that refers to the object by its uid."""

    node: Node
    owners: Sequence[tuple[Reference, OwnerState]] = ()
    dependents: Sequence[Node] = ()


@dataclass(frozen=True)
class Delete:
    """Delete this very version of an object: an owner added since saves it. `policy` is for its dependents."""

    target: Identity
    version: str
    policy: str


@dataclass(frozen=True)
class DropReferences:
    """Take these owners' references away from an object."""

    target: Identity
    owner_uids: tuple[str, ...]


@dataclass(frozen=True)
class Unblock:
    """Let an owner go without waiting for this object any longer."""

    target: Identity


@dataclass(frozen=True)
class DropFinalizer:
    """The collector's work on a terminating object is done."""

    target: Identity
    finalizer: str


Action: TypeAlias = Delete | DropReferences | Unblock | DropFinalizer


@dataclass(frozen=True)
class Waiting:
    """What an object that is being deleted still waits for."""

    message: str
    dependents: tuple[Identity, ...] = ()


@dataclass(frozen=True)
class Plan:
    """The steps in order, and what they leave waiting."""

    actions: tuple[Action, ...] = ()
    waiting: Waiting | None = None
