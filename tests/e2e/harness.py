"""Petset used as its user uses it: the command, kubectl, real containers, in a network of the test's own."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
KUBECTL = Path(sys.executable).with_name("kubectl")
PATIENCE_SECONDS = 60


class Petset:
    """One data directory with its server. `kubectl` and `petset` return standard output and fail on an error."""

    def __init__(self, directory: Path, home: Path) -> None:
        self.directory = directory
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "PYTHONPATH": str(ROOT / "src"),
            "KUBECONFIG": str(directory / "kubeconfig"),
            "KUBECACHEDIR": str(home / "kube-cache"),
        }

    def run(self, *command: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            input=stdin,
            capture_output=True,
            text=True,
            env=self.environment,
            timeout=PATIENCE_SECONDS * 2,
            check=False,
        )

    def try_petset(self, verb: str, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "petset", verb, "--data-dir", str(self.directory), *arguments]
        return self.run(*command, stdin=stdin)

    def petset(self, verb: str, *arguments: str, stdin: str = "") -> str:
        return self._output(self.try_petset(verb, *arguments, stdin=stdin))

    def try_kubectl(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return self.run(str(KUBECTL), *arguments, stdin=stdin)

    def kubectl(self, *arguments: str, stdin: str = "") -> str:
        return self._output(self.try_kubectl(*arguments, stdin=stdin))

    def get(self, *arguments: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.kubectl("get", *arguments, "-o", "json"))
        return found

    def pod(self, name: str) -> dict[str, Any]:
        return self.get("pod", name)

    def exec(self, pod: str, *command: str) -> str:
        return self.kubectl("exec", pod, "--", *command).strip()

    def pods(self) -> list[str]:
        return sorted(item["metadata"]["name"] for item in self.get("pods")["items"])

    def container_id(self, pod: str) -> str:
        return str(self.pod(pod)["status"]["containerStatuses"][0]["containerID"])

    @property
    def server_pid(self) -> int:
        return int((self.directory / "petset.pid").read_text())

    def _output(self, done: subprocess.CompletedProcess[str]) -> str:
        if done.returncode != 0:
            log = self.directory / "server.log"
            tail = "\n".join(log.read_text().splitlines()[-40:]) if log.exists() else ""
            raise AssertionError(
                f"{done.args} ended with {done.returncode}\n{done.stdout}\n{done.stderr}\nserver.log:\n{tail}"
            )
        return done.stdout


def eventually(what: str, holds: Callable[[], bool]) -> None:
    """Look until it holds. The time is only the point at which the test gives up, so no speed is tested here."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"never came true: {what}"
        time.sleep(0.05)
