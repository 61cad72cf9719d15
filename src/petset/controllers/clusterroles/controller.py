"""Runs the cluster role controller: when any role changes, every role that gathers is looked at."""

from petset.aio.clock import Clock
from petset.aio.reconciler import Reconciler
from petset.api.models import rbac_v1
from petset.api.objects import name_of
from petset.client.pool import InformerPool
from petset.client.port import Client
from petset.controllers.clusterroles import invariants
from petset.controllers.clusterroles.apply import apply
from petset.controllers.clusterroles.model import Snapshot
from petset.controllers.clusterroles.plan import plan

Role = rbac_v1.ClusterRole


class ClusterRoleController:
    """Keeps gathered rules up to date."""

    def __init__(self, client: Client, clock: Clock, pool: InformerPool) -> None:
        self._client = client
        self._roles = pool.informer(Role)
        self._gathering: dict[str, None] = {}
        self._work = Reconciler("clusterroles", clock, self._reconcile)
        self._roles.on_change(self._changed)

    async def run(self) -> None:
        """Work until cancelled."""
        await self._work.run()

    async def _reconcile(self, name: str) -> None:
        role = self._roles.get(name)
        if role is None:
            return
        snapshot = Snapshot(role, sorted(self._roles.list(), key=name_of))
        decided = plan(snapshot)
        assert invariants.is_safe(snapshot, decided)
        for action in decided.actions:
            await apply(self._client, action)

    def _changed(self, old: Role | None, new: Role | None) -> None:
        changed = new or old
        assert changed
        if new is not None and new.aggregationRule is not None:
            self._gathering[name_of(new)] = None
        else:
            self._gathering.pop(name_of(changed), None)
        for name in self._gathering:
            self._work.wake(name)
