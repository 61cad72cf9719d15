"""One command inside a running container, run by the engine in its foreground.

The engine ends with the command's exit code. Should it fail to start the command there is no pid file; its
complaint is then what the person gets, with the codes that shells use: 127 for a command that is not there, 126 for
one that cannot be run.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import msgspec

from petset.node.oci import bundle, processes
from petset.node.oci.engine import Engine, complaint


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
        return self._process.wait()

    @property
    def pid(self) -> int:
        """Of the command itself, seen from outside; 0 where it was not started."""
        try:
            return int((self._place / "pid").read_text())
        except (FileNotFoundError, ValueError):
            return 0

    def kill(self) -> None:
        """End the command, what it started in its session, and so the engine that waits for it."""
        if self._process is None or self._process.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            if inside := self.pid:
                os.killpg(inside, signal.SIGKILL)
            else:
                self._process.kill()

    def notify_resize(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGWINCH)

    def forget(self) -> None:
        """Take its files away."""
        if self._process is not None:
            shutil.rmtree(self._place, ignore_errors=True)


def refusal(text: str) -> tuple[int, str]:
    """The exit code and the message for a command that the engine could not start. Pure."""
    said = complaint(text)
    lower = said.lower()
    missing = "not found" in lower or "no such file" in lower
    return (127 if missing else 126), f"exec failed: {said}"
