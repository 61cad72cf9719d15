"""conmon: the small process beside each container that holds its output, writes its log and outlives us.

It starts the container through runc or crun, writes stdout and stderr as a log in the format of the container
runtime interface, and when the container ends leaves its exit code in the exits directory; only then it ends too.
So a container's end is known by waiting for its conmon, and is on disk whether or not anybody waited.
"""

import os
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

LOG = "log"
PID_FILE = "pid"
MONITOR_PID_FILE = "conmon.pid"
EXITS = "exits"
OOM = "oom"
_CONTROL, _REOPEN = "ctl", b"2 0 0\n"
"""What conmon listens to, and what tells it to open its log anew."""


@dataclass(frozen=True)
class Monitored:
    """What conmon is told. `bundle` holds config.json and everything that conmon writes."""

    container_id: str
    bundle: Path
    sockets: Path
    engine_root: Path
    tty: bool = False
    stdin: bool = False
    stdin_once: bool = False


@dataclass(frozen=True)
class Exit:
    """How a container ended. A code above 128 is a signal's number plus 128."""

    code: int
    at: datetime
    oom_killed: bool


class _Answer(msgspec.Struct):
    data: int = -1
    pid: int = -1
    message: str = ""


def arguments(what: Monitored, monitor: Path, engine: Path) -> list[str]:
    """The command line of conmon (`monitor`) for runc or crun (`engine`). Pure."""
    bundle = what.bundle
    words = [
        str(monitor), "--api-version", "1", "--cid", what.container_id, "--cuuid", what.container_id,
        "--name", what.container_id, "--runtime", str(engine), "--bundle", str(bundle),
        "--container-pidfile", str(bundle / PID_FILE), "--conmon-pidfile", str(bundle / MONITOR_PID_FILE),
        "--log-path", f"k8s-file:{bundle / LOG}", "--exit-dir", str(bundle / EXITS), "--persist-dir", str(bundle),
        "--socket-dir-path", str(what.sockets), "--log-level", "error", "--no-sync-log",
        "--runtime-arg=--root", f"--runtime-arg={what.engine_root}",
    ]  # fmt: skip
    words += ["--terminal"] * what.tty + ["--stdin"] * what.stdin
    return words + ["--leave-stdin-open"] * (what.stdin and not what.stdin_once)


def create(what: Monitored, monitor: Path, engine: Path) -> int:
    """Start conmon, which creates the container; the pid of its first process. RuntimeError: what the engine said.

    Blocks until the container is created. The calling thread's namespaces are conmon's and the engine's.
    """
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as answers, (what.bundle / "conmon-errors").open("w+b") as errors:
        try:
            environment = {"_OCI_SYNCPIPE": str(writing), "PATH": os.environ.get("PATH", os.defpath)}
            done = subprocess.run(
                arguments(what, monitor, engine), check=False, pass_fds=[writing], env=environment,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors,
            )  # fmt: skip
        finally:
            os.close(writing)
        line = answers.readline() if done.returncode == 0 else b""
        answer = msgspec.json.decode(line or b"{}", type=_Answer)
        pid = max(answer.data, answer.pid)
        if pid <= 0:
            errors.seek(0)
            said = answer.message or errors.read().decode(errors="replace")
            raise RuntimeError(said.strip() or f"conmon ended with code {done.returncode} and said nothing")
        return pid


def reopen_log(bundle: Path) -> None:
    """Have conmon go on in a new file. OSError where it does not listen."""
    control = os.open(bundle / _CONTROL, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        os.write(control, _REOPEN)
    finally:
        os.close(control)


def monitor_pid(bundle: Path) -> int:
    """conmon's own; 0 while it has not written it."""
    return _number(bundle / MONITOR_PID_FILE)


def container_pid(bundle: Path) -> int:
    """Of the container's first process; 0 while it is not created."""
    return _number(bundle / PID_FILE)


def created_at(bundle: Path) -> datetime:
    """When the container was created, in UTC."""
    return datetime.fromtimestamp((bundle / PID_FILE).stat().st_mtime, UTC)


def _number(path: Path) -> int:
    try:
        return int(path.read_text())
    except (FileNotFoundError, ValueError):
        return 0


def read_exit(bundle: Path, container_id: str) -> Exit | None:
    """None while the container has not ended, or where conmon was killed before it could say so."""
    path = bundle / EXITS / container_id
    try:
        code = int(path.read_text())
        at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except (FileNotFoundError, ValueError):
        return None
    return Exit(code, at, oom_killed=(bundle / OOM).exists())
