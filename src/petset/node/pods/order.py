"""Which containers of a pod should be running: init containers one after the other, then all others at once.

A sidecar (an init container with `restartPolicy: Always`) lets the next one go as soon as it has started and runs
on beside the others. Once an application container has been started the pod counts as initialized: from then on
only containers that died are looked at. A lost sandbox takes that with it: its successor is initialized anew.
"""

from collections.abc import Sequence

from petset.api.models import core_v1
from petset.node.pods.model import Notes, Snapshot, has_exited, has_succeeded, is_running
from petset.node.pods.restart import is_sidecar, may_restart
from petset.node.runtime import Container

FINAL_PHASES = ("Succeeded", "Failed")


def spec_of(pod: core_v1.Pod) -> core_v1.PodSpec:
    """The pod's spec; a pod that came from the API always has one."""
    assert pod.spec is not None, "a pod without spec"
    return pod.spec


def init_containers(pod: core_v1.Pod) -> Sequence[core_v1.Container]:
    """The init containers in their order, sidecars included."""
    return spec_of(pod).initContainers or ()


def ephemeral_containers(pod: core_v1.Pod) -> Sequence[core_v1.Container]:
    """The ephemeral containers, as containers like any other."""
    ephemeral = spec_of(pod).ephemeralContainers
    return [_as_container(one) for one in ephemeral] if ephemeral else ()


def all_containers(pod: core_v1.Pod) -> Sequence[core_v1.Container]:
    """Init containers, then the others, then the ephemeral ones."""
    spec = spec_of(pod)
    if not spec.initContainers and not spec.ephemeralContainers:
        return spec.containers  # as with most pods
    return [*init_containers(pod), *spec.containers, *ephemeral_containers(pod)]


def _as_container(ephemeral: core_v1.EphemeralContainer) -> core_v1.Container:
    return core_v1.Container(**{name: getattr(ephemeral, name) for name in core_v1.Container.__struct_fields__})


def is_started(latest: Container | None, note: Notes) -> bool:
    """The container runs, its postStart hook is over and its startup probe, if any, has succeeded."""
    return is_running(latest) and note.health.started and not note.hook_pending


def has_sandbox(snapshot: Snapshot) -> bool:
    """There is a sandbox, and it has its network: containers can be started."""
    return snapshot.sandbox is not None and snapshot.sandbox.ready


def belongs_to_sandbox(attempt: Container | None) -> bool:
    """The attempt was made in the sandbox that is there, not in a lost one."""
    return attempt is not None and bool(attempt.sandbox_uid)


def is_initialized(snapshot: Snapshot) -> bool:
    """An application container has been started in this sandbox."""
    return any(belongs_to_sandbox(snapshot.latest(c.name)) for c in spec_of(snapshot.pod).containers)


def is_over(snapshot: Snapshot, container: core_v1.Container, *, init: bool) -> bool:
    """The container has exited, and nothing asks for another attempt."""
    ended = snapshot.latest(container.name)
    if ended is None or not has_exited(ended):
        return False
    spec = spec_of(snapshot.pod)
    return not may_restart(container, spec, ended, snapshot.note(container.name).stop, init=init)


def is_finished(snapshot: Snapshot) -> bool:
    """Nothing of the pod will run again: its phase is final, an init container failed for good, or all is over."""
    pod = snapshot.pod
    if pod.status is not None and pod.status.phase in FINAL_PHASES:
        return True
    spec = spec_of(pod)
    for container in spec.initContainers or ():
        over = not is_sidecar(container) and is_over(snapshot, container, init=True)
        if over and not has_succeeded(snapshot.latest(container.name)):
            return True
    return all(is_over(snapshot, container, init=False) for container in spec.containers)


def due(snapshot: Snapshot) -> list[core_v1.Container]:
    """The containers that do not run and should, by order alone: back-offs and images are not looked at.

    An ephemeral container is started once, in whatever order the others are.
    """
    wanted = _due_to_work(snapshot)
    for container in ephemeral_containers(snapshot.pod):
        if snapshot.latest(container.name) is None:
            wanted.append(container)
    return wanted


def _due_to_work(snapshot: Snapshot) -> list[core_v1.Container]:
    spec = spec_of(snapshot.pod)
    initial = spec.initContainers or ()
    initialized = not initial or is_initialized(snapshot)
    wanted: list[core_v1.Container] = []
    for container in initial:
        latest = snapshot.latest(container.name)
        if is_sidecar(container):
            if not is_running(latest):
                wanted.append(container)
            if not initialized and not is_started(latest, snapshot.note(container.name)):
                return wanted
        elif not initialized and not (has_succeeded(latest) and belongs_to_sandbox(latest)):
            if not is_running(latest):
                wanted.append(container)
            return wanted
    for container in spec.containers:
        latest = snapshot.latest(container.name)
        if latest is None or (has_exited(latest) and not is_over(snapshot, container, init=False)):
            wanted.append(container)
    return wanted
