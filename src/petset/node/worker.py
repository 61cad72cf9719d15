"""The pod workers of one node: for each pod, snapshot, plan, act, report; again whenever something has changed.

A look at a pod never waits: the strands of a plan, status writes, probes and the watch for a container's end run
as tasks beside it. What is under way or planned is known, so no plan repeats it; a task that has done its strand
looks at the pod itself, and one whose pod is woken meanwhile ends its strand early. A pod is known by its uid; one
that takes an earlier one's name waits until that one is gone from this node.
"""

import asyncio
import logging

from petset.aio.clock import Clock
from petset.aio.reconciler import Reconciler
from petset.aio.tasks import Supervisor
from petset.api.models import core_v1
from petset.api.objects import is_terminating, replace, uid_of
from petset.node import references
from petset.node.apply import Applier
from petset.node.events import PodEvents
from petset.node.machine import Facts
from petset.node.memory import PodMemory, adopt, orphan
from petset.node.pods import resizing
from petset.node.pods.model import Action, Plan, Snapshot, Strand, Volumes, is_running
from petset.node.pods.order import FINAL_PHASES
from petset.node.pods.plan import plan
from petset.node.pods.probing import probes
from petset.node.pods.status import status
from petset.node.probes.checks import Checks
from petset.node.probes.counter import ProbeKind
from petset.node.probes.prober import ProbeNews, Probers
from petset.node.references import Reference
from petset.node.report import Reporter
from petset.node.runtime import Container, Runtime, RuntimeFailure, Sandbox

SECONDS_BETWEEN_FAILED_WAITS = 1.0

_log = logging.getLogger(__name__)


