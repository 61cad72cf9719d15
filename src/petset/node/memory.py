"""What a worker holds of one pod: the state behind its snapshots.

It is filled from the API (the pod), from the runtime (sandbox and attempts) and by the actions that ran. Everything
in it is a value that is replaced, so a snapshot costs next to nothing and never changes under a planner.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from petset.api.models import core_v1, meta_v1
from petset.api.objects import is_terminating, meta, replace
from petset.node.pods import resizing
from petset.node.pods.model import Failure, Health, Notes, Pending, Snapshot, Volumes, Waiting, is_running
from petset.node.pods.order import all_containers
from petset.node.pods.recall import all_statuses, recall
from petset.node.runtime import Container, ContainerState, Sandbox
from petset.node.wishes import Token, Wish


class PodMemory(Struct):
    """One pod on this node, from when it is first seen until nothing of it is left.

    `pod` has the resources that the node has granted; `asked` is the API's pod, where that asks for others.
    """

    pod: core_v1.Pod
    gone: bool = False
    released: bool = False
    sandbox: Sandbox | None = None
    sandbox_failure: Failure | None = None
    asked: core_v1.Pod | None = None
    pending: Pending | None = None
    resizing: int | None = None  # the generation that was granted last, until its resources are in place
    resized: bool = False  # true until a look has found every container with what it was granted
    attempts: dict[str, tuple[Container, ...]] = field(default_factory=dict)
    notes: dict[str, Notes] = field(default_factory=dict)
    volumes: Volumes = Volumes.UNKNOWN
    volumes_failure: Failure | None = None
    volume_paths: Mapping[str, Path] = field(default_factory=dict)
    tokens: Mapping[Wish, Token] = field(default_factory=dict)
    begun: set[str] = field(default_factory=set)  # the actions under way
    planned: set[str] = field(default_factory=set)  # those that follow them, unless something happens to the pod
    waiting: tuple[Waiting, ...] = ()
    reporting: bool = False
    report_again: bool = False
    report_held_since: datetime | None = None
    report_again_at: datetime | None = None
    written: core_v1.PodStatus | None = None
    accepted: core_v1.PodStatus | None = None
    uid: str = ""
    key: tuple[str, str] = ("", "")  # namespace and name: what a later pod may share with it

    def __post_init__(self) -> None:
        m = meta(self.pod)
        self.uid, self.key = m.uid or "", (m.namespace or "", m.name or "")

    @property
    def busy(self) -> frozenset[str]:
        """The actions that nobody else need plan."""
        return frozenset(self.begun | self.planned)

    @property
    def nothing_is_left(self) -> bool:
        """The API has no such pod, and neither has this node."""
        return self.gone and self.sandbox is None and self.volumes is Volumes.GONE and not self.busy

    @property
    def is_ending(self) -> bool:
        """The pod is to go, and containers of it still run: told to stop, most end within milliseconds."""
        if not is_terminating(self.pod):
            return False
        return any(is_running(attempts[-1]) for attempts in self.attempts.values() if attempts)

    @property
    def renew_at(self) -> datetime | None:
        """When the files that are mounted need a new token; None where they hold none."""
        due: datetime | None = None
        if self.volumes is Volumes.MOUNTED:
            for token in self.tokens.values():
                due = token.renew_at if due is None else min(due, token.renew_at)
        return due

    def snapshot(self, now: datetime, *, predecessor: bool) -> Snapshot:
        """What the planner gets."""
        return Snapshot(
            pod=self.pod,
            now=now,
            gone=self.gone,
            predecessor=predecessor,
            sandbox=self.sandbox,
            sandbox_failure=self.sandbox_failure,
            attempts=dict(self.attempts),
            notes=dict(self.notes),
            volumes=self.volumes,
            volumes_failure=self.volumes_failure,
            busy=self.busy,
            released=self.released,
            pending=self.pending,
            resized=self.resized,
            resizing=self.resizing,
        )

    def take_pod(self, pod: core_v1.Pod) -> bool:
        """Learn a version of the pod; True if it is newer than the one known. Older ones are not news."""
        new, known = meta(pod), meta(self.pod)
        if int(new.resourceVersion or 0) <= int(known.resourceVersion or 0):
            return False
        if new.labels != known.labels or new.annotations != known.annotations:
            self.renew_files()  # they may show them
        if self.asked is None and (new.generation == known.generation or pod.spec == self.pod.spec):
            self.pod = pod  # a status or a deletion, as nearly always
        elif resizing.asks_for_other_resources(pod, self.pod):
            self.hold(pod, resizing.granted_to(self.pod))
        else:
            self.pod, self.asked, self.pending = pod, None, None
        return True

    def renew_files(self) -> None:
        """Something has changed that the pod's volumes may show."""
        if self.volumes is Volumes.MOUNTED:
            self.volumes = Volumes.UNKNOWN

    def hold(self, pod: core_v1.Pod, granted: Mapping[str, core_v1.ResourceRequirements | None]) -> None:
        """The pod asks for other resources than it was granted, and keeps these until that is decided."""
        self.pod, self.asked = resizing.with_resources_of(pod, granted), pod

    def grant(self) -> None:
        """The node gives the pod what it asks for."""
        if self.asked is not None:
            self.pod, self.asked, self.pending, self.resized = self.asked, None, None, True
            self.resizing = meta(self.pod).generation or 0

    def take_sandbox(self, sandbox: Sandbox | None) -> None:
        """Learn of the sandbox. Attempts of one that is lost, or has lost its network, belong to the past."""
        self.sandbox = sandbox
        if self.attempts and (sandbox is None or not sandbox.ready):
            self.attempts = {
                name: tuple(replace(a, sandbox_uid="") for a in attempts)
                for name, attempts in self.attempts.items()
            }

    def take_container(self, container: Container) -> None:
        """Learn the state of an attempt, new or known."""
        attempts = [container]
        if container.name in self.attempts:
            attempts += [a for a in self.attempts[container.name] if a.attempt != container.attempt]
            attempts.sort(key=lambda a: a.attempt)
        self.attempts[container.name] = tuple(attempts)

    def forget_container(self, container_id: str) -> None:
        """An attempt has been removed."""
        self.attempts = {
            name: tuple(a for a in attempts if a.id != container_id) for name, attempts in self.attempts.items()
        }

    def note(self, container: str, **changes: Any) -> None:
        """Change what is remembered of a container."""
        self.notes[container] = replace(self.notes.get(container, Notes()), **changes)

    def is_latest(self, container: str, container_id: str) -> bool:
        """This id is the container's newest attempt, and it has not exited."""
        attempts = self.attempts.get(container, ())
        return (
            bool(attempts) and attempts[-1].id == container_id and attempts[-1].state is not ContainerState.EXITED
        )

    def forgive(self) -> None:
        """Something the pod waits for may have come: try again without waiting for the pause to end."""
        self.volumes_failure = None
        for name, note in self.notes.items():
            if note.start_failure is not None and note.start_failure.reason == "CreateContainerConfigError":
                self.note(name, start_failure=None)


