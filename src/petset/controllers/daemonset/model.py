"""What the DaemonSet planner looks at, and what it may answer."""

from dataclasses import dataclass
from datetime import datetime

from petset.api.models import apps_v1, core_v1
from petset.ownership.membership import Adopt, Release
from petset.ownership.revisions import HistoryAction

REVISION_LABEL = "controller-revision-hash"


@dataclass(frozen=True)
class Snapshot:
    """All inputs of one decision. `pods` and `revisions`: owned by the set, or by nobody in its namespace."""

    set: apps_v1.DaemonSet
    nodes: tuple[core_v1.Node, ...]
    pods: tuple[core_v1.Pod, ...]
    revisions: tuple[apps_v1.ControllerRevision, ...]
    now: datetime


@dataclass(frozen=True)
class CreatePod:
    """The pod of one node."""

    pod: core_v1.Pod
    node: str


@dataclass(frozen=True)
class DeletePod:
    """A pod that is not wanted where it is, has ended, or has an old template; `told` is an event about it."""

    pod: core_v1.Pod
    told: tuple[str, str] | None = None


Action = Adopt | Release | HistoryAction | CreatePod | DeletePod


@dataclass(frozen=True)
class Plan:
    """`actions` in order, those on pods in growing batches; then the status."""

    actions: tuple[Action, ...]
    status: apps_v1.DaemonSetStatus
    wake_after_seconds: float | None = None
