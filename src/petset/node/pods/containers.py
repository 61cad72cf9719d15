"""One container's status, as a kubelet reports it, from its attempts and from why it waits."""

from collections.abc import Sequence
from datetime import datetime

from petset.api.models import core_v1
from petset.node.pods.model import Snapshot, Waiting, has_exited, has_succeeded, is_running
from petset.node.pods.order import is_started
from petset.node.pods.resizing import is_in_place, told_of
from petset.node.pods.restart import is_sidecar
from petset.node.runtime import Container

ID_SCHEME = "petset://"
LOST_MESSAGE = "The container could not be located when the pod was terminated"


def container_status(
    snapshot: Snapshot, container: core_v1.Container, waiting: Sequence[Waiting], *, init: bool
) -> core_v1.ContainerStatus:
    """The status of one container. `waiting` are the plan's reasons why its next attempt is not made."""
    latest, note = snapshot.latest(container.name), snapshot.note(container.name)
    state, last = _states(snapshot, container, waiting)
    started = is_started(latest, note)
    ready = started and note.health.ready
    if init and not is_sidecar(container):
        ready = has_succeeded(latest)
    requests = container.resources.requests if container.resources else None
    return core_v1.ContainerStatus(
        name=container.name,
        image=latest.image if latest else container.image or "",
        imageID=latest.image_id if latest else "",
        containerID=ID_SCHEME + latest.id if latest and latest.id else None,
        ready=ready,
        started=started,
        restartCount=latest.attempt if latest else 0,
        state=state,
        lastState=last or core_v1.ContainerState(),
        allocatedResources=requests if latest and requests else None,
        resources=_resources(snapshot, container) if latest else None,
        volumeMounts=_mounts(container),
        stopSignal=container.lifecycle.stopSignal if container.lifecycle else None,
    )


def _resources(snapshot: Snapshot, container: core_v1.Container) -> core_v1.ResourceRequirements:
    """What the container has: while it is being resized, what was told before."""
    granted = container.resources or core_v1.ResourceRequirements()
    if not snapshot.resized or is_in_place(snapshot, container):
        return granted
    return told_of(snapshot.pod).get(container.name) or granted


def ephemeral_status(
    snapshot: Snapshot, container: core_v1.Container, waiting: Sequence[Waiting]
) -> core_v1.ContainerStatus:
    """The status of an ephemeral container: nobody asks whether it is ready."""
    status = container_status(snapshot, container, waiting, init=False)
    status.ready, status.started = False, None
    return status


def _states(
    snapshot: Snapshot, container: core_v1.Container, waiting: Sequence[Waiting]
) -> tuple[core_v1.ContainerState, core_v1.ContainerState | None]:
    """The present state, and that of the last attempt which ended before it."""
    attempts = snapshot.attempts.get(container.name, ())
    latest = attempts[-1] if attempts else None
    before = terminated(attempts[-2]) if len(attempts) > 1 else None
    if latest is not None and is_running(latest) and not snapshot.note(container.name).hook_pending:
        started = core_v1.ContainerStateRunning(startedAt=_seconds(latest.started_at))
        return core_v1.ContainerState(running=started), before
    own = next((w for w in waiting if w.container == container.name), None) if waiting else None
    if latest is not None and has_exited(latest):
        if own is None:
            return terminated(latest), before
        return _waiting(own.reason, own.message), terminated(latest)
    if own is not None:
        return _waiting(own.reason, own.message), before
    has_init = bool(snapshot.pod.spec and snapshot.pod.spec.initContainers)
    return _waiting("PodInitializing" if has_init else "ContainerCreating", None), before


def _waiting(reason: str, message: str | None) -> core_v1.ContainerState:
    return core_v1.ContainerState(waiting=core_v1.ContainerStateWaiting(reason=reason, message=message))


def terminated(attempt: Container) -> core_v1.ContainerState:
    """How an attempt ended. One that vanished with its sandbox counts as killed (137)."""
    lost = not attempt.sandbox_uid and attempt.finished_at is None
    code = attempt.exit_code if attempt.exit_code is not None else 137
    if lost:
        reason = "ContainerStatusUnknown"
    elif attempt.oom_killed:
        reason = "OOMKilled"
    else:
        reason = "Completed" if code == 0 else "Error"
    return core_v1.ContainerState(
        terminated=core_v1.ContainerStateTerminated(
            exitCode=code,
            reason=reason,
            message=LOST_MESSAGE if lost else attempt.message or None,
            startedAt=_seconds(attempt.started_at),
            finishedAt=_seconds(attempt.finished_at),
            containerID=ID_SCHEME + attempt.id if attempt.id else None,
        )
    )


def _seconds(time: datetime | None) -> datetime | None:
    """Kubernetes' times have no fractions."""
    return time.replace(microsecond=0) if time else None


def _mounts(container: core_v1.Container) -> list[core_v1.VolumeMountStatus] | None:
    if not container.volumeMounts:
        return None
    return [
        core_v1.VolumeMountStatus(
            name=mount.name,
            mountPath=mount.mountPath,
            readOnly=True if mount.readOnly else None,
            recursiveReadOnly="Disabled" if mount.readOnly else None,
        )
        for mount in container.volumeMounts
    ]
