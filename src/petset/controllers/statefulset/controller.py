"""Which changes wake which set; what a sync is: load, plan, carry out, report.

Sets and pods wake a set; claims and revisions do not (rule 30), except a set that waits for its own writes to show
in the cache. What a set waits for is kept here for whoever asks (`waiting`): it is no part of the Kubernetes API,
so it is never written into an object.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from petset.aio.clock import Clock
from petset.aio.measures import Family
from petset.aio.reconciler import Reconciler
from petset.aio.tasks import Supervisor
from petset.api.errors import ApiError, Conflict
from petset.api.gates import Gates
from petset.api.models import apps_v1, core_v1
from petset.api.objects import is_terminating, meta, name_of, namespace_of, uid_of
from petset.api.selectors import Selector
from petset.client.audience import METADATA
from petset.client.events import EventRecorder
from petset.client.freshness import COME_BACK_SECONDS, OwnWrites
from petset.client.pool import InformerPool
from petset.client.port import Client
from petset.controllers.statefulset import status
from petset.controllers.statefulset.apply import ClaimInTheWay, Hand, Irreparable, NameTaken
from petset.controllers.statefulset.ledger import (
    AUDIT_SECONDS,
    Ledger,
    SetKey,
    concerned,
    orphan_parent,
    owned_differently,
)
from petset.controllers.statefulset.measures import budgets, skips
from petset.controllers.statefulset.memo import Texts
from petset.controllers.statefulset.model import Plan, Snapshot, Waiting
from petset.controllers.statefulset.notices import Notices
from petset.controllers.statefulset.plan import plan
from petset.controllers.statefulset.reports import Reports
from petset.controllers.statefulset.waiting import for_name_taken, for_refusal, for_repair
from petset.ownership import health
from petset.ownership.hand import RevisionCollision
from petset.ownership.tending import INDEXES, controller_uid

NAME = "statefulset-controller"
"""The source component of this controller's events."""
COLLECT_SECONDS = 0.05
"""So long may news collect that let a set do nothing: of a pod that has come or got a node and does not run."""
POD_INDEXES: dict[str, Callable[[Any], Iterable[str]]] = {
    "controller-uid": controller_uid,
    "orphan-parent": orphan_parent,
}


