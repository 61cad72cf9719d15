"""`OciRuntime`: the `Runtime` port with real containers.

The control flow stands here; what it does is done by `network` (surroundings), `images` (root file systems),
`containers` (through conmon and the engine) and `exec`. One lock a sandbox keeps its changes in order, as
kubelet does; different pods start side by side.
"""

import asyncio
import hashlib
import os
import re
import resource
import shutil
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from petset.node.oci import (
    addresses,
    bundle,
    capabilities,
    etcfiles,
    execstreams,
    probes,
    processes,
    state,
    syscalls,
)
from petset.node.oci.containers import STATE, Containers
from petset.node.oci.engine import Engine, Unusable, pick
from petset.node.oci.exec import Command
from petset.node.oci.images import Image, ImageSource, MappedImages
from petset.node.oci.jobs import Jobs
from petset.node.oci.layout import Layout
from petset.node.oci.network import Network
from petset.node.runtime import (
    Container,
    ContainerSpec,
    ContainerState,
    ExecResult,
    ExecStreams,
    RuntimeFailure,
    Sandbox,
    SandboxSpec,
)

SANDBOX = "sandbox.json"
_UID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


@dataclass(frozen=True)
class Options:
    """`directory` is the runtime's own, absolute, readable by root only. `maps` are image maps, the first wins."""

    directory: Path
    now: Callable[[], datetime]
    kind: str = "auto"
    maps: Sequence[Path] = ()
    hide: Sequence[Path] = ()  # what no container may see of the machine, besides `directory`
    ranges: Sequence[str] = addresses.RANGES


