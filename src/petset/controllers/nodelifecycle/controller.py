"""Runs the node lifecycle controller: a node is looked at on its own, its lease's and its pods' changes."""

from petset.aio.clock import Clock
from petset.aio.reconciler import Reconciler
from petset.api.errors import NotFound
from petset.api.models import coordination_v1, core_v1
from petset.api.objects import name_of, namespace_of
from petset.client.audience import CONTENT
from petset.client.events import EventRecorder
from petset.client.pool import InformerPool
from petset.client.port import Client
from petset.controllers.nodelifecycle import invariants
from petset.controllers.nodelifecycle.apply import apply
from petset.controllers.nodelifecycle.model import Snapshot
from petset.controllers.nodelifecycle.plan import plan, readiness

LEASES = "kube-node-lease"


class NodeLifecycleController:
    """Judges nodes by what is heard of them."""

    def __init__(self, client: Client, clock: Clock, pool: InformerPool, events: EventRecorder) -> None:
        self._client = client
        self._clock = clock
        self._events = events
        self._heard: dict[str, float] = {}
        self._gone: dict[str, float] = {}
        self._sound: set[str] = set()  # the nodes that are Ready and let everybody in
        self._nodes = pool.informer(core_v1.Node)
        self._pods = pool.informer(core_v1.Pod, {"by-node": _node_of}, CONTENT)
        self._leases = pool.informer(coordination_v1.Lease)
        self._work = Reconciler("nodes", clock, self._reconcile)
        self._nodes.on_change(self._node_changed)
        self._leases.on_change(self._lease_changed)
        self._pods.on_change(self._pod_changed)

    async def run(self) -> None:
        """Work until cancelled."""
        await self._work.run()

    async def _reconcile(self, name: str) -> float | None:
        snapshot = await self._look(name)
        decided = plan(snapshot)
        assert invariants.is_safe(snapshot, decided)
        for action in decided.actions:
            await apply(self._client, self._events, action, snapshot.now)
        return decided.wake_after_seconds

    async def _look(self, name: str) -> Snapshot:
        now = self._clock.monotonic()
        node = self._nodes.get(name) or await self._live(name)
        if node is None:
            self._heard.pop(name, None)
        return Snapshot(
            name=name,
            node=node,
            pods=self._pods.by_index("by-node", name),
            now=self._clock.now(),
            silent_seconds=now - self._heard.setdefault(name, now) if node else 0,
            gone_seconds=0 if node else now - self._gone.setdefault(name, now),
        )

    async def _live(self, name: str) -> core_v1.Node | None:
        """A node that the cache does not have may have come a moment ago; its pods are not removed for that."""
        try:
            return await self._client.get(core_v1.Node, name)
        except NotFound:
            return None

    def _node_changed(self, old: core_v1.Node | None, new: core_v1.Node | None) -> None:
        node = new or old
        assert node
        if new is not None and readiness(new) == "True" and not (new.spec and new.spec.taints):
            self._sound.add(name_of(new))
        else:
            self._sound.discard(name_of(node))
        if new is not None:
            self._gone.pop(name_of(new), None)
            if old is None or _heartbeat(old) != _heartbeat(new):
                self._heard[name_of(new)] = self._clock.monotonic()
        self._work.wake(name_of(node))

    def _lease_changed(self, old: coordination_v1.Lease | None, new: coordination_v1.Lease | None) -> None:
        if new is None or namespace_of(new) != LEASES:
            return
        self._heard[name_of(new)] = self._clock.monotonic()
        node = self._nodes.get(name_of(new))
        if node is not None and readiness(node) != "True":
            self._work.wake(name_of(new))

    def _pod_changed(self, old: core_v1.Pod | None, new: core_v1.Pod | None) -> None:
        """Pods matter while their node is in trouble."""
        for name in _node_of(new) if new else ():
            if name not in self._sound:
                self._work.wake(name)


def _node_of(pod: core_v1.Pod) -> list[str]:
    return [pod.spec.nodeName] if pod.spec and pod.spec.nodeName else []


def _heartbeat(node: core_v1.Node) -> tuple[object, ...]:
    """What its agent renews; a condition that we wrote ourselves is no sign of life."""
    conditions = (node.status.conditions if node.status else None) or ()
    return tuple(c.lastHeartbeatTime for c in conditions)
