"""A control plane with all controllers running, in simulated time, and a few words to speak to it with."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from petset.aio.tasks import Supervisor
from petset.api.errors import NotFound
from petset.api.models import core_v1, meta_v1
from petset.controllers.manager import ControllerManager, Settings
from petset.registry.webhooks.port import Caller
from petset.testing.directories import SimulatedDirectories
from petset.testing.faults import Lag, LateWatches
from petset.testing.plane import Plane, plane

T = TypeVar("T")


@dataclass
class Cluster:
    plane: Plane
    manager: ControllerManager
    directories: SimulatedDirectories

    async def create(self, obj: T) -> T:
        return await self.plane.client.create(obj)

    async def get(self, kind: type[T], name: str, namespace: str = "") -> T | None:
        try:
            return await self.plane.client.get(kind, name, namespace)
        except NotFound:
            return None

    async def all(self, kind: type[T], namespace: str = "") -> list[T]:
        return list((await self.plane.client.list(kind, namespace)).items)

    async def settle(self, seconds: float = 0.1) -> None:
        """Let everything happen that happens within this time."""
        await self.plane.clock.sleep(seconds)

    async def until(self, holds: Callable[[], Any], within_seconds: float = 30) -> None:
        end = self.plane.clock.monotonic() + within_seconds
        while not await holds():
            assert self.plane.clock.monotonic() < end, "it never came true"
            await self.plane.clock.sleep(0.001)

    async def events(self) -> list[tuple[str, str]]:
        return [(event.reason or "", event.message or "") for event in await self.all(core_v1.Event)]


@asynccontextmanager
async def cluster(
    seed: int = 0,
    root_ca_pem: str = "",
    caller: Caller | None = None,
    lag: Lag | None = None,
    registers_apis: bool = False,
) -> AsyncIterator[Cluster]:
    """`lag`: how late controllers hear of the changes of a kind, in seconds."""
    async with plane(seed, caller=caller) as p, Supervisor("test") as tasks:
        directories = SimulatedDirectories()
        client = LateWatches(p.client, p.clock, lag) if lag is not None else p.client
        manager = ControllerManager(
            client, p.clock, p.random, directories, Settings("/volumes", root_ca_pem, registers_apis=registers_apis)
        )
        tasks.start("manager", manager.run())
        await manager.pool.synced()
        yield Cluster(p, manager, directories)


def claim(name: str, size: str = "1Gi", **spec: Any) -> core_v1.PersistentVolumeClaim:
    return core_v1.PersistentVolumeClaim(
        apiVersion="v1",
        kind="PersistentVolumeClaim",
        metadata=meta_v1.ObjectMeta(name=name, namespace="default"),
        spec=core_v1.PersistentVolumeClaimSpec(
            **{
                "accessModes": ["ReadWriteOnce"],
                "resources": core_v1.VolumeResourceRequirements(requests={"storage": size}),
                **spec,
            }
        ),
    )


def pod(name: str, *claims: str, namespace: str = "default", **spec: Any) -> core_v1.Pod:
    volumes = [
        core_v1.Volume(name=c, persistentVolumeClaim=core_v1.PersistentVolumeClaimVolumeSource(claimName=c))
        for c in claims
    ]
    return core_v1.Pod(
        apiVersion="v1",
        kind="Pod",
        metadata=meta_v1.ObjectMeta(name=name, namespace=namespace),
        spec=core_v1.PodSpec(
            **{
                "containers": [core_v1.Container(name="main", image="redis:7.0")],
                "volumes": volumes or None,
                **spec,
            }
        ),
    )


def node(name: str, **allocatable: str) -> core_v1.Node:
    room = {"cpu": "4", "memory": "8Gi", "pods": "110", **allocatable}
    return core_v1.Node(
        apiVersion="v1",
        kind="Node",
        metadata=meta_v1.ObjectMeta(name=name, labels={"kubernetes.io/hostname": name}),
        status=core_v1.NodeStatus(
            allocatable=room,
            capacity=room,
            conditions=[core_v1.NodeCondition(type="Ready", status="True")],
        ),
    )
