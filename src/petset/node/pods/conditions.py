"""The conditions of a pod that a node writes, in Kubernetes' words, each with the time it last changed.

Conditions of other writers (the scheduler's PodScheduled, readiness gates) are kept as they are.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from petset.api.models import core_v1
from petset.node.pods.model import Snapshot
from petset.node.pods.order import has_sandbox, init_containers, is_initialized, spec_of
from petset.node.pods.resizing import are_in_place, errors
from petset.node.pods.restart import is_sidecar

PENDING, IN_PROGRESS = "PodResizePending", "PodResizeInProgress"


class _Finding(NamedTuple):
    """What a condition says now."""

    type: str
    holds: bool
    reason: str | None = None
    message: str | None = None
    generation: int | None = None


def conditions(
    snapshot: Snapshot,
    phase: str,
    init: Sequence[core_v1.ContainerStatus],
    apps: Sequence[core_v1.ContainerStatus],
) -> list[core_v1.PodCondition]:
    """This node's four conditions, then everybody else's."""
    old = list((snapshot.pod.status and snapshot.pod.status.conditions) or ())
    containers_ready = _containers_ready(snapshot, phase, init, apps)
    findings = (
        _Finding("PodReadyToStartContainers", has_sandbox(snapshot) and phase not in ("Succeeded", "Failed")),
        _initialized(snapshot, phase, init),
        _ready(snapshot, containers_ready, old),
        containers_ready,
    )
    own = {finding.type for finding in findings} | {PENDING, IN_PROGRESS}
    generation = snapshot.pod.metadata.generation if snapshot.pod.metadata else None
    return [_condition(finding, old, snapshot.now, generation) for finding in (*findings, *_resizing(snapshot))] + [
        condition for condition in old if condition.type not in own
    ]


def _resizing(snapshot: Snapshot) -> Iterator[_Finding]:
    """What is under way or waits about the pod's resources; nothing where they are as they should be."""
    if snapshot.pending is not None:
        yield _Finding(PENDING, True, snapshot.pending.reason, snapshot.pending.message)
    if snapshot.resized and not are_in_place(snapshot):
        error = errors(snapshot)
        yield _Finding(IN_PROGRESS, True, "Error" if error else None, error or None, snapshot.resizing)


def _initialized(snapshot: Snapshot, phase: str, init: Sequence[core_v1.ContainerStatus]) -> _Finding:
    specs = {c.name: c for c in init_containers(snapshot.pod)}
    if phase == "Succeeded":
        return _Finding("Initialized", True, "PodCompleted")
    incomplete = [s.name for s in init if not (s.started if is_sidecar(specs[s.name]) else s.ready)]
    if not incomplete or is_initialized(snapshot):
        return _Finding("Initialized", True)
    message = f"containers with incomplete status: [{' '.join(incomplete)}]"
    return _Finding("Initialized", False, "ContainersNotInitialized", message)


def _containers_ready(
    snapshot: Snapshot,
    phase: str,
    init: Sequence[core_v1.ContainerStatus],
    apps: Sequence[core_v1.ContainerStatus],
) -> _Finding:
    if phase in ("Succeeded", "Failed"):
        return _Finding("ContainersReady", False, "PodCompleted" if phase == "Succeeded" else "PodFailed")
    ready = {s.name: s.ready for s in (*init, *apps)}
    counted = [c for c in init_containers(snapshot.pod) if is_sidecar(c)] + spec_of(snapshot.pod).containers
    unready = [c.name for c in counted if not ready[c.name]]
    if not unready:
        return _Finding("ContainersReady", True)
    message = f"containers with unready status: [{' '.join(unready)}]"
    return _Finding("ContainersReady", False, "ContainersNotReady", message)


def _ready(snapshot: Snapshot, containers: _Finding, old: Sequence[core_v1.PodCondition]) -> _Finding:
    if not containers.holds:
        return containers._replace(type="Ready")
    problems = []
    for gate in spec_of(snapshot.pod).readinessGates or ():
        met = next((c.status for c in old if c.type == gate.conditionType), None)
        if met is None:
            problems.append(f'corresponding condition of pod readiness gate "{gate.conditionType}" does not exist.')
        elif met != "True":
            problems.append(f'the status of pod readiness gate "{gate.conditionType}" is not "True", but {met}')
    if problems:
        return _Finding("Ready", False, "ReadinessGatesNotReady", ", ".join(problems))
    return _Finding("Ready", True)


def _condition(
    finding: _Finding, old: Sequence[core_v1.PodCondition], now: datetime, generation: int | None
) -> core_v1.PodCondition:
    status = "True" if finding.holds else "False"
    before = next((c for c in old if c.type == finding.type), None)
    since = before.lastTransitionTime if before and before.status == status else None
    return core_v1.PodCondition(
        type=finding.type,
        status=status,
        reason=finding.reason,
        message=finding.message,
        lastTransitionTime=since or now.replace(microsecond=0),
        observedGeneration=finding.generation or generation,
    )
