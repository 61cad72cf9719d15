"""A node in a storm: pods come and go, containers crash, images vanish, the agent dies, the power fails.

Safety: the runtime is never asked for the impossible (two running attempts of a container, a container without a
sandbox), and a pod name never has containers of two pods at once. Liveness: when it is quiet again every pod that
is wanted is Ready, and nothing is left of the others.
"""

import random  # noqa: TID251 - the seed is the test's

import pytest
from node.world import NodeWorld, a_container, a_pod, node_world

from petset.api.errors import AlreadyExists, NotFound
from petset.api.models import core_v1
from petset.testing.loop import run

NAMES = ["a", "b", "c"]
DISTURBANCES = [
    "create", "create", "delete", "force", "replace", "exit", "crash", "image", "agent", "power", "deaf",
]  # fmt: skip


async def disturb(world: NodeWorld, source: random.Random) -> None:
    name = source.choice(NAMES)
    match source.choice(DISTURBANCES):
        case "create":
            side = [a_container("side", restartPolicy="Always")] if source.random() < 0.3 else None
            try:
                await world.create(a_pod(name, initContainers=side, terminationGracePeriodSeconds=3))
            except AlreadyExists:
                return
        case "delete" | "force" as kind:
            try:
                await world.delete(name, 0 if kind == "force" else source.choice([None, 1, 5]))
            except NotFound:
                return
        case "replace":
            await world.kill_agent()
            try:
                await world.delete(name, 0)
                await world.create(a_pod(name))
            except NotFound:
                pass
            world.start_agent()
        case "exit" | "crash" as kind:
            for container in world.runtime.running():
                if source.random() < 0.5:
                    pod = next(
                        s.spec.name
                        for s in await world.runtime.list_sandboxes()
                        if s.spec.uid == container.sandbox_uid
                    )
                    world.runtime.exit(pod, container.name, 0 if kind == "exit" else 1)
        case "image":
            world.runtime.refuse_image("redis:7.0", "ErrImagePull", "gone")
            await world.sleep(source.choice([0, 1, 15]))
            world.runtime.allow_everything()
        case "agent":
            await world.kill_agent()
            await world.sleep(source.choice([0, 1, 20]))
            world.start_agent()
        case "power":
            await world.kill_agent()
            world.runtime.lose_everything()
            world.start_agent()
        case "deaf":
            world.runtime.ignore_signals(name, "app")


async def check(world: NodeWorld) -> None:
    assert world.runtime.violations == []
    owners: dict[str, set[str]] = {}
    for sandbox in await world.runtime.list_sandboxes():
        if any(c.state == "running" for c in sandbox.containers):
            owners.setdefault(sandbox.spec.name, set()).add(sandbox.spec.uid)
    assert all(len(uids) == 1 for uids in owners.values()), owners


@pytest.mark.parametrize("seed", range(30))
def test_after_the_storm_every_wanted_pod_is_ready_and_nothing_else_is_left(seed: int) -> None:
    async def story() -> None:
        source = random.Random(seed)
        async with node_world(seed) as world:
            world.runtime.start_seconds = source.choice([0, 0.01, 2])
            world.runtime.pull_seconds = source.choice([0, 0.01, 2])
            for _ in range(40):
                await disturb(world, source)
                await world.sleep(source.choice([0, 0.001, 0.01, 1, 30]))
                await check(world)
            world.runtime.allow_everything()
            await world.sleep(1000)
            await check(world)
            pods = (await world.client.list(core_v1.Pod, "default")).items
            for pod in pods:
                await world.ready(pod.metadata.name, seconds=1)
            left = {s.spec.uid for s in await world.runtime.list_sandboxes()}
            assert left == {pod.metadata.uid for pod in pods}

    run(story(), seed=seed)
