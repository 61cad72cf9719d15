"""The part of the server that runs pods: the container runtime, the logical nodes over it, and their DNS."""

from random import Random  # noqa: TID251 - the type of an argument

from petset.aio.clock import Clock
from petset.aio.tasks import Supervisor
from petset.client.port import Client
from petset.daemons.settings import Settings
from petset.node.streams import NodeStreams


class NodesUnusable(Exception):
    """Containers cannot be run here; the message says what to install or do."""


class Nodes:
    """The logical nodes of one server."""

    def __init__(self, settings: Settings, clock: Clock, source: Random) -> None:
        self._settings = settings
        self._clock = clock
        self._random = source
        self.streams: dict[str, NodeStreams] = {}

    async def open(self) -> None:
        """Find out how containers are run here. Raises NodesUnusable."""

    async def run(self, client: Client) -> None:
        """Work until cancelled."""
        async with Supervisor("nodes") as tasks:
            await tasks.wait()
