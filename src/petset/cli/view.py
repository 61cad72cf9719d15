"""What a person sees of a stateful set: one row an ordinal, and why the next one waits. Pure: documents to rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """One ordinal. `age_seconds` is None, and most texts are empty, for a pod that is not there yet."""

    name: str
    phase: str
    ready: bool
    node: str = ""
    volume: str = ""
    restarts: int = 0
    age_seconds: int | None = None
    why: str = ""


@dataclass(frozen=True)
class SetView:
    """One stateful set: how far it is, its rows in ordinal order, and what holds it."""

    namespace: str
    name: str
    wanted: int
    ready: int
    updated: bool
    rows: tuple[Row, ...]
    blocked: str = ""

    @property
    def is_reached(self) -> bool:
        """All wanted replicas are Ready, at the newest revision, and none is left over."""
        return self.updated and self.ready == self.wanted == len(self.rows) and all(r.ready for r in self.rows)


@dataclass(frozen=True)
class Observed:
    """The lists a view is made from, as the API answers them. `waiting` is what the controllers wait for."""

    sets: Sequence[Document]
    pods: Sequence[Document]
    claims: Sequence[Document] = ()
    warnings: Sequence[Document] = ()
    waiting: Sequence[Document] = ()


def views(observed: Observed, now: datetime) -> tuple[SetView, ...]:
    """One view a set, in the order of the list."""
    return tuple(_view(document, observed, now) for document in observed.sets)


def _view(document: Document, observed: Observed, now: datetime) -> SetView:
    namespace, name = document["metadata"]["namespace"], document["metadata"]["name"]
    spec, status = document["spec"], document.get("status") or {}
    start = (spec.get("ordinals") or {}).get("start") or 0
    wanted = spec.get("replicas", 1)
    pods = {
        ordinal: pod
        for pod in observed.pods
        if pod["metadata"]["namespace"] == namespace
        and (ordinal := _ordinal(pod["metadata"]["name"], name)) is not None
        and _is_owned(pod, document)
    }
    waits = [w for w in observed.waiting if (w.get("namespace"), w.get("name")) == (namespace, name)]
    reasons = {str(w.get("pod", "")): str(w.get("message", "")) for w in waits}
    missing = sorted(set(range(start, start + wanted)) - set(pods))
    rows = [_row(pods[ordinal], name, observed, now, reasons) for ordinal in sorted(pods)]
    rows += [Row(f"{name}-{n}", "Waiting", ready=False, why=reasons.get(f"{name}-{n}", "")) for n in missing]
    rows.sort(key=lambda row: int(row.name.rpartition("-")[2]))
    return SetView(
        namespace,
        name,
        wanted,
        sum(row.ready for row in rows),
        status.get("observedGeneration") == document["metadata"].get("generation")
        and (status.get("updatedReplicas") or 0) == wanted,
        tuple(rows),
        blocked=" ".join(str(w.get("message", "")) for w in waits),
    )


def _ordinal(pod: str, owner: str) -> int | None:
    prefix, _, number = pod.rpartition("-")
    return int(number) if prefix == owner and number.isdigit() else None


def _is_owned(pod: Document, owner: Document) -> bool:
    return any(r.get("uid") == owner["metadata"].get("uid") for r in pod["metadata"].get("ownerReferences") or ())


def _row(pod: Document, owner: str, observed: Observed, now: datetime, reasons: Mapping[str, str]) -> Row:
    metadata, status = pod["metadata"], pod.get("status") or {}
    ready = _condition(pod, "Ready").get("status") == "True"
    containers = status.get("containerStatuses") or ()
    return Row(
        name=metadata["name"],
        phase=_phase(pod),
        ready=ready and "deletionTimestamp" not in metadata,
        node=(pod.get("spec") or {}).get("nodeName") or "",
        volume=_volumes(pod, observed.claims),
        restarts=sum(c.get("restartCount") or 0 for c in containers),
        age_seconds=_age(metadata.get("creationTimestamp"), now),
        why="" if ready else _why(pod, observed.warnings) or reasons.get(metadata["name"], ""),
    )


def _phase(pod: Document) -> str:
    """The phase, or the more telling reason of a container that waits, as kubectl shows it."""
    if "deletionTimestamp" in pod["metadata"]:
        return "Terminating"
    status = pod.get("status") or {}
    for container in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        reason = ((container.get("state") or {}).get("waiting") or {}).get("reason")
        if reason:
            return str(reason)
    return str(status.get("phase") or "Pending")


def _volumes(pod: Document, claims: Sequence[Document]) -> str:
    wanted = [
        volume["persistentVolumeClaim"]["claimName"]
        for volume in (pod.get("spec") or {}).get("volumes") or ()
        if volume.get("persistentVolumeClaim")
    ]
    phases = {
        claim["metadata"]["name"]: (claim.get("status") or {}).get("phase", "Pending")
        for claim in claims
        if claim["metadata"]["namespace"] == pod["metadata"]["namespace"]
    }
    return ", ".join(n if phases.get(n) == "Bound" else f"{n} ({phases.get(n, 'missing')})" for n in wanted)


def _why(pod: Document, warnings: Sequence[Document]) -> str:
    """The most telling reason a pod is not Ready: a container's own, else the newest warning, else a condition."""
    for container in (pod.get("status") or {}).get("containerStatuses") or ():
        message = ((container.get("state") or {}).get("waiting") or {}).get("message")
        if message:
            return f"{container['name']}: {message}"
    about = [
        event
        for event in warnings
        if event["involvedObject"].get("uid") == pod["metadata"].get("uid") and event.get("message")
    ]
    if about:
        newest = max(about, key=lambda e: e.get("lastTimestamp") or e["metadata"].get("creationTimestamp") or "")
        return str(newest["message"])
    for kind in ("PodScheduled", "Ready"):
        condition = _condition(pod, kind)
        if condition.get("status") == "False" and condition.get("message"):
            return str(condition["message"])
    return ""


def _condition(pod: Document, kind: str) -> Document:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return next((c for c in conditions if c.get("type") == kind), {})


def _age(timestamp: str | None, now: datetime) -> int | None:
    if not timestamp:
        return None
    return max(0, int((now - datetime.fromisoformat(timestamp)).total_seconds()))
