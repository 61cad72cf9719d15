"""Starting, knowing and removing one container. Blocking; runs on job threads.

The root file system is mounted in the starting thread's own mount namespace only: the container keeps its copy, and
nothing is left on the machine that a crash could leave behind.
"""

import contextlib
import os
import shutil
import signal
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec

from petset.api.objects import replace
from petset.node.oci import bundle, cgroups, conmon, logs, preparation, state
from petset.node.oci.engine import Engine, complaint
from petset.node.oci.images import Image
from petset.node.oci.layout import Layout
from petset.node.runtime import Container, ContainerSpec, ContainerState, Resources, RuntimeFailure

CREATED = "created.json"
STARTED = "started.json"
LIMITS = "limits.json"
_TERMINATION_BYTES = 4096
_PATIENCE_SECONDS = 5.0  # for conmon to write down an end that has happened
_LOST = 255  # how a container ended that nobody saw end: the machine stopped


class Containers:
    """Of one data directory. `now` gives the time in UTC."""

    def __init__(self, layout: Layout, engine: Engine, host: bundle.Host, now: Callable[[], datetime]) -> None:
        self._layout = layout
        self._engine = engine
        self._host = host
        self._now = now
        self._boot = state.boot_id()

    def start(
        self, record: state.ContainerRecord, spec: ContainerSpec, image: Image, pod: preparation.PodView
    ) -> state.ContainerRecord:
        """Make and start it. What an earlier try with the same id left is cleared away first.

        RuntimeFailure or OSError say why it does not run; then nothing is left of it.
        """
        directory = self._layout.container(record.sandbox_uid, record.id)
        self.remove(record)
        directory.mkdir(parents=True)
        record = replace(
            record, boot=self._boot, created_at=self._now(), image_id=image.id, resources=spec.resources
        )
        state.write(directory / CREATED, record)
        try:
            around = preparation.surroundings(self._layout, record, spec, pod)
            around = preparation.confined(self._layout, spec, around, self._host)
            preparation.prepare(directory, spec, image, around, self._host)
            process = self._run(directory, record, spec, image)
        except BaseException:
            self.remove(record)
            raise
        return self._note_start(record, process, self._now())

    def _run(
        self, directory: Path, record: state.ContainerRecord, spec: ContainerSpec, image: Image
    ) -> state.Process | None:
        monitored = conmon.Monitored(
            record.id,
            directory,
            self._layout.sockets,
            self._layout.engine_root,
            tty=spec.tty,
            stdin=spec.stdin,
            stdin_once=spec.stdin_once,
        )
        with self._engine.mounts(private=True):
            preparation.mount_root(directory, image)
            try:
                process = state.identify(conmon.create(monitored, self._engine.monitor, self._engine.path))
                self._engine.ask(self._layout.engine_root, ["start", record.id])
            except RuntimeError as error:
                self._discard(record.id)
                raise RuntimeFailure("RunContainerError", _explain(str(error), spec)) from error
        return process

    def _note_start(
        self, record: state.ContainerRecord, process: state.Process | None, started_at: datetime
    ) -> state.ContainerRecord:
        directory = self._layout.container(record.sandbox_uid, record.id)
        monitor = state.identify(conmon.monitor_pid(directory))
        record = replace(record, started_at=started_at, process=process, monitor=monitor)
        state.write(directory / STARTED, record)
        return record

    def load(self, sandbox_uid: str) -> list[state.ContainerRecord]:
        """What an earlier process made in a sandbox."""
        places = state.children(self._layout.containers(sandbox_uid))
        return [record for place in places if (record := self._load(place)) is not None]

    def _load(self, place: Path) -> state.ContainerRecord | None:
        started = state.read(place / STARTED, state.ContainerRecord)
        record = started or state.read(place / CREATED, state.ContainerRecord)
        if record is None:
            return None
        if record.boot != self._boot:
            return replace(record, process=None, monitor=None)  # their pids mean others now
        return record if started else self._find_running(record, place)

    def _find_running(self, record: state.ContainerRecord, place: Path) -> state.ContainerRecord:
        """We died between starting it and noting so: it runs, and must not be started a second time."""
        process = state.identify(conmon.container_pid(place))
        if process is None:
            return record
        with contextlib.suppress(RuntimeError), self._engine.mounts():
            told = msgspec.json.decode(self._engine.ask(self._layout.engine_root, ["state", record.id]))
            if told["status"] == "running":
                return self._note_start(record, process, conmon.created_at(place))
        return record

    def outcome(self, record: state.ContainerRecord, seconds: float) -> int | None:
        """Wait for its end, blocking; its exit code, or None if it still runs after that time."""
        state.await_end(record.monitor, seconds)
        return self.view(record).exit_code

    def view(self, record: state.ContainerRecord) -> Container:
        """How it stands, from what is on disk. A container whose conmon was killed is ended by this."""
        directory = self._layout.container(record.sandbox_uid, record.id)
        end = conmon.read_exit(directory, record.id)
        if end is None and not self._is_watched(record):
            end = conmon.read_exit(directory, record.id) or self._bury(record, directory)
        return Container(
            id=record.id,
            sandbox_uid=record.sandbox_uid,
            name=record.name,
            attempt=record.attempt,
            image=record.image,
            image_id=record.image_id,
            state=_state(record, end),
            started_at=record.started_at,
            finished_at=end.at if end else None,
            exit_code=end.code if end else None,
            oom_killed=end.oom_killed if end else False,
            message=_message(directory / preparation.TERMINATION) if end else "",
            log_path=directory / conmon.LOG,
            resources=record.resources,
        )

    def resize(self, record: state.ContainerRecord, resources: Resources) -> state.ContainerRecord:
        """Change its cgroup's limits, and write down that they changed. RuntimeFailure: they did not."""
        directory = self._layout.container(record.sandbox_uid, record.id)
        if not state.is_alive(record.process):
            raise RuntimeFailure("ResizeError", f"container {record.name} does not run")
        self._check_fits(record, resources)
        limits = bundle.limits(resources, self._host)
        state.write(directory / LIMITS, limits)
        try:
            with self._engine.mounts():
                words = ["update", "--resources", str(directory / LIMITS), record.id]
                self._engine.ask(self._layout.engine_root, words)
        except RuntimeError as error:
            raise RuntimeFailure("ResizeError", f"{self._engine.kind} update: {error}") from error
        record = replace(record, resources=resources)
        state.write(directory / STARTED, record)
        return record

    def rotate_log(self, record: state.ContainerRecord, most_bytes: int) -> bool:
        """Whether its log was put aside. OSError: it cannot be."""
        return logs.rotate(self._layout.container(record.sandbox_uid, record.id), self._now(), most_bytes)

    def _check_fits(self, record: state.ContainerRecord, resources: Resources) -> None:
        """A limit below what is in use would end the container instead of shrinking it."""
        used = cgroups.memory_bytes(f"{self._layout.cgroup(record.sandbox_uid)}/{record.id}")
        if resources.memory_bytes is not None and used is not None and used > resources.memory_bytes:
            raise RuntimeFailure(
                "ResizeError",
                f"attempting to set memory limit ({resources.memory_bytes}) below current usage ({used}) "
                f"of container {record.name}",
            )

    def process(self, record: state.ContainerRecord) -> bundle.Document:
        """The process of its document, from which those of its execs are made."""
        path = self._layout.container(record.sandbox_uid, record.id) / preparation.CONFIG
        process = msgspec.json.decode(path.read_bytes())["process"]
        assert isinstance(process, dict)
        return process

    def _is_watched(self, record: state.ContainerRecord) -> bool:
        if record.started_at is None:
            return True  # it never started, so it cannot have ended
        return state.is_alive(record.monitor)

    def _bury(self, record: state.ContainerRecord, directory: Path) -> conmon.Exit | None:
        """Its conmon is gone without a word: end what nobody watches, and write down that it ended."""
        killed = self._kill(record.process)
        code = 128 + signal.SIGKILL if killed else _LOST
        state.write(directory / conmon.EXITS / record.id, code)
        return conmon.read_exit(directory, record.id)

    def remove(self, record: state.ContainerRecord) -> None:
        """Kill what runs of it, and take its directory and cgroup away."""
        directory = self._layout.container(record.sandbox_uid, record.id)
        if not directory.exists():
            return
        self._kill(record.process)
        state.await_end(record.monitor, _PATIENCE_SECONDS)
        if (self._layout.engine_root / record.id).exists():
            with self._engine.mounts():
                self._discard(record.id)
        if record.monitor is None and record.boot == self._boot:  # it writes here until it has ended
            state.await_end(state.identify(conmon.monitor_pid(directory)), _PATIENCE_SECONDS)
        shutil.rmtree(self._layout.sockets / record.id, ignore_errors=True)
        try:
            shutil.rmtree(directory)
        except OSError as error:
            raise RuntimeFailure("KillContainerError", f"cannot remove {directory}: {error}") from error

    def _kill(self, process: state.Process | None) -> bool:
        """All of the container ends with its first process. False where that is gone."""
        descriptor = state.open_process(process) if process else None
        if descriptor is None:
            return False
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        os.close(descriptor)
        return True

    def _discard(self, container_id: str) -> None:
        with contextlib.suppress(RuntimeError):
            self._engine.ask(self._layout.engine_root, ["delete", "--force", container_id])


def _state(record: state.ContainerRecord, end: conmon.Exit | None) -> ContainerState:
    if end is not None:
        return ContainerState.EXITED
    return ContainerState.CREATED if record.started_at is None else ContainerState.RUNNING


def _message(path: Path) -> str:
    """What the container left there; like kubelet, no more than its last 4096 bytes."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TERMINATION_BYTES))
            return file.read().decode(errors="replace")
    except OSError:
        return ""


def _explain(said: str, spec: ContainerSpec) -> str:
    """The engine's complaint, with the command and image it is about when the program is not there."""
    text = complaint(said)
    lower = text.lower()
    if "not found in $path" in lower or ("no such file" in lower and ("exec" in lower or "executable" in lower)):
        return f"command {(spec.command or spec.args or ['?'])[0]!r} was not found in image {spec.image!r}: {text}"
    return text
