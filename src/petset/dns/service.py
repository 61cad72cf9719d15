"""Names for the cluster as it is: the zone follows the objects through informers, the server answers from it."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from petset.aio.clock import Clock
from petset.aio.tasks import Supervisor
from petset.api.models import core_v1, discovery_v1
from petset.client.informer import Informer
from petset.client.port import Client
from petset.dns.forward import Forwarder
from petset.dns.resolver import Resolver
from petset.dns.server import DnsServer
from petset.dns.zone import Zone


class DnsService:
    """Serves the names under `domain` at each of `addresses`, and forwards the others as `resolv_conf` says.

    Port 0 takes a free port; `ports` tells which, in the order of the addresses.
    """

    def __init__(
        self,
        client: Client,
        clock: Clock,
        addresses: Sequence[str],
        *,
        port: int = 53,
        domain: str = "cluster.local",
        resolv_conf: Path = Path("/etc/resolv.conf"),
    ) -> None:
        self.zone = Zone(domain)
        self.ports: list[int] = []
        self._addresses = addresses
        self._port = port
        self._resolver = Resolver(self.zone, Forwarder(resolv_conf, addresses))
        namespaces = Informer(client, clock, core_v1.Namespace)
        services = Informer(client, clock, core_v1.Service)
        slices = Informer(client, clock, discovery_v1.EndpointSlice)
        namespaces.on_change(self.zone.namespace_changed)
        services.on_change(self.zone.service_changed)
        slices.on_change(self.zone.slice_changed)
        self._informers: tuple[Informer[Any], ...] = (namespaces, services, slices)
        self._listening = asyncio.Event()

    async def listening(self) -> None:
        """Wait until questions are answered."""
        await self._listening.wait()

    async def run(self) -> None:
        """Serve until cancelled, from the moment the zone is complete. Raises OSError where a port is not free."""
        async with Supervisor("dns") as tasks, DnsServer(self._resolver) as server:
            for name, informer in zip(("namespaces", "services", "slices"), self._informers, strict=True):
                tasks.start(name, informer.run())
            tasks.start("listen", self._listen(server))
            await tasks.wait()

    async def _listen(self, server: DnsServer) -> None:
        for informer in self._informers:
            await informer.synced()
        for address in self._addresses:
            try:
                self.ports.append(await server.listen(address, self._port))
            except OSError as error:
                where = f"{address} port {self._port}"
                reason = error.strerror or error
                raise OSError(f"cannot serve DNS at {where} ({reason}): stop what else serves DNS there") from error
        self._listening.set()
