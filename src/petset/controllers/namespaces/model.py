"""What the namespace controller sees of a namespace, from its first object to its last."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from petset.api.models import core_v1

ROOT_CA = "kube-root-ca.crt"
ACCOUNT = "default"
FINALIZER = "kubernetes"


@dataclass(frozen=True)
class Remaining:
    """One object that is still in a namespace that is to be emptied."""

    api_version: str
    kind: str
    resource: str  # `pods.`, `statefulsets.apps`: the plural and the group, as messages name them
    name: str
    uid: str
    finalizers: tuple[str, ...] = ()
    terminating: bool = False


@dataclass(frozen=True)
class Snapshot:
    """A namespace; while it lives, what furnishes it, and while it terminates, all that is left in it."""

    namespace: core_v1.Namespace
    now: datetime
    root_ca_pem: str = ""
    account: core_v1.ServiceAccount | None = None
    root_ca: core_v1.ConfigMap | None = None
    remaining: Sequence[Remaining] = ()


@dataclass(frozen=True)
class CreateAccount:
    """Create the service account that pods get which ask for none."""

    account: core_v1.ServiceAccount


@dataclass(frozen=True)
class CreateRootCa:
    """Create the ConfigMap by which pods know the API server."""

    root_ca: core_v1.ConfigMap


@dataclass(frozen=True)
class UpdateRootCa:
    """Put the present certificate back into it."""

    root_ca: core_v1.ConfigMap


@dataclass(frozen=True)
class DeleteObject:
    """Delete one object of the namespace, with everything it owns."""

    target: Remaining


@dataclass(frozen=True)
class ReportStatus:
    """Write what remains into the namespace's status."""

    namespace: core_v1.Namespace


@dataclass(frozen=True)
class Finalize:
    """Nothing is left: let the namespace go."""

    namespace: core_v1.Namespace


Action: TypeAlias = CreateAccount | CreateRootCa | UpdateRootCa | DeleteObject | ReportStatus | Finalize


@dataclass(frozen=True)
class Plan:
    """The steps in order; `waiting`: what a terminating namespace still waits for."""

    actions: tuple[Action, ...] = ()
    waiting: str = ""