class StatefulSetController:
    """Brings every StatefulSet to its spec, five at a time, never one twice at once (rule 71)."""

    def __init__(
        self,
        client: Client,
        clock: Clock,
        pool: InformerPool,
        events: EventRecorder,
        gates: Gates | None = None,
        audit_seconds: float = AUDIT_SECONDS,
    ) -> None:
        self._client = client
        self._clock = clock
        self._events = events
        self._gates = gates or Gates()
        self._sets = pool.informer(apps_v1.StatefulSet)
        pods = self._pods = pool.informer(core_v1.Pod, POD_INDEXES, METADATA)
        self._revisions = pool.informer(apps_v1.ControllerRevision, INDEXES, METADATA)
        self._claims = pool.informer(core_v1.PersistentVolumeClaim)
        self._ledger = Ledger(pods, self._claims, audit_seconds)
        self._writes: OwnWrites[str] = OwnWrites(
            {
                apps_v1.StatefulSet: self._sets,
                core_v1.Pod: self._pods,
                apps_v1.ControllerRevision: self._revisions,
                core_v1.PersistentVolumeClaim: self._claims,
            }
        )
        self._texts = Texts()
        self._reports = Reports()
        self._collisions: dict[str, int] = {}
        self._waiting: dict[SetKey, tuple[Waiting, ...]] = {}
        self._notices = Notices(events)
        self._skips = 0
        self._held: dict[SetKey, None] = {}  # in the order they came: runs must replay
        self._work = Reconciler("statefulset", clock, self._sync)
        self._telling = Reconciler("statefulset_notices", clock, self._tell, workers=1)
        self._sets.on_change(self._set_changed)
        self._pods.on_change(self._pod_changed, owner="StatefulSet")
        self._claims.on_change(self._claim_changed)
        self._revisions.on_change(self._revision_changed)

    @property
    def ledger_corrections(self) -> int:
        """How often the check of the rosters has found one wrong."""
        return self._ledger.corrections

    async def run(self) -> None:
        """Work until cancelled."""
        async with Supervisor("statefulset") as tasks:
            tasks.start("sets", self._work.run())
            tasks.start("notices", self._telling.run())
            await tasks.wait()

    def waiting(self, namespace: str, name: str) -> tuple[Waiting, ...]:
        """Why no more is done for a set at present: empty when it is where it should be, or is not known."""
        return self._waiting.get(SetKey(namespace, name), ())

    def all_waiting(self) -> list[tuple[SetKey, tuple[Waiting, ...]]]:
        """The same for every set that is not where it should be."""
        return [(key, waiting) for key, waiting in self._waiting.items() if waiting]

    def measures(self) -> Iterator[Family]:
        """The numbers of rule 70, taken now."""
        yield from self._work.measures()
        yield from budgets(map(self._look, self._sets.list()))
        yield skips(self._skips)

    # -- one sync

    async def _sync(self, key: SetKey) -> float | None:
        stateful_set = self._sets.get(key.name, key.namespace)
        if stateful_set is None:
            self._waiting.pop(key, None)
            self._held.pop(key, None)
            self._ledger.forget(key)
            self._notices.forget(key)
            return None
        if not self._writes.are_seen(uid_of(stateful_set)):
            self._held[key] = None
            self._skips += 1
            return COME_BACK_SECONDS
        self._held.pop(key, None)
        made = plan(self._look(stateful_set))
        self._waiting[key] = made.waiting
        try:
            return await self._carry_out(key, stateful_set, made)
        finally:
            await self._tell(key)

    async def _tell(self, key: SetKey) -> None:
        """Tell of what the set waits for. A queue of its own, for time alone is no reason to act (rule 30)."""
        stateful_set = self._sets.get(key.name, key.namespace)
        if stateful_set is None:
            return
        again_seconds = self._notices.tell(key, stateful_set, self._waiting.get(key, ()), self._clock.monotonic())
        if again_seconds is not None:
            self._telling.wake_after(key, again_seconds)

    async def _carry_out(self, key: SetKey, stateful_set: apps_v1.StatefulSet, made: Plan) -> float | None:
        """Act, then report: the status is written even where an action failed (rule 63)."""
        hand = Hand(self._client, self._events, self._writes, stateful_set)
        failure: Exception | None = None
        try:
            await hand.carry_out(made.stages)
        except RevisionCollision:
            self._collisions[uid_of(stateful_set)] = (made.status.collisionCount or 0) + 1
            return 0
        except ClaimInTheWay as error:  # the plan has told of it
            failure = error
        except Irreparable as error:
            self._waiting[key] = (for_repair(error.pod, error),)
            failure = error
        except NameTaken as error:
            self._waiting[key] = (for_name_taken(error.pod),)
            failure = error
        except ApiError as error:
            if not (isinstance(error, Conflict) and made.waiting):  # a conflict passes: what is planned is told
                self._waiting[key] = (for_refusal(key.name, error),)
            failure = error
        again_seconds = await self._report(hand, stateful_set, made)
        if failure is not None:
            raise failure
        return again_seconds

    async def _report(self, hand: Hand, stateful_set: apps_v1.StatefulSet, made: Plan) -> float | None:
        """Write the status where that is worth it, or come back for it; when to look again."""
        wake_after = made.wake_after_seconds
        if not status.differs(stateful_set.status, made.status):
            return wake_after
        uid, now = uid_of(stateful_set), self._clock.monotonic()
        wait_seconds = self._reports.wait_seconds(uid, stateful_set, made, now)
        if wait_seconds:
            return wait_seconds if wake_after is None else min(wait_seconds, wake_after)
        self._reports.written(uid, now)
        await hand.write_status(made.status)
        return wake_after

    def _look(self, stateful_set: apps_v1.StatefulSet) -> Snapshot:
        uid, now = uid_of(stateful_set), self._clock.now()
        stored = stateful_set.status.collisionCount if stateful_set.status else None
        return Snapshot(
            set=stateful_set,
            roster=self._ledger.roster(stateful_set, now),
            claims=self._ledger.claims_of(namespace_of(stateful_set)),
            revisions=tuple(map(self._texts.revision, self._revisions_of(stateful_set))),
            template=self._texts.template(stateful_set),
            now=now,
            collisions=max(stored or 0, self._collisions.get(uid, 0)),
            gates=self._gates,
        )

    def _revisions_of(self, stateful_set: apps_v1.StatefulSet) -> Iterable[apps_v1.ControllerRevision]:
        """Those the set owns, and orphans that its selector means (rule 37)."""
        owned = self._revisions.by_index("controller-uid", uid_of(stateful_set))
        orphans = self._revisions.by_index("orphan-namespace", namespace_of(stateful_set))
        if not orphans:
            return owned
        selector = Selector.from_struct(stateful_set.spec.selector)
        return [*owned, *(orphan for orphan in orphans if selector.matches(meta(orphan).labels))]

    # -- what wakes a set

    def _set_changed(self, old: apps_v1.StatefulSet | None, new: apps_v1.StatefulSet | None) -> None:
        changed = new or old
        assert changed is not None
        if old is not None and (new is None or uid_of(new) != uid_of(old)):
            self._forget(uid_of(old))
        self._work.wake(SetKey(namespace_of(changed), name_of(changed)))

    def _pod_changed(self, old: core_v1.Pod | None, new: core_v1.Pod | None) -> None:
        unhurried = _is_on_its_way(old, new)
        for pod in owned_differently(old, new):
            key = concerned(pod)
            if key is None:
                continue
            if unhurried and key not in self._held:
                self._work.wake_after(key, COLLECT_SECONDS)
            else:
                self._work.wake(key)

    def _revision_changed(
        self, old: apps_v1.ControllerRevision | None, new: apps_v1.ControllerRevision | None
    ) -> None:
        if new is None and old is not None:
            self._texts.forget_revision(uid_of(old))
        self._wake_held()

    def _claim_changed(
        self, old: core_v1.PersistentVolumeClaim | None, new: core_v1.PersistentVolumeClaim | None
    ) -> None:
        """Claims wake no set (rule 30), but one that waits for this very claim to go: no other event would."""
        if new is None and old is not None:
            for key, waits in self._waiting.items():
                if key.namespace == namespace_of(old) and any(one.blocker == name_of(old) for one in waits):
                    self._work.wake(key)
        self._wake_held()

    def _wake_held(self) -> None:
        for key in self._held:
            self._work.wake(key)

    def _forget(self, uid: str) -> None:
        self._writes.forget(uid)
        self._texts.forget_set(uid)
        self._reports.forget(uid)
        self._collisions.pop(uid, None)


def _is_on_its_way(old: core_v1.Pod | None, new: core_v1.Pod | None) -> bool:
    """The pod has come, or got a node, and nothing else: it waited before to be Running, and waits now."""
    if new is None or is_terminating(new) or health.phase_of(new) != "Pending":
        return False
    if old is None:
        return True
    before, now = meta(old), meta(new)
    same = before.labels == now.labels and before.ownerReferences == now.ownerReferences
    return same and health.phase_of(old) == "Pending"
