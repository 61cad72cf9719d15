"""runc or crun: which of them works on this machine, and the few commands that are given to it directly.

Whether one works is found out by running a container, once; the answer is kept with the program's path and time
of change, so that later starts do not ask again.
"""

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from petset.node.oci import state, syscalls

KINDS = ("crun", "runc")  # in the order in which `auto` tries them: crun starts a container in a third of the time
# colours, and crun's time stamps
_DECORATION = re.compile(r"\x1b\[[0-9;]*m|\d{4}-\d\d-\d\dT[\d:.]+Z: ")
_UNIFIED = Path("/sys/fs/cgroup/unified")


class Unusable(Exception):
    """No container can be run here. The message says what to install or to do."""


@dataclass(frozen=True)
class Engine:
    """One of the two programs. `checked` is its time of change in nanoseconds when it was seen to work."""

    kind: str
    path: Path
    version: str
    monitor: Path  # conmon's
    checked: int = 0

    @contextlib.contextmanager
    def mounts(self, *, private: bool = False) -> Iterator[None]:
        """What the calling thread must see while it runs the engine; `private`: mounts of its own in any case.

        crun refuses a machine with both versions of cgroups mounted, so there the second one is out of its sight.
        """
        hide = self.kind == "crun" and _UNIFIED.is_dir() and os.path.ismount(_UNIFIED)
        with contextlib.ExitStack() as stack:
            if hide or private:
                stack.enter_context(syscalls.private_mounts())
            if hide:
                syscalls.unmount(_UNIFIED)
            yield

    def ask(self, root: Path, words: Sequence[str]) -> str:
        """Run a command of the engine; what it printed. RuntimeError: what it complained of. Blocks."""
        done = subprocess.run(
            [str(self.path), "--root", str(root), *words],
            check=False,
            capture_output=True,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode != 0:
            raise RuntimeError(complaint(done.stderr.decode(errors="replace")) or f"{words[0]} failed")
        return done.stdout.decode(errors="replace")


def complaint(text: str) -> str:
    """The last thing an engine said, without its log decoration. Pure."""
    lines = [line.strip() for line in _DECORATION.sub("", text).splitlines() if line.strip()]
    said = lines[-1] if lines else ""
    if 'msg="' in said:
        said = said.partition('msg="')[2].rpartition('"')[0].replace('\\"', '"')
    for prefix in ("runc create failed: ", "exec failed: ", "unable to start container process: "):
        said = said.removeprefix(prefix)
    return said


def require_root() -> None:
    """Unusable for anybody else."""
    if os.geteuid() != 0:
        raise Unusable("running containers needs root: run petset with sudo, or with --runtime simulated")


def pick(wanted: str, remembered: Path, works: Callable[[Engine], None]) -> Engine:
    """The engine of that kind (`auto`, `runc`, `crun`). `works` runs a container with it or raises RuntimeError.

    Unusable where there is none, with what was wrong with each.
    """
    monitor = shutil.which("conmon")
    if monitor is None:
        raise Unusable("conmon is not installed: apt-get install conmon (and crun or runc), or --runtime simulated")
    known = state.read(remembered, Engine)
    wrong = []
    for kind in KINDS if wanted == "auto" else (wanted,):
        found = shutil.which(kind)
        if found is None:
            wrong.append(f"{kind} is not installed (apt-get install {kind})")
            continue
        path = Path(found)
        changed = path.stat().st_mtime_ns
        if known is not None and (known.kind, known.path, known.checked) == (kind, path, changed):
            return replace(known, monitor=Path(monitor))
        engine = Engine(kind, path, _version(path), Path(monitor))
        try:
            works(engine)
        except RuntimeError as error:
            wrong.append(f"{path} cannot run a container here: {error}")
            continue
        engine = replace(engine, checked=changed)
        state.write(remembered, engine)
        return engine
    raise Unusable("; ".join(wrong))


def _version(path: Path) -> str:
    with contextlib.suppress(OSError, IndexError):
        printed = subprocess.run([str(path), "--version"], check=False, capture_output=True).stdout.decode()
        return printed.splitlines()[0].split()[-1]
    return "unknown"
