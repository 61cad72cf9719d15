"""One command inside a running container, run by the engine in its foreground.

The engine ends with the command's exit code. Should it fail to start the command there is no pid file; its
complaint is then what the person gets, with the codes that shells use: 127 for a command that is not there, 126 for
one that cannot be run.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import termios
from pathlib import Path

import msgspec

from petset.node.oci import bundle, processes, state
from petset.node.oci.engine import Engine, complaint

_PATIENCE_SECONDS = 1.0  # for the engine to end once its command has


class Command:
    """`start` it once; then `wait` for it, `kill` it. `root` is the engine's own directory."""

    def __init__(self, engine: Engine, root: Path, container_id: str, document: bundle.Document) -> None:
        self._engine = engine
        self._root = root
        self._container_id = container_id
        self._document = document
        self._place = Path()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, stdin: int, stdout: int, stderr: int) -> None:
        """Blocking; on a job thread. Takes no descriptor over."""
        self._place = Path(tempfile.mkdtemp(prefix="exec-", dir=self._root.parent))
        (self._place / "process.json").write_bytes(msgspec.json.encode(self._document))
        files = ["--process", str(self._place / "process.json"), "--pid-file", str(self._place / "pid")]
        words = [str(self._engine.path), "--root", str(self._root), "exec", *files, self._container_id]
        with self._engine.mounts():
            self._process = subprocess.Popen(
                words, stdin=stdin, stdout=stdout, stderr=stderr, start_new_session=True
            )

    async def wait(self) -> int:
        """The command's exit code, 128 + n where signal n ended it."""
        assert self._process is not None
        if self._process.returncode is None:
            await processes.ended(os.pidfd_open(self._process.pid))
        code = self._process.wait()
        return code if code >= 0 else 128 - code

    @property
    def pid(self) -> int:
        """Of the command itself, seen from outside; 0 where it was not started."""
        try:
            return int((self._place / "pid").read_text())
        except (FileNotFoundError, ValueError):
            return 0

    def kill(self) -> None:
        """End the command, what it started, and so the engine that waits for it. Blocking; on a job thread.

        The engine stands still meanwhile, so that no process of the command escapes while the others are ended,
        even where it was only about to be started. The engine then buries them, and ends.
        """
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGSTOP)
            while living := [pid for pid in _descendants(self._process.pid) if state.identify(pid)]:
                for pid in living:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            self._process.send_signal(signal.SIGCONT)
            try:
                self._process.wait(timeout=_PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def resize(self, size: bytes) -> None:
        """Give the command's own terminal a size (struct winsize): not every engine passes it on."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGWINCH)
            with contextlib.suppress(OSError), Path(f"/proc/{self.pid}/fd/0").open("rb", buffering=0) as terminal:
                fcntl.ioctl(terminal, termios.TIOCSWINSZ, size)

    def forget(self) -> None:
        """Take its files away."""
        if self._process is not None:
            shutil.rmtree(self._place, ignore_errors=True)


def _descendants(pid: int) -> list[int]:
    found = []
    for task in state.children(Path(f"/proc/{pid}/task")):
        with contextlib.suppress(OSError):
            for child in (task / "children").read_text().split():
                found += [int(child), *_descendants(int(child))]
    return found


def refusal(text: str) -> tuple[int, str]:
    """The exit code and the message for a command that the engine could not start. Pure."""
    said = complaint(text)
    lower = said.lower()
    missing = "not found" in lower or "no such file" in lower
    return (127 if missing else 126), f"exec failed: {said}"
