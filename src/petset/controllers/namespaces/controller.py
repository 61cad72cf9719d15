"""Runs the namespace controller: a namespace is looked at when it changes, and when something leaves it."""

from functools import partial
from typing import Any

from petset.aio.clock import Clock
from petset.aio.reconciler import Reconciler
from petset.api.kinds import KINDS, Kind
from petset.api.models import core_v1
from petset.api.objects import Object, is_terminating, meta, name_of, namespace_of, uid_of
from petset.client.audience import EVERYTHING, NOTHING
from petset.client.informer import Informer
from petset.client.pool import InformerPool
from petset.controllers.namespaces import invariants
from petset.controllers.namespaces.apply import Hands, apply
from petset.controllers.namespaces.model import ACCOUNT, ROOT_CA, DeleteObject, Remaining, Snapshot
from petset.controllers.namespaces.plan import plan

EMPTIED = tuple(kind for kind in KINDS if kind.namespaced and kind.is_kept and not kind.stored_as)
"""Every kind that lives in a namespace, once: a kind that shares another's room goes with it."""


class NamespaceController:
    """Furnishes and empties namespaces. `root_ca_pem` is the certificate that pods are to trust, if any."""

    def __init__(self, hands: Hands, clock: Clock, pool: InformerPool, root_ca_pem: str = "") -> None:
        self._hands = hands
        self._clock = clock
        self._pool = pool
        self._root_ca_pem = root_ca_pem
        self._namespaces = pool.informer(core_v1.Namespace)
        self._accounts = pool.informer(core_v1.ServiceAccount)
        self._config_maps = pool.informer(core_v1.ConfigMap)
        self._work = Reconciler("namespaces", clock, self._reconcile)
        self._namespaces.on_change(self._namespace_changed)
        for kind in EMPTIED:
            if kind.name != "Event":
                self._follow(kind, pool.informer(kind.model))
        pool.on_custom_kind(self._follow)

    async def run(self) -> None:
        """Work until cancelled."""
        await self._work.run()

    def _follow(self, kind: Kind, informer: Informer[Any]) -> None:
        """Only of furniture more than its coming and going matters."""
        looks_at = EVERYTHING if kind.name in ("ServiceAccount", "ConfigMap") else NOTHING
        informer.on_change(partial(self._content_changed, kind), looks_at)

    async def _reconcile(self, name: str) -> float | None:
        namespace = self._namespaces.get(name)
        if namespace is None:
            return None
        snapshot = await self._look(namespace)
        decided = plan(snapshot)
        assert invariants.is_safe(snapshot, decided)
        for action in decided.actions:
            await apply(self._hands, name, action)
        deleted = any(isinstance(action, DeleteObject) for action in decided.actions)
        return 0 if deleted else None  # much of it is gone at once, and no event may tell

    async def _look(self, namespace: core_v1.Namespace) -> Snapshot:
        name = name_of(namespace)
        remaining = []
        if is_terminating(namespace):
            added = (kind for kind in self._pool.custom_kinds() if kind.namespaced)
            for kind in (*EMPTIED, *added):
                listing = await self._hands.namespaces.list(kind.model, name)
                remaining += [_remaining(kind, obj) for obj in listing.items]
        return Snapshot(
            namespace=namespace,
            now=self._clock.now(),
            root_ca_pem=self._root_ca_pem,
            account=self._accounts.get(ACCOUNT, name),
            root_ca=self._config_maps.get(ROOT_CA, name),
            remaining=remaining,
        )

    def _namespace_changed(self, old: core_v1.Namespace | None, new: core_v1.Namespace | None) -> None:
        if new is not None:
            self._work.wake(name_of(new))

    def _content_changed(self, kind: Kind, old: Object | None, new: Object | None) -> None:
        """A namespace that goes has something less to wait for; one that lives may miss its furniture."""
        changed = new or old
        assert changed
        namespace = self._namespaces.get(namespace_of(changed))
        if namespace is None:
            return
        furniture = (kind.name, name_of(changed)) in (("ServiceAccount", ACCOUNT), ("ConfigMap", ROOT_CA))
        if furniture or (new is None and is_terminating(namespace)):
            self._work.wake(name_of(namespace))


def _remaining(kind: Kind, obj: Object) -> Remaining:
    return Remaining(
        api_version=kind.api_version,
        kind=kind.name,
        resource=f"{kind.resource}.{kind.group}",
        name=name_of(obj),
        uid=uid_of(obj),
        finalizers=tuple(meta(obj).finalizers or ()),
        terminating=is_terminating(obj),
    )
