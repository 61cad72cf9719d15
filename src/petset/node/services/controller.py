"""Keeps the kernel's idea of Services in step with the objects: the part that listens.

Every change of a Service or a slice is looked at alone, and what it changes goes to the kernel at once; changes
that come while the kernel is being told go together in the next transaction. After a start, or when a transaction
was refused, the whole table is made anew: connections that stand outlive that.
"""

import asyncio
import logging
from collections.abc import Iterable, Iterator

from petset.aio.backoff import Backoff
from petset.aio.clock import Clock
from petset.aio.reconciler import Reconciler
from petset.aio.tasks import Supervisor
from petset.api.models import core_v1, discovery_v1
from petset.api.objects import name_of, namespace_of
from petset.client.events import EventRecorder
from petset.client.informer import Informer
from petset.client.port import Client
from petset.node.services.apply import Kernel, NftFailed
from petset.node.services.model import Ruleset, Snapshot
from petset.node.services.plan import plan
from petset.node.services.wanted import merged, service_of, unserved, wanted

Name = tuple[str, str]
NO_NFT = "this machine has no nft; install nftables and start petset again"
_TABLE = "table"
_BACKOFF = Backoff(first_seconds=0.1, factor=2, most_seconds=30)
_log = logging.getLogger(__name__)


class ServiceProxy:
    """Leads what is sent to Services to their endpoints, for one data directory."""

    def __init__(self, client: Client, clock: Clock, kernel: Kernel, recorder: EventRecorder) -> None:
        self._kernel = kernel
        self._recorder = recorder
        self._usable = kernel.is_usable()
        self._services = Informer(client, clock, core_v1.Service)
        self._slices = Informer(client, clock, discovery_v1.EndpointSlice, indexes={"service": _index})
        self._dirty: dict[Name, None] = {}
        self._parts: dict[Name, Ruleset] = {}
        self._standing: Ruleset | None = None
        self._reconciler = Reconciler("services", clock, self._reconcile, workers=1, backoff=_BACKOFF, retries=None)

    @property
    def standing(self) -> Ruleset:
        """What the kernel was last told."""
        return self._standing or {}

    async def run(self) -> None:
        """Work until cancelled; what the kernel was told stays."""
        if not self._usable:
            _log.warning("Services are not reached by their addresses, headless ones by name alone: %s", NO_NFT)
        self._services.on_change(self._service_changed)
        self._slices.on_change(self._slice_changed)
        async with Supervisor("services") as tasks:
            tasks.start("informer of services", self._services.run())
            tasks.start("informer of slices", self._slices.run())
            await self._services.synced()
            await self._slices.synced()
            self._reconciler.wake(_TABLE)
            if self._usable:
                tasks.start("reconciler", self._reconciler.run())
            tasks.start("events", self._recorder.run())
            await tasks.wait()

    def _service_changed(self, old: core_v1.Service | None, new: core_v1.Service | None) -> None:
        one = new or old
        assert one is not None
        if new is not None and old is None:
            for problem in self._problems(new):
                self._recorder.event(new, "Warning", "ServiceNotServed", problem)
        self._look_at((namespace_of(one), name_of(one)))

    def _slice_changed(
        self, old: discovery_v1.EndpointSlice | None, new: discovery_v1.EndpointSlice | None
    ) -> None:
        for piece in (old, new):
            if piece is not None and service_of(piece):
                self._look_at((namespace_of(piece), service_of(piece)))

    def _problems(self, service: core_v1.Service) -> Iterator[str]:
        """What a person should know who will wonder why the Service's address does not answer."""
        if not self._usable and wanted(service, ()):
            yield f"its cluster IP leads nowhere: {NO_NFT}"
        for protocol in unserved(service):
            yield f"it is not reached by {protocol}: only TCP and UDP are served"

    def _look_at(self, service: Name) -> None:
        self._dirty[service] = None
        self._reconciler.wake(_TABLE)

    async def _reconcile(self, _: str) -> None:
        dirty, self._dirty = self._dirty, {}
        for name in dirty:
            self._read(name)
        target = merged(self._parts.values())
        standing, self._standing = self._standing, None  # unknown, should the kernel not take it
        try:
            if standing is None:
                await asyncio.to_thread(self._kernel.replace, target)
            else:
                await asyncio.to_thread(self._kernel.apply, plan(Snapshot(standing, target)))
        except NftFailed as error:
            raise NftFailed(f"Services are not reached by their addresses: nft failed: {error}") from error
        self._standing = target

    def _read(self, name: Name) -> None:
        service = self._services.get(name[1], name[0])
        self._parts.pop(name, None)
        if service is not None:
            self._parts[name] = wanted(service, self._slices_of(name))

    def _slices_of(self, name: Name) -> list[discovery_v1.EndpointSlice]:
        return sorted(self._slices.by_index("service", "/".join(name)), key=name_of)


def _index(piece: discovery_v1.EndpointSlice) -> Iterable[str]:
    service = service_of(piece)
    return [f"{namespace_of(piece)}/{service}"] if service else []
