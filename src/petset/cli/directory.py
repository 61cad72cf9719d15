"""The data directory: where it is, what stands in it, and whether a server works on it."""

import fcntl
import json
import os
import select
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class DataDirectory:
    """Paths below one data directory. Nothing is created by asking."""

    path: Path

    @property
    def kubeconfig(self) -> Path:
        return self.path / "kubeconfig"

    @property
    def pid_file(self) -> Path:
        return self.path / "petset.pid"

    @property
    def server_file(self) -> Path:
        """What the running server was started with, as JSON: `url`, `nodes`, `runtime`."""
        return self.path / "server.json"

    @property
    def log(self) -> Path:
        return self.path / "server.log"

    @property
    def pki(self) -> Path:
        return self.path / "pki"

    @property
    def store(self) -> Path:
        return self.path / "store"

    @property
    def volumes(self) -> Path:
        return self.path / "volumes"

    @property
    def runtime(self) -> Path:
        """Containers, their logs and root file systems."""
        return self.path / "runtime"

    @property
    def is_petsets(self) -> bool:
        """Whether a petset server has ever worked here: what `wipe` insists on before it removes anything."""
        return self.store.exists() or self.server_file.exists() or self.pid_file.exists()

    def server_pid(self) -> int | None:
        """The process id of the server that runs on this directory now, or None.

        The server holds a lock on its pid file for as long as it lives, so a stale file is never believed.
        """
        try:
            with self.pid_file.open("r+") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    return int(file.read().strip() or 0) or None
        except (FileNotFoundError, ValueError):
            pass
        return None

    def server_facts(self) -> dict[str, Any]:
        """What `server_file` says; empty where there is none."""
        try:
            facts: dict[str, Any] = json.loads(self.server_file.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return facts


def default_data_directory(environment: Mapping[str, str], home: Path) -> Path:
    """`$XDG_DATA_HOME/petset`, or `~/.local/share/petset`, as the XDG base directory rules say."""
    return _xdg(environment, "XDG_DATA_HOME", home / ".local" / "share") / "petset"


def default_configuration_directory(environment: Mapping[str, str], home: Path) -> Path:
    """`$XDG_CONFIG_HOME/petset`, or `~/.config/petset`."""
    return _xdg(environment, "XDG_CONFIG_HOME", home / ".config") / "petset"


def _xdg(environment: Mapping[str, str], variable: str, otherwise: Path) -> Path:
    base = environment.get(variable, "")
    # The rules say to ignore a relative path.
    return Path(base) if base.startswith("/") else otherwise


def stop_process(pid: int, seconds: float) -> bool:
    """Ask a process to end and wait for it; False where it is still there after `seconds`."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        signal.pidfd_send_signal(handle, signal.SIGTERM)
        ready, _, _ = select.select([handle], [], [], seconds)
        return bool(ready)
    finally:
        os.close(handle)
