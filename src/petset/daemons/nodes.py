"""The part of the server that runs pods: the container runtime, the logical nodes over it, and their DNS."""

import asyncio
from collections.abc import Callable, Iterator, MutableMapping
from pathlib import Path
from random import Random  # noqa: TID251 - the type of an argument

from petset.aio.clock import Clock
from petset.aio.tasks import Supervisor
from petset.client.accounts import DNS, PROXY
from petset.client.events import EventRecorder
from petset.client.port import Client
from petset.daemons.presence import NodesUnusable
from petset.daemons.settings import Settings
from petset.dns.service import DnsService
from petset.node.agent import Agent
from petset.node.facts import read_facts
from petset.node.logs.rotation import SECONDS_BETWEEN_LOOKS
from petset.node.machine import Machine, NodeSettings
from petset.node.oci.engine import Unusable
from petset.node.oci.opening import Options
from petset.node.oci.runtime import OciRuntime
from petset.node.probes.network import HostNetwork
from petset.node.services.apply import Kernel
from petset.node.services.controller import ServiceProxy
from petset.node.streams import NodeStreams
from petset.node.tokens import Tokens
from petset.node.volumes.directories import DirectoryVolumes

SIMULATED = "simulated"


class Nodes:
    """The logical nodes of one server: none, simulated ones, or nodes with real containers.

    `streams` is where the API server finds each node's logs and commands, once the node is there.
    """

    def __init__(
        self, settings: Settings, clock: Clock, source: Random, streams: MutableMapping[str, NodeStreams]
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._random = source
        self._machine_of: Callable[[str], Machine] | None = None
        self._runtime: OciRuntime | None = None
        self._caught_up = asyncio.Event()
        self._streams = streams

    async def open(self, tokens_of: Callable[[str], Tokens]) -> None:
        """Find out how containers are run here; each node asks its own for tokens. Raises NodesUnusable."""
        if not self._settings.node_names:
            return
        if self._settings.runtime == SIMULATED:
            from petset.testing.node import simulated_machine  # no server with real nodes needs it

            simulated = simulated_machine(self._clock)
            self._machine_of = lambda node: simulated
            return
        try:
            self._runtime = await OciRuntime.open(runtime_options(self._settings, self._clock))
        except Unusable as error:
            raise NodesUnusable(str(error)) from error
        root = self._settings.directory.path
        facts = read_facts(root, self._runtime.dns_address)
        parts = self._runtime, DirectoryVolumes(root), HostNetwork(), facts
        self._machine_of = lambda node: Machine(*parts, tokens_of(node))

    @property
    def address(self) -> str:
        """This machine as its pods see it; empty where there are no real ones."""
        return self._runtime.dns_address if self._runtime is not None else ""

    async def run(self, client: Client) -> None:
        """Work until cancelled; containers go on."""
        try:
            async with Supervisor("nodes") as tasks:
                tasks.start("start", self._start(client, tasks))
                await tasks.wait()
        finally:
            # Last of all: a probe or a start that is under way still needs it to end cleanly.
            if self._runtime is not None:
                await self._runtime.close()

    async def _start(self, client: Client, tasks: Supervisor) -> None:
        """DNS first: what a pod asks in its first moment must be answered."""
        if self._runtime is not None:
            names = DnsService(client.acting_as(DNS), self._clock, [self._runtime.dns_address])
            tasks.start("dns", names.run())
            await names.listening()
            as_proxy = client.acting_as(PROXY)
            told = EventRecorder(as_proxy, self._clock, "kube-proxy", self._random)
            proxy = ServiceProxy(as_proxy, self._clock, Kernel(self._runtime.services), told)
            tasks.start("services", proxy.run())
            tasks.start("logs", self._keep_logs_small(self._runtime))
        agents = list(self._agents(client))
        for agent in agents:
            tasks.start("agent", agent.run())
        for agent in agents:
            await agent.caught_up()
        self._caught_up.set()

    async def _keep_logs_small(self, runtime: OciRuntime) -> None:
        while True:
            await self._clock.sleep(SECONDS_BETWEEN_LOOKS)
            await runtime.rotate_logs()

    async def caught_up(self) -> None:
        """Return once the API shows the pods of every node as they are now."""
        await self._caught_up.wait()

    def _agents(self, client: Client) -> Iterator[Agent]:
        for name in self._settings.node_names:
            assert self._machine_of is not None, "open comes first"
            cidr = self._runtime.pod_cidr(name) if self._runtime is not None else ""
            agent = Agent(client, self._machine_of(name), NodeSettings(name, cidr), self._clock, self._random)
            self._streams[name] = agent.streams
            yield agent


def runtime_options(settings: Settings, clock: Clock) -> Options:
    """How the containers of a data directory are run, and where its image maps may stand."""
    directory = settings.directory
    maps = [directory.path / "images.toml", settings.configuration / "images.toml", Path("/etc/petset/images.toml")]
    return Options(directory.runtime, clock.now, settings.runtime, maps, hide=[directory.path])
