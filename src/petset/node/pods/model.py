"""Everything a pod worker may look at, everything it may decide, and the words for why it waits.

A worker is restarted with its server, so nothing here is precious: what must survive is in the runtime (sandboxes,
attempts and how they ended) and in the API (the pod and its status). The `Notes` are what a kubelet, too, keeps in
memory alone: back-offs, probe results, how far stopping a container has come. Losing them costs a pause that is
forgotten or a signal that is sent twice, never a container that runs twice.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field

from petset.api.models import core_v1
from petset.node.runtime import Container, ContainerState, Sandbox


class Failure(Struct, frozen=True):
    """Something that did not work, `count` times in a row. `reason` is Kubernetes' word for it."""

    reason: str
    message: str
    count: int
    at: datetime
    retry_at: datetime


class CrashLoop(Struct, frozen=True):
    """The pause after an exit before the next attempt, and when it was last made longer."""

    pause_seconds: float
    since: datetime


class Health(Struct, frozen=True):
    """What the probes say about the latest attempt. `unhealthy` is why it has to be restarted, empty if healthy."""

    started: bool = True
    ready: bool = True
    unhealthy: str = ""
    grace_seconds: int | None = None  # the failed probe's own grace period


class Stop(Struct, frozen=True):
    """The latest attempt is being stopped: first the hook, then the stop signal, at the deadline SIGKILL."""

    since: datetime
    grace_seconds: float
    hook_done: bool = False
    signalled_at: datetime | None = None
    killed_at: datetime | None = None
    restart: bool = False  # stopped for its health: to be started again whatever its exit code


class Notes(Struct, frozen=True):
    """What the worker remembers about one container. All of it but the back-offs is about the latest attempt."""

    image_id: str = ""  # resolved for the next attempt
    image_failure: Failure | None = None
    start_failure: Failure | None = None
    crash_loop: CrashLoop | None = None
    health: Health = Health()
    hook_pending: bool = False  # postStart has not ended yet
    stop: Stop | None = None
    resize_failure: Failure | None = None


class Pending(Struct, frozen=True):
    """Why a pod does not get the resources that it now asks for: `Deferred` for a while, or `Infeasible` here."""

    reason: str
    message: str


class Volumes(StrEnum):
    """How far the pod's volumes are. After a restart nothing is known of them."""

    UNKNOWN = "unknown"
    MOUNTED = "mounted"
    GONE = "gone"


class Snapshot(Struct, frozen=True):
    """One pod on this node at one moment, with the resources that the node has granted it.

    `attempts` holds each container's known attempts, oldest first; those that a lost sandbox took with it are
    known from the pod's status and carry no sandbox uid. `busy` names the actions that are under way or follow them
    (`Action.key`).
    """

    pod: core_v1.Pod
    now: datetime
    gone: bool = False  # the API has no such pod any more: stop what is left of it
    predecessor: bool = False  # an earlier pod of this name is still being stopped here
    sandbox: Sandbox | None = None
    sandbox_failure: Failure | None = None
    attempts: Mapping[str, Sequence[Container]] = field(default_factory=dict)
    notes: Mapping[str, Notes] = field(default_factory=dict)
    volumes: Volumes = Volumes.UNKNOWN
    volumes_failure: Failure | None = None
    reported: bool = False  # the API knows the pod's present status
    released: bool = False  # the API has been told that nothing of the pod is left here
    busy: frozenset[str] = frozenset()
    pending: Pending | None = None
    resized: bool = False  # what containers have may differ from what the pod says
    resizing: int | None = None  # the generation whose resources the containers are being given

    def latest(self, name: str) -> Container | None:
        """The newest attempt of a container, or None before the first."""
        attempts = self.attempts.get(name)
        return attempts[-1] if attempts else None

    def note(self, name: str) -> Notes:
        """What is remembered of a container."""
        return self.notes.get(name, _NOTHING)


_NOTHING = Notes()


def is_running(attempt: Container | None) -> bool:
    """A process of this attempt may exist (one that is created counts: it is about to run)."""
    return attempt is not None and attempt.state is not ContainerState.EXITED


