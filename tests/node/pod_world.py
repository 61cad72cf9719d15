"""One pod on a machine made of plain values: plans are applied to it at once, step by step or in part.

It has the agent's memory of the pod and, apart from it, the machine's own truth: the agent can be restarted.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from node.world import a_pod

from petset.api.models import core_v1
from petset.api.objects import copy, meta, replace
from petset.node.memory import PodMemory, adopt, initial_health, orphan
from petset.node.pods.invariants import broken_in_plan, broken_in_snapshot
from petset.node.pods.model import (
    Action,
    BeginStop,
    CrashLoop,
    DeletePod,
    Failure,
    MountVolumes,
    Notes,
    Plan,
    RemoveContainer,
    RemoveSandbox,
    ResolveImage,
    RunPostStart,
    RunPreStop,
    Signal,
    Snapshot,
    StartContainer,
    StartSandbox,
    Stop,
    UnmountVolumes,
    Volumes,
    is_running,
)  # fmt: skip
from petset.node.pods.order import all_containers
from petset.node.pods.plan import plan
from petset.node.pods.status import status
from petset.node.runtime import Container, ContainerState, Sandbox, SandboxSpec

START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class PodWorld:
    """`pod` is what the API has (None: nothing); `sandbox` and `containers` are the machine's."""

    pod: core_v1.Pod | None
    now: datetime = START
    sandbox: Sandbox | None = None
    containers: dict[tuple[str, int], Container] = field(default_factory=dict)
    images_missing: bool = False
    deaf: bool = False
    version: int = 1
    memory: PodMemory = field(init=False)

    def __post_init__(self) -> None:
        assert self.pod is not None
        meta(self.pod).uid = "uid-1"
        meta(self.pod).resourceVersion = "1"
        self.memory = adopt(self.pod, None)

    # What happens.

    def restart_agent(self) -> None:
        listed = replace(self.sandbox, containers=tuple(self.containers.values())) if self.sandbox else None
        if self.pod is not None:
            self.memory = adopt(self.pod, listed)
        elif listed is not None:
            self.memory = orphan(listed)
        else:
            self.memory = PodMemory(self.memory.pod, gone=True)

    def add_ephemeral(self, container: core_v1.EphemeralContainer) -> None:
        """Somebody wants to look into the pod."""
        if self.pod is None or any(c.name == container.name for c in all_containers(self.pod)):
            return
        pod = copy(self.pod)
        assert pod.spec is not None
        pod.spec.ephemeralContainers = [*(pod.spec.ephemeralContainers or ()), container]
        self.version += 1
        meta(pod).resourceVersion = str(self.version)
        self.pod = pod
        self.memory.take_pod(pod)

    def exit(self, name: str, code: int) -> None:
        for key, container in self.containers.items():
            if container.name == name and is_running(container):
                self._end(key, code)

    def _end(self, key: tuple[str, int], code: int) -> None:
        self.containers[key] = replace(
            self.containers[key], state=ContainerState.EXITED, exit_code=code, finished_at=self.now
        )
        if self.memory.sandbox is not None:
            self.memory.take_container(self.containers[key])

    def turn_unhealthy(self, name: str) -> None:
        latest = self.memory.attempts.get(name, ())[-1:]
        if latest and is_running(latest[0]):
            health = replace(self.memory.notes.get(name, Notes()).health, unhealthy="liveness")
            self.memory.note(name, health=health)

    def lose_machine(self) -> None:
        """Switched off and on again: the agent, too, starts anew."""
        self.sandbox = None
        self.containers.clear()
        self.restart_agent()

    def delete(self, grace_seconds: int) -> None:
        if self.pod is None:
            return
        if grace_seconds == 0:
            self.pod, self.memory.gone = None, True
            return
        fresh = copy(self.pod)
        meta(fresh).deletionGracePeriodSeconds = grace_seconds
        meta(fresh).deletionTimestamp = self.now + timedelta(seconds=grace_seconds)
        self._store(fresh)

    def _store(self, pod: core_v1.Pod) -> None:
        self.version += 1
        meta(pod).resourceVersion = str(self.version)
        self.pod = pod
        self.memory.take_pod(pod)

    # What the agent does.

    def plan(self) -> tuple[Snapshot, Plan]:
        """A checked plan, with the status reported first if it has changed."""
        snapshot = self.memory.snapshot(self.now, predecessor=False)
        decided = plan(snapshot)
        if self.pod is not None:
            present = status(snapshot, decided, "192.168.0.1")
            if present != self.pod.status:
                fresh = copy(self.pod)
                fresh.status = present
                self._store(fresh)
                snapshot = replace(snapshot, pod=fresh)
            snapshot = replace(snapshot, reported=True)
            decided = plan(snapshot)
        assert broken_in_snapshot(snapshot) == []
        assert broken_in_plan(snapshot, decided) == []
        return snapshot, decided

    def step(self, at_most: int | None = None) -> Plan:
        """Apply a plan, or only its first actions."""
        _, decided = self.plan()
        left = len(decided.actions) if at_most is None else at_most
        for strand in decided.strands:
            for action in strand[:left]:
                left -= 1
                if not self.apply(action):
                    break
        return decided

    def settle(self, seconds: float = 3600) -> Plan:
        """Plan and act until nothing is left to do, letting time pass where the plan waits."""
        end = self.now + timedelta(seconds=seconds)
        while True:
            decided = self.step()
            if decided.actions:
                continue
            if decided.wake_at is None or self.now >= end:
                return decided
            self.now = max(self.now, decided.wake_at)

    def apply(self, action: Action) -> bool:
        """Do it; False where it fails, which ends its strand."""
        memory = self.memory
        match action:
            case MountVolumes():
                memory.volumes = Volumes.MOUNTED
            case UnmountVolumes():
                memory.volumes = Volumes.GONE
            case StartSandbox():
                spec = SandboxSpec("uid-1", "default", "web-0", "node-1", "web-0")
                self.sandbox = Sandbox(spec, "10.0.0.1")
                memory.take_sandbox(self.sandbox)
            case RemoveSandbox():
                assert not any(map(is_running, self.containers.values()))
                self.sandbox = None
                self.containers.clear()
                memory.take_sandbox(None)
            case ResolveImage(name) if self.images_missing:
                failure = Failure("ErrImagePull", "no", 1, self.now, self.now + timedelta(seconds=10))
                memory.note(name, image_failure=failure)
                return False
            case ResolveImage(name):
                memory.note(name, image_id="sha256:1", image_failure=None)
            case StartContainer():
                self._start(action)
            case RunPostStart(name):
                memory.note(name, hook_pending=False)
            case BeginStop(name):
                memory.note(name, stop=Stop(self.now, action.grace_seconds, restart=action.restart))
            case RunPreStop(name):
                self._note_stop(name, hook_done=True)
            case Signal(name):
                self._signal(action)
            case RemoveContainer(name):
                memory.forget_container(action.container_id)
                gone = [k for k, c in self.containers.items() if c.id == action.container_id]
                for key in gone:
                    del self.containers[key]
            case DeletePod():
                self.pod, memory.released, memory.gone = None, True, True
        return True

    def _start(self, action: StartContainer) -> None:
        key = (action.container, action.attempt)
        assert self.sandbox is not None
        assert not any(is_running(c) for c in self.containers.values() if c.name == action.container)
        assert key not in self.containers
        container_id = f"{action.container}-{action.attempt}"
        started = Container(
            container_id, "uid-1", action.container, action.attempt, "redis:7.0", "sha256:1",
            ContainerState.RUNNING, started_at=self.now,
        )  # fmt: skip
        self.containers[key] = started
        self.memory.take_container(started)
        spec = next(c for c in all_containers(self.memory.pod) if c.name == action.container)
        crash_loop: CrashLoop | None = action.crash_loop
        hook = spec.lifecycle is not None and spec.lifecycle.postStart is not None
        self.memory.notes[action.container] = Notes(
            crash_loop=crash_loop, health=initial_health(spec), hook_pending=hook
        )

    def _signal(self, action: Signal) -> None:
        killing = action.signal == "SIGKILL"
        self._note_stop(action.container, signalled_at=self.now)
        if killing:
            self._note_stop(action.container, killed_at=self.now)
        if killing or not self.deaf:
            self.exit(action.container, 137 if killing else 0)

    def _note_stop(self, name: str, **changes: object) -> None:
        stop = self.memory.notes[name].stop
        assert stop is not None
        self.memory.note(name, stop=replace(stop, **changes))  # type: ignore[arg-type]

    @property
    def running(self) -> set[str]:
        return {c.name for c in self.containers.values() if is_running(c)}

    @property
    def phase(self) -> str | None:
        return self.pod.status.phase if self.pod and self.pod.status else None


def world(**spec: object) -> PodWorld:
    return PodWorld(a_pod(**spec))  # type: ignore[arg-type]
