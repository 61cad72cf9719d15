"""What a person sees of a stateful set: one row an ordinal, and why the next one waits. Pure: documents to rows."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from petset.cli.causes import cause_of
from petset.cli.documents import (
    Document,
    Observed,
    condition,
    container_statuses,
    is_terminating,
    name_of,
    namespace_of,
    pods_of,
    wanted_ordinals,
)
from petset.cli.why import explain


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


def views(observed: Observed, now: datetime) -> tuple[SetView, ...]:
    """One view a set, in the order of the list."""
    return tuple(_view(document, observed, now) for document in observed.sets)


def _view(document: Document, observed: Observed, now: datetime) -> SetView:
    namespace, name = namespace_of(document), name_of(document)
    wanted = wanted_ordinals(document)
    pods = pods_of(document, observed.pods)
    explanation = explain(document, observed)
    reasons = _reasons(namespace, name, observed, {name_of(pod) for pod in pods.values()})
    rows = [_row(pod, observed, now, reasons) for pod in pods.values()]
    missing = (f"{name}-{n}" for n in wanted if n not in pods)
    rows += [Row(one, "Waiting", ready=False, why=reasons.get(one, "")) for one in missing]
    rows.sort(key=lambda row: int(row.name.rpartition("-")[2]))
    return SetView(
        namespace,
        name,
        len(wanted),
        sum(row.ready for row in rows),
        _is_updated(document),
        tuple(rows),
        blocked="" if explanation.is_reached else " ".join(f"{s}." for s in explanation.sentences),
    )


def _is_updated(document: Document) -> bool:
    """Every pod that the update strategy replaces by itself has the newest revision."""
    status, strategy = document.get("status") or {}, document["spec"].get("updateStrategy") or {}
    if status.get("observedGeneration") != document["metadata"].get("generation"):
        return False
    if strategy.get("type") == "OnDelete":
        return True
    kept = (strategy.get("rollingUpdate") or {}).get("partition") or 0
    return (status.get("updatedReplicas") or 0) >= max(0, len(wanted_ordinals(document)) - kept)


def _reasons(namespace: str, name: str, observed: Observed, rows: Container[str]) -> dict[str, str]:
    """What each one waits for, shortly: the row of the one that is waited for says what is wrong with it."""
    waits = (w for w in observed.waiting if (w.get("namespace"), w.get("name")) == (namespace, name))
    return {
        str(w.get("pod", "")): f"waits for {w['blocker']}"
        if w.get("blocker") in rows
        else str(w.get("message", ""))
        for w in waits
    }


def _row(pod: Document, observed: Observed, now: datetime, reasons: Mapping[str, str]) -> Row:
    metadata, status = pod["metadata"], pod.get("status") or {}
    ready = condition(pod, "Ready").get("status") == "True"
    containers = status.get("containerStatuses") or ()
    cause = None if ready else cause_of(pod, observed)
    return Row(
        name=metadata["name"],
        phase=_phase(pod),
        ready=ready and "deletionTimestamp" not in metadata,
        node=(pod.get("spec") or {}).get("nodeName") or "",
        volume=_volumes(pod, observed.claims),
        restarts=sum(c.get("restartCount") or 0 for c in containers),
        age_seconds=_age(metadata.get("creationTimestamp"), now),
        why=cause.text if cause else "" if ready else reasons.get(metadata["name"], ""),
    )


def _phase(pod: Document) -> str:
    """The phase, or the more telling reason of a container that waits, as kubectl shows it."""
    if is_terminating(pod):
        return "Terminating"
    for container in container_statuses(pod):
        reason = ((container.get("state") or {}).get("waiting") or {}).get("reason")
        if reason:
            return str(reason)
    return str((pod.get("status") or {}).get("phase") or "Pending")


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


def _age(timestamp: str | None, now: datetime) -> int | None:
    if not timestamp:
        return None
    return max(0, int((now - datetime.fromisoformat(timestamp)).total_seconds()))
