"""The agent may die at any moment: its successor adopts what runs, notices what ended, removes what nobody owns."""

from datetime import UTC, datetime

import pytest
from node.world import NodeWorld, a_container, a_pod, is_ready, node_world

from petset.aio.tasks import give_way
from petset.api.models import core_v1
from petset.api.objects import meta
from petset.node.memory import adopt
from petset.node.pods.model import StartContainer, Volumes
from petset.node.pods.plan import plan
from petset.node.runtime import Container, ContainerState, Sandbox, SandboxSpec
from petset.testing.loop import run


def container_of(pod: core_v1.Pod) -> core_v1.ContainerStatus:
    return pod.status.containerStatuses[0]


def test_running_containers_are_adopted_with_their_ids_and_no_moment_of_unreadiness() -> None:
    async def story() -> None:
        async with node_world() as world:
            probe = core_v1.Probe(tcpSocket=core_v1.TCPSocketAction(port=6379), periodSeconds=10)
            await world.create(a_pod(containers=[a_container(readinessProbe=probe)]))
            before = await world.ready()
            await world.kill_agent()
            history = list(world.runtime.history)
            world.start_agent()
            await world.sleep(30)
            after = await world.get()
            assert after.metadata.resourceVersion == before.metadata.resourceVersion
            assert world.runtime.history == history

    run(story())


def test_what_died_meanwhile_is_noticed_and_restarted_once() -> None:
    async def story() -> None:
        async with node_world() as world:
            await world.create(a_pod())
            before = await world.ready()
            await world.kill_agent()
            world.runtime.exit("web-0", "app", 3)
            world.start_agent()
            pod = await world.until(lambda p: container_of(p).restartCount == 1)
            assert container_of(pod).lastState.terminated.exitCode == 3
            assert container_of(pod).lastState.terminated.containerID == container_of(before).containerID
            await world.sleep(5)
            assert container_of(await world.get()).restartCount == 1

    run(story())


def test_a_pod_deleted_while_the_agent_was_down_is_stopped_with_its_grace() -> None:
    async def story() -> None:
        async with node_world() as world:
            await world.create(a_pod())
            await world.ready()
            await world.kill_agent()
            await world.delete()
            await world.sleep(100)
            assert await world.exists()
            world.start_agent()
            await world.until_gone(seconds=1)
            assert [line for line in world.runtime.history if "signal" in line] == ["signal 15 to web-0/app"]
            assert not await world.runtime.list_sandboxes()

    run(story())


def test_a_sandbox_without_a_pod_is_stopped_and_removed() -> None:
    async def story() -> None:
        async with node_world() as world:
            await world.create(a_pod())
            await world.ready()
            await world.kill_agent()
            await world.delete(grace_seconds=0)
            world.start_agent()
            await world.sleep(1)
            assert not await world.runtime.list_sandboxes()
            assert "signal 15 to web-0/app" in world.runtime.history

    run(story())


def test_the_sandboxes_of_other_nodes_are_left_alone() -> None:
    async def story() -> None:
        async with node_world(start=False) as world:
            other = SandboxSpec(uid="x", namespace="default", name="web-9", node="node-2", hostname="web-9")
            await world.runtime.start_sandbox(other)
            world.start_agent()
            await world.sleep(10)
            assert [s.spec.node for s in await world.runtime.list_sandboxes()] == ["node-2"]

    run(story())


def test_after_the_machine_was_switched_off_the_pod_runs_anew_and_its_count_goes_on() -> None:
    async def story() -> None:
        async with node_world() as world:
            await world.create(a_pod(initContainers=[a_container("init")]))
            await world.sleep(0.1)
            world.runtime.exit("web-0", "init", 0)
            await world.ready()
            await world.kill_agent()
            world.runtime.lose_everything()
            world.start_agent()
            await world.sleep(0.1)
            world.runtime.exit("web-0", "init", 0)
            pod = await world.until(lambda p: is_ready(p) and container_of(p).restartCount == 1)
            assert container_of(pod).lastState.terminated.exitCode == 137
            assert container_of(pod).lastState.terminated.reason == "ContainerStatusUnknown"

    run(story())


def test_a_pod_that_may_not_restart_does_not_when_its_containers_were_lost() -> None:
    async def story() -> None:
        async with node_world() as world:
            await world.create(a_pod(restartPolicy="Never"))
            await world.ready()
            await world.kill_agent()
            world.runtime.lose_everything()
            world.start_agent()
            await world.until(lambda p: p.status.phase == "Failed")
            assert world.runtime.running() == []

    run(story())


def test_an_attempt_that_was_made_and_never_started_is_made_again_under_its_number() -> None:
    pod = a_pod()
    meta(pod).uid = "uid-1"
    half = Container("id", "uid-1", "app", 0, "redis:7.0", "", ContainerState.CREATED)
    spec = SandboxSpec(uid="uid-1", namespace="default", name="web-0", node="node-1", hostname="web-0")
    memory = adopt(pod, Sandbox(spec, "10.0.0.1", (half,)))
    memory.volumes = Volumes.MOUNTED
    memory.note("app", image_id="sha256:1")
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert plan(memory.snapshot(now, predecessor=False)).actions == (StartContainer("app", 0),)


async def interrupted(world: NodeWorld, at_step: int) -> None:
    """Let everything run for this many turns of the loop, kill the agent, start another."""
    for _ in range(at_step):
        await give_way()
    await world.kill_agent()
    world.start_agent()


@pytest.mark.parametrize("at_step", range(40))
def test_killed_at_any_step_of_starting_a_pod_comes_to_the_same_end(at_step: int) -> None:
    async def story() -> None:
        async with node_world() as world:
            await world.create(a_pod(initContainers=[a_container("side", restartPolicy="Always")]))
            await interrupted(world, at_step)
            pod = await world.ready(seconds=30)
            assert container_of(pod).restartCount == 0
            assert sorted(c.name for c in world.runtime.running()) == ["app", "side"]

    run(story(), seed=at_step)


@pytest.mark.parametrize("at_step", range(40))
def test_killed_at_any_step_of_ending_a_pod_comes_to_the_same_end(at_step: int) -> None:
    async def story() -> None:
        async with node_world() as world:
            await world.create(a_pod())
            await world.ready()
            await world.delete()
            await interrupted(world, at_step)
            await world.until_gone(seconds=60)
            assert not await world.runtime.list_sandboxes()

    run(story(), seed=at_step)


def test_a_pod_that_takes_an_orphans_name_waits_until_that_is_gone() -> None:
    async def story() -> None:
        async with node_world() as world:
            world.runtime.ignore_signals("web-0", "app")
            await world.create(a_pod())
            first = await world.ready()
            await world.kill_agent()
            await world.delete(grace_seconds=0)
            await world.create(a_pod())
            world.start_agent()
            await world.sleep(1)
            assert [c.sandbox_uid for c in world.runtime.running()] == [first.metadata.uid]
            second = await world.ready()
            assert [c.sandbox_uid for c in world.runtime.running()] == [second.metadata.uid]

    run(story())
