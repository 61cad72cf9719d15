"""The `Runtime` port: what the node agent asks of whoever really runs containers.

Two adapters keep it: OCI containers under conmon (`petset.node.oci`) and simulated ones (`petset.testing`).

The words are those of the container runtime interface. A *sandbox* is a pod's shared surroundings: its network
namespace with one IP, its host name, its directories. A *container* lives in a sandbox; each start of it is a new
*attempt* with its own id. Both outlive this process: `list_sandboxes` finds them again after a restart, with
the labels they were started with and, for the dead, how they ended.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from msgspec import Struct, field

from petset.api.models import core_v1


class Resources(Struct, frozen=True):
    """Limits as cgroups take them; None leaves one unlimited."""

    cpu_millis: int | None = None
    cpu_request_millis: int | None = None
    memory_bytes: int | None = None
    oom_score_adj: int | None = None  # -1000 to 1000; lowered only where the machine lets us


class SandboxSpec(Struct, frozen=True):
    """A pod's surroundings. `uid` names it; `namespace` and `name` are the pod's."""

    uid: str
    namespace: str
    name: str
    node: str
    hostname: str
    hosts: Sequence[tuple[str, str]] = ()  # further lines of /etc/hosts: (address, names)
    dns_search: Sequence[str] = ()
    dns_options: Sequence[str] = ("ndots:5",)
    dns_servers: Sequence[str] = ()  # empty: the runtime's own DNS address
    fqdn: str = ""  # the name the pod has in DNS, for its /etc/hosts line; empty: none
    host_network: bool = False
    sysctls: Mapping[str, str] = field(default_factory=dict)
    # For whoever ends its containers and cannot ask the API: how long they get, and what those that have a preStop
    # hook want done before (name, ports and lifecycle alone).
    grace_seconds: float = 30.0
    farewells: Sequence[core_v1.Container] = ()
    resources: Resources = Resources()  # of all its containers together


class Mount(Struct, frozen=True):
    """A host path made visible inside the container."""

    source: Path
    target: str
    read_only: bool = False


class Security(Struct, frozen=True):
    """Who the process is and what it may do; None means: as the image says."""

    run_as_user: int | None = None
    run_as_group: int | None = None
    fs_group: int | None = None
    supplemental_groups: Sequence[int] = ()
    privileged: bool = False
    read_only_root: bool = False
    allow_privilege_escalation: bool = True
    add_capabilities: Sequence[str] = ()
    drop_capabilities: Sequence[str] = ()
    seccomp: str = ""  # RuntimeDefault, Localhost, Unconfined, or empty where nobody says
    seccomp_profile: str = ""  # for Localhost: a file's name


class ContainerSpec(Struct, frozen=True):
    """One attempt at one container of a pod. `command` and `args` are the pod's; empty: as the image says."""

    name: str
    attempt: int
    image: str
    command: Sequence[str] = ()
    args: Sequence[str] = ()
    env: Sequence[tuple[str, str]] = ()
    working_dir: str = ""
    mounts: Sequence[Mount] = ()
    resources: Resources = Resources()
    security: Security = Security()
    tty: bool = False
    stdin: bool = False
    stdin_once: bool = False  # its input ends with the first client that attaches
    termination_message_path: str = "/dev/termination-log"
    target_container_id: str = ""  # sees this container's processes as if it were in it; empty: its own alone


class ContainerState(StrEnum):
    """Where an attempt is in its life."""

    CREATED = "created"
    RUNNING = "running"
    EXITED = "exited"


class Container(Struct, frozen=True):
    """An attempt as the runtime sees it. Times are UTC; exit fields are set once it has exited."""

    id: str
    sandbox_uid: str
    name: str
    attempt: int
    image: str
    image_id: str
    state: ContainerState
    started_at: datetime | None = None
    finished_at: datetime | None = None
    exit_code: int | None = None
    signal: int | None = None
    oom_killed: bool = False
    message: str = ""  # what it wrote to its termination message path
    log_path: Path | None = None
    resources: Resources | None = None  # what it has now; None where that is not known


