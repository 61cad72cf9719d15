"""What a set costs as it grows: all real but the containers.

The control plane is composed as the server composes it: the SQLite store with `synchronous=FULL`, the registry
with defaults, admission and validation, the in-process client, every controller, the scheduler, and the agent of
one node whose simulated containers run at once. The set has its governing Service, so endpoints are kept too.

The server has run a set of one before, and has come to rest: what the first object of each type costs once (30 ms
in all) is no part of what a set costs.
"""

import asyncio
import os
import random
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import uvloop

from petset.aio.tasks import Supervisor
from petset.api.models import apps_v1, core_v1, meta_v1
from petset.api.objects import meta, name_of
from petset.apiserver.authorize import Rbac
from petset.apiserver.gate import RulesGate
from petset.client.local import LocalClient
from petset.controllers.manager import ControllerManager, Settings
from petset.controllers.volumes.directories import DiskDirectories
from petset.daemons.clock import SystemClock
from petset.daemons.collector import Collector
from petset.daemons.ids import Uids
from petset.node.agent import Agent
from petset.node.machine import NodeSettings
from petset.registry.bootstrap import bootstrap
from petset.registry.port import Patch
from petset.registry.registry import Registry
from petset.registry.roles import ensure_roles
from petset.storage.sqlite import SqliteStore
from petset.testing.node import simulated_machine

PATIENCE_SECONDS = 600
QUIET_SECONDS = 0.2
"""So long without a write: nobody has anything to do."""
JSON_PATCH = "application/json-patch+json"


class Cluster:
    """A running control plane with one simulated node, and how far its pods have come."""

    def __init__(self, client: LocalClient, manager: ControllerManager) -> None:
        self.client = client
        self._ready: defaultdict[str, set[str]] = defaultdict(set)  # the pods of each set, by their names
        self._there: defaultdict[str, set[str]] = defaultdict(set)
        self._sets = manager.pool.informer(apps_v1.StatefulSet)
        self._moved = asyncio.Event()
        manager.pool.informer(core_v1.Pod).on_change(self._pod_changed, frozenset(("status",)))
        self._sets.on_change(lambda old, new: self._moved.set())

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait, without asking anybody, until `holds()`."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not holds():
                self._moved.clear()
                await self._moved.wait()

    def ready(self, name: str) -> int:
        return len(self._ready[name])

    def there(self, name: str) -> int:
        return len(self._there[name])

    def rolled_out(self, name: str, replicas: int) -> bool:
        found = self._sets.get(name, "default")
        status = found.status if found is not None else None
        if status is None or status.currentRevision != status.updateRevision:
            return False
        return status.observedGeneration == 2 and status.updatedReplicas == status.readyReplicas == replicas

    def _pod_changed(self, old: core_v1.Pod | None, new: core_v1.Pod | None) -> None:
        pod = new or old
        assert pod is not None
        there, ready = self._there[_set_of(pod)], self._ready[_set_of(pod)]
        (there.discard if new is None else there.add)(name_of(pod))
        (ready.add if new is not None and _is_ready(new) else ready.discard)(name_of(pod))
        self._moved.set()


@asynccontextmanager
async def cluster() -> AsyncIterator[Cluster]:
    """A fresh cluster in a directory of its own, as `petset up --runtime simulated` would start it."""
    directory = Path(tempfile.mkdtemp(prefix="petset-bench-"))
    store = SqliteStore(directory / "store")
    clock, source = SystemClock(), random.Random(1)
    collector = Collector()
    collector.start()
    try:
        registry = Registry(store, clock.now, Uids(), source)
        await bootstrap(registry)
        await ensure_roles(registry)
        rules = Rbac(registry)
        gate = RulesGate(registry, rules, rules.nodes)
        rules.on_change(gate.forget)
        client, volumes = LocalClient(registry, gate=gate), directory / "volumes"
        manager = ControllerManager(
            client, clock, source, DiskDirectories(volumes), Settings(str(volumes), "an authority")
        )
        running = Cluster(client, manager)
        async with Supervisor("bench") as tasks:
            tasks.start("rights", rules.run(clock))
            agent = Agent(client, simulated_machine(clock), NodeSettings("node-1"), clock, source)
            tasks.start("agent", agent.run())
            tasks.start("controllers", manager.run())
            await manager.pool.synced()
            await agent.caught_up()
            await _bring_up(running, "first", 1, "OrderedReady", claims=True)
            await _at_rest(store)
            yield running
    finally:
        await store.close()
        collector.stop()
        shutil.rmtree(directory, ignore_errors=True)


@dataclass(frozen=True)
class Cost:
    """Seconds of the clock on the wall, and of the processor (all threads)."""

    wall: float
    cpu: float


async def _cost(work: Awaitable[None]) -> Cost:
    wall, cpu = time.perf_counter(), time.process_time()
    await work
    return Cost(time.perf_counter() - wall, time.process_time() - cpu)


async def _at_rest(store: SqliteStore) -> None:
    """Return once the controllers have done what a new server asks of them, and the first set's events are told."""
    seen = -1
    while seen != store.revision:
        seen = store.revision
        await asyncio.sleep(QUIET_SECONDS)


def up(replicas: int, policy: str, claims: bool = False) -> Callable[[], Cost]:
    """From nothing to the last pod Ready."""

    async def measure() -> Cost:
        async with cluster() as running:
            return await _cost(_bring_up(running, "web", replicas, policy, claims))

    return lambda: uvloop.run(measure())


