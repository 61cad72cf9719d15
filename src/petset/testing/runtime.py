"""Containers without processes: the `Runtime` port for simulations, load tests and `--runtime simulated`.

It keeps the port's promises (one contract suite runs on it and on the real one) and refuses what cannot be: a
container in a sandbox that is not there, a second running attempt of one container, a signal to something
unknown. Containers run at once and forever; a test makes them exit, refuse images, be slow or deaf. Like real
containers they outlive the agent: hand the same runtime to the next agent to simulate a restart.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from petset.aio.clock import Clock
from petset.api.objects import replace
from petset.node.runtime import (
    Container,
    ContainerSpec,
    ContainerState,
    ExecResult,
    ExecStreams,
    Resources,
    RuntimeFailure,
    Sandbox,
    SandboxSpec,
)
from petset.testing.streams import SimulatedAttachment, SimulatedExec

SIGKILL = 9
Answer = Callable[[Container, Sequence[str]], ExecResult]


class ImpossibleState(AssertionError):
    """Somebody asked for what no runtime could do: a mistake in the caller."""


class SimulatedRuntime:
    """See the module. All knobs take effect from the next call on."""

    name = "simulated://1.0"
    handlers = ("runc", "crun")  # it runs nothing, by whatever name

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sandboxes: dict[str, Sandbox] = {}
        self._containers: dict[str, Container] = {}
        self._by_sandbox: dict[str, list[str]] = {}
        self._waiters: dict[str, list[asyncio.Future[None]]] = {}
        self._specs: dict[str, ContainerSpec] = {}
        self._refusals: dict[str, RuntimeFailure] = {}
        self._deaf: set[tuple[str, str]] = set()
        self._addresses = 0
        self._ids = 0
        self.answer: Answer = lambda container, command: ExecResult(0, "")
        self.pull_seconds = 0.0
        self.start_seconds = 0.0
        self.stop_seconds = 0.0
        self.exit_code_when_stopped = 0
        self.history: list[str] = []
        self.violations: list[str] = []  # whatever was refused as impossible, for those who catch everything

    # What a test does to it.

    def refuse_image(self, image: str, reason: str, message: str) -> None:
        """From now on the image cannot be had."""
        self._refusals[f"image/{image}"] = RuntimeFailure(reason, message)

    def refuse_resize(self, container: str, message: str) -> None:
        """From now on no container of this name gets more or less than it has."""
        self._refusals[f"resize/{container}"] = RuntimeFailure("ResizeError", message)

    def allow_everything(self) -> None:
        """Take every refusal back."""
        self._refusals.clear()

    def ignore_signals(self, pod: str, container: str) -> None:
        """The container ends on SIGKILL only."""
        self._deaf.add((pod, container))

    def find(self, pod: str, container: str) -> Container:
        """The newest attempt of a container of the pod with this name. LookupError where there is none."""
        found = [c for c in self._containers.values() if c.name == container and self._pod_of(c) == pod]
        if not found:
            raise LookupError(f"no container {container} of a pod {pod}")
        return max(found, key=lambda c: c.attempt)

    def spec_of(self, container_id: str) -> ContainerSpec:
        """What a container was started with."""
        return self._specs[container_id]

    def exit(self, pod: str, container: str, code: int = 0, message: str = "", *, oom_killed: bool = False) -> None:
        """The container's process ends by itself."""
        self._end(self.find(pod, container).id, code, message=message, oom_killed=oom_killed)

    def end(self, container_id: str, code: int) -> None:
        """The process of this very container ends by itself."""
        self._end(container_id, code)

    def lose_everything(self, node: str = "") -> None:
        """The machine (or one logical node) was switched off: its sandboxes are gone without a trace."""
        for uid in [uid for uid, sandbox in self._sandboxes.items() if node in ("", sandbox.spec.node)]:
            self.lose_pod(uid)

    def lose_pod(self, uid: str) -> None:
        """The pod's sandbox is gone without a trace, if it had one."""
        for container_id in self._by_sandbox.pop(uid, ()):
            self._end(container_id, 137)
            del self._containers[container_id]
        self._sandboxes.pop(uid, None)

    def living_pods(self) -> set[tuple[str, str, str]]:
        """Namespace, name and uid of every pod with a running container."""
        specs = (self._sandboxes[container.sandbox_uid].spec for container in self.running())
        return {(spec.namespace, spec.name, spec.uid) for spec in specs}

    def living_nodes(self) -> set[str]:
        """Every node with a running container."""
        return {self._sandboxes[container.sandbox_uid].spec.node for container in self.running()}

    def running(self) -> list[Container]:
        """Every container that runs."""
        return [c for c in self._containers.values() if c.state is ContainerState.RUNNING]

    # The port.

    async def list_sandboxes(self) -> Sequence[Sandbox]:
        return [
            replace(sandbox, containers=tuple(self._containers[i] for i in self._by_sandbox[uid]))
            for uid, sandbox in self._sandboxes.items()
        ]

    async def start_sandbox(self, spec: SandboxSpec) -> Sandbox:
        if spec.uid not in self._sandboxes:
            self._addresses += 1
            high, low = divmod(self._addresses + 1, 254)
            ip = "" if spec.host_network else f"10.244.{high}.{low + 1}"
            self._sandboxes[spec.uid] = Sandbox(spec, ip)
            self._by_sandbox[spec.uid] = []
            self.history.append(f"start sandbox {spec.name}")
        return self._sandboxes[spec.uid]

    async def remove_sandbox(self, uid: str) -> None:
        sandbox = self._sandboxes.pop(uid, None)
        if sandbox is None:
            return
        for container_id in self._by_sandbox.pop(uid):
            self._end(container_id, 137, signal=SIGKILL)
            del self._containers[container_id]
        self.history.append(f"remove sandbox {sandbox.spec.name}")

    async def resolve_image(self, image: str) -> str:
        await self._clock.sleep(self.pull_seconds)
        self._refuse(f"image/{image}")
        return f"sha256:simulated-{image}"

    async def start_container(self, sandbox_uid: str, spec: ContainerSpec) -> Container:
        await self._clock.sleep(self.start_seconds)
        sandbox = self._sandboxes.get(sandbox_uid)
        if sandbox is None:
            raise self._impossible(f"container {spec.name} in sandbox {sandbox_uid}, which does not exist")
        mine = [self._containers[i] for i in self._by_sandbox[sandbox_uid]]
        for other in mine:
            if other.name == spec.name and other.attempt == spec.attempt:
                return other
            if other.name == spec.name and other.state is not ContainerState.EXITED:
                raise self._impossible(f"attempt {spec.attempt} of {spec.name} while {other.attempt} runs")
        self._ids += 1
        container = Container(
            id=f"{self._ids:064x}",
            sandbox_uid=sandbox_uid,
            name=spec.name,
            attempt=spec.attempt,
            image=spec.image,
            image_id=f"sha256:simulated-{spec.image}",
            state=ContainerState.RUNNING,
            started_at=self._clock.now(),
            resources=spec.resources,
        )
        self._containers[container.id] = container
        self._by_sandbox[sandbox_uid].append(container.id)
        self._specs[container.id] = spec
        self.history.append(f"start {sandbox.spec.name}/{spec.name} attempt {spec.attempt}")
        return container

    async def signal(self, container_id: str, signal_number: int) -> None:
        container = self._known(container_id)
        if container.state is ContainerState.EXITED:
            return
        self.history.append(f"signal {signal_number} to {self._pod_of(container)}/{container.name}")
        if signal_number == SIGKILL:
            self._end(container_id, 137, signal=SIGKILL)
        elif (self._pod_of(container), container.name) not in self._deaf:
            await self._clock.sleep(self.stop_seconds)
            self._end(container_id, self.exit_code_when_stopped)

    async def resize_sandbox(self, uid: str, resources: Resources) -> Sandbox:
        sandbox = self._sandboxes.get(uid)
        if sandbox is None:
            raise RuntimeFailure("ResizeError", f"there is no sandbox {uid}")
        self._refuse("resize/")
        self._sandboxes[uid] = replace(sandbox, spec=replace(sandbox.spec, resources=resources))
        return self._sandboxes[uid]

    async def resize(self, container_id: str, resources: Resources) -> Container:
        container = self._running(container_id)
        self._refuse(f"resize/{container.name}")
        self.history.append(f"resize {self._pod_of(container)}/{container.name}")
        self._containers[container_id] = resized = replace(container, resources=resources)
        return resized

    async def inspect(self, container_id: str) -> Container:
        return self._known(container_id)

    async def wait(self, container_id: str) -> Container:
        container = self._known(container_id)
        if container.state is not ContainerState.EXITED:
            ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.setdefault(container_id, []).append(ended)
            await ended
        return self._last_known(container_id, container)

    async def remove_container(self, container_id: str) -> None:
        container = self._containers.pop(container_id, None)
        if container is not None:
            self._by_sandbox[container.sandbox_uid].remove(container_id)
            self._tell_waiters(container_id)

    async def run(self, container_id: str, command: Sequence[str], timeout_seconds: float) -> ExecResult:
        return self.answer(self._running(container_id), command)

    async def exec(self, container_id: str, command: Sequence[str], *, stdin: bool, tty: bool) -> ExecStreams:
        return SimulatedExec(self.answer(self._running(container_id), command))

    async def attach(self, container_id: str, *, stdin: bool) -> ExecStreams:
        container = self._running(container_id)
        return SimulatedAttachment(partial(self.wait, container.id))

    async def dial(self, sandbox_uid: str, port: int, address: str = "") -> int:
        raise RuntimeFailure("ConnectionFailed", f"nothing listens on port {port} of a simulated pod")

    async def close(self) -> None:
        """Nothing to let go of: the containers stay."""

    # Inside.

    def _impossible(self, what: str) -> ImpossibleState:
        self.violations.append(what)
        return ImpossibleState(what)

    def _refuse(self, key: str) -> None:
        refusal = self._refusals.get(key)
        if refusal is not None:
            raise RuntimeFailure(refusal.reason, str(refusal))

    def _known(self, container_id: str) -> Container:
        container = self._containers.get(container_id)
        if container is None:
            raise RuntimeFailure("NotFound", f"container {container_id} does not exist")
        return container

    def _running(self, container_id: str) -> Container:
        container = self._known(container_id)
        if container.state is ContainerState.EXITED:
            raise RuntimeFailure("NotRunning", f"container {container.name} has exited: nothing can be run in it")
        return container

    def _last_known(self, container_id: str, before: Container) -> Container:
        """After a wait: how it ended, also when it was removed in the meantime."""
        gone = replace(before, state=ContainerState.EXITED, exit_code=137, signal=SIGKILL)
        return self._containers.get(container_id, gone)

    def _pod_of(self, container: Container) -> str:
        sandbox = self._sandboxes.get(container.sandbox_uid)
        return sandbox.spec.name if sandbox else ""

    def _end(
        self,
        container_id: str,
        code: int,
        *,
        message: str = "",
        signal: int | None = None,
        oom_killed: bool = False,
    ) -> None:
        container = self._containers.get(container_id)
        if container is None or container.state is ContainerState.EXITED:
            return
        self._containers[container_id] = replace(
            container,
            state=ContainerState.EXITED,
            finished_at=self._clock.now(),
            exit_code=code,
            signal=signal,
            oom_killed=oom_killed,
            message=message,
        )
        self.history.append(f"exit {self._pod_of(container)}/{container.name} with {code}")
        self._tell_waiters(container_id)

    def _tell_waiters(self, container_id: str) -> None:
        for ended in self._waiters.pop(container_id, ()):
            if not ended.done():
                ended.set_result(None)
