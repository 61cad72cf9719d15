"""Runs the endpoints controller: which pods, slices and Endpoints wake which Service.

Endpoints name every pod of a Service, so a look costs as much as there are pods. A change after a quiet time is
written at once; while changes come one after the other, each look is followed by a pause in proportion to its cost,
in which they collect. So N pods that come up cost N looks at a pod, times a constant, and not N².
"""

from functools import partial
from typing import Any, NamedTuple

from petset.aio.clock import Clock
from petset.aio.reconciler import Reconciler
from petset.aio.rests import Rests
from petset.api.models import core_v1, discovery_v1
from petset.api.objects import is_terminating, meta, name_of, namespace_of
from petset.client.audience import METADATA
from petset.client.freshness import COME_BACK_SECONDS, Cache, OwnWrites
from petset.client.pool import InformerPool, by_namespace
from petset.controllers.endpoints import members
from petset.controllers.endpoints.apply import Hands, apply
from petset.controllers.endpoints.found import Members
from petset.controllers.endpoints.model import (
    ENDPOINTS_MANAGED_BY,
    ENDPOINTS_MANAGED_BY_LABEL,
    MANAGED_BY,
    MANAGED_BY_LABEL,
    SERVICE_NAME,
    Snapshot,
)
from petset.controllers.endpoints.plan import plan

PAUSE_SECONDS = 0.02
PAUSE_SECONDS_PER_POD = 0.001
"""At least ten times what a look costs, so that no Service takes more than a tenth of the processor."""
LONGEST_PAUSE_SECONDS = 2.0


class ServiceKey(NamedTuple):
    """A Service to look at."""

    namespace: str
    name: str


class EndpointsController:
    """Keeps EndpointSlices and Endpoints as the pods of each Service are."""

    def __init__(self, hands: Hands, clock: Clock, pool: InformerPool) -> None:
        self._hands = hands
        self._rests: Rests[ServiceKey] = Rests(clock, PAUSE_SECONDS_PER_POD, LONGEST_PAUSE_SECONDS, PAUSE_SECONDS)
        self._members: dict[ServiceKey, Members] = {}
        self._services = pool.informer(core_v1.Service, {"by-namespace": by_namespace})
        self._pods = pool.informer(core_v1.Pod, {"by-namespace": by_namespace}, METADATA)
        self._slices = pool.informer(discovery_v1.EndpointSlice, {"by-service": _service_of_slice})
        self._endpoints = pool.informer(core_v1.Endpoints)
        caches: dict[type[Any], Cache] = {
            discovery_v1.EndpointSlice: self._slices,
            core_v1.Endpoints: self._endpoints,
        }
        self._writes: OwnWrites[ServiceKey] = OwnWrites(caches)
        self._work = Reconciler("endpoints", clock, self._reconcile)
        self._services.on_change(self._service_changed)
        self._pods.on_change(self._pod_changed)
        self._slices.on_change(self._slice_changed)
        self._endpoints.on_change(self._endpoints_changed)

    async def run(self) -> None:
        """Work until cancelled."""
        await self._work.run()

    async def _reconcile(self, key: ServiceKey) -> float | None:
        if not self._writes.are_seen(key):
            return COME_BACK_SECONDS
        left = self._rests.left(key)
        if left > 0:
            return left
        snapshot = self._look(key)
        self._rest(key, snapshot)
        for action in plan(snapshot).actions:
            await apply(self._hands, action, partial(self._writes.wrote, key))
        return None

    def _rest(self, key: ServiceKey, snapshot: Snapshot) -> None:
        """How long the next look must wait."""
        if snapshot.service is None:
            self._rests.forget(key)
            self._members.pop(key, None)
        else:
            self._rests.begin(key, len(snapshot.members))

    def _look(self, key: ServiceKey) -> Snapshot:
        service = self._services.get(key.name, key.namespace)
        endpoints = self._endpoints.get(key.name, key.namespace)
        ours = endpoints and (meta(endpoints).labels or {}).get(ENDPOINTS_MANAGED_BY_LABEL) == ENDPOINTS_MANAGED_BY
        return Snapshot(
            service=service,
            members=self._members.setdefault(key, Members(self._pods)).now(service) if service is not None else (),
            slices=self._slices.by_index("by-service", f"{key.namespace}/{key.name}"),
            endpoints=endpoints if ours or service is not None else None,
        )

    def _service_changed(self, old: core_v1.Service | None, new: core_v1.Service | None) -> None:
        service = new or old
        assert service
        self._work.wake(ServiceKey(namespace_of(service), name_of(service)))

    def _pod_changed(self, old: core_v1.Pod | None, new: core_v1.Pod | None) -> None:
        """Tell the Services that have the pod as a member or had it; most changes of a pod concern none."""
        versions = [pod for pod in (old, new) if pod is not None and members.is_member(pod)]
        if not versions or (len(versions) == 2 and _outlook(versions[0]) == _outlook(versions[1])):
            return
        for service in self._services.by_index("by-namespace", namespace_of(versions[0])):
            if any(members.selects(service, pod) for pod in versions):
                key = ServiceKey(namespace_of(service), name_of(service))
                if key in self._members:
                    self._members[key].mark(name_of(versions[0]))
                self._work.wake(key)

    def _slice_changed(
        self, old: discovery_v1.EndpointSlice | None, new: discovery_v1.EndpointSlice | None
    ) -> None:
        for slice_ in (old, new):
            for key in _service_of_slice(slice_) if slice_ else ():
                self._work.wake(ServiceKey(*key.split("/", 1)))

    def _endpoints_changed(self, old: core_v1.Endpoints | None, new: core_v1.Endpoints | None) -> None:
        endpoints = new or old
        assert endpoints
        self._work.wake(ServiceKey(namespace_of(endpoints), name_of(endpoints)))


def _outlook(pod: core_v1.Pod) -> tuple[object, ...]:
    """Everything of a pod that shows in an endpoint."""
    return (
        meta(pod).uid,
        meta(pod).labels,
        pod.spec,
        members.addresses(pod),
        members.is_ready(pod),
        members.has_ended(pod),
        is_terminating(pod),
    )


def _service_of_slice(slice_: discovery_v1.EndpointSlice) -> list[str]:
    """Index of the slices that we manage: their Service, as `namespace/name`."""
    labels = meta(slice_).labels or {}
    if labels.get(MANAGED_BY_LABEL) != MANAGED_BY or SERVICE_NAME not in labels:
        return []
    return [f"{namespace_of(slice_)}/{labels[SERVICE_NAME]}"]