class Workers:
    """All pods of one node. `run` does the work; the other methods only note what happened and wake the pod."""

    def __init__(
        self, runtime: Runtime, facts: Facts, clock: Clock, applier: Applier, checks: Checks, events: PodEvents
    ) -> None:
        self._runtime = runtime
        self._facts = facts
        self._host_ip = facts.host_ip
        self._deferred: dict[str, None] = {}
        self._clock = clock
        self._applier = applier
        self._events = events
        self._checks = checks
        self._memories: dict[str, PodMemory] = {}
        self._names: dict[tuple[str, str], list[str]] = {}
        self._users: dict[tuple[str, Reference], dict[str, None]] = {}
        self._watched: set[str] = set()
        self._behind: set[str] = set()
        self._caught_up = asyncio.Event()
        self._reconciler: Reconciler[str] = Reconciler("pod-workers", clock, self._look, workers=1, retries=None)

    def serve(self, supervisor: Supervisor, reporter: Reporter) -> None:
        """Give the workers what outlives a single look, before anything else is called."""
        self._supervisor = supervisor
        self._reporter = reporter
        self._probers = Probers(supervisor, self._checks, self._clock, self._hear)

    async def run(self) -> None:
        """Look at pods as they are woken, until cancelled."""
        await self._reconciler.run()

    def wake(self, uid: str) -> None:
        """Something has happened to the pod: look at it soon, and begin nothing before that."""
        memory = self._memories.get(uid)
        if memory is not None:
            memory.planned.clear()
            self._reconciler.wake(uid)

    def get(self, namespace: str, name: str) -> PodMemory | None:
        """The newest pod of this name."""
        uids = self._names.get((namespace, name))
        return self._memories[uids[-1]] if uids else None

    # What happens to pods.

    def pod_changed(self, old: core_v1.Pod | None, new: core_v1.Pod | None) -> None:
        """The API's news of a pod of this node."""
        if new is None:
            memory = self._memories.get(uid_of(old)) if old is not None else None
            if memory is not None:
                memory.gone = True
                if memory.nothing_is_left:
                    self._drop(memory)
                else:
                    self.wake(memory.uid)
            return
        memory = self._memories.get(uid_of(new))
        if memory is None:
            self.add(adopt(new, None))
        elif memory.take_pod(new):  # else it is our own report that comes back
            self.wake(memory.uid)

    def adopt(self, pod: core_v1.Pod, sandbox: Sandbox | None) -> None:
        """A pod found at the start, with what the runtime has of it. The API may still show how it once was."""
        self._behind.add(uid_of(pod))
        self.add(adopt(pod, sandbox))

    async def caught_up(self) -> None:
        """Return once the API has been told how every adopted pod is. Call it after the last `adopt`."""
        if self._behind:
            await self._caught_up.wait()

    def reported(self, memory: PodMemory, *, look_again: bool) -> None:
        """A write of the pod's status has ended. `look_again`: it failed, or more has happened meanwhile."""
        if look_again or self._supervisor.stopping:
            self.wake(memory.uid)
            return
        self._is_current(memory.uid)
        if is_terminating(memory.pod) and not memory.gone:
            self._let_go(memory)

    def _is_current(self, uid: str) -> None:
        self._behind.discard(uid)
        if not self._behind:
            self._caught_up.set()

    def adopt_orphan(self, sandbox: Sandbox) -> None:
        """A sandbox found at the start whose pod the API does not have: it is stopped and removed."""
        self.add(orphan(sandbox))

    def add(self, memory: PodMemory) -> None:
        """Work on this pod from now on."""
        self._memories[memory.uid] = memory
        self._names.setdefault(memory.key, []).append(memory.uid)
        for reference in references.of_pod(memory.pod):
            self._users.setdefault((memory.key[0], reference), {})[memory.uid] = None
        self._watch_all(memory)
        self.wake(memory.uid)

    def object_changed(self, namespace: str, reference: Reference) -> None:
        """An object that pods may name has changed: they try again, and their files are renewed."""
        for uid in self._users.get((namespace, reference), ()):
            memory = self._memories[uid]
            memory.forgive()
            memory.renew_files()
            self.wake(uid)

    # One look.

    async def _look(self, uid: str) -> float | None:
        memory = self._memories.get(uid)
        if memory is None or self._supervisor.stopping:
            return None
        if memory.nothing_is_left:
            self._drop(memory)
            return None
        now, renew_at = self._clock.now(), memory.renew_at
        if renew_at is not None and renew_at <= now:
            memory.volumes, renew_at = Volumes.UNKNOWN, None
        if memory.asked is not None:
            self._judge(memory)
        snapshot = memory.snapshot(now, predecessor=self._has_predecessor(memory))
        decided = plan(snapshot)
        if snapshot.resized and resizing.is_settled(snapshot):
            memory.resized = False
            if memory.resizing is not None:
                memory.resizing = None
                self._events.resize_completed(memory)
        self._act(memory, decided)
        self._probers.keep(uid, self._address(memory), probes(snapshot))
        wake_at = min(filter(None, (decided.wake_at, renew_at)), default=None)
        held = None if memory.gone else self._reporter.held_until(memory, now)
        if held is not None:
            wake_at = min(held, wake_at) if wake_at else held
        elif not memory.gone:
            self._report(memory, snapshot, decided)
        return max(0.0, (wake_at - now).total_seconds()) if wake_at else None

    def _judge(self, memory: PodMemory) -> None:
        """Grant the pod the resources it asks for, or note why it must wait."""
        assert memory.asked is not None
        others = [m.pod for uid, m in self._memories.items() if uid != memory.uid and not m.gone]
        running = [pod for pod in others if pod.status is None or pod.status.phase not in FINAL_PHASES]
        pending = resizing.judge(memory.asked, self._facts.capacity, running)
        if pending is not None:
            if pending != memory.pending:
                self._events.resize_waits(memory, pending)
            memory.pending = pending
            if pending.reason == "Deferred":
                self._deferred[memory.uid] = None
            return
        memory.grant()
        self._events.resize_started(memory)
        self._room_is_free()

    def _room_is_free(self) -> None:
        """Whoever waits for room asks again."""
        waiting, self._deferred = self._deferred, {}
        known = [memory for uid in waiting if (memory := self._memories.get(uid)) is not None]
        asking = [(memory.asked, memory.pod) for memory in known if memory.asked is not None]
        for pod in resizing.retry_order(asking):
            self.wake(uid_of(pod))

    def _report(self, memory: PodMemory, snapshot: Snapshot, decided: Plan) -> None:
        present = status(snapshot, decided, self._host_ip)
        for waiting in decided.waiting:
            if waiting not in memory.waiting:
                self._events.waits(memory, waiting)
        memory.waiting = decided.waiting
        if not self._reporter.is_known(memory, present):
            self._reporter.write(memory, present)
            return
        self._is_current(memory.uid)
        if is_terminating(memory.pod):
            self._let_go(memory)

    def _let_go(self, memory: PodMemory) -> None:
        """The API knows how the ending pod is: once nothing of it is left, it may forget the pod."""
        snapshot = memory.snapshot(self._clock.now(), predecessor=self._has_predecessor(memory))
        self._act(memory, plan(replace(snapshot, reported=True)))

    def _act(self, memory: PodMemory, decided: Plan) -> None:
        for strand in decided.strands:
            memory.planned.update(action.key for action in strand)
            self._supervisor.start(f"{memory.uid}/{strand[0].key}", self._carry_out(memory, strand))

    async def _carry_out(self, memory: PodMemory, strand: Strand) -> None:
        """The actions of a strand, until one fails or is not planned any more; then the next look."""
        for action in strand:
            key = action.key
            if key not in memory.planned or not await self._do(memory, action, key):
                memory.planned.difference_update(action.key for action in strand)
                break
        if memory.released and not memory.gone:
            return  # all is done; the news that the API has forgotten the pod ends it
        self._watch_all(memory)
        await self._reconciler.look(memory.uid)

    async def _do(self, memory: PodMemory, action: Action, key: str) -> bool:
        memory.planned.discard(key)
        memory.begun.add(key)
        try:
            return await self._applier.apply(memory, action)
        finally:
            memory.begun.discard(key)

    def _address(self, memory: PodMemory) -> str:
        return (memory.sandbox.ip if memory.sandbox else "") or self._host_ip

    def _has_predecessor(self, memory: PodMemory) -> bool:
        return self._names[memory.key][0] != memory.uid

    def _drop(self, memory: PodMemory) -> None:
        del self._memories[memory.uid]
        self._room_is_free()
        self._reporter.forget(memory.uid)
        self._is_current(memory.uid)
        self._probers.keep(memory.uid, "", ())
        for reference in references.of_pod(memory.pod):
            users = self._users.get((memory.key[0], reference), {})
            users.pop(memory.uid, None)
            if not users:
                self._users.pop((memory.key[0], reference), None)
        uids = self._names[memory.key]
        uids.remove(memory.uid)
        if uids:
            self.wake(uids[0])
        else:
            del self._names[memory.key]

    # What containers do by themselves.

    def _watch_all(self, memory: PodMemory) -> None:
        """Have a task wait for the end of each attempt that runs, once."""
        for attempts in memory.attempts.values():
            for attempt in attempts[-1:]:
                if is_running(attempt) and attempt.id not in self._watched:
                    self._watched.add(attempt.id)
                    self._supervisor.start(f"{memory.uid}/wait/{attempt.name}", self._wait(memory, attempt))

    async def _wait(self, memory: PodMemory, attempt: Container) -> None:
        ended = await self._end_of(attempt)
        self._watched.discard(attempt.id)
        for known in memory.attempts.get(attempt.name, ()):
            if known.id == attempt.id:
                memory.take_container(replace(ended, sandbox_uid=known.sandbox_uid))
        self.wake(memory.uid)

    async def _end_of(self, attempt: Container) -> Container:
        """The attempt once it has exited, however often asking fails."""
        while True:
            try:
                return await self._runtime.wait(attempt.id)
            except RuntimeFailure as failure:
                _log.warning("cannot wait for container %s (%s): %s", attempt.name, attempt.id, failure)
            except Exception:
                _log.exception("cannot wait for container %s (%s)", attempt.name, attempt.id)
            await self._clock.sleep(SECONDS_BETWEEN_FAILED_WAITS)

    def _hear(self, news: ProbeNews) -> None:
        memory = self._memories.get(news.pod_uid)
        if memory is None or not memory.is_latest(news.container, news.container_id):
            return
        if news.failure is not None:
            self._events.unhealthy(memory, news)
        if not news.changed:
            return
        health = memory.notes[news.container].health
        if news.kind is ProbeKind.READINESS:
            health = replace(health, ready=news.tally.passed)
        elif news.kind is ProbeKind.STARTUP and news.tally.passed:
            health = replace(health, started=True)
        elif news.tally.failed:
            health = replace(health, unhealthy=self._restart_message(news), grace_seconds=_grace(memory, news))
        memory.note(news.container, health=health)
        self.wake(memory.uid)

    def _restart_message(self, news: ProbeNews) -> str:
        return f"Container {news.container} failed {news.kind.lower()} probe, will be restarted"


def _grace(memory: PodMemory, news: ProbeNews) -> int | None:
    """The failed probe's own grace period, if it has one."""
    spec = memory.pod.spec
    assert spec is not None
    for container in (*(spec.initContainers or ()), *spec.containers):
        if container.name == news.container:
            probe = container.livenessProbe if news.kind is ProbeKind.LIVENESS else container.startupProbe
            return probe.terminationGracePeriodSeconds if probe else None
    return None
