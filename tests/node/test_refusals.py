"""What an agent does where the API refuses what it says: it pauses, and asks again."""

import asyncio
from collections.abc import Sequence

import pytest
from node.world import NodeWorld, a_container, a_pod, node_world

from petset.aio.tasks import Supervisor
from petset.api.errors import NotFound
from petset.api.models import core_v1, meta_v1
from petset.api.objects import uid_of
from petset.node.memory import PodMemory
from petset.node.report import PAUSE_AFTER_A_REFUSAL, Reporter
from petset.storage.port import Event
from petset.testing.loop import run
from petset.testing.plane import plane


def test_a_pod_whose_name_has_been_taken_by_another_is_not_reported_again_at_once() -> None:
    """Its watch may be late: until it says that the pod is gone, asking without a pause would be a busy loop."""

    async def story() -> None:
        async with plane() as p, Supervisor("test") as tasks:
            former = await p.client.create(a_pod("a", containers=[a_container()]))
            await p.client.delete(core_v1.Pod, "a", "default", meta_v1.DeleteOptions(gracePeriodSeconds=0))
            successor = await p.client.create(a_pod("a", containers=[a_container()]))
            woken: list[str] = []
            memory = PodMemory(former)

            def ended(memory: PodMemory, *, look_again: bool) -> None:
                woken.extend([memory.uid] if look_again else ())

            Reporter(p.client, p.clock, tasks, ended).write(memory, core_v1.PodStatus(phase="Running"))
            await p.clock.sleep(0.1)
            assert woken == [uid_of(former)]
            assert memory.report_again_at is not None
            assert memory.report_again_at >= p.clock.now() + PAUSE_AFTER_A_REFUSAL / 2
            assert uid_of(await p.client.get(core_v1.Pod, "a", "default")) == uid_of(successor)

    run(story())


def test_a_pod_that_the_api_cannot_delete_now_is_asked_for_again_later_and_not_in_a_busy_loop() -> None:
    """The disk is full: were the agent to ask again at once, time would stand still (petset.testing.loop)."""

    async def story() -> None:
        async with node_world() as world:
            await world.create(a_pod("a", containers=[a_container()], terminationGracePeriodSeconds=5))
            await world.ready("a")
            world.runtime.ignore_signals("a", "app")
            world.plane.store.show(lambda batch: fill_after_the_end(world, batch))
            await world.delete("a")
            await world.sleep(60)
            world.plane.store.fail_writes("")
            await world.sleep(3)
            with pytest.raises(NotFound):
                await world.client.get(core_v1.Pod, "a", "default")

    run(story())


def fill_after_the_end(world: NodeWorld, batch: Sequence[Event]) -> None:
    """Once the API knows that the pod has ended, the disk is full."""
    if any(b'"phase":"Failed"' in event.record.value for event in batch):
        asyncio.get_running_loop().call_soon(world.plane.store.fail_writes, "no space left on device")
