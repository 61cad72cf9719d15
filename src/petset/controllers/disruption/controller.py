"""Runs the disruption controller: which budgets a pod wakes, and where its owner's number is found.

A look at a budget counts all its pods, so it rests between looks while its pods come and go (`aio/rests.py`). That
is safe: evictions in the meantime are noted in the budget itself, and a status from an old look is refused by its
version.
"""

from typing import Any, NamedTuple

from petset.aio.reconciler import Reconciler
from petset.aio.rests import Rests
from petset.aio.tasks import Supervisor
from petset.api.disruptions import guarding
from petset.api.errors import ApiError, NotFound
from petset.api.kinds import Kind
from petset.api.models import apps_v1, core_v1, meta_v1, policy_v1
from petset.api.objects import controller_of, is_terminating, meta, name_of, namespace_of, uid_of
from petset.api.selectors import Selector
from petset.client.audience import METADATA
from petset.client.informer import Informer
from petset.client.pool import by_namespace
from petset.controllers.disruption import announced, invariants
from petset.controllers.disruption.apply import apply
from petset.controllers.disruption.model import Budget, Plan, Scale, Snapshot, Unscaled
from petset.controllers.disruption.plan import plan
from petset.ownership.pods import is_ready
from petset.ownership.tending import Bench

NAME = "controllermanager"
"""The source component of this controller's events, as Kubernetes has it."""
REST_SECONDS_PER_POD = 0.0002
LONGEST_REST_SECONDS = 2.0


class Key(NamedTuple):
    """A budget, or a pod, to look at."""

    namespace: str
    name: str


