"""Runs the mirroring controller: which Endpoints, Services and slices wake which name.

Nearly all Endpoints belong to Services with a selector, and nearly all slices are made of their pods: for those,
finding out that there is nothing to do costs a look at the Service.
"""

from functools import partial
from typing import NamedTuple

from petset.aio.clock import Clock
from petset.aio.reconciler import Reconciler
from petset.api.models import core_v1
from petset.api.objects import Object, meta, name_of, namespace_of
from petset.client.freshness import COME_BACK_SECONDS, OwnWrites
from petset.client.pool import InformerPool
from petset.client.port import Client
from petset.controllers.mirroring import invariants
from petset.controllers.mirroring.apply import apply
from petset.controllers.mirroring.model import MANAGED_BY, MANAGED_BY_LABEL, SERVICE_NAME, Slice, Snapshot
from petset.controllers.mirroring.plan import plan

ACCOUNT = "endpointslicemirroring-controller"
_INDEX = "mirrored-of-service"


class EndpointsKey(NamedTuple):
    """Endpoints to look at, and the Service of their name."""

    namespace: str
    name: str


class MirroringController:
    """Keeps the slices of Endpoints that users write."""

    def __init__(self, client: Client, clock: Clock, pool: InformerPool) -> None:
        self._client = client
        self._services = pool.informer(core_v1.Service)
        self._endpoints = pool.informer(core_v1.Endpoints)
        self._slices = pool.informer(Slice, {_INDEX: _mirrored_of})
        self._writes: OwnWrites[EndpointsKey] = OwnWrites({Slice: self._slices})
        self._work = Reconciler("endpointslicemirroring", clock, self._reconcile)
        self._services.on_change(self._service_changed)
        self._endpoints.on_change(self._endpoints_changed)
        self._slices.on_change(self._slice_changed)

    async def run(self) -> None:
        """Work until cancelled."""
        await self._work.run()

    async def _reconcile(self, key: EndpointsKey) -> float | None:
        if not self._writes.are_seen(key):
            return COME_BACK_SECONDS
        snapshot = Snapshot(
            self._services.get(key.name, key.namespace),
            self._endpoints.get(key.name, key.namespace),
            self._slices.by_index(_INDEX, f"{key.namespace}/{key.name}"),
        )
        decided = plan(snapshot)
        assert invariants.is_safe(snapshot, decided)
        for action in decided.actions:
            await apply(self._client, action, partial(self._writes.wrote, key))
        return None

    def _service_changed(self, old: core_v1.Service | None, new: core_v1.Service | None) -> None:
        if _selects(old) != _selects(new) or old is None or new is None:
            self._wake(new or old)

    def _endpoints_changed(self, old: core_v1.Endpoints | None, new: core_v1.Endpoints | None) -> None:
        changed = new or old
        assert changed
        if not _selects(self._services.get(name_of(changed), namespace_of(changed))):
            self._wake(changed)

    def _wake(self, changed: Object | None) -> None:
        assert changed
        self._work.wake(EndpointsKey(namespace_of(changed), name_of(changed)))

    def _slice_changed(self, old: Slice | None, new: Slice | None) -> None:
        for each in (old, new):
            for key in _mirrored_of(each) if each else ():
                self._work.wake(EndpointsKey(*key.split("/", 1)))


def _selects(service: core_v1.Service | None) -> bool:
    return service is not None and service.spec is not None and bool(service.spec.selector)


def _mirrored_of(slice_: Slice) -> list[str]:
    """Index of the slices that we manage: their Service, as `namespace/name`."""
    labels = meta(slice_).labels or {}
    if labels.get(MANAGED_BY_LABEL) != MANAGED_BY or SERVICE_NAME not in labels:
        return []
    return [f"{namespace_of(slice_)}/{labels[SERVICE_NAME]}"]
