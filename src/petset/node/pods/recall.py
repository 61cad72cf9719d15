"""What a pod's own status tells of attempts that the runtime no longer knows.

A machine that was switched off, or a sandbox somebody removed, leaves a pod whose status says "running" or says how
its containers ended. Restart counts go on from there, and a container that may not be restarted is not.
"""

from collections.abc import Mapping, Sequence

from petset.api.models import core_v1
from petset.node.pods.containers import ID_SCHEME
from petset.node.runtime import Container, ContainerState


def recall(pod: core_v1.Pod, known: Mapping[str, Sequence[Container]]) -> dict[str, tuple[Container, ...]]:
    """The known attempts, preceded by those of the pod's status that the runtime has not kept."""
    attempts = {name: tuple(kept) for name, kept in known.items()}
    for told in all_statuses(pod.status):
        lost = _attempt(told)
        kept = attempts.get(told.name, ())
        if lost is not None and all(attempt.attempt > lost.attempt for attempt in kept):
            attempts[told.name] = (lost, *kept)
    return attempts


def all_statuses(status: core_v1.PodStatus | None) -> list[core_v1.ContainerStatus]:
    """What is told of every container of a pod."""
    told = status or core_v1.PodStatus()
    listed = (told.initContainerStatuses, told.containerStatuses, told.ephemeralContainerStatuses)
    return [one for statuses in listed for one in statuses or ()]


def _attempt(told: core_v1.ContainerStatus) -> Container | None:
    """The attempt that a container's status tells of, as one that is over; None if it tells of none."""
    state, last = told.state or core_v1.ContainerState(), told.lastState or core_v1.ContainerState()
    ended = state.terminated or (last.terminated if state.running is None else None)
    if state.running is None and ended is None:
        return None
    return Container(
        id=(told.containerID or "").removeprefix(ID_SCHEME),
        sandbox_uid="",
        name=told.name,
        attempt=told.restartCount,
        image=told.image,
        image_id=told.imageID,
        state=ContainerState.EXITED,
        started_at=state.running.startedAt if state.running else ended.startedAt if ended else None,
        finished_at=ended.finishedAt if ended else None,
        exit_code=ended.exitCode if ended else 137,
        oom_killed=ended is not None and ended.reason == "OOMKilled",
        message=(ended.message if ended else None) or "",
    )
