"""`OciRuntime`: the `Runtime` port with real containers.

The control flow stands here; the blocking work is done on job threads by `sandboxes`, `containers` and `images`.
One lock a sandbox keeps its changes in order, as kubelet does; different pods start side by side.
"""

import asyncio
import contextlib
import hashlib
import logging
import os
import re
import signal
from collections.abc import Sequence
from pathlib import Path
from weakref import WeakValueDictionary

from petset.api.objects import replace
from petset.node.logs.rotation import MOST_BYTES
from petset.node.oci import attaching, bundle, dialing, execstreams, opening, preparation, probes, processes, state
from petset.node.oci.exec import Command
from petset.node.oci.jobs import Jobs
from petset.node.oci.opening import Options
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
from petset.node.services.script import Surroundings

_UID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


_log = logging.getLogger(__name__)


class OciRuntime:
    """Containers of one data directory. Make it with `open`; the directory is then this process's alone."""

    def __init__(self, parts: opening.Parts, jobs: Jobs) -> None:
        self._parts = parts
        self._jobs = jobs
        self._sandboxes = {record.spec.uid: record for record in parts.sandboxes.load()}
        self._containers = {record.id: record for uid in self._sandboxes for record in parts.containers.load(uid)}
        self._locks = WeakValueDictionary[str, asyncio.Lock]()

    @classmethod
    async def open(cls, options: Options) -> "OciRuntime":
        """Find out what works here, set the network up and find what runs. Unusable says what is missing."""
        jobs = Jobs()
        try:
            return await jobs.run(lambda: cls(opening.assemble(options), jobs))
        except BaseException:
            jobs.close()
            raise

    @property
    def name(self) -> str:
        return f"{self._parts.engine.kind} {self._parts.engine.version}"

    @property
    def handlers(self) -> Sequence[str]:
        return (self._parts.engine.kind,)

    @property
    def dns_address(self) -> str:
        """The pods' name server as seen from them; it exists on this machine, so a server can listen on it."""
        return self._parts.network.dns_address

    @property
    def services(self) -> Surroundings:
        """Where the packet filter's table for Services belongs."""
        return self._parts.network.services

    def pod_cidr(self, node: str) -> str:
        """The addresses of a node's pods."""
        return self._parts.network.pod_cidr(node)

    async def list_sandboxes(self) -> Sequence[Sandbox]:
        return await self._jobs.run(lambda: [self._sandbox(record) for record in list(self._sandboxes.values())])

    def _sandbox(self, record: state.SandboxRecord) -> Sandbox:
        found = [
            self._parts.containers.view(one)
            for one in list(self._containers.values())
            if one.sandbox_uid == record.spec.uid
        ]
        found.sort(key=lambda container: (container.name, container.attempt))
        return Sandbox(record.spec, record.ip, found, self._parts.sandboxes.is_ready(record.spec.uid))

    async def start_sandbox(self, spec: SandboxSpec) -> Sandbox:
        if not _UID.fullmatch(spec.uid):
            raise RuntimeFailure("FailedCreatePodSandBox", f"pod uid {spec.uid!r} cannot name a directory")
        async with self._lock(spec.uid):
            if spec.uid not in self._sandboxes or not self._parts.sandboxes.is_ready(spec.uid):
                try:
                    await self._jobs.run(self._parts.sandboxes.make, self._reserve(spec))
                except (OSError, LookupError, ValueError) as error:
                    raise RuntimeFailure("FailedCreatePodSandBox", str(error)) from error
            return self._sandbox(self._sandboxes[spec.uid])

    def _reserve(self, spec: SandboxSpec) -> state.SandboxRecord:
        """On the event loop, so that no address is given twice. A sandbox made again keeps its own if it can."""
        before = self._sandboxes.get(spec.uid)
        used = {record.ip for uid, record in self._sandboxes.items() if uid != spec.uid}
        ip = "" if spec.host_network else self._parts.network.pick(spec.node, used, before.ip if before else "")
        self._sandboxes[spec.uid] = record = state.SandboxRecord(spec, ip)
        return record

    async def remove_sandbox(self, uid: str) -> None:
        async with self._lock(uid):
            if uid not in self._sandboxes:
                return
            mine = [record for record in self._containers.values() if record.sandbox_uid == uid]
            for record in mine:
                await self._jobs.run(self._parts.containers.remove, record)
                del self._containers[record.id]
            try:
                await self._jobs.run(self._parts.sandboxes.unmake, uid)
            except OSError as error:
                raise RuntimeFailure("KillPodSandboxError", str(error)) from error
            del self._sandboxes[uid]

    async def resolve_image(self, image: str) -> str:
        return (await self._jobs.run(self._parts.images.prepare, image)).id

    async def start_container(self, sandbox_uid: str, spec: ContainerSpec) -> Container:
        async with self._lock(sandbox_uid):
            sandbox = self._sandboxes.get(sandbox_uid)
            if sandbox is None or not self._parts.sandboxes.is_ready(sandbox_uid):
                raise RuntimeFailure("CreateContainerError", f"sandbox {sandbox_uid} does not run; start it first")
            container_id = _container_id(sandbox_uid, spec)
            record = self._containers.get(container_id)
            if record is None or record.started_at is None:
                record = await self._jobs.run(self._start, container_id, sandbox.spec, spec)
                self._containers[container_id] = record
            return await self._jobs.run(self._parts.containers.view, record)

    def _start(self, container_id: str, sandbox: SandboxSpec, spec: ContainerSpec) -> state.ContainerRecord:
        image = self._parts.images.prepare(spec.image)
        record = state.ContainerRecord(
            container_id, sandbox.uid, spec.name, spec.attempt, spec.image, image.id, self._parts.boot
        )
        try:
            view = preparation.PodView(sandbox.hostname, self._processes_of(spec.target_container_id))
            return self._parts.containers.start(record, spec, image, view)
        except OSError as error:
            raise RuntimeFailure("CreateContainerError", str(error)) from error

    def _processes_of(self, container_id: str) -> Path | None:
        """The process namespace of another container. RuntimeFailure where that does not run."""
        if not container_id:
            return None
        process = self._known(container_id).process
        if process is None or not state.is_alive(process):
            raise RuntimeFailure("CreateContainerError", f"target container {container_id} does not run")
        return Path(f"/proc/{process.pid}/ns/pid")

    async def signal(self, container_id: str, signal_number: int) -> None:
        record = self._known(container_id)
        descriptor = state.open_process(record.process) if record.process else None
        if descriptor is None:
            return
        try:
            with contextlib.suppress(ProcessLookupError):  # it ended in this very moment
                signal.pidfd_send_signal(descriptor, signal_number)
        finally:
            os.close(descriptor)

    async def resize_sandbox(self, uid: str, resources: Resources) -> Sandbox:
        async with self._lock(uid):
            record = self._sandboxes.get(uid)
            if record is None:
                raise RuntimeFailure("ResizeError", f"there is no sandbox {uid}")
            resized = replace(record, spec=replace(record.spec, resources=resources))
            try:
                await self._jobs.run(self._parts.sandboxes.resize, resized)
            except OSError as error:
                raise RuntimeFailure("ResizeError", str(error)) from error
            self._sandboxes[uid] = resized
            return self._sandbox(resized)

    async def resize(self, container_id: str, resources: Resources) -> Container:
        record = self._known(container_id)
        async with self._lock(record.sandbox_uid):
            record = self._containers[container_id] = await self._jobs.run(
                self._parts.containers.resize, record, resources
            )
            return await self._jobs.run(self._parts.containers.view, record)

    async def rotate_logs(self, most_bytes: int = MOST_BYTES) -> None:
        """Put aside the logs that have become too large."""
        for record in list(self._containers.values()):
            if record.process is not None and state.is_alive(record.process):
                try:
                    await self._jobs.run(self._parts.containers.rotate_log, record, most_bytes)
                except OSError as error:
                    _log.warning("the log of container %s is not put aside: %s", record.name, error)

    async def inspect(self, container_id: str) -> Container:
        return await self._jobs.run(self._parts.containers.view, self._known(container_id))

    async def wait(self, container_id: str) -> Container:
        while True:
            record = self._known(container_id)
            seen = await self._jobs.run(self._parts.containers.view, record)
            if seen.state is ContainerState.EXITED:
                return seen
            if record.monitor is None:
                raise RuntimeFailure("RunContainerError", f"container {container_id} was never started")
            descriptor = state.open_process(record.monitor)
            if descriptor is not None:
                await processes.ended(descriptor)

    async def remove_container(self, container_id: str) -> None:
        record = self._containers.get(container_id)
        if record is not None:
            async with self._lock(record.sandbox_uid):
                await self._jobs.run(self._parts.containers.remove, record)
                self._containers.pop(container_id, None)

    async def run(self, container_id: str, command: Sequence[str], timeout_seconds: float) -> ExecResult:
        return await probes.run(self._jobs, self._command(container_id, command), timeout_seconds)

    async def exec(self, container_id: str, command: Sequence[str], *, stdin: bool, tty: bool) -> ExecStreams:
        return await execstreams.attach(
            self._jobs, self._command(container_id, command, tty=tty), stdin=stdin, tty=tty
        )

    async def attach(self, container_id: str, *, stdin: bool) -> ExecStreams:
        record, layout = self._known(container_id), self._parts.layout
        control = layout.container(record.sandbox_uid, container_id) / "ctl"
        try:
            return await attaching.attach(layout.sockets / container_id / "attach", control, stdin=stdin)
        except OSError as error:
            raise RuntimeFailure("ContainerNotRunning", f"container {record.name} does not run") from error

    async def dial(self, sandbox_uid: str, port: int, address: str = "") -> int:
        record = self._sandboxes.get(sandbox_uid)
        if record is None:
            raise RuntimeFailure("SandboxNotFound", f"there is no sandbox {sandbox_uid}")
        network = None if record.spec.host_network else self._parts.layout.kept(sandbox_uid) / "network"
        try:
            return (await self._jobs.run(dialing.dial, network, port, address)).detach()
        except OSError as error:
            raise RuntimeFailure("ConnectionFailed", error.strerror or str(error)) from error

    def _command(self, container_id: str, command: Sequence[str], *, tty: bool = False) -> Command:
        record = self._known(container_id)
        if not state.is_alive(record.process):
            raise RuntimeFailure("ContainerNotRunning", f"container {record.name} does not run")
        process = self._parts.containers.process(record)
        document = bundle.exec_process(process, command, tty=tty)
        return Command(self._parts.engine, self._parts.layout.engine_root, container_id, document)

    async def teardown(self) -> None:
        """Remove every sandbox, and all that was set up on this machine for them. `open` sets it up again."""
        await asyncio.gather(*(self.remove_sandbox(uid) for uid in list(self._sandboxes)))
        await self._jobs.run(opening.take_down, self._parts)

    async def close(self) -> None:
        self._jobs.close()

    def _known(self, container_id: str) -> state.ContainerRecord:
        try:
            return self._containers[container_id]
        except KeyError:
            raise RuntimeFailure("ContainerNotFound", f"there is no container {container_id}") from None

    def _lock(self, uid: str) -> asyncio.Lock:
        return self._locks.setdefault(uid, asyncio.Lock())


def _container_id(uid: str, spec: ContainerSpec) -> str:
    """64 hex digits, as container ids are; the same for the same attempt, so that a start can be repeated."""
    return hashlib.sha256(f"{uid}\0{spec.name}\0{spec.attempt}".encode()).hexdigest()
