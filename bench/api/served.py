"""The server under load: a real `petset up` on loopback, durable, with a service account that may ask."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.trial import Trial, trial
from petset.cli.connection import Connection

NAMESPACE = "load"
ACCOUNT = "load"
_RIGHTS = {
    "apiGroups": [""],
    "resources": ["configmaps", "pods", "pods/status"],
    "verbs": ["get", "list", "watch", "create", "update", "patch", "delete"],
}


@dataclass(frozen=True)
class Served:
    """A server that serves, and the load's right to ask it."""

    url: str
    token: str
    pid: int
    trial: Trial

    @property
    def port(self) -> int:
        port = urlsplit(self.url).port
        assert port is not None
        return port

    @property
    def authority(self) -> Path:
        """The certificate that a client of the server believes in."""
        return self.trial.directory.pki / "ca.crt"

    def cpu_seconds(self) -> float:
        """What the server has used of the processor so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mb(self) -> float:
        """Resident, in millions of bytes."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextmanager
def served() -> Iterator[Served]:
    """A server with simulated nodes in a data directory of its own, gone with the block."""
    with trial() as run:
        run.petset("up", "--port", "0", "--runtime", "simulated", "--detach")
        connection = Connection(run.directory)
        token = _account(connection)
        connection.close()
        facts = run.directory.server_facts()
        yield Served(str(facts["url"]), token, run.server_pid(), run)


def make_maps(run: Served, namespace: str, count: int) -> None:
    """One more namespace, with so many objects like those of the load in it."""
    connection = Connection(run.trial.directory)
    connection.request("POST", "/api/v1/namespaces", _object("v1", "Namespace", namespace))
    for number in range(count):
        made = _object("v1", "ConfigMap", f"load-{number}") | {"data": {"key": "0123456789abcdef" * 32}}
        connection.request("POST", f"/api/v1/namespaces/{namespace}/configmaps", made)
    connection.close()


def pods_stored(run: Served) -> int:
    """How many pods the load has made."""
    connection = Connection(run.trial.directory)
    page = connection.get(f"/api/v1/namespaces/{NAMESPACE}/pods?limit=1")
    connection.close()
    return len(page["items"]) + int(page["metadata"].get("remainingItemCount", 0))


def _account(connection: Connection) -> str:
    """A service account with a role for all namespaces; its token."""
    rbac = "rbac.authorization.k8s.io"
    connection.request("POST", "/api/v1/namespaces", _object("v1", "Namespace", NAMESPACE))
    accounts = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts"
    connection.request("POST", accounts, _object("v1", "ServiceAccount", ACCOUNT))
    role = {**_object(f"{rbac}/v1", "ClusterRole", ACCOUNT), "rules": [_RIGHTS]}
    connection.request("POST", f"/apis/{rbac}/v1/clusterroles", role)
    binding = {
        **_object(f"{rbac}/v1", "ClusterRoleBinding", ACCOUNT),
        "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": ACCOUNT},
        "subjects": [{"kind": "ServiceAccount", "namespace": NAMESPACE, "name": ACCOUNT}],
    }
    connection.request("POST", f"/apis/{rbac}/v1/clusterrolebindings", binding)
    asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 36000}}
    answer = connection.request("POST", f"{accounts}/{ACCOUNT}/token", asked)
    return str(answer["status"]["token"])


def _object(api_version: str, kind: str, name: str) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}}