class Sandbox(Struct, frozen=True):
    """A sandbox that exists. `ip` is empty on the host's network.

    One that is not `ready` lost its network (the machine started again): nothing runs in it, and `start_sandbox`
    gives it a new one.
    """

    spec: SandboxSpec
    ip: str
    containers: Sequence[Container] = ()
    ready: bool = True


class ExecResult(Struct, frozen=True):
    """How a command inside a container ended. `output` is stdout and stderr, at most 10 KiB of it."""

    exit_code: int
    output: str


class RuntimeFailure(Exception):
    """The runtime could not do it. `reason` is Kubernetes' word (ErrImagePull, CreateContainerError …).

    The message says what to do about it; it ends up in events and in the pod's status.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class ExecStreams(Protocol):
    """A command that runs inside a container with its streams attached, for `kubectl exec` and `attach`."""

    async def write_stdin(self, data: bytes) -> None: ...

    async def close_stdin(self) -> None: ...

    def resize(self, columns: int, rows: int) -> None: ...

    def output(self) -> AsyncIterator[tuple[int, bytes]]:
        """Chunks as (1 for stdout, 2 for stderr; a terminal has only 1), until both are closed."""
        ...

    async def wait(self) -> int:
        """The exit code."""
        ...

    async def kill(self) -> None: ...


class Runtime(Protocol):
    """Everything is idempotent: to start what runs, or to remove what is gone, does nothing."""

    @property
    def name(self) -> str:
        """`runc`, `crun` or `simulated`, with its version: goes into the node's status."""
        ...

    @property
    def handlers(self) -> Sequence[str]:
        """By which names a RuntimeClass may ask for it."""
        ...

    async def list_sandboxes(self) -> Sequence[Sandbox]:
        """Everything that exists, whoever started it: the truth after a restart."""
        ...

    async def start_sandbox(self, spec: SandboxSpec) -> Sandbox: ...

    async def remove_sandbox(self, uid: str) -> None:
        """Kill what still runs in it, then take it away with all of its containers and their logs."""
        ...

    async def resolve_image(self, image: str) -> str:
        """The image's id, made ready to run. RuntimeFailure(ErrImagePull …) names the remedy."""
        ...

    async def start_container(self, sandbox_uid: str, spec: ContainerSpec) -> Container: ...

    async def signal(self, container_id: str, signal_number: int) -> None:
        """Send a signal to the container's first process; with SIGKILL (9), to all of them."""
        ...

    async def resize_sandbox(self, uid: str, resources: Resources) -> Sandbox:
        """Give the pod as a whole other limits, while its containers run."""
        ...

    async def resize(self, container_id: str, resources: Resources) -> Container:
        """Give a container that runs more or less processor and memory. RuntimeFailure: it keeps what it has."""
        ...

    async def inspect(self, container_id: str) -> Container: ...

    async def wait(self, container_id: str) -> Container:
        """Return once it has exited. Also works for containers of an earlier process of ours."""
        ...

    async def remove_container(self, container_id: str) -> None: ...

    async def run(self, container_id: str, command: Sequence[str], timeout_seconds: float) -> ExecResult:
        """Run a command inside (exec probes, hooks). TimeoutError after the time; the command is killed."""
        ...

    async def exec(self, container_id: str, command: Sequence[str], *, stdin: bool, tty: bool) -> ExecStreams: ...

    async def attach(self, container_id: str, *, stdin: bool) -> ExecStreams:
        """The streams of the container's own process; `kill` leaves it, and it goes on. RuntimeFailure."""
        ...

    async def dial(self, sandbox_uid: str, port: int, address: str = "") -> int:
        """The descriptor of a socket, the caller's own, connected to what listens on the sandbox's loopback.

        With an address, to what listens there, seen from inside. RuntimeFailure where nobody does.
        """
        ...

    async def close(self) -> None:
        """Let go without stopping anything: containers go on."""
        ...