def adopt(pod: core_v1.Pod, sandbox: Sandbox | None) -> PodMemory:
    """The memory of a pod found at the start: its containers as the runtime knows them, its status for the rest."""
    memory = PodMemory(pod)
    told = {one.name: one for one in all_statuses(pod.status)}
    if sandbox is None and not told:  # new, as nearly always
        for spec in all_containers(pod):
            memory.notes[spec.name] = Notes(health=initial_health(spec))
        return memory
    memory.resized = sandbox is not None
    memory.resizing = resizing.generation_under_way(pod)
    before = resizing.told_of(pod)
    if before and resizing.asks_for_other_resources(pod, resizing.with_resources_of(pod, before)):
        memory.hold(pod, before)
    _take_containers(memory, sandbox)
    memory.take_sandbox(sandbox)
    memory.attempts = recall(pod, memory.attempts)
    for spec in all_containers(pod):
        latest = memory.attempts.get(spec.name, ())[-1:]
        status = told.get(spec.name)
        health = initial_health(spec)
        if latest and status is not None and (status.containerID or "").endswith(latest[0].id):
            started, ready = health.started or bool(status.started), health.ready or status.ready
            health = replace(health, started=started, ready=ready)
        memory.notes[spec.name] = Notes(health=health)
    return memory


def initial_health(container: core_v1.Container) -> Health:
    """Before any probe has been made: what has no probe is well."""
    return Health(started=container.startupProbe is None, ready=container.readinessProbe is None)


def orphan(sandbox: Sandbox) -> PodMemory:
    """The memory of a sandbox whose pod the API does not have: enough of a pod to stop and remove it."""
    spec = sandbox.spec
    names = dict.fromkeys(container.name for container in sandbox.containers)
    pod = core_v1.Pod(
        apiVersion="v1",
        kind="Pod",
        metadata=meta_v1.ObjectMeta(name=spec.name, namespace=spec.namespace, uid=spec.uid),
        spec=core_v1.PodSpec(containers=[core_v1.Container(name=name) for name in names]),
    )
    memory = PodMemory(pod, gone=True)
    _take_containers(memory, sandbox)
    memory.take_sandbox(sandbox)
    return memory


def _take_containers(memory: PodMemory, sandbox: Sandbox | None) -> None:
    """Learn what the runtime has. An attempt that was never started is none: its number is used again."""
    for container in sandbox.containers if sandbox else ():
        if container.state is not ContainerState.CREATED:
            memory.take_container(container)
