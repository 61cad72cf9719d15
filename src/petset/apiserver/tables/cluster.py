"""Rows of the cluster itself: nodes, namespaces, leases."""

from datetime import datetime

from petset.api.models import coordination_v1, core_v1
from petset.api.objects import meta
from petset.apiserver.tables.columns import AGE, NAME, Cell, Column, Printer, age_of, name_of, wide

ROLE_PREFIX = "node-role.kubernetes.io/"
ROLE_LABEL = "kubernetes.io/role"


def node(obj: core_v1.Node, now: datetime) -> list[Cell]:
    """Status is readiness, with a word more while no pods are to come."""
    status = obj.status or core_v1.NodeStatus()
    info = status.nodeInfo
    return [
        name_of(obj),
        _node_status(obj, status),
        _roles(obj),
        age_of(obj, now),
        info.kubeletVersion if info else "",
        _address(status, "InternalIP"),
        _address(status, "ExternalIP"),
        (info.osImage if info else "") or "<unknown>",
        (info.kernelVersion if info else "") or "<unknown>",
        (info.containerRuntimeVersion if info else "") or "<unknown>",
    ]


def namespace(obj: core_v1.Namespace, now: datetime) -> list[Cell]:
    """Active or Terminating."""
    return [name_of(obj), (obj.status.phase if obj.status else "") or "", age_of(obj, now)]


def component(obj: core_v1.ComponentStatus, now: datetime) -> list[Cell]:
    """How a part of the control plane is, and what it says."""
    found = next((each for each in obj.conditions or () if each.type == "Healthy"), None)
    if found is None:
        return [name_of(obj), "Unknown", "", ""]
    word = {"True": "Healthy", "False": "Unhealthy"}.get(found.status, "Unknown")
    return [name_of(obj), word, found.message or "", found.error or ""]


def lease(obj: coordination_v1.Lease, now: datetime) -> list[Cell]:
    """Who holds it."""
    return [name_of(obj), (obj.spec.holderIdentity if obj.spec else "") or "", age_of(obj, now)]


NODES = Printer(
    (
        NAME,
        Column("Status"),
        Column("Roles"),
        AGE,
        Column("Version"),
        wide("Internal-IP"),
        wide("External-IP"),
        wide("OS-Image"),
        wide("Kernel-Version"),
        wide("Container-Runtime"),
    ),
    node,
)
NAMESPACES = Printer((NAME, Column("Status"), AGE), namespace)
COMPONENTS = Printer((NAME, Column("Status"), Column("Message"), Column("Error")), component)
LEASES = Printer((NAME, Column("Holder"), AGE), lease)


def _node_status(obj: core_v1.Node, status: core_v1.NodeStatus) -> str:
    ready = [c.status for c in status.conditions or () if c.type == "Ready"]
    words = ["Unknown" if not ready else "Ready" if ready[0] == "True" else "NotReady"]
    if obj.spec is not None and obj.spec.unschedulable:
        words.append("SchedulingDisabled")
    return ",".join(words)


def _roles(obj: core_v1.Node) -> str:
    labels: dict[str, str] = meta(obj).labels or {}
    roles = {key.removeprefix(ROLE_PREFIX) for key in labels if key.startswith(ROLE_PREFIX)}
    if labels.get(ROLE_LABEL):
        roles.add(labels[ROLE_LABEL])
    return ",".join(sorted(role for role in roles if role)) or "<none>"


def _address(status: core_v1.NodeStatus, type_: str) -> str:
    return next((a.address for a in status.addresses or () if a.type == type_), "<none>")
