"""What the StatefulSet planner looks at, and what it may answer.

The planner gets one frozen `Snapshot` and returns one `Plan`; it reads no clock and calls nobody. So a plan can be
shown before it is carried out, every decision can be replayed, and a crash between two actions loses nothing: the
next plan is made from what is there.

Objects inside a snapshot or an action are shared and immutable; an action that creates or replaces an object
carries the whole new object.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from petset.api.gates import DEFAULT, Gates
from petset.api.models import apps_v1, core_v1
from petset.ownership.revisions import HistoryAction, Revision

if TYPE_CHECKING:  # these two know the actions below
    from petset.controllers.statefulset.roster import Roster
    from petset.controllers.statefulset.upkeep import Claims


@dataclass(frozen=True)
class Snapshot:
    """All inputs of one decision.

    `roster`: the pods that the set owns, and those without a controller that it may adopt. `claims`: the claims of
    the set's namespace, by name. `revisions`: those the set owns, and those without a controller that match its
    selector. `template`: the patch of the set's present template in canonical JSON. `collisions`: how many revision
    names proved to be taken so far (rule 38).

    Roster and claims are read where they are kept, not copied: a snapshot is good until its maker next waits.
    """

    set: apps_v1.StatefulSet
    roster: "Roster"
    claims: "Claims"
    revisions: tuple[Revision, ...]
    template: bytes
    now: datetime
    collisions: int = 0
    gates: Gates = DEFAULT


@dataclass(frozen=True)
class AdoptPod:
    """Make the set the controller of an orphan, after a live look that the set is not being deleted (rule 42)."""

    pod: core_v1.Pod


@dataclass(frozen=True)
class ReleasePod:
    """Give up a pod that no longer matches the selector (rule 42)."""

    pod: core_v1.Pod


@dataclass(frozen=True)
class AdoptRevision:
    """Make the set the controller of an orphan revision, after the same live look (rule 41)."""

    revision: apps_v1.ControllerRevision


@dataclass(frozen=True)
class CreateClaim:
    """A claim of `pod` that does not exist yet."""

    claim: core_v1.PersistentVolumeClaim
    pod: str


@dataclass(frozen=True)
class RefuseClaim:
    """The pod's claim is on its way out: end here and try again.

    The set's user is told of it for a pod that cannot be created (rule 27), not for one that is Pending (rule 28).
    """

    claim: str
    pod: str
    reason: str
    told: bool = True


@dataclass(frozen=True)
class UpdateClaimOwners:
    """A claim with the owners that the retention policy asks for (rule 31).

    `conflicting`: another controller manages it, and the user is told (rule 32).
    """

    claim: core_v1.PersistentVolumeClaim
    conflicting: bool = False


@dataclass(frozen=True)
class CreatePod:
    """A replica that does not exist; all its claims do by now (rule 25)."""

    pod: core_v1.Pod


@dataclass(frozen=True)
class RepairPod:
    """A pod with its identity labels and volumes put right (rule 18)."""

    pod: core_v1.Pod


@dataclass(frozen=True)
class DeletePod:
    """Remove a pod by a plain delete (rule 58)."""

    pod: core_v1.Pod
    why: Literal["finished", "condemned", "update"]


Action = (
    AdoptPod
    | ReleasePod
    | AdoptRevision
    | HistoryAction
    | CreateClaim
    | RefuseClaim
    | UpdateClaimOwners
    | CreatePod
    | RepairPod
    | DeletePod
)

WAKING = (AdoptPod, ReleasePod, CreatePod, DeletePod)
"""The actions whose events wake the set again. A repair may find nothing of the pod to change."""


@dataclass(frozen=True)
class Waiting:
    """Why nothing more is done: who waits, for whom, by which rule, and what would end it.

    `passes`: it ends by itself, soon. `str()` is the sentence for people: "web-2 waits: web-1 is not Ready. …".
    """

    subject: str
    blocker: str
    rule: int
    because: str
    remedy: str
    passes: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        return f"{self.subject} waits: {self.because}. {self.remedy}"


@dataclass(frozen=True)
class Stage:
    """Strands of actions: each strand in its order, the strands side by side where `concurrent`, else in order.

    An error ends the stage and the sync; the next stage starts only when this one is done.
    """

    name: str
    strands: tuple[tuple[Action, ...], ...]
    concurrent: bool = False


@dataclass(frozen=True)
class Plan:
    """What to do now, what to report, why no more is done, and when to look again if nothing happens first."""

    stages: tuple[Stage, ...]
    status: apps_v1.StatefulSetStatus
    waiting: tuple[Waiting, ...] = field(default=())
    wake_after_seconds: float | None = None

    @property
    def actions(self) -> tuple[Action, ...]:
        """Every action, in the order in which one worker would take them."""
        return tuple(action for stage in self.stages for strand in stage.strands for action in strand)
