"""An agent on a real control plane and a simulated machine, for stories in simulated time."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from petset.aio.tasks import Supervisor
from petset.api.errors import NotFound
from petset.api.models import core_v1, meta_v1
from petset.client.events import COLLECT_SECONDS
from petset.client.port import Client
from petset.node.agent import Agent
from petset.node.machine import Machine, NodeSettings
from petset.testing.node import SimulatedNetwork, SimulatedVolumes, simulated_machine
from petset.testing.plane import Plane, furnish, plane
from petset.testing.runtime import SimulatedRuntime

NODE = "node-1"


@dataclass
class NodeWorld:
    """A control plane, one machine and the agent that runs on it now."""

    plane: Plane
    machine: Machine
    tasks: Supervisor
    running: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def client(self) -> Any:
        return self.plane.client

    @property
    def runtime(self) -> SimulatedRuntime:
        assert isinstance(self.machine.runtime, SimulatedRuntime)
        return self.machine.runtime

    @property
    def volumes(self) -> SimulatedVolumes:
        assert isinstance(self.machine.volumes, SimulatedVolumes)
        return self.machine.volumes

    @property
    def network(self) -> SimulatedNetwork:
        assert isinstance(self.machine.network, SimulatedNetwork)
        return self.machine.network

    def start_agent(self, client: Client | None = None) -> Agent:
        agent = Agent(client or self.client, self.machine, NodeSettings(NODE), self.plane.clock, self.plane.random)
        self.running.append(self.tasks.start("agent", agent.run()))
        return agent

    async def kill_agent(self) -> None:
        task = self.running.pop()
        task.cancel()
        await asyncio.wait([task])

    async def sleep(self, seconds: float) -> None:
        await self.plane.clock.sleep(seconds)

    async def create(self, pod: core_v1.Pod) -> core_v1.Pod:
        """Create the pod and bind it to the node."""
        created = await self.client.create(pod)
        await self.client.bind("default", created.metadata.name, NODE)
        return created

    async def get(self, name: str = "web-0") -> core_v1.Pod:
        return await self.client.get(core_v1.Pod, name, "default")

    async def exists(self, name: str = "web-0") -> bool:
        try:
            await self.get(name)
        except NotFound:
            return False
        return True

    async def until(
        self, claim: Callable[[core_v1.Pod], bool], name: str = "web-0", seconds: float = 60
    ) -> core_v1.Pod:
        """The pod once the claim holds; AssertionError after this much simulated time."""
        for _ in range(int(seconds / 0.01)):
            pod = await self.get(name)
            if pod.status and claim(pod):
                return pod
            await self.sleep(0.01)
        raise AssertionError(f"never came true; last seen {pod.status}")

    async def ready(self, name: str = "web-0", seconds: float = 60) -> core_v1.Pod:
        return await self.until(is_ready, name, seconds)

    async def until_gone(self, name: str = "web-0", seconds: float = 60) -> None:
        for _ in range(int(seconds / 0.01)):
            if not await self.exists(name):
                return
            await self.sleep(0.01)
        raise AssertionError(f"{name} is still there: {(await self.get(name)).status}")

    async def events(self) -> list[tuple[str, str]]:
        await self.sleep(2 * COLLECT_SECONDS)
        found = (await self.client.list(core_v1.Event, "default")).items
        return [(e.reason, e.message) for e in found]

    async def delete(self, name: str = "web-0", grace_seconds: int | None = None) -> None:
        await self.client.delete(
            core_v1.Pod, name, "default", meta_v1.DeleteOptions(gracePeriodSeconds=grace_seconds)
        )


@asynccontextmanager
async def node_world(seed: int = 0, *, start: bool = True) -> AsyncIterator[NodeWorld]:
    async with plane(seed) as p, Supervisor("test") as tasks:
        await furnish(p.client)
        world = NodeWorld(p, simulated_machine(p.clock), tasks)
        if start:
            world.start_agent()
        yield world


def is_ready(pod: core_v1.Pod) -> bool:
    return condition(pod, "Ready") == "True"


def condition(pod: core_v1.Pod, type_: str) -> str | None:
    return next((c.status for c in (pod.status and pod.status.conditions) or () if c.type == type_), None)


def a_container(name: str = "app", **fields: Any) -> core_v1.Container:
    return core_v1.Container(name=name, image="redis:7.0", **fields)


def a_pod(name: str = "web-0", *, containers: list[core_v1.Container] | None = None, **spec: Any) -> core_v1.Pod:
    return core_v1.Pod(
        apiVersion="v1",
        kind="Pod",
        metadata=meta_v1.ObjectMeta(name=name, namespace="default", labels={"app": "web"}),
        spec=core_v1.PodSpec(containers=containers or [a_container()], **spec),
    )
