"""One measured run of petset: a fresh data directory, the real command, the real clock."""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from petset.cli.connection import Connection, Refused, Unreachable
from petset.cli.directory import DataDirectory
from petset.cli.surroundings import CommandFailure

ROOT = Path(__file__).parents[1]
PATIENCE_SECONDS = 60

T = TypeVar("T")


class Trial:
    """A server in a directory of its own. Times are seconds on the steady clock."""

    def __init__(self, path: Path) -> None:
        self.directory = DataDirectory(path / "data")
        self._environment = {**os.environ, "HOME": str(path), "PYTHONPATH": str(ROOT / "src")}
        self._connection: Connection | None = None

    def petset(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._command(*arguments), capture_output=True, text=True, check=True, env=self._environment
        )

    def begin(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start the command and do not wait for it."""
        quiet = subprocess.DEVNULL
        return subprocess.Popen(
            self._command(*arguments), stdin=quiet, stdout=quiet, stderr=quiet, env=self._environment
        )

    def get(self, path: str) -> dict[str, Any] | None:
        """The document at a path, or None as long as nobody answers there."""
        return self._ask(lambda connection: connection.get(path))

    def is_ready(self) -> bool:
        return self._ask(lambda connection: connection.text("/readyz")) == "ok"

    def _ask(self, ask: Callable[[Connection], T]) -> T | None:
        try:
            if self._connection is None:
                self._connection = Connection(self.directory)
            return ask(self._connection)
        except (CommandFailure, Refused, Unreachable):
            self._connection = None
            return None

    def patch(self, path: str, document: dict[str, Any]) -> None:
        connection = Connection(self.directory)
        connection.request("PATCH", path, document, "application/merge-patch+json")
        connection.close()

    def until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not holds():
            if time.monotonic() > deadline:
                raise TimeoutError(f"gave up; see {self.directory.log}")
            time.sleep(0.005)

    def ready_pods(self) -> int:
        pods = self.get("/api/v1/namespaces/default/pods")
        return sum(_has(pod, "Ready") for pod in pods["items"]) if pods else 0

    def running_pods(self) -> int:
        pods = self.get("/api/v1/namespaces/default/pods")
        return sum(pod.get("status", {}).get("phase") == "Running" for pod in pods["items"]) if pods else 0

    def server_pid(self) -> int:
        pid = self.directory.server_pid()
        assert pid is not None
        return pid

    def _command(self, verb: str, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "petset", verb, "--data-dir", str(self.directory.path), *arguments]


def _has(pod: dict[str, Any], condition: str) -> bool:
    return any(
        c["type"] == condition and c["status"] == "True" for c in pod.get("status", {}).get("conditions", ())
    )


@contextmanager
def trial() -> Iterator[Trial]:
    """A trial that leaves nothing behind."""
    path = Path(tempfile.mkdtemp(prefix="petset-bench-"))
    run = Trial(path)
    try:
        yield run
    finally:
        if run.directory.is_petsets:
            run.petset("wipe", "--yes")
        shutil.rmtree(path, ignore_errors=True)


def timed(work: Callable[[], object]) -> float:
    """Seconds that the work took."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def median(values: list[float]) -> float:
    return statistics.median(values)
