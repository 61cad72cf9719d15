"""Runs the scheduler: one decision at a time, each knowing of all before it.

A pod without a node is looked at when it appears, and again when something changes that could help it: a node,
a claim or volume of its own, or a pod that ended elsewhere. Decisions are made strictly one after the other,
without a pause between looking and entering the pod in the ledger; only the writing of them overlaps. That is
what keeps two pods from being promised the same room.
"""

from collections.abc import Sequence
from typing import NamedTuple

from petset.aio.clock import Clock
from petset.aio.reconciler import Reconciler
from petset.api import volumes
from petset.api.models import core_v1, storage_v1
from petset.api.objects import is_terminating, meta, name_of, namespace_of, uid_of
from petset.client.audience import CONTENT
from petset.client.events import EventRecorder
from petset.client.pool import InformerPool
from petset.client.port import Client
from petset.scheduler import apply
from petset.scheduler.filters import affinity_terms
from petset.scheduler.ledger import Ledger
from petset.scheduler.model import Action, Bind, ClaimState, SelectNode, Snapshot, Waiting
from petset.scheduler.plan import plan

NAME = "default-scheduler"


class PodKey(NamedTuple):
    """A pod to look at."""

    namespace: str
    name: str


class Scheduler:
    """Gives nodes to the pods whose `schedulerName` is ours."""

    def __init__(self, client: Client, clock: Clock, pool: InformerPool, events: EventRecorder) -> None:
        self._client = client
        self._clock = clock
        self._events = events
        self._ledger = Ledger()
        self._pods = pool.informer(core_v1.Pod, {"by-claim": volumes.claims_of_pod}, CONTENT)
        self._nodes = pool.informer(core_v1.Node)
        self._claims = pool.informer(core_v1.PersistentVolumeClaim)
        self._volumes = pool.informer(core_v1.PersistentVolume, {"on-offer": volumes.class_on_offer})
        self._classes = pool.informer(storage_v1.StorageClass)
        self._namespaces = pool.informer(core_v1.Namespace)
        self._patience: dict[PodKey, float] = {}  # pods that wait, and since when
        self._seeking: dict[PodKey, None] = {}  # those of them that want to be near others
        self._assumed: dict[str, str] = {}  # pods just bound that the cache still shows without a node: uid to node
        self._work = Reconciler("scheduler", clock, self._schedule, retries=None)
        self._pods.on_change(self._pod_changed)
        self._nodes.on_change(lambda old, new: self._wake_waiting())
        self._claims.on_change(self._claim_changed)
        self._volumes.on_change(self._volume_changed)
        self._classes.on_change(lambda old, new: self._wake_waiting())

    async def run(self) -> None:
        """Work until cancelled."""
        await self._work.run()

    async def _schedule(self, key: PodKey) -> float | None:
        pod = self._pods.get(key.name, key.namespace)
        if pod is None or not _wants_a_node(pod) or uid_of(pod) in self._assumed:
            self._wait_no_more(key)
            return None
        snapshot = self._look(pod)
        decided = plan(snapshot)  # from here to the ledger nothing else runs
        if decided.waiting is None:
            self._wait_no_more(key)
            await self._bind(snapshot, decided.actions)
            return None
        self._patience.setdefault(key, self._clock.monotonic())  # it waits, and is woken, from now on
        for action in decided.actions:
            assert isinstance(action, SelectNode)
            await apply.select_node(self._client, action.claim, action.node)
        return await self._tell(key, pod, decided.waiting)

    def _look(self, pod: core_v1.Pod) -> Snapshot:
        nodes = self._ledger.states(self._nodes.list())
        has_terms = (pod.spec is not None and pod.spec.affinity is not None) or any(n.repelling for n in nodes)
        return Snapshot(
            pod=pod,
            nodes=nodes,
            claims=[self._claim_state(namespace_of(pod), name) for name in volumes.claim_names(pod)],
            namespaces=self._namespaces.list() if has_terms else (),
        )

    def _claim_state(self, namespace: str, name: str) -> ClaimState:
        claim = self._claims.get(name, namespace)
        if claim is None or claim.spec is None:
            return ClaimState(name)
        class_name = claim.spec.storageClassName or ""
        return ClaimState(
            name=name,
            claim=claim,
            volume=self._volumes.get(claim.spec.volumeName, "") if claim.spec.volumeName else None,
            storage_class=self._classes.get(class_name, "") if class_name else None,
            offers=self._volumes.by_index("on-offer", class_name),
        )

    async def _bind(self, snapshot: Snapshot, actions: Sequence[Action]) -> None:
        """Enter the pod first, so that the next decision counts it; strike it out again where the writing fails."""
        (action,) = actions
        assert isinstance(action, Bind)
        pod = snapshot.pod
        self._ledger.enter(pod, action.node, snapshot.requests)
        self._assumed[uid_of(pod)] = action.node
        try:
            await apply.bind(self._client, pod, action.node)
        except BaseException:
            self._withdraw(pod)
            raise
        message = f"Successfully assigned {namespace_of(pod)}/{name_of(pod)} to {action.node}"
        self._events.event(pod, "Normal", "Scheduled", message)

    def _withdraw(self, pod: core_v1.Pod) -> None:
        """The binding failed or was cut off; what the cache shows by now decides."""
        self._assumed.pop(uid_of(pod), None)
        current = self._pods.get(name_of(pod), namespace_of(pod))
        if current is None or not _takes_room(current) or uid_of(current) != uid_of(pod):
            self._ledger.strike(pod)

    async def _tell(self, key: PodKey, pod: core_v1.Pod, waiting: Waiting) -> float | None:
        """Say why, once for each new reason, and only after the patience that the reason deserves."""
        now = self._clock.monotonic()
        if affinity_terms(pod):
            self._seeking[key] = None
        left_seconds = self._patience.setdefault(key, now) + waiting.patience_seconds - now
        if left_seconds > 0:
            return left_seconds
        if waiting.message and waiting.message != _told(pod):
            await apply.report(self._client, pod, waiting, self._clock.now())
            self._events.event(pod, "Warning", "FailedScheduling", waiting.message)
        return None

    def _pod_changed(self, old: core_v1.Pod | None, new: core_v1.Pod | None) -> None:
        if new is None:
            assert old
            self._forget(old)
            return
        if _takes_room(new):
            assert new.spec and new.spec.nodeName
            self._assumed.pop(uid_of(new), None)
            self._ledger.enter(new, new.spec.nodeName)
            if self._seeking and (old is None or not _takes_room(old)):
                for seeking in self._seeking:
                    self._work.wake(seeking)  # it may be whom they want to be near
        elif new.spec and new.spec.nodeName:
            self._forget(new)
        elif _wants_a_node(new):
            self._work.wake(PodKey(namespace_of(new), name_of(new)))

    def _forget(self, pod: core_v1.Pod) -> None:
        """The pod has ended or is gone: its room is free for those who wait."""
        self._assumed.pop(uid_of(pod), None)
        self._wait_no_more(PodKey(namespace_of(pod), name_of(pod)))
        self._ledger.strike(pod)
        self._wake_waiting()

    def _wait_no_more(self, key: PodKey) -> None:
        self._patience.pop(key, None)
        self._seeking.pop(key, None)

    def _claim_changed(
        self, old: core_v1.PersistentVolumeClaim | None, new: core_v1.PersistentVolumeClaim | None
    ) -> None:
        claim = new or old
        assert claim
        if old is not None and new is not None and _outlook(old) == _outlook(new):
            return
        self._wake_users(f"{namespace_of(claim)}/{name_of(claim)}")

    def _volume_changed(self, old: core_v1.PersistentVolume | None, new: core_v1.PersistentVolume | None) -> None:
        volume = new or old
        assert volume and volume.spec
        if old is not None and new is not None and old.spec == new.spec:
            return
        if volume.spec.claimRef is None:
            self._wake_waiting()
        else:
            self._wake_users(f"{volume.spec.claimRef.namespace}/{volume.spec.claimRef.name}")

    def _wake_users(self, claim: str) -> None:
        if not self._patience:
            return  # whoever has not been looked at yet will see the claim as it is then
        for pod in self._pods.by_index("by-claim", claim):
            if _wants_a_node(pod):
                self._work.wake(PodKey(namespace_of(pod), name_of(pod)))

    def _wake_waiting(self) -> None:
        for key in self._patience:
            self._work.wake(key)


def _wants_a_node(pod: core_v1.Pod) -> bool:
    spec = pod.spec
    assert spec
    ours = (spec.schedulerName or NAME) == NAME and not spec.schedulingGates
    return ours and not spec.nodeName and not is_terminating(pod) and not _has_ended(pod)


def _takes_room(pod: core_v1.Pod) -> bool:
    return bool(pod.spec and pod.spec.nodeName) and not _has_ended(pod)


def _has_ended(pod: core_v1.Pod) -> bool:
    return bool(pod.status and pod.status.phase in ("Failed", "Succeeded"))


def _outlook(claim: core_v1.PersistentVolumeClaim) -> tuple[object, ...]:
    """Everything of a claim that a decision looks at."""
    return (
        claim.spec,
        meta(claim).annotations,
        is_terminating(claim),
        claim.status.phase if claim.status and claim.status.phase == "Lost" else "",
    )


def _told(pod: core_v1.Pod) -> str:
    """What the pod's status already says about why it has no node."""
    conditions = (pod.status.conditions if pod.status else None) or ()
    return next((c.message or "" for c in conditions if c.type == "PodScheduled" and c.status == "False"), "")
