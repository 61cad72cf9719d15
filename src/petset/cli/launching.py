"""Starting the server as a process of its own, and finding the one that runs.

The server tells through a pipe how its start ended: a line `ready`, or one that says why not. So nobody has to poll
for it, and whatever stops it from starting reaches the person who asked.
"""

import argparse
import io
import os
import subprocess
from collections.abc import Mapping
from typing import IO

from petset.api.gates import Gates
from petset.api.gates import parse as parse_gates
from petset.cli.directory import DataDirectory, stop_process
from petset.cli.surroundings import CommandFailure, Surroundings

_REMEMBERED = {"bind": "127.0.0.1", "port": 6443, "nodes": 1, "runtime": "auto", "feature_gates": ""}
_STOP_SECONDS = 15.0


class Launch:
    """A server that runs already (no process), or one that is on its way and tells through a pipe how it goes."""

    def __init__(self, directory: DataDirectory, process: subprocess.Popen[bytes] | None, answer: IO[str]) -> None:
        self._directory = directory
        self._process = process
        self._answer = answer
        self.is_ours = process is not None

    def wait(self) -> None:
        """Return once the server answers. Raises CommandFailure with what stopped it."""
        if self._process is None:
            return
        outcome = self._outcome()
        if outcome != "ready":
            self._process.wait()
            raise CommandFailure(outcome or f"the server ended before it was ready; {self._directory.log} says why")

    def abandon(self) -> None:
        """End the server that this call started."""
        if self._process is None:
            return
        self._outcome()
        self._process.terminate()
        self._process.wait()

    def _outcome(self) -> str:
        if self._answer.closed:
            return ""
        with self._answer:
            return self._answer.read().strip()


def launch(directory: DataDirectory, options: argparse.Namespace, surroundings: Surroundings) -> Launch:
    """Start a server on the directory unless one runs. It remembers how it was started the last time.

    A running server keeps what it was started with: asking for something else is a CommandFailure.
    """
    asked = {name: getattr(options, name) for name in _REMEMBERED if getattr(options, name) is not None}
    facts = directory.server_facts()
    pid = directory.server_pid()
    if pid is not None:
        _refuse_other_settings(directory, pid, asked, facts)
        return Launch(directory, None, io.StringIO())
    settings = {name: facts.get(name, default) for name, default in _REMEMBERED.items()} | asked
    if surroundings.user_id != 0 and settings["runtime"] != "simulated" and settings["nodes"] != 0:
        raise CommandFailure(
            "containers need root: run 'sudo petset up …', or try '--runtime simulated', which starts no process"
        )
    return _start(directory, settings, surroundings)


def _refuse_other_settings(
    directory: DataDirectory, pid: int, asked: Mapping[str, object], facts: Mapping[str, object]
) -> None:
    for name, value in asked.items():
        present = facts.get(name, _REMEMBERED[name])
        if value != present:
            running = f"--{_option(name)} {_shown(present)}"
            raise CommandFailure(
                f"the server of {directory.path} (process {pid}) runs with {running}, not "
                f"{_shown(value)}; 'petset down' stops it, then start it anew",
                exit_code=2,
            )


def gates_in_force(directory: DataDirectory, options: argparse.Namespace) -> Gates:
    """The feature gates of the server that runs, or that is about to start as asked or as the last time."""
    asked = getattr(options, "feature_gates", None)
    remembered = str(directory.server_facts().get("feature_gates", ""))
    return parse_gates(remembered if asked is None else asked)


def _option(name: str) -> str:
    return name.replace("_", "-")


def _shown(value: object) -> str:
    return str(value) or "(none)"


def _start(directory: DataDirectory, settings: Mapping[str, object], surroundings: Surroundings) -> Launch:
    """Start the server in a session of its own."""
    try:
        directory.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        log = os.open(directory.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise CommandFailure(f"cannot use {directory.path}: {error.strerror}; choose another --data-dir") from error
    reading, writing = os.pipe()
    options = [f"--{_option(name)}={value}" for name, value in settings.items()]
    process = subprocess.Popen(
        [*surroundings.server_command, f"--data-dir={directory.path}", f"--ready-fd={writing}", *options],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
        pass_fds=[writing],
        env=dict(surroundings.environment),
    )
    os.close(log)
    os.close(writing)
    return Launch(directory, process, os.fdopen(reading, encoding="utf-8"))


def stop_server(directory: DataDirectory) -> bool:
    """End the running server and leave its containers; False where none ran."""
    pid = directory.server_pid()
    if pid is None:
        return False
    if not stop_process(pid, _STOP_SECONDS):
        raise CommandFailure(f"the server (process {pid}) does not end; {directory.log} may say why")
    return True


def stop_all(directory: DataDirectory, surroundings: Surroundings, *, now: bool = False) -> None:
    """End the server, then every container that it left running, with its network. Keeps all data.

    Each container has its pod's grace period to end in, unless it is to end `now`.
    """
    stop_server(directory)
    if not directory.runtime.exists():
        return
    runtime = directory.server_facts().get("runtime", _REMEMBERED["runtime"])
    options = [f"--data-dir={directory.path}", f"--runtime={runtime}", *(["--now"] if now else [])]
    done = subprocess.run(
        [*surroundings.stop_command, *options],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env=dict(surroundings.environment),
    )
    if done.returncode != 0:
        raise CommandFailure(f"containers could not be stopped: {done.stderr.strip() or 'no reason given'}")
