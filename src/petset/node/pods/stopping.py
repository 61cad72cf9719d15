"""How containers are stopped: hook, signal, grace period, SIGKILL; and how a pod ends.

The grace period begins when stopping is decided and covers the preStop hook. However little of it the hook leaves,
the container gets two seconds between its stop signal and SIGKILL. When a pod ends, all of its containers are
stopped at once but for the sidecars, which follow in reverse order, each after everything that started later is
over, within what is left of the same grace period.
"""

from datetime import datetime, timedelta

from petset.api.models import core_v1
from petset.api.objects import is_terminating, meta
from petset.node.pods.draft import Draft
from petset.node.pods.model import (
    BeginStop,
    DeletePod,
    RemoveSandbox,
    RunPreStop,
    Signal,
    Snapshot,
    Stop,
    UnmountVolumes,
    Volumes,
    is_running,
)
from petset.node.pods.order import all_containers, init_containers, spec_of
from petset.node.pods.restart import is_sidecar

LEAST_SECONDS_TO_STOP = 2.0
SECONDS_TO_KILL_AGAIN = 10.0
GRACE_OF_A_POD_THAT_IS_GONE = 1.0


def grace_seconds(snapshot: Snapshot) -> float:
    """The pod's grace period: what its deletion asks for, else what its spec says, at least one second."""
    if snapshot.gone:
        return GRACE_OF_A_POD_THAT_IS_GONE
    asked = meta(snapshot.pod).deletionGracePeriodSeconds if is_terminating(snapshot.pod) else None
    if asked is None:
        asked = spec_of(snapshot.pod).terminationGracePeriodSeconds
    return effective_grace_seconds(asked)


def effective_grace_seconds(asked: int | None) -> float:
    """What a grace period comes to: Kubernetes' 30 seconds where nobody says, and never less than one."""
    return max(1.0, float(30 if asked is None else asked))


def deadline_of(snapshot: Snapshot, stop: Stop) -> datetime:
    """When the grace period of this stop is over; a later, shorter deletion brings it forward."""
    seconds = stop.grace_seconds
    if snapshot.gone or is_terminating(snapshot.pod):
        seconds = min(seconds, grace_seconds(snapshot))
    return stop.since + timedelta(seconds=seconds)


def advance(draft: Draft, container: core_v1.Container, stop: Stop) -> None:
    """The next step of a stop that has begun."""
    snapshot = draft.snapshot
    attempt = snapshot.latest(container.name)
    assert attempt is not None
    deadline = deadline_of(snapshot, stop)
    remaining_seconds = (deadline - snapshot.now).total_seconds()
    if not stop.hook_done and _has_pre_stop(container) and stop.signalled_at is None and remaining_seconds > 0:
        draft.do(RunPreStop(container.name, attempt.id, remaining_seconds))
        draft.wake(deadline)
        return
    if stop.signalled_at is None:
        draft.do(Signal(container.name, attempt.id, _stop_signal(container)))
        return
    kill_at = max(deadline, stop.signalled_at + timedelta(seconds=LEAST_SECONDS_TO_STOP))
    if stop.killed_at is not None:
        kill_at = stop.killed_at + timedelta(seconds=SECONDS_TO_KILL_AGAIN)
    if snapshot.now >= kill_at:
        draft.do(Signal(container.name, attempt.id, "SIGKILL"))
    else:
        draft.wake(kill_at)


def _has_pre_stop(container: core_v1.Container) -> bool:
    return container.lifecycle is not None and container.lifecycle.preStop is not None


def _stop_signal(container: core_v1.Container) -> str:
    return (container.lifecycle and container.lifecycle.stopSignal) or "SIGTERM"


def end_pod(draft: Draft, *, keep: bool) -> None:
    """Stop everything in order; then, unless the pod stays in the API (`keep`), take away what it had."""
    snapshot = draft.snapshot
    running = _stop_containers(draft)
    if running:
        names = ", ".join(running)
        draft.wait("", "Terminating", f"waits for {names} to stop")
    elif not keep and not any(key.startswith("start/") for key in snapshot.busy):
        _clear_away(draft)


def _stop_containers(draft: Draft) -> list[str]:
    """Begin or go on to stop the containers whose turn it is, and name them."""
    snapshot, pod = draft.snapshot, draft.snapshot.pod
    running = [c for c in all_containers(pod) if is_running(snapshot.latest(c.name))]
    if not running:
        return []
    sidecars = [c for c in init_containers(pod) if is_sidecar(c)]
    turn = [c for c in running if c not in sidecars]
    if not turn:
        turn = [c for c in reversed(sidecars) if is_running(snapshot.latest(c.name))][:1]
    for container in turn:
        stop = snapshot.note(container.name).stop
        if stop is not None:
            advance(draft, container, stop)
        else:
            _begin(draft, container)
    return [container.name for container in turn]


def _begin(draft: Draft, container: core_v1.Container) -> None:
    snapshot = draft.snapshot
    attempt = snapshot.latest(container.name)
    assert attempt is not None
    begun = min((note.stop.since for note in snapshot.notes.values() if note.stop), default=snapshot.now)
    spent_seconds = (snapshot.now - begun).total_seconds()
    left_seconds = max(0.0, grace_seconds(snapshot) - spent_seconds)
    stop = BeginStop(container.name, attempt.id, left_seconds, f"Stopping container {container.name}")
    if _has_pre_stop(container):
        draft.do(stop)
    else:
        draft.do(stop, Signal(container.name, attempt.id, _stop_signal(container)))


def _clear_away(draft: Draft) -> None:
    """Sandbox, then volumes, then the object: the API forgets a pod only when nothing of it is left here."""
    snapshot = draft.snapshot
    failure = snapshot.sandbox_failure or snapshot.volumes_failure
    if failure is not None and failure.retry_at > snapshot.now:
        draft.wait("", failure.reason, failure.message)
        draft.wake(failure.retry_at)
    elif snapshot.sandbox is not None or "sandbox" in snapshot.busy:
        draft.do(RemoveSandbox(), UnmountVolumes())
    elif snapshot.volumes is not Volumes.GONE or "volumes" in snapshot.busy:
        draft.do(UnmountVolumes())
    elif snapshot.reported and not snapshot.gone and not snapshot.released:
        draft.do(DeletePod())
