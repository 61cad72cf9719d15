"""The conditions of a pod that a node writes, in Kubernetes' words, each with the time it last changed.

Conditions of other writers (the scheduler's PodScheduled, readiness gates) are kept as they are.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from petset.api.models import core_v1
from petset.api.objects import meta, replace
from petset.node.pods.model import Snapshot
from petset.node.pods.order import has_sandbox, init_containers, is_initialized, spec_of
from petset.node.pods.resizing import are_in_place, errors
from petset.node.pods.restart import is_sidecar

PENDING, IN_PROGRESS = "PodResizePending", "PodResizeInProgress"
_OWN = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", PENDING, IN_PROGRESS)


class _Finding(Struct, frozen=True):
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
    written = (snapshot.pod.status and snapshot.pod.status.conditions) or ()
    old = {condition.type: condition for condition in written}
    containers_ready = _containers_ready(snapshot, phase, init, apps)
    findings = [
        _Finding("PodReadyToStartContainers", has_sandbox(snapshot) and phase not in ("Succeeded", "Failed")),
        _initialized(snapshot, phase, init),
        _ready(snapshot, containers_ready, old),
        containers_ready,
    ]
    if snapshot.pending is not None or snapshot.resized:
        findings += _resizing(snapshot)
    now, generation = snapshot.now.replace(microsecond=0), meta(snapshot.pod).generation
    own = [_condition(finding, old.get(finding.type), now, generation) for finding in findings]
    return own + [condition for condition in written if condition.type not in _OWN]


def _resizing(snapshot: Snapshot) -> Iterator[_Finding]:
    """What is under way or waits about the pod's resources; nothing where they are as they should be."""
    if snapshot.pending is not None:
        yield _Finding(PENDING, True, snapshot.pending.reason, snapshot.pending.message)
    if snapshot.resized and not are_in_place(snapshot):
        error = errors(snapshot)
        yield _Finding(IN_PROGRESS, True, "Error" if error else None, error or None, snapshot.resizing)


def _initialized(snapshot: Snapshot, phase: str, init: Sequence[core_v1.ContainerStatus]) -> _Finding:
    if phase == "Succeeded":
        return _Finding("Initialized", True, "PodCompleted")
    if not init:
        return _Finding("Initialized", True)
    specs = {c.name: c for c in init_containers(snapshot.pod)}
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
    sidecars = {c.name for c in init_containers(snapshot.pod) if is_sidecar(c)} if init else ()
    unready = [s.name for s in init if s.name in sidecars and not s.ready] + [s.name for s in apps if not s.ready]
    if not unready:
        return _Finding("ContainersReady", True)
    message = f"containers with unready status: [{' '.join(unready)}]"
    return _Finding("ContainersReady", False, "ContainersNotReady", message)


def _ready(snapshot: Snapshot, containers: _Finding, old: Mapping[str, core_v1.PodCondition]) -> _Finding:
    if not containers.holds:
        return replace(containers, type="Ready")
    problems = []
    for gate in spec_of(snapshot.pod).readinessGates or ():
        known = old.get(gate.conditionType)
        met = known.status if known is not None else None
        if met is None:
            problems.append(f'corresponding condition of pod readiness gate "{gate.conditionType}" does not exist.')
        elif met != "True":
            problems.append(f'the status of pod readiness gate "{gate.conditionType}" is not "True", but {met}')
    if problems:
        return _Finding("Ready", False, "ReadinessGatesNotReady", ", ".join(problems))
    return _Finding("Ready", True)


def _condition(
    finding: _Finding, before: core_v1.PodCondition | None, now: datetime, generation: int | None
) -> core_v1.PodCondition:
    status = "True" if finding.holds else "False"
    since = before.lastTransitionTime if before and before.status == status else None
    return core_v1.PodCondition(
        type=finding.type,
        status=status,
        reason=finding.reason,
        message=finding.message,
        lastTransitionTime=since or now,
        observedGeneration=finding.generation or generation,
    )
