"""One small coroutine for each action of a pod's plan. No decision is made here, and nothing is raised.

What goes wrong is written down as a `Failure` (or as the hook's or signal's being over), told as an event, and left
to the next plan. Every action may be repeated: it may have happened already when the agent was cut off.
"""

import logging
import signal
from datetime import timedelta

from petset.aio.backoff import Backoff
from petset.aio.clock import Clock
from petset.api.errors import ApiError, Conflict, NotFound
from petset.api.models import core_v1, meta_v1
from petset.api.objects import name_of, namespace_of, replace
from petset.client.port import Client
from petset.node.events import PodEvents
from petset.node.failures import ConfigError, VolumeFailure
from petset.node.hooks import run_hook
from petset.node.launch import Launcher
from petset.node.memory import PodMemory, initial_health
from petset.node.pods.model import (
    Action,
    BeginStop,
    DeletePod,
    Failure,
    MountVolumes,
    Notes,
    RemoveContainer,
    RemoveSandbox,
    Resize,
    ResolveImage,
    RunPostStart,
    RunPreStop,
    Signal,
    StartContainer,
    StartSandbox,
    Stop,
    UnmountVolumes,
    Volumes,
)
from petset.node.pods.order import all_containers
from petset.node.pods.resizing import WHOLE
from petset.node.probes.checks import Checks, Outcome, Target
from petset.node.report import PAUSE_AFTER_A_REFUSAL
from petset.node.runtime import Runtime, RuntimeFailure
from petset.node.spec import limits_of

IMAGE_BACKOFF = Backoff(first_seconds=10, factor=2, most_seconds=300)
START_BACKOFF = Backoff(first_seconds=10, factor=2, most_seconds=300)
VOLUME_BACKOFF = Backoff(first_seconds=0.5, factor=2, most_seconds=122)
SANDBOX_BACKOFF = Backoff(first_seconds=1, factor=2, most_seconds=60)
SECONDS_FOR_A_POST_START_HOOK = 24 * 3600.0

_log = logging.getLogger(__name__)


