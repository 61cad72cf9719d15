"""The controller on a real control plane in simulated time; the test plays the nodes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

import msgspec
from controllers.statefulset.tiny import make_set

from petset.aio.tasks import Supervisor
from petset.api.models import apps_v1, core_v1, meta_v1
from petset.api.objects import meta, name_of
from petset.client.events import EventRecorder
from petset.client.pool import InformerPool
from petset.controllers.statefulset.controller import NAME, StatefulSetController
from petset.registry.port import Patch
from petset.testing.faults import Lag, LateWatches
from petset.testing.plane import Plane, plane

T = TypeVar("T")
NOW = meta_v1.DeleteOptions(gracePeriodSeconds=0)


@dataclass
class Live:
    """What a test does to the set `web` in `default`, and what it sees."""

    plane: Plane
    controller: StatefulSetController

    async def settle(self, seconds: float = 0.5) -> None:
        """Let everything happen that happens within this time."""
        await self.plane.clock.sleep(seconds)

    async def start(self, **spec: object) -> apps_v1.StatefulSet:
        made = make_set(**spec)
        meta(made).uid = None
        created = await self.plane.client.create(made)
        await self.settle()
        return created

    async def the_set(self, name: str = "web") -> apps_v1.StatefulSet:
        return await self.plane.client.get(apps_v1.StatefulSet, name, "default")

    async def change(self, **spec: object) -> None:
        now = await self.the_set()
        await self.plane.client.update(msgspec.structs.replace(now, spec=msgspec.structs.replace(now.spec, **spec)))
        await self.settle()

    async def annotate(self, **annotations: str) -> None:
        """Ask for options: `leave_strays="true"` for `petset.dev/leave-strays`."""
        asked = {f"petset.dev/{name.replace('_', '-')}": value for name, value in annotations.items()}
        patch = Patch("application/merge-patch+json", {"metadata": {"annotations": asked}})
        await self.plane.client.patch(apps_v1.StatefulSet, "web", "default", patch)
        await self.settle()

    async def pods(self) -> list[str]:
        return sorted(name_of(pod) for pod in await self.all(core_v1.Pod))

    async def all(self, kind: type[T]) -> list[T]:
        return list((await self.plane.client.list(kind, "default")).items)

    async def phase(self, name: str, phase: str, *, ready: bool = False) -> None:
        pod = await self.plane.client.get(core_v1.Pod, name, "default")
        condition = core_v1.PodCondition(
            type="Ready", status="True" if ready else "False", lastTransitionTime=self.plane.clock.now()
        )
        status = core_v1.PodStatus(phase=phase, conditions=[condition])
        await self.plane.client.update(msgspec.structs.replace(pod, status=status), "status")
        await self.settle()

    async def ready(self, *names: str) -> None:
        for name in names:
            await self.phase(name, "Running", ready=True)

    async def ready_all(self) -> None:
        """Make pods Ready until no more come."""
        while waiting := [
            pod for pod in await self.all(core_v1.Pod) if pod.status and pod.status.phase != "Running"
        ]:
            await self.ready(*map(name_of, waiting))

    async def remove(self, name: str) -> None:
        await self.plane.client.delete(core_v1.Pod, name, "default", NOW)
        await self.settle()

    async def label(self, name: str, labels: dict[str, str]) -> None:
        pod = await self.plane.client.get(core_v1.Pod, name, "default")
        metadata = msgspec.structs.replace(meta(pod), labels={**(meta(pod).labels or {}), **labels})
        await self.plane.client.update(msgspec.structs.replace(pod, metadata=metadata))
        await self.settle()

    async def events(self) -> list[str]:
        """`Normal SuccessfulCreate Create Pod …`, as they came."""
        events = await self.all(core_v1.Event)
        return [f"{event.type} {event.reason} {event.message}" for event in events]


@asynccontextmanager
async def live(seed: int = 0, lag: Lag = lambda kind: 0.0) -> AsyncIterator[Live]:
    """The controller runs, and hears of changes as late as `lag` says."""
    async with plane(seed) as p, Supervisor("test") as tasks:
        client = LateWatches(p.client, p.clock, lag)
        pool = InformerPool(client, p.clock)
        recorder = EventRecorder(p.client, p.clock, NAME, p.random)
        controller = StatefulSetController(client, p.clock, pool, recorder, audit_seconds=0)
        tasks.start("informers", pool.run())
        tasks.start("events", recorder.run())
        await pool.synced()
        tasks.start("controller", controller.run())
        yield Live(p, controller)
        assert not controller.ledger_corrections