def has_exited(attempt: Container | None) -> bool:
    """The attempt was made and is over."""
    return attempt is not None and attempt.state is ContainerState.EXITED


def has_succeeded(attempt: Container | None) -> bool:
    """The attempt is over and its exit code is 0."""
    return attempt is not None and attempt.state is ContainerState.EXITED and attempt.exit_code == 0


class MountVolumes(Struct, frozen=True):
    """Make every volume of the pod ready."""

    key: str = "volumes"


class StartSandbox(Struct, frozen=True):
    """Make the pod's network namespace, host name and directories."""

    key: str = "sandbox"


class ResolveImage(Struct, frozen=True):
    """Find the image of the container's next attempt, or pull it."""

    container: str

    @property
    def key(self) -> str:
        return f"image/{self.container}"


class StartContainer(Struct, frozen=True):
    """Make the next attempt. `crash_loop` is the back-off to remember once it is made."""

    container: str
    attempt: int
    crash_loop: CrashLoop | None = None

    @property
    def key(self) -> str:
        return f"start/{self.container}"


class RunPostStart(Struct, frozen=True):
    """Run the container's postStart hook; if it fails, the attempt is stopped."""

    container: str
    container_id: str

    @property
    def key(self) -> str:
        return f"hook/{self.container}"


class BeginStop(Struct, frozen=True):
    """Decide to stop the running attempt: its probes end, its grace period begins. `message` goes to an event."""

    container: str
    container_id: str
    grace_seconds: float
    message: str
    restart: bool = False

    @property
    def key(self) -> str:
        return f"stop/{self.container}"


class RunPreStop(Struct, frozen=True):
    """Run the container's preStop hook, for at most the time its grace period leaves."""

    container: str
    container_id: str
    timeout_seconds: float

    @property
    def key(self) -> str:
        return f"hook/{self.container}"


class Signal(Struct, frozen=True):
    """Ask the attempt to end: by name for the stop signal, `SIGKILL` after the grace period."""

    container: str
    container_id: str
    signal: str

    @property
    def key(self) -> str:
        return f"signal/{self.container}/{self.signal}"


class Resize(Struct, frozen=True):
    """Give the running attempt the resources that the pod has been granted."""

    container: str
    container_id: str

    @property
    def key(self) -> str:
        return f"resize/{self.container}"


class RemoveContainer(Struct, frozen=True):
    """Forget an attempt that is neither the latest nor the one before it."""

    container: str
    container_id: str

    @property
    def key(self) -> str:
        return f"remove/{self.container_id}"


class RemoveSandbox(Struct, frozen=True):
    """Take away the sandbox with all that is left of its containers."""

    key: str = "sandbox"


class UnmountVolumes(Struct, frozen=True):
    """Let go of the pod's volumes; what was the pod's alone is deleted."""

    key: str = "volumes"


class DeletePod(Struct, frozen=True):
    """Tell the API that nothing of the pod is left: it may forget the object."""

    key: str = "delete"


Action = (
    MountVolumes
    | StartSandbox
    | ResolveImage
    | StartContainer
    | RunPostStart
    | BeginStop
    | RunPreStop
    | Signal
    | Resize
    | RemoveContainer
    | RemoveSandbox
    | UnmountVolumes
    | DeletePod
)


class Waiting(Struct, frozen=True):
    """Why a container (empty: the pod as a whole) does not go on. `reason` is what its status shows."""

    container: str
    reason: str
    message: str


Strand = tuple[Action, ...]
"""Actions in order. One that fails, or whatever happens to the pod meanwhile, leaves the rest to the next plan."""


class Plan(Struct, frozen=True):
    """What to do now, why no more is done, and when to look again without being woken.

    The strands go side by side. `finished` says that every container is done for good (or the pod's deadline is
    over): its phase is final.
    """

    strands: tuple[Strand, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    wake_at: datetime | None = None
    finished: bool = False
    deadline_exceeded: bool = False

    @property
    def actions(self) -> Strand:
        """Every action, as one worker would do them."""
        return tuple(action for strand in self.strands for action in strand)
