"""What the disruption planners look at, and what they may answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from petset.api.models import core_v1, policy_v1

Budget = policy_v1.PodDisruptionBudget


class Scale(NamedTuple):
    """How many pods an owner is to have. `uid` is whose number that is: the Deployment's, for its ReplicaSets."""

    uid: str
    replicas: int


class Unscaled(NamedTuple):
    """An owner of which nobody can say how many pods it is to have, and why."""

    why: str


@dataclass(frozen=True)
class Snapshot:
    """All inputs of one decision. `pods`: those that the budget selects; `scales`: by the uid of their controller.

    A controller that is in no cache is missing in `scales`.
    """

    budget: Budget
    pods: Sequence[core_v1.Pod]
    scales: Mapping[str, Scale | Unscaled]
    now: datetime


@dataclass(frozen=True)
class WriteStatus:
    """The budget with its new status, on the version that the decision was made on."""

    budget: Budget


@dataclass(frozen=True)
class Tell:
    """An event about the budget, or about one of its pods."""

    about: Budget | core_v1.Pod
    type: Literal["Normal", "Warning"]
    reason: str
    message: str


@dataclass(frozen=True)
class Calm:
    """Take back that the pod is about to be disrupted: its condition DisruptionTarget is False since `since`."""

    pod: core_v1.Pod
    since: datetime


Action = Tell | WriteStatus | Calm


@dataclass(frozen=True)
class Plan:
    """The steps in their order, and when to look again."""

    actions: tuple[Action, ...] = ()
    wake_after_seconds: float | None = None
