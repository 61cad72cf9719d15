"""A node with nothing on it: pods that come to it are Ready after a moment, and go when they are asked to.

It stands at the same place as a node agent, behind API objects, and does to them what an agent with perfectly
behaved containers would do. For what an agent itself does, run the real one on `petset.testing.runtime`.
"""

import msgspec

from petset.aio.clock import Clock
from petset.aio.reconciler import Reconciler
from petset.aio.tasks import Supervisor
from petset.api.errors import AlreadyExists, Conflict, NotFound
from petset.api.models import core_v1, meta_v1
from petset.api.objects import is_terminating, meta, name_of, namespace_of, uid_of
from petset.client.informer import Informer
from petset.client.port import Client

Key = tuple[str, str]
_ROOM = {"cpu": "64", "memory": "256Gi", "pods": "5000"}


class HollowNode:
    """One node. `start_seconds` and `stop_seconds` are how long a pod takes; `hold` keeps pods from Ready."""

    def __init__(
        self, client: Client, clock: Clock, name: str, start_seconds: float = 0.05, stop_seconds: float = 0.05
    ) -> None:
        self.name = name
        self.start_seconds = start_seconds
        self.stop_seconds = stop_seconds
        self._client = client
        self._clock = clock
        self._held: set[str] = set()
        self._since: dict[tuple[str, bool], float] = {}
        self._pods = Informer(client, clock, core_v1.Pod, fields=f"spec.nodeName={name}")
        self._work: Reconciler[Key] = Reconciler(f"hollow node {name}", clock, self._look)
        self._pods.on_change(self._changed)

    def hold(self, pod: str) -> None:
        """Pods of this name do not become Ready, and those that are cease to be."""
        self._held.add(pod)
        self._wake_all()

    def release(self, pod: str) -> None:
        """They do again."""
        self._held.discard(pod)
        self._wake_all()

    async def run(self) -> None:
        """Join the cluster and work until cancelled."""
        await self._register()
        async with Supervisor(self.name) as tasks:
            tasks.start("pods", self._pods.run())
            tasks.start("work", self._work.run())
            await tasks.wait()

    async def _register(self) -> None:
        ready = core_v1.NodeCondition(type="Ready", status="True")
        status = core_v1.NodeStatus(allocatable=dict(_ROOM), capacity=dict(_ROOM), conditions=[ready])
        labels = {"kubernetes.io/hostname": self.name}
        node = core_v1.Node(metadata=meta_v1.ObjectMeta(name=self.name, labels=labels), status=status)
        try:
            await self._client.create(node)
        except AlreadyExists:
            return

    async def _look(self, key: Key) -> float | None:
        """Bring one pod a step further; the seconds until its next step is due."""
        namespace, name = key
        pod = self._pods.get(name, namespace)
        if pod is None:
            return None
        going = is_terminating(pod)
        due = self._first_seen(pod, going) + (self.stop_seconds if going else self.start_seconds)
        left = due - self._clock.monotonic()
        if left > 0:
            return left
        try:
            await (self._remove(pod) if going else self._report(pod))
        except (NotFound, Conflict):
            return None  # it has changed meanwhile, and that change is on its way here
        return None

    def _first_seen(self, pod: core_v1.Pod, going: bool) -> float:
        return self._since.setdefault((uid_of(pod), going), self._clock.monotonic())

    async def _remove(self, pod: core_v1.Pod) -> None:
        """The containers have stopped: the object may go."""
        exactly_this = meta_v1.Preconditions(uid=uid_of(pod))
        options = meta_v1.DeleteOptions(gracePeriodSeconds=0, preconditions=exactly_this)
        await self._client.delete(core_v1.Pod, name_of(pod), namespace_of(pod), options)

    async def _report(self, pod: core_v1.Pod) -> None:
        ready = "False" if name_of(pod) in self._held else "True"
        status = pod.status or core_v1.PodStatus()
        known = {condition.type: condition for condition in status.conditions or ()}
        if status.phase in ("Failed", "Succeeded") or (known.get("Ready") and known["Ready"].status == ready):
            return
        now = self._clock.now().replace(microsecond=0)
        known["Ready"] = core_v1.PodCondition(type="Ready", status=ready, lastTransitionTime=now)
        reported = msgspec.structs.replace(
            status, phase="Running", conditions=list(known.values()), startTime=status.startTime or now
        )
        await self._client.update(msgspec.structs.replace(pod, status=reported), "status")

    def _changed(self, old: core_v1.Pod | None, new: core_v1.Pod | None) -> None:
        if new is not None:
            self._work.wake((namespace_of(new), name_of(new)))
        elif old is not None:
            self._since.pop((uid_of(old), True), None)
            self._since.pop((uid_of(old), False), None)

    def _wake_all(self) -> None:
        for pod in self._pods.list():
            self._work.wake((meta(pod).namespace or "", name_of(pod)))
