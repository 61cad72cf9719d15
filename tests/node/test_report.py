"""Telling the API of a pod: what the reporter does where the API disagrees."""

from node.world import a_container, a_pod

from petset.aio.tasks import Supervisor
from petset.api.models import core_v1, meta_v1
from petset.api.objects import uid_of
from petset.node.memory import PodMemory
from petset.node.report import PAUSE_AFTER_A_REFUSAL, Reporter
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
            Reporter(p.client, p.clock, tasks, woken.append).write(memory, core_v1.PodStatus(phase="Running"))
            await p.clock.sleep(0.1)
            assert woken == [uid_of(former)]
            assert memory.report_again_at is not None
            assert memory.report_again_at >= p.clock.now() + PAUSE_AFTER_A_REFUSAL / 2
            assert uid_of(await p.client.get(core_v1.Pod, "a", "default")) == uid_of(successor)

    run(story())