class OciRuntime:
    """Containers of one data directory. Make it with `open`; the directory is then this process's alone."""

    def __init__(
        self, layout: Layout, engine: Engine, network: Network, images: ImageSource, containers: Containers
    ) -> None:
        self._layout = layout
        self._engine = engine
        self._network = network
        self._images = images
        self._work = containers
        self._jobs = Jobs()
        self._boot = state.boot_id()
        self._sandboxes: dict[str, state.SandboxRecord] = {}
        self._containers: dict[str, state.ContainerRecord] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    @classmethod
    async def open(cls, options: Options) -> "OciRuntime":
        """Find out what works here, set the network up and find what runs. Unusable says what is missing."""
        return await asyncio.to_thread(_open, cls, options)

    @property
    def name(self) -> str:
        return f"{self._engine.kind} {self._engine.version}"

    @property
    def dns_address(self) -> str:
        """The pods' name server as seen from them; it exists on this machine, so a server can listen on it."""
        return self._network.dns_address

    def pod_cidr(self, node: str) -> str:
        """The addresses of a node's pods."""
        return self._network.pod_cidr(node)

    def load(self) -> None:
        """Read the records of an earlier process."""
        for directory in state.children(self._layout.sandboxes):
            record = state.read(directory / SANDBOX, state.SandboxRecord)
            if record is None:
                continue
            self._sandboxes[record.spec.uid] = record
            for inner in state.children(directory / "containers"):
                container = state.read(inner / STATE, state.ContainerRecord)
                if container is not None:
                    self._containers[container.id] = container

    async def list_sandboxes(self) -> Sequence[Sandbox]:
        return await self._jobs.run(lambda: [self._sandbox(record) for record in list(self._sandboxes.values())])

    def _sandbox(self, record: state.SandboxRecord) -> Sandbox:
        found = [
            self._work.view(one) for one in list(self._containers.values()) if one.sandbox_uid == record.spec.uid
        ]
        found.sort(key=lambda container: (container.name, container.attempt))
        return Sandbox(record.spec, record.ip, found, ready=record.boot == self._boot)

    async def start_sandbox(self, spec: SandboxSpec) -> Sandbox:
        if not _UID.fullmatch(spec.uid):
            raise RuntimeFailure("FailedCreatePodSandBox", f"pod uid {spec.uid!r} cannot name a directory")
        async with self._lock(spec.uid):
            record = self._sandboxes.get(spec.uid)
            if record is None or record.boot != self._boot:
                try:
                    record = self._reserve(spec, record.ip if record else "")
                    record = await self._jobs.run(self._make_sandbox, record)
                except (OSError, LookupError, ValueError) as error:
                    raise RuntimeFailure("FailedCreatePodSandBox", str(error)) from error
                self._sandboxes[spec.uid] = record
            return self._sandbox(record)

    def _reserve(self, spec: SandboxSpec, before: str) -> state.SandboxRecord:
        """On the event loop, so that no address is given twice."""
        used = {record.ip for uid, record in self._sandboxes.items() if uid != spec.uid}
        ip = "" if spec.host_network else self._network.pick(spec.node, used, before)
        self._sandboxes[spec.uid] = record = state.SandboxRecord(spec, ip)
        return record

    def _make_sandbox(self, record: state.SandboxRecord) -> state.SandboxRecord:
        spec = record.spec
        directory, kept = self._layout.sandbox(spec.uid), self._layout.kept(spec.uid)
        directory.mkdir(parents=True, exist_ok=True)
        state.write(directory / SANDBOX, record)
        self._network.leave(spec.uid)
        self._network.join(spec, record.ip)
        _make_shm(kept / "shm")
        (directory / "hosts").write_text(etcfiles.hosts(spec, record.ip))
        (directory / "hostname").write_text(spec.hostname + "\n")
        (directory / "resolv.conf").write_text(etcfiles.resolv_conf(spec, self._network.dns_address))
        record = replace(record, boot=self._boot)
        state.write(directory / SANDBOX, record)
        return record

    async def remove_sandbox(self, uid: str) -> None:
        async with self._lock(uid):
            if uid not in self._sandboxes:
                return
            for record in [record for record in self._containers.values() if record.sandbox_uid == uid]:
                await self._jobs.run(self._work.remove, record)
                del self._containers[record.id]
            await self._jobs.run(self._unmake_sandbox, uid)
            del self._sandboxes[uid]
        self._locks.pop(uid, None)

    def _unmake_sandbox(self, uid: str) -> None:
        self._network.leave(uid)
        shm = self._layout.kept(uid) / "shm"
        syscalls.unmount(shm)
        shutil.rmtree(self._layout.kept(uid), ignore_errors=True)
        remove_cgroups(self._layout.cgroup(uid))
        shutil.rmtree(self._layout.sandbox(uid), ignore_errors=True)

    async def resolve_image(self, image: str) -> str:
        return (await self._jobs.run(self._images.prepare, image)).id

    async def start_container(self, sandbox_uid: str, spec: ContainerSpec) -> Container:
        async with self._lock(sandbox_uid):
            sandbox = self._sandboxes.get(sandbox_uid)
            if sandbox is None or sandbox.boot != self._boot:
                raise RuntimeFailure("CreateContainerError", f"sandbox {sandbox_uid} does not run; start it first")
            container_id = _container_id(sandbox_uid, spec)
            record = self._containers.get(container_id)
            if record is None or record.started_at is None:
                image = await self._jobs.run(self._images.prepare, spec.image)
                record = state.ContainerRecord(
                    container_id,
                    sandbox_uid,
                    spec.name,
                    spec.attempt,
                    spec.image,
                    image.id,
                    self._boot,
                    spec.tty,
                    spec.stdin,
                )
                self._containers[container_id] = record
                record = await self._jobs.run(self._start, record, spec, image, sandbox.spec.hostname)
                self._containers[container_id] = record
            return await self._jobs.run(self._work.view, record)

    def _start(
        self, record: state.ContainerRecord, spec: ContainerSpec, image: Image, hostname: str
    ) -> state.ContainerRecord:
        try:
            return self._work.start(record, spec, image, hostname)
        except OSError as error:
            raise RuntimeFailure("CreateContainerError", str(error)) from error

    async def signal(self, container_id: str, signal_number: int) -> None:
        record = self._known(container_id)
        descriptor = state.open_process(record.process) if record.process and record.boot == self._boot else None
        if descriptor is None:
            return
        try:
            signal.pidfd_send_signal(descriptor, signal_number)
        except ProcessLookupError:
            pass  # it ended in this very moment
        finally:
            os.close(descriptor)

    async def inspect(self, container_id: str) -> Container:
        return await self._jobs.run(self._work.view, self._known(container_id))

    async def wait(self, container_id: str) -> Container:
        while True:
            record = self._known(container_id)
            seen = await self._jobs.run(self._work.view, record)
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
                await self._jobs.run(self._work.remove, record)
                self._containers.pop(container_id, None)

    async def run(self, container_id: str, command: Sequence[str], timeout_seconds: float) -> ExecResult:
        return await probes.run(self._jobs, self._command(container_id, command), timeout_seconds)

    async def exec(self, container_id: str, command: Sequence[str], *, stdin: bool, tty: bool) -> ExecStreams:
        return await execstreams.attach(
            self._jobs, self._command(container_id, command, tty=tty), stdin=stdin, tty=tty
        )

    def _command(self, container_id: str, command: Sequence[str], *, tty: bool = False) -> Command:
        record = self._known(container_id)
        if not state.is_alive(record.process):
            raise RuntimeFailure("ContainerNotRunning", f"container {record.name} does not run")
        process = self._work.process(record)
        document = bundle.exec_process(process, command, tty=tty)
        return Command(self._engine, self._layout.engine_root, container_id, document)

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


