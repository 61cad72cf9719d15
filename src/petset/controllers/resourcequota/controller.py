"""Runs the resource quota controller: a quota is looked at when it changes, and when what it counts does.

What is used is kept up object by object, so that a change costs the same however many objects there are. Changes
that come close together share one look.
"""

from functools import partial
from typing import Any

from petset.aio.clock import Clock
from petset.aio.reconciler import Reconciler
from petset.api.kinds import KINDS, Kind
from petset.api.models import core_v1
from petset.api.objects import name_of, namespace_of
from petset.api.quotas.charging import NOTHING, Tally, charge, hard_of
from petset.api.quotas.names import resource_of
from petset.client.informer import Informer
from petset.client.pool import InformerPool
from petset.client.port import Client
from petset.controllers.resourcequota import invariants
from petset.controllers.resourcequota.apply import apply
from petset.controllers.resourcequota.model import Snapshot
from petset.controllers.resourcequota.plan import plan

Quota = core_v1.ResourceQuota
Key = tuple[str, str]
SECONDS_TOGETHER = 0.02
"""How long a change may wait for others to be told with it."""
COUNTED = tuple(
    kind for kind in KINDS if kind.namespaced and kind.is_kept and kind.name != "Event" and not kind.stored_as
)
"""Every built-in kind that a quota can count; custom kinds come and go."""


class ResourceQuotaController:
    """Keeps the status of quotas."""

    def __init__(self, client: Client, clock: Clock, pool: InformerPool) -> None:
        self._client = client
        self._quotas = pool.informer(Quota)
        self._counted: dict[str, Informer[Any]] = {kind.store_key: pool.informer(kind.model) for kind in COUNTED}
        self._tallies: dict[str, dict[str, Tally]] = {}
        self._work: Reconciler[Key] = Reconciler("resourcequotas", clock, self._reconcile)
        self._quotas.on_change(self._quota_changed)
        for resource, informer in self._counted.items():
            informer.on_change(partial(self._object_changed, resource))
        pool.on_custom_kind(self._kind_appeared)

    async def run(self) -> None:
        """Work until cancelled."""
        await self._work.run()

    async def _reconcile(self, key: Key) -> None:
        namespace, name = key
        quota = self._quotas.get(name, namespace)
        if quota is None:
            return
        snapshot = Snapshot(quota, self._tallies[namespace][name].used)
        decided = plan(snapshot)
        assert invariants.is_safe(snapshot, decided)
        for action in decided.actions:
            await apply(self._client, action)

    def _quota_changed(self, old: Quota | None, new: Quota | None) -> None:
        changed = new or old
        assert changed
        namespace, name = namespace_of(changed), name_of(changed)
        tallies = self._tallies.setdefault(namespace, {})
        if new is None:
            tallies.pop(name, None)
            if not tallies:
                del self._tallies[namespace]
            return
        if old is None or old.spec != new.spec:
            tallies[name] = self._count(new)
        self._work.wake((namespace, name))

    def _count(self, quota: Quota) -> Tally:
        tally = Tally()
        for resource in dict.fromkeys(resource_of(name) for name in hard_of(quota)):
            for obj in self._counted[resource].list() if resource in self._counted else ():
                if namespace_of(obj) == namespace_of(quota):
                    tally.put((resource, name_of(obj)), charge(quota, resource, obj))
        return tally

    def _kind_appeared(self, kind: Kind, informer: Informer[Any]) -> None:
        if kind.namespaced:
            self._counted[kind.store_key] = informer
            informer.on_change(partial(self._object_changed, kind.store_key))

    def _object_changed(self, resource: str, old: Any, new: Any) -> None:
        if not self._tallies:
            return  # as nearly everywhere
        changed = new or old
        namespace, name = namespace_of(changed), name_of(changed)
        for quota_name, tally in self._tallies.get(namespace, {}).items():
            quota = self._quotas.get(quota_name, namespace)
            usage = NOTHING if new is None or quota is None else charge(quota, resource, new)
            if tally.put((resource, name), usage):
                self._work.wake_after((namespace, quota_name), SECONDS_TOGETHER)
