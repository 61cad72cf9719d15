"""The part of the server that decides: all controllers and the scheduler over one client."""

from collections.abc import Iterator
from random import Random  # noqa: TID251 - the type of an argument

from petset.aio.clock import Clock
from petset.aio.measures import Family
from petset.apiserver.certificates import CertificateFiles
from petset.apiserver.clients import ClientSigner
from petset.apiserver.waiting import Wait
from petset.client.port import Client
from petset.controllers.accounttokens.apply import Issuer
from petset.controllers.manager import ControllerManager
from petset.controllers.manager import Settings as ManagerSettings
from petset.controllers.volumes.directories import DiskDirectories
from petset.daemons.settings import Settings


class ControlPlane:
    """Controllers and scheduler of one server."""

    def __init__(
        self,
        settings: Settings,
        client: Client,
        clock: Clock,
        source: Random,
        files: CertificateFiles,
        issuer: Issuer,
    ) -> None:
        volumes = settings.directory.volumes
        authority, signer = files.authority.read_text(), ClientSigner(files, clock.now)
        manager_settings = ManagerSettings(
            str(volumes), authority, gates=settings.gates, issuer=issuer, signer=signer, registers_apis=True
        )
        self._manager = ControllerManager(client, clock, source, DiskDirectories(volumes), manager_settings)

    async def run(self) -> None:
        """Work until cancelled."""
        await self._manager.run()

    def measures(self) -> Iterator[Family]:
        """The numbers that are scraped at /metrics."""
        return self._manager.stateful_sets.measures()

    def waits(self) -> Iterator[Wait]:
        """What the stateful sets wait for now."""
        for (namespace, name), waiting in self._manager.stateful_sets.all_waiting():
            for one in waiting:
                yield Wait(namespace, name, one.subject, one.rule, str(one), one.blocker, one.because, one.remedy)
