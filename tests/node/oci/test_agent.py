"""The agent with real containers: a pod's whole life on this machine, across the agent's death."""

import asyncio
import random  # noqa: TID251 - ids of a test
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from isolation import needs_containers
from node.oci.pods import opened
from node.world import NODE, a_container, a_pod, is_ready

from petset.aio.tasks import Supervisor
from petset.api.errors import NotFound
from petset.api.models import core_v1, meta_v1
from petset.client.local import LocalClient
from petset.daemons.clock import SystemClock
from petset.node.agent import Agent
from petset.node.facts import read_facts
from petset.node.machine import Machine, NodeSettings
from petset.node.oci.opening import Options
from petset.node.oci.runtime import OciRuntime
from petset.node.probes.network import HostNetwork
from petset.node.streams import LogOptions
from petset.node.volumes.directories import DirectoryVolumes
from petset.registry.bootstrap import bootstrap
from petset.registry.registry import Registry
from petset.storage.memory import MemoryStore
from petset.testing.node import SimulatedTokens
from petset.testing.plane import furnish

pytestmark = [pytest.mark.containers, needs_containers]

SERVE = """
trap 'echo bye; exit 0' TERM
echo "I am $WHO and know $(cat /etc/settings/level)"
touch /data/ready
while true; do sleep 0.02; done
"""


@dataclass
class RealWorld:
    """A control plane in memory and an agent on real containers, in real time."""

    client: LocalClient
    options: Options
    clock: SystemClock

    @asynccontextmanager
    async def agent(self) -> AsyncIterator[tuple[Agent, OciRuntime]]:
        directory = self.options.directory.parent
        async with opened(self.options) as runtime, Supervisor("test") as tasks:
            facts = read_facts(directory, runtime.dns_address)
            volumes, tokens = DirectoryVolumes(directory / "state"), SimulatedTokens(self.clock)
            machine = Machine(runtime, volumes, HostNetwork(), facts, tokens)
            source = random.Random(1)
            agent = Agent(self.client, machine, NodeSettings(NODE, runtime.pod_cidr(NODE)), self.clock, source)
            tasks.start("agent", agent.run())
            yield agent, runtime

    async def until(self, claim: Callable[[core_v1.Pod | None], bool]) -> core_v1.Pod | None:
        """web-0 once the claim holds; the test's time limit ends a vain wait."""
        while True:
            try:
                pod = await self.client.get(core_v1.Pod, "web-0", "default")
            except NotFound:
                pod = None
            if claim(pod):
                return pod
            await self.clock.sleep(0.005)

    async def taken_over(self, agent: Agent) -> None:
        """Until the agent has adopted web-0 and has nothing to do for it."""
        while (memory := agent.workers.get("default", "web-0")) is None or memory.busy or memory.reporting:
            await self.clock.sleep(0.005)


async def real_world(options: Options) -> RealWorld:
    clock, source = SystemClock(), random.Random(1)
    ids = lambda: str(uuid.UUID(int=source.getrandbits(128), version=4))  # noqa: E731 - a source of ids
    registry = Registry(MemoryStore(), clock.now, ids, source)
    await bootstrap(registry)
    client = LocalClient(registry)
    await furnish(client)
    return RealWorld(client, options, clock)


def a_server() -> core_v1.Pod:
    """A pod with an environment, two volumes and both kinds of probe."""
    ready = core_v1.Probe(**{"exec": core_v1.ExecAction(command=["test", "-e", "/data/ready"])}, periodSeconds=1)
    name = core_v1.EnvVarSource(fieldRef=core_v1.ObjectFieldSelector(fieldPath="metadata.name"))
    container = a_container(
        command=["sh", "-c", SERVE],
        env=[core_v1.EnvVar(name="WHO", valueFrom=name)],
        readinessProbe=ready,
        volumeMounts=[
            core_v1.VolumeMount(name="data", mountPath="/data"),
            core_v1.VolumeMount(name="settings", mountPath="/etc/settings", readOnly=True),
        ],
    )
    container.image = "busybox"
    volumes = [
        core_v1.Volume(name="data", emptyDir=core_v1.EmptyDirVolumeSource()),
        core_v1.Volume(name="settings", configMap=core_v1.ConfigMapVolumeSource(name="settings")),
    ]
    return a_pod(containers=[container], volumes=volumes)


def settings(level: str) -> core_v1.ConfigMap:
    meta = meta_v1.ObjectMeta(name="settings", namespace="default")
    return core_v1.ConfigMap(apiVersion="v1", kind="ConfigMap", metadata=meta, data={"level": level})


def ready(pod: core_v1.Pod | None) -> bool:
    return pod is not None and is_ready(pod)


def restarted(pod: core_v1.Pod | None) -> bool:
    return ready(pod) and pod is not None and pod.status.containerStatuses[0].restartCount == 1


async def log_of(agent: Agent, **options: bool) -> bytes:
    lines = [line async for line in agent.streams.logs("default", "web-0", LogOptions(**options))]
    return b"".join(lines)


def test_a_pod_lives_through_the_agents_death_and_dies_by_its_own(options: Options) -> None:
    async def story() -> None:
        world = await real_world(options)
        await world.client.create(settings("debug"))
        async with world.agent() as (agent, _):
            await world.client.create(a_server())
            await world.client.bind("default", "web-0", NODE)
            first = await world.until(ready)
            assert await log_of(agent) == b"I am web-0 and know debug\n"
        async with world.agent() as (agent, runtime):
            await world.taken_over(agent)
            assert await world.until(ready) == first
            (sandbox,) = await runtime.list_sandboxes()
            await runtime.signal(sandbox.containers[0].id, 9)
            pod = await world.until(restarted)
            assert pod is not None
            assert pod.status.containerStatuses[0].lastState.terminated.exitCode == 137
            assert (await log_of(agent, previous=True)).startswith(b"I am web-0")
            following = log_of(agent, follow=True)
            _, log = await asyncio.gather(world.client.delete(core_v1.Pod, "web-0", "default"), following)
            assert log.endswith(b"bye\n")
            await world.until(lambda pod: pod is None)
            assert not await runtime.list_sandboxes()
            assert not list((options.directory.parent / "state" / "pods").iterdir())

    asyncio.run(story())