class Applier:
    """Acts on plans: on the runtime, the volumes and the API, and on the worker's memory of the pod."""

    def __init__(self, client: Client, launcher: Launcher, checks: Checks, clock: Clock, events: PodEvents) -> None:
        self._client = client
        self._launcher = launcher
        self._runtime: Runtime = launcher.machine.runtime
        self._checks = checks
        self._clock = clock
        self._events = events

    async def apply(self, memory: PodMemory, action: Action) -> bool:
        """Do it, and remember how it went; True where it succeeded."""
        try:
            await self._do(memory, action)
            return True
        except (RuntimeFailure, ConfigError, VolumeFailure) as error:
            self._failed(memory, action, error.reason, str(error))
        except ApiError as error:
            self._failed(memory, action, error.reason, str(error))
        except Exception as error:
            _log.exception("%s: %s failed", "/".join(memory.key), action)
            self._failed(memory, action, "RunContainerError", str(error) or type(error).__name__)
        return False

    async def _do(self, memory: PodMemory, action: Action) -> None:
        match action:
            case MountVolumes():
                memory.volume_paths = await self._launcher.mount(memory, self._clock.now())
                memory.volumes, memory.volumes_failure = Volumes.MOUNTED, None
            case UnmountVolumes():
                await self._launcher.machine.volumes.remove(memory.uid)
                memory.volumes, memory.volumes_failure = Volumes.GONE, None
            case StartSandbox():
                memory.take_sandbox(memory.sandbox)  # attempts of a sandbox without network belong to the past
                memory.take_sandbox(await self._launcher.start_sandbox(memory.pod))
                memory.sandbox_failure = None
            case RemoveSandbox():
                await self._runtime.remove_sandbox(memory.uid)
                memory.take_sandbox(None)
                memory.sandbox_failure = None
            case ResolveImage():
                await self._resolve(memory, action)
            case StartContainer():
                await self._start(memory, action)
            case RunPostStart():
                await self._post_start(memory, action)
            case BeginStop():
                self._begin_stop(memory, action)
            case RunPreStop():
                await self._pre_stop(memory, action)
            case Signal() | Resize():
                await self._change(memory, action)
            case RemoveContainer():
                await self._runtime.remove_container(action.container_id)
                memory.forget_container(action.container_id)
            case DeletePod():
                await self._delete(memory)

    async def _resolve(self, memory: PodMemory, action: ResolveImage) -> None:
        container = _container(memory, action.container)
        image_id = await self._runtime.resolve_image(container.image or "")
        memory.note(container.name, image_id=image_id, image_failure=None)
        self._events.pulled(memory, container)

    async def _start(self, memory: PodMemory, action: StartContainer) -> None:
        container = _container(memory, action.container)
        started = await self._launcher.start(memory, container, action.attempt)
        has_hook = container.lifecycle is not None and container.lifecycle.postStart is not None
        memory.take_container(started)
        memory.notes[container.name] = Notes(
            crash_loop=action.crash_loop, health=initial_health(container), hook_pending=has_hook
        )
        self._events.created(memory, container.name)
        self._events.started(memory, container.name)

    async def _post_start(self, memory: PodMemory, action: RunPostStart) -> None:
        container = _container(memory, action.container)
        hook = container.lifecycle.postStart if container.lifecycle else None
        assert hook is not None
        outcome = await self._hook(memory, container, action.container_id, hook, SECONDS_FOR_A_POST_START_HOOK)
        if not memory.is_latest(action.container, action.container_id):
            return
        if not outcome.success:
            self._failed(memory, action, "PostStartHookError", outcome.message)
        memory.note(action.container, hook_pending=False)

    async def _pre_stop(self, memory: PodMemory, action: RunPreStop) -> None:
        container = _container(memory, action.container)
        hook = container.lifecycle.preStop if container.lifecycle else None
        assert hook is not None
        outcome = await self._hook(memory, container, action.container_id, hook, action.timeout_seconds)
        if not outcome.success:
            self._events.hook_failed(memory, action.container, "PreStop")
        self._hook_is_over(memory, action)

    async def _hook(
        self,
        memory: PodMemory,
        container: core_v1.Container,
        container_id: str,
        hook: core_v1.LifecycleHandler,
        timeout_seconds: float,
    ) -> Outcome:
        ip = memory.sandbox.ip if memory.sandbox else ""
        target = Target(container, container_id, ip or self._launcher.machine.facts.host_ip)
        return await run_hook(self._checks, self._clock, hook, target, timeout_seconds)

    def _begin_stop(self, memory: PodMemory, action: BeginStop) -> None:
        if not memory.is_latest(action.container, action.container_id):
            return
        stop = Stop(self._clock.now(), action.grace_seconds, restart=action.restart)
        memory.note(action.container, stop=stop)
        self._events.killing(memory, action.container, action.message)

    def _hook_is_over(self, memory: PodMemory, action: RunPreStop) -> None:
        stop = memory.notes[action.container].stop
        if memory.is_latest(action.container, action.container_id) and stop is not None:
            memory.note(action.container, stop=replace(stop, hook_done=True))

    async def _change(self, memory: PodMemory, action: Signal | Resize) -> None:
        """Something about a process that runs."""
        if isinstance(action, Resize):
            await self._resize(memory, action)
            return
        self._signalled(memory, action)
        await self._runtime.signal(action.container_id, _number(action.signal))

    def _signalled(self, memory: PodMemory, action: Signal) -> None:
        """Noted before it is sent, and kept if sending fails: the next step is SIGKILL, and again after that."""
        stop = memory.notes[action.container].stop
        if stop is None:
            return
        now = self._clock.now()
        killed_at = now if action.signal == "SIGKILL" else stop.killed_at
        memory.note(
            action.container, stop=replace(stop, signalled_at=stop.signalled_at or now, killed_at=killed_at)
        )

    async def _resize(self, memory: PodMemory, action: Resize) -> None:
        if action.container == WHOLE:
            assert memory.pod.spec is not None
            wanted = limits_of(memory.pod.spec)
            memory.take_sandbox(await self._runtime.resize_sandbox(memory.uid, wanted))
            memory.note(WHOLE, resize_failure=None)
            return
        container = _container(memory, action.container)
        has = next(a.resources for a in memory.attempts[container.name] if a.id == action.container_id)
        wanted = limits_of(container, has.oom_score_adj if has else None)
        memory.take_container(await self._runtime.resize(action.container_id, wanted))
        memory.note(container.name, resize_failure=None)

    async def _delete(self, memory: PodMemory) -> None:
        options = meta_v1.DeleteOptions(gracePeriodSeconds=0, preconditions=meta_v1.Preconditions(uid=memory.uid))
        try:
            await self._client.delete(core_v1.Pod, name_of(memory.pod), namespace_of(memory.pod), options)
        except (NotFound, Conflict):
            _log.debug("%s is gone already", "/".join(memory.key))
        memory.released = True

    def _failed(self, memory: PodMemory, action: Action, reason: str, message: str) -> None:
        match action:
            case MountVolumes():
                # Volumes that were ready once stay as they were: a container may still be restarted on them.
                memory.volumes = Volumes.MOUNTED if memory.volume_paths else memory.volumes
                if memory.volumes is not Volumes.MOUNTED:
                    memory.volumes_failure = self._failure(memory.volumes_failure, VOLUME_BACKOFF, reason, message)
                self._events.mount_failed(memory, message)
            case UnmountVolumes():
                memory.volumes_failure = self._failure(memory.volumes_failure, VOLUME_BACKOFF, reason, message)
                self._events.stop_failed(memory, message)
            case StartSandbox():
                memory.sandbox_failure = self._failure(memory.sandbox_failure, SANDBOX_BACKOFF, reason, message)
                self._events.sandbox_failed(memory, message)
            case RemoveSandbox():
                memory.sandbox_failure = self._failure(memory.sandbox_failure, SANDBOX_BACKOFF, reason, message)
                self._events.stop_failed(memory, message)
            case ResolveImage(name):
                before = memory.notes.get(name, Notes()).image_failure
                memory.note(name, image_failure=self._failure(before, IMAGE_BACKOFF, reason, message))
                self._events.pull_failed(memory, _container(memory, name), reason, message)
            case StartContainer(name):
                before = memory.notes.get(name, Notes()).start_failure
                memory.note(name, start_failure=self._failure(before, START_BACKOFF, reason, message), image_id="")
                self._events.start_failed(memory, name, message)
            case RunPostStart(name):
                health = replace(memory.notes[name].health, unhealthy="FailedPostStartHook")
                memory.note(name, hook_pending=False, health=health)
                self._events.hook_failed(memory, name, "PostStart")
            case RunPreStop(name):
                self._events.hook_failed(memory, name, "PreStop")
                self._hook_is_over(memory, action)
            case Resize(name):
                self._resize_failed(memory, name, reason, message)
            case DeletePod():
                memory.report_again_at = self._clock.now() + PAUSE_AFTER_A_REFUSAL
                _log.warning("%s cannot be deleted: %s", "/".join(memory.key), message)
            case _:
                _log.warning("%s: %s: %s: %s", "/".join(memory.key), action, reason, message)

    def _resize_failed(self, memory: PodMemory, name: str, reason: str, message: str) -> None:
        """Told once for each new reason: it is tried again and again."""
        before = memory.notes.get(name, Notes()).resize_failure
        memory.note(name, resize_failure=self._failure(before, START_BACKOFF, reason, message))
        if before is None or before.message != message:
            self._events.resize_failed(memory, message)

    def _failure(self, before: Failure | None, backoff: Backoff, reason: str, message: str) -> Failure:
        count, now = (before.count if before else 0) + 1, self._clock.now()
        return Failure(reason, message, count, now, now + timedelta(seconds=backoff.delay(count)))


def _container(memory: PodMemory, name: str) -> core_v1.Container:
    for container in all_containers(memory.pod):
        if container.name == name:
            return container
    raise LookupError(f"{'/'.join(memory.key)} has no container {name}")


def _number(name: str) -> int:
    """The signal's number; one that this machine does not know becomes SIGTERM."""
    if name.startswith("SIGRTMIN+") and name[9:].isdigit():
        return int(signal.SIGRTMIN) + int(name[9:])
    try:
        return int(signal.Signals[name])
    except KeyError:
        return int(signal.SIGTERM)
