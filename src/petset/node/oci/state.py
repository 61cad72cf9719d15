"""What is on disk about sandboxes and containers: enough to know them again after we died at any point.

A record is written before the kernel is asked for anything, and a second one when the thing runs; how a container
ended is conmon's to write (`exits`). So a crash leaves at worst a record of something half made, which the next
start or removal of the same id finishes. Processes are named by pid *and* start time, since pids come again;
namespaces are good for one boot only.
"""

import contextlib
import os
import select
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from petset.node.runtime import Resources, SandboxSpec

T = TypeVar("T")


class Process(msgspec.Struct, frozen=True):
    """A process that cannot be mistaken for a later one with its pid. `started` is in clock ticks since boot."""

    pid: int
    started: int


class ContainerRecord(msgspec.Struct, frozen=True):
    """`process` and `monitor` (its conmon) are None until it runs. `boot` is the machine's boot id."""

    id: str
    sandbox_uid: str
    name: str
    attempt: int
    image: str
    image_id: str
    boot: str
    created_at: datetime | None = None
    started_at: datetime | None = None
    process: Process | None = None
    monitor: Process | None = None
    resources: Resources | None = None


class SandboxRecord(msgspec.Struct, frozen=True):
    """`ip` is taken from the moment this is written; empty on the host's network."""

    spec: SandboxSpec
    ip: str


def boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def identify(pid: int) -> Process | None:
    """The process with this pid as it is now; None where there is none, or only its corpse."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else Process(pid, int(fields[19]))


def is_alive(process: Process | None) -> bool:
    return process is not None and identify(process.pid) == process


def open_process(process: Process) -> int | None:
    """A pidfd; None where that process has ended."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return None
    if is_alive(process):
        return descriptor
    os.close(descriptor)
    return None


def await_end(process: Process | None, seconds: float) -> None:
    """Block until a process has ended, or that long."""
    descriptor = open_process(process) if process else None
    if descriptor is not None:
        waiting = select.poll()
        waiting.register(descriptor, select.POLLIN)
        waiting.poll(seconds * 1000)
        os.close(descriptor)


def write(path: Path, record: object) -> None:
    """All of it or nothing: after a crash the old or the new content is there, never half of one."""
    temporary = path.with_name(path.name + ".new")
    temporary.write_bytes(msgspec.json.encode(record, enc_hook=str))
    temporary.replace(path)


def read(path: Path, kind: type[T]) -> T | None:
    """None where there is none; a file damaged by the machine's crash counts as none."""
    with contextlib.suppress(FileNotFoundError, msgspec.DecodeError):
        return msgspec.json.decode(path.read_bytes(), type=kind, dec_hook=_decode)
    return None


def children(directory: Path) -> Sequence[Path]:
    """A directory's entries in order of their names; none where it does not exist."""
    try:
        return sorted(directory.iterdir())
    except FileNotFoundError:
        return ()


def _decode(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise NotImplementedError(kind)
