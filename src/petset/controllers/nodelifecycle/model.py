"""What the node lifecycle controller sees of one node, and what it may do about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from petset.api.models import core_v1

GRACE_SECONDS = 50
"""A node that nothing has been heard of for so long is no longer believed to be Ready."""

ORPHAN_QUARANTINE_SECONDS = 40
"""Pods of a node whose object is gone stay so long: it may be on its way back under the same name."""


@dataclass(frozen=True)
class Snapshot:
    """A node and the pods that are bound to it.

    `silent_seconds` counts from when *we* last saw its lease or status renewed, on a clock that stands while
    the machine sleeps, whatever the lease says: after a restart or a nap every node has the whole grace period
    again. `node` is None once its object is gone, which was `gone_seconds` ago.
    """

    name: str
    node: core_v1.Node | None
    pods: Sequence[core_v1.Pod]
    now: datetime
    silent_seconds: float = 0
    gone_seconds: float = 0


@dataclass(frozen=True)
class ReportUnknown:
    """Write conditions that say that nothing is known of the node any more."""

    node: core_v1.Node


@dataclass(frozen=True)
class UpdateTaints:
    """Write the taints that go with the node's conditions."""

    node: core_v1.Node


@dataclass(frozen=True)
class MarkNotReady:
    """Write that a pod is not Ready, so that nobody sends it requests."""

    pod: core_v1.Pod


@dataclass(frozen=True)
class Evict:
    """Say in the pod's status why, then delete it. It stays, terminating, until its node confirms (rule 59)."""

    pod: core_v1.Pod
    message: str


@dataclass(frozen=True)
class ForceDelete:
    """Remove a pod that no node will ever confirm."""

    pod: core_v1.Pod


Action: TypeAlias = ReportUnknown | UpdateTaints | MarkNotReady | Evict | ForceDelete


@dataclass(frozen=True)
class Plan:
    """The steps in order, and after how many seconds to look again even if nothing happens.

    `waiting`: what happens next to the node and its pods, if it stays silent.
    """

    actions: tuple[Action, ...] = ()
    waiting: str = ""
    wake_after_seconds: float | None = None
