"""What tells others that this server runs: a locked pid file, a file of facts, and a word down a pipe.

The lock, not the number in the file, says whether the server lives: the kernel drops it with the process, however
that ends.
"""

import fcntl
import json
import os
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from petset.cli.directory import DataDirectory


class AlreadyRunning(Exception):
    """Another server works on this data directory."""


class NodesUnusable(Exception):
    """Containers cannot be run here; the message says what to install or do."""


class PidFile:
    """Holds the data directory for one process, as a context manager."""

    def __init__(self, directory: DataDirectory) -> None:
        self._directory = directory
        self._descriptor = -1

    def __enter__(self) -> Self:
        path = self._directory.pid_file
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            other = os.read(self._descriptor, 20).decode().strip()
            os.close(self._descriptor)
            raise AlreadyRunning(f"a server (process {other}) already works on {self._directory.path}") from None
        os.truncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.truncate(self._descriptor, 0)
        os.close(self._descriptor)


def write_facts(directory: DataDirectory, facts: Mapping[str, object]) -> None:
    """Tell the command line where and how the server runs; replaced in one step."""
    fresh = directory.server_file.with_suffix(".new")
    fresh.write_text(json.dumps(facts, indent=1) + "\n")
    fresh.replace(directory.server_file)


class Starter:
    """Whoever started us, listening on a pipe for how the start ended. Only the first word counts."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    def tell(self, outcome: str) -> None:
        """Say `ready`, or why not; then the pipe is closed."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            return
        try:
            os.write(descriptor, outcome.encode())
        except BrokenPipeError:
            pass  # they did not wait
        finally:
            os.close(descriptor)