def _make_shm(path: Path) -> None:
    """The pod's shared memory: 64 MiB, as on a cluster."""
    path.mkdir(exist_ok=True)
    if not os.path.ismount(path):
        flags = syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOEXEC
        syscalls.mount("shm", path, "tmpfs", flags, "mode=1777,size=65536k")


def remove_cgroups(path: str) -> None:
    """Empty groups only; the kernel keeps the others."""
    base = Path("/sys/fs/cgroup")
    for tree in [base, *base.iterdir()]:
        group = tree / path.lstrip("/")
        if group.is_dir() and tree.is_dir():
            for inner in [*(child for child in group.iterdir() if child.is_dir()), group]:
                try:
                    inner.rmdir()
                except OSError:
                    continue


def _open(cls: type[OciRuntime], options: Options) -> OciRuntime:
    layout = Layout(options.directory)
    layout.directory.mkdir(parents=True, exist_ok=True)
    layout.directory.chmod(0o700)
    host = _host()
    _forget_other_boots(layout)
    for path in (layout.sandboxes, layout.images, layout.engine_root, layout.sockets):
        path.mkdir(parents=True, exist_ok=True)
    engine = pick(options.kind, layout.directory / "engine.json", lambda engine: None)
    network = Network(layout, options.ranges)
    try:
        network.set_up()
    except (OSError, LookupError) as error:
        raise Unusable(f"cannot set the pods' network up: {error}") from error
    images = MappedImages(layout.covers, options.maps, (layout.directory, *options.hide))
    runtime = cls(layout, engine, network, images, Containers(layout, engine, host, options.now))
    runtime.load()
    return runtime


def _forget_other_boots(layout: Layout) -> None:
    """Where /run outlived a reboot, what it says of processes and namespaces is wrong."""
    boot = state.boot_id()
    if layout.run.exists() and (not layout.boot.exists() or layout.boot.read_text() != boot):
        shutil.rmtree(layout.run, ignore_errors=True)
    layout.run.mkdir(parents=True, exist_ok=True)
    layout.run.chmod(0o700)
    layout.boot.write_text(boot)


def _host() -> bundle.Host:
    mask = next(
        line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("CapBnd")
    )
    bounding = capabilities.from_mask(int(mask, 16))
    files = min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 1_048_576)
    lowest = -1000 if "CAP_SYS_RESOURCE" in bounding else int(Path("/proc/self/oom_score_adj").read_text())
    return bundle.Host(bounding, files if files > 0 else 1_048_576, lowest)
