"""Controllers that are stopped anywhere, and others that go on: nothing is lost, doubled or left behind."""

from controllers.cluster import claim, node, pod

from petset.aio.tasks import Supervisor, give_way
from petset.api.models import core_v1, discovery_v1, meta_v1
from petset.controllers.manager import ControllerManager, Settings
from petset.controllers.volumes.invariants import broken
from petset.testing.directories import SimulatedDirectories
from petset.testing.faults import LateWatches
from petset.testing.loop import run
from petset.testing.plane import Plane, plane

PODS = 3


async def run_for(p: Plane, directories: SimulatedDirectories, turns: int) -> None:
    """A new process, killed after so many turns of the loop, or with 0 given all the time it needs.

    It hears of every change late, each kind by another delay: caches that disagree are the rule.
    """
    client = LateWatches(p.client, p.clock, lambda kind: p.random.choice([0, 0.001, 0.05, 0.7]))
    manager = ControllerManager(client, p.clock, p.random, directories, Settings("/volumes"))
    async with Supervisor("process") as tasks:
        tasks.start("manager", manager.run())
        for _ in range(turns):
            await p.clock.sleep(p.random.choice([0, 0.001]))
            await give_way()
        if not turns:
            await p.clock.sleep(10)


async def everything(p: Plane, kind: type) -> list:
    return list((await p.client.list(kind)).items)


async def check(p: Plane, directories: SimulatedDirectories) -> None:
    claims, volumes = (
        await everything(p, core_v1.PersistentVolumeClaim),
        await everything(p, core_v1.PersistentVolume),
    )
    assert broken(claims, volumes) == []
    assert [c.status.phase for c in claims] == ["Bound"] * PODS
    assert sorted(v.metadata.name for v in volumes) == sorted(c.spec.volumeName for c in claims)
    assert set(directories.modes) == {v.spec.hostPath.path for v in volumes}
    assert all(each.spec.nodeName == "node-1" for each in await everything(p, core_v1.Pod))
    ours = [s for s in await everything(p, discovery_v1.EndpointSlice) if s.metadata.name.startswith("web-")]
    assert len(ours) == 1


def test_wherever_a_process_dies_the_next_one_finishes_its_work() -> None:
    async def story(seed: int) -> None:
        async with plane(seed) as p:
            directories = SimulatedDirectories()
            await p.client.create(node("node-1"))
            metadata = meta_v1.ObjectMeta(name="web", namespace="default")
            spec = core_v1.ServiceSpec(clusterIP="None", selector={"app": "web"})
            await p.client.create(core_v1.Service(apiVersion="v1", kind="Service", metadata=metadata, spec=spec))
            for ordinal in range(PODS):
                await p.client.create(claim(f"data-{ordinal}"))
                await p.client.create(pod(f"web-{ordinal}", f"data-{ordinal}"))
            for _ in range(4):
                await run_for(p, directories, p.random.randrange(1, 120))
            await run_for(p, directories, 0)
            await check(p, directories)

    for seed in range(30):
        run(story(seed), seed=seed)


def test_wherever_a_process_dies_while_it_takes_things_back_nothing_is_left() -> None:
    async def story(seed: int) -> None:
        async with plane(seed) as p:
            directories = SimulatedDirectories()
            for ordinal in range(PODS):
                await p.client.create(claim(f"data-{ordinal}"))
            await run_for(p, directories, 0)
            for ordinal in range(PODS):
                await p.client.delete(core_v1.PersistentVolumeClaim, f"data-{ordinal}", "default")
            for _ in range(4):
                await run_for(p, directories, p.random.randrange(1, 120))
            await run_for(p, directories, 0)
            assert await everything(p, core_v1.PersistentVolumeClaim) == []
            assert await everything(p, core_v1.PersistentVolume) == []
            assert directories.modes == {}

    for seed in range(30):
        run(story(seed), seed=seed)