def rollout(replicas: int) -> Callable[[], Cost]:
    """From a new image to the status that says that every pod has it."""

    async def change(running: Cluster) -> None:
        image = [{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "redis:v2"}]
        await running.client.patch(apps_v1.StatefulSet, "web", "default", Patch(JSON_PATCH, image))
        await running.until(lambda: running.rolled_out("web", replicas))

    async def measure() -> Cost:
        async with cluster() as running:
            await _bring_up(running, "web", replicas, "OrderedReady", claims=False)
            return await _cost(change(running))

    return lambda: uvloop.run(measure())


def down(replicas: int) -> Callable[[], Cost]:
    """From `replicas: 0` to the last pod gone."""

    async def change(running: Cluster) -> None:
        nobody = [{"op": "replace", "path": "/spec/replicas", "value": 0}]
        await running.client.patch(apps_v1.StatefulSet, "web", "default", Patch(JSON_PATCH, nobody))
        await running.until(lambda: not running.there("web"))

    async def measure() -> Cost:
        async with cluster() as running:
            await _bring_up(running, "web", replicas, "OrderedReady", claims=False)
            return await _cost(change(running))

    return lambda: uvloop.run(measure())


async def _bring_up(running: Cluster, name: str, replicas: int, policy: str, claims: bool) -> None:
    await running.client.create(_service(name))
    spec = _spec(name, replicas, policy, claims)
    await running.client.create(apps_v1.StatefulSet(metadata=_named(name), spec=spec))
    await running.until(lambda: running.ready(name) == replicas)


def _named(name: str) -> meta_v1.ObjectMeta:
    return meta_v1.ObjectMeta(name=name, namespace="default")


def _service(name: str) -> core_v1.Service:
    port = core_v1.ServicePort(port=6379, name="redis")
    spec = core_v1.ServiceSpec(clusterIP="None", selector={"app": name}, ports=[port])
    return core_v1.Service(metadata=_named(name), spec=spec)


def _spec(name: str, replicas: int, policy: str, claims: bool) -> apps_v1.StatefulSetSpec:
    mounts = [core_v1.VolumeMount(name="data", mountPath="/data")] if claims else None
    container = core_v1.Container(
        name="redis",
        image="redis:v1",
        ports=[core_v1.ContainerPort(containerPort=6379, name="redis")],
        resources=core_v1.ResourceRequirements(requests={"cpu": "10m", "memory": "16Mi"}),
        volumeMounts=mounts,
    )
    claim = core_v1.PersistentVolumeClaim(
        metadata=meta_v1.ObjectMeta(name="data"),
        spec=core_v1.PersistentVolumeClaimSpec(
            accessModes=["ReadWriteOnce"], resources=core_v1.VolumeResourceRequirements(requests={"storage": "1Gi"})
        ),
    )
    return apps_v1.StatefulSetSpec(
        selector=meta_v1.LabelSelector(matchLabels={"app": name}),
        serviceName=name,
        replicas=replicas,
        podManagementPolicy=policy,
        template=core_v1.PodTemplateSpec(
            metadata=meta_v1.ObjectMeta(labels={"app": name}), spec=core_v1.PodSpec(containers=[container])
        ),
        volumeClaimTemplates=[claim] if claims else None,
    )


def _set_of(pod: core_v1.Pod) -> str:
    return (meta(pod).labels or {}).get("app", "")


def _is_ready(pod: core_v1.Pod) -> bool:
    conditions = (pod.status.conditions if pod.status else None) or ()
    return any(c.type == "Ready" and c.status == "True" for c in conditions)


@dataclass(frozen=True)
class Figure:
    """One row: what happens to how many pods, our target and what the real control plane takes, in seconds."""

    name: str
    pods: int
    target: float
    real: str
    measure: Callable[[], Cost]


FIGURES = (
    Figure("0 → 100 OrderedReady", 100, 0.2, "1.7", up(100, "OrderedReady")),
    Figure("0 → 1,000 OrderedReady", 1000, 2, "23.8", up(1000, "OrderedReady")),
    Figure("0 → 1,000 Parallel", 1000, 0.8, "6.1", up(1000, "Parallel")),
    Figure("0 → 1,000 OrderedReady, a claim each", 1000, 4, "58.7", up(1000, "OrderedReady", claims=True)),
    Figure("0 → 1,000 Parallel, a claim each", 1000, 2, "32", up(1000, "Parallel", claims=True)),
    Figure("0 → 10,000 Parallel", 10000, 10, "–", up(10000, "Parallel")),
    Figure("rolling update of 100 OrderedReady", 100, 0.4, "2.9", rollout(100)),
    Figure("100 → 0 OrderedReady", 100, 0.2, "1.5", down(100)),
)


def table(runs: int, only: str = "") -> str:
    """The figures whose name contains `only`, as a Markdown table."""
    lines = [
        "| simulated nodes | median | least–most | CPU per pod | target | the real control plane |",
        "|---|---|---|---|---|---|",
    ]
    for figure in FIGURES:
        if only not in figure.name:
            continue
        costs = [figure.measure() for _ in range(runs)]
        walls = [cost.wall for cost in costs]
        cpu = median(cost.cpu for cost in costs) / figure.pods * 1000
        lines.append(
            f"| {figure.name} | {median(walls):.2f} s | {min(walls):.2f}–{max(walls):.2f} | {cpu:.2f} ms "
            f"| ≤ {figure.target:g} s | {figure.real} s |"
        )
    return "\n".join(lines)


def loaded() -> str:
    """How busy the machine is with others: the figures of a busy machine say little."""
    return f"load {os.getloadavg()[0]:.1f}"
