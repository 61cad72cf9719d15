"""A pod's row. The STATUS column is the one people read: the most telling thing about the pod, not its phase.

Worked out from the containers in order, as Kubernetes does: an init container that has not succeeded speaks first
(`Init:1/3`, `Init:Error`); after them the first container that waits or has ended (`CrashLoopBackOff`,
`Completed`), and over all of it a deletion (`Terminating`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from petset.api.models import core_v1
from petset.api.objects import is_terminating
from petset.apiserver.tables.columns import AGE, NAME, Cell, Column, Printer, age_of, name_of, wide
from petset.apiserver.tables.durations import since

TERMINAL_PHASES = ("Succeeded", "Failed")


@dataclass
class _Tally:
    """What is found while walking over the containers."""

    reason: str
    ready: int = 0
    total: int = 0
    restarts: int = 0
    last_restart: datetime | None = None
    sidecar_restarts: int = 0
    sidecar_last_restart: datetime | None = None
    initializing: bool = False


def cells(pod: core_v1.Pod, now: datetime) -> list[Cell]:
    """The pod's cells, in the order of the columns."""
    status = pod.status or core_v1.PodStatus()
    spec = pod.spec or core_v1.PodSpec(containers=[])
    tally = _walk(spec, status)
    return [
        name_of(pod),
        f"{tally.ready}/{tally.total}",
        _deletion(pod, status) or tally.reason,
        _restarts(tally, now),
        age_of(pod, now),
        status.podIP or "<none>",
        spec.nodeName or "<none>",
        status.nominatedNodeName or "<none>",
        _gates(spec, status),
    ]


PODS = Printer(
    (
        NAME,
        Column("Ready"),
        Column("Status"),
        Column("Restarts"),
        AGE,
        wide("IP"),
        wide("Node"),
        wide("Nominated Node"),
        wide("Readiness Gates"),
    ),
    cells,
)


def _walk(spec: core_v1.PodSpec, status: core_v1.PodStatus) -> _Tally:
    sidecars = {c.name for c in spec.initContainers or () if c.restartPolicy == "Always"}
    tally = _Tally(_phase(status), total=len(spec.containers) + len(sidecars))
    _walk_init(tally, sidecars, len(spec.initContainers or ()), status.initContainerStatuses or ())
    if not tally.initializing or _condition(status, "Initialized"):
        tally.restarts, tally.last_restart = tally.sidecar_restarts, tally.sidecar_last_restart
        _walk_main(tally, status)
    return tally


def _phase(status: core_v1.PodStatus) -> str:
    """What stands there before any container has spoken."""
    for condition in status.conditions or ():
        if condition.type == "PodScheduled" and condition.reason == "SchedulingGated":
            return "SchedulingGated"
    return status.reason or status.phase or ""


def _walk_init(tally: _Tally, sidecars: set[str], count: int, statuses: Sequence[core_v1.ContainerStatus]) -> None:
    for index, container in enumerate(statuses):
        sidecar = container.name in sidecars
        tally.restarts += container.restartCount
        tally.last_restart = _later(tally.last_restart, container)
        if sidecar:
            tally.sidecar_restarts += container.restartCount
            tally.sidecar_last_restart = _later(tally.sidecar_last_restart, container)
        state = container.state or core_v1.ContainerState()
        if state.terminated is not None and state.terminated.exitCode == 0:
            continue
        if sidecar and container.started:
            tally.ready += bool(container.ready)
            continue
        tally.reason = f"Init:{_init_reason(state) or f'{index}/{count}'}"
        tally.initializing = True
        return


def _init_reason(state: core_v1.ContainerState) -> str:
    if state.terminated is not None:
        return _ended(state.terminated)
    if state.waiting is not None and state.waiting.reason != "PodInitializing":
        return state.waiting.reason or ""
    return ""


def _walk_main(tally: _Tally, status: core_v1.PodStatus) -> None:
    running = False
    for container in reversed(status.containerStatuses or ()):
        tally.restarts += container.restartCount
        tally.last_restart = _later(tally.last_restart, container)
        state = container.state or core_v1.ContainerState()
        if state.waiting is not None and state.waiting.reason:
            tally.reason = state.waiting.reason
        elif state.terminated is not None:
            tally.reason = _ended(state.terminated)
        elif container.ready and state.running is not None:
            running = True
            tally.ready += 1
    if tally.reason == "Completed" and running:
        tally.reason = "Running" if _condition(status, "Ready") else "NotReady"


def _ended(terminated: core_v1.ContainerStateTerminated) -> str:
    if terminated.reason:
        return terminated.reason
    return f"Signal:{terminated.signal}" if terminated.signal else f"ExitCode:{terminated.exitCode}"


def _later(known: datetime | None, container: core_v1.ContainerStatus) -> datetime | None:
    last = container.lastState
    if last is None or last.terminated is None or last.terminated.finishedAt is None:
        return known
    finished = last.terminated.finishedAt
    return finished if known is None or known < finished else known


def _deletion(pod: core_v1.Pod, status: core_v1.PodStatus) -> str:
    if not is_terminating(pod):
        return ""
    if status.reason == "NodeLost":
        return "Unknown"
    return "" if status.phase in TERMINAL_PHASES else "Terminating"


def _restarts(tally: _Tally, now: datetime) -> str:
    if tally.restarts and tally.last_restart is not None:
        return f"{tally.restarts} ({since(tally.last_restart, now)} ago)"
    return str(tally.restarts)


def _gates(spec: core_v1.PodSpec, status: core_v1.PodStatus) -> str:
    gates = spec.readinessGates or ()
    if not gates:
        return "<none>"
    return f"{sum(_condition(status, gate.conditionType) for gate in gates)}/{len(gates)}"


def _condition(status: core_v1.PodStatus, type_: str) -> bool:
    return any(c.type == type_ and c.status == "True" for c in status.conditions or ())