class DisruptionController:
    """Keeps every budget's status, and takes back announcements that came to nothing."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        pool, clock = bench.pool, bench.clock
        self._budgets = pool.informer(policy_v1.PodDisruptionBudget, {"by-namespace": by_namespace})
        self._pods = pool.informer(core_v1.Pod, {"by-namespace": by_namespace}, METADATA)
        self._stateful_sets = pool.informer(apps_v1.StatefulSet)
        self._replica_sets = pool.informer(apps_v1.ReplicaSet)
        self._replication_controllers = pool.informer(core_v1.ReplicationController)
        self._deployments = pool.informer(apps_v1.Deployment)
        self._rests: Rests[Key] = Rests(clock, REST_SECONDS_PER_POD, LONGEST_REST_SECONDS)
        self._work = Reconciler("disruption", clock, self._reconcile)
        self._announcements = Reconciler("stale_pod_disruption", clock, self._look_at_pod, workers=1)
        self._budgets.on_change(self._budget_changed)
        self._pods.on_change(self._pod_changed)
        pool.on_custom_kind(self._kind_appeared)

    async def run(self) -> None:
        """Work until cancelled."""
        async with Supervisor("disruption") as tasks:
            tasks.start("budgets", self._work.run())
            tasks.start("announcements", self._announcements.run())
            await tasks.wait()

    async def _reconcile(self, key: Key) -> float | None:
        budget = self._budgets.get(key.name, key.namespace)
        if budget is None:
            self._rests.forget(key)
            return None
        left = self._rests.left(key)
        if left > 0:
            return left
        snapshot = await self._look(budget)
        self._rests.begin(key, len(snapshot.pods))
        decided = plan(snapshot)
        assert not list(invariants.violations(snapshot, decided))
        return await self._carry_out(decided)

    async def _look_at_pod(self, key: Key) -> float | None:
        pod = self._pods.get(key.name, key.namespace)
        return None if pod is None else await self._carry_out(announced.plan(pod, self._bench.clock.now()))

    async def _carry_out(self, decided: Plan) -> float | None:
        for action in decided.actions:
            await apply(self._bench.client, self._bench.events, action)
        return decided.wake_after_seconds

    async def _look(self, budget: Budget) -> Snapshot:
        selector = Selector.from_struct(budget.spec.selector if budget.spec else None)
        near = self._pods.by_index("by-namespace", namespace_of(budget))
        pods = [pod for pod in near if selector.matches(meta(pod).labels)]
        owners = {owner.uid: owner for pod in pods if (owner := controller_of(pod)) is not None}
        found = {uid: await self._scale_of(owner, namespace_of(budget)) for uid, owner in owners.items()}
        scales = {uid: scale for uid, scale in found.items() if scale is not None}
        return Snapshot(budget, pods, scales, self._bench.clock.now())

    async def _scale_of(self, owner: meta_v1.OwnerReference, namespace: str) -> Scale | Unscaled | None:
        """How many pods the owner is to have; None where it is not there. Of other kinds the API is asked."""
        match owner.kind:
            case "StatefulSet":
                return _own_scale(self._stateful_sets.get(owner.name, namespace), owner.uid)
            case "ReplicationController":
                return _own_scale(self._replication_controllers.get(owner.name, namespace), owner.uid)
            case "ReplicaSet":
                return self._scale_of_replica_set(owner, namespace)
        return await self._scale_by_api(owner, namespace)

    async def _scale_by_api(self, owner: meta_v1.OwnerReference, namespace: str) -> Scale | Unscaled | None:
        client = self._bench.client
        kind = client.kinds.by_type(owner.apiVersion, owner.kind)
        if kind is None:
            return Unscaled(f'no matches for kind "{owner.kind}" in version "{owner.apiVersion}"')
        if "scale" not in kind.subresources:
            return Unscaled(f"{kind.qualified} does not implement the scale subresource")
        try:
            scale = await client.get_scale(kind.model, owner.name, namespace)
        except NotFound:
            return None
        except ApiError as error:
            return Unscaled(str(error))
        replicas = scale.spec.replicas if scale.spec else None
        return Scale(owner.uid, replicas or 0) if uid_of(scale) == owner.uid else None

    def _scale_of_replica_set(self, owner: meta_v1.OwnerReference, namespace: str) -> Scale | None:
        """Its Deployment's, where it has one: a rolling update has two ReplicaSets and one number."""
        replica_set = self._replica_sets.get(owner.name, namespace)
        own = _own_scale(replica_set, owner.uid)
        above = controller_of(replica_set) if own is not None and replica_set is not None else None
        if above is None:
            return own
        return _own_scale(self._deployments.get(above.name, namespace), above.uid) or own

    def _kind_appeared(self, kind: Kind, informer: Informer[Any]) -> None:
        """Its objects may own pods, and a change of one may change how many of them there should be."""
        if kind.namespaced and "scale" in kind.subresources:
            informer.on_change(self._custom_owner_changed)

    def _custom_owner_changed(self, old: Any, new: Any) -> None:
        for budget in self._budgets.by_index("by-namespace", namespace_of(new if new is not None else old)):
            self._budget_changed(None, budget)

    def _budget_changed(self, old: Budget | None, new: Budget | None) -> None:
        budget = new or old
        assert budget is not None
        self._work.wake(Key(namespace_of(budget), name_of(budget)))

    def _pod_changed(self, old: core_v1.Pod | None, new: core_v1.Pod | None) -> None:
        """Wake the budgets that mean the pod now or did before; most changes of a pod concern none of them."""
        if new is not None and announced.announcement(new) is not None:
            self._announcements.wake(Key(namespace_of(new), name_of(new)))
        versions = [pod for pod in (old, new) if pod is not None]
        budgets = self._budgets.by_index("by-namespace", namespace_of(versions[0]))
        if not budgets or (len(versions) == 2 and _outlook(versions[0]) == _outlook(versions[1])):
            return
        for pod in versions:
            for budget in guarding(pod, budgets):
                self._budget_changed(None, budget)


def _outlook(pod: core_v1.Pod) -> tuple[object, ...]:
    """Everything of a pod that a budget counts."""
    return meta(pod).labels, is_ready(pod), is_terminating(pod), controller_of(pod)


Scaled = apps_v1.StatefulSet | apps_v1.ReplicaSet | apps_v1.Deployment | core_v1.ReplicationController


def _own_scale(owner: Scaled | None, uid: str) -> Scale | None:
    if owner is None or owner.spec is None or uid_of(owner) != uid:
        return None
    return Scale(uid, 1 if owner.spec.replicas is None else owner.spec.replicas)
