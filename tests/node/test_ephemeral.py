"""Ephemeral containers on a node: started once, reported apart, ended with the pod."""

from node.world import NodeWorld, a_container, a_pod, node_world

from petset.api.models import core_v1
from petset.api.objects import copy
from petset.testing.loop import run


async def look_into(world: NodeWorld, name: str = "debug", target: str | None = None) -> None:
    pod = copy(await world.get())
    assert pod.spec is not None
    added = core_v1.EphemeralContainer(name=name, image="busybox", targetContainerName=target)
    pod.spec.ephemeralContainers = [*(pod.spec.ephemeralContainers or ()), added]
    await world.client.update(pod, "ephemeralcontainers")


def told(pod: core_v1.Pod, index: int = 0) -> core_v1.ContainerStatus | None:
    statuses = (pod.status.ephemeralContainerStatuses if pod.status else None) or []
    return statuses[index] if len(statuses) > index else None


def runs(pod: core_v1.Pod) -> bool:
    status = told(pod)
    return status is not None and status.state is not None and status.state.running is not None


def has_ended(pod: core_v1.Pod) -> bool:
    status = told(pod)
    return status is not None and status.state is not None and status.state.terminated is not None


def test_an_ephemeral_container_starts_in_a_pod_that_runs_sees_its_target_and_is_not_restarted() -> None:
    async def story() -> None:
        async with node_world() as world:
            await world.create(a_pod())
            pod = await world.ready()
            await look_into(world, target=pod.spec.containers[0].name)
            pod = await world.until(runs)
            status = told(pod)
            assert status is not None and not status.ready and pod.status.phase == "Running"
            started = world.runtime.find("web-0", "debug")
            main = world.runtime.find("web-0", pod.spec.containers[0].name)
            assert world.runtime.spec_of(started.id).target_container_id == main.id
            world.runtime.exit("web-0", "debug", 3)
            pod = await world.until(has_ended)
            await world.kill_agent()
            world.start_agent()
            await world.sleep(30)
            assert world.runtime.find("web-0", "debug").attempt == 0
            assert has_ended(await world.get())

    run(story())


def test_an_ephemeral_container_ends_with_its_pod_and_holds_it_up_no_longer_than_any_other() -> None:
    async def story() -> None:
        async with node_world() as world:
            await world.create(a_pod(restartPolicy="Never"))
            pod = await world.ready()
            await look_into(world)
            await world.until(runs)
            world.runtime.exit("web-0", pod.spec.containers[0].name, 0)
            pod = await world.until(has_ended)
            assert (await world.until(lambda p: p.status.phase == "Succeeded")).status.phase == "Succeeded"
            await world.delete()
            await world.until_gone()

    run(story())


def test_it_starts_while_an_init_container_hangs() -> None:
    async def story() -> None:
        async with node_world() as world:
            await world.create(a_pod(initContainers=[a_container("init")]))
            await world.until(lambda p: bool(p.status.initContainerStatuses))
            await look_into(world)
            pod = await world.until(runs)
            assert pod.status.phase == "Pending"

    run(story())


def test_a_target_that_does_not_run_is_waited_for() -> None:
    async def story() -> None:
        async with node_world() as world:
            await world.create(a_pod(initContainers=[a_container("init")]))
            await world.until(lambda p: bool(p.status.initContainerStatuses))
            pod = await world.get()
            await look_into(world, target=pod.spec.containers[0].name)
            await world.until(lambda p: _waits(p) == "CreateContainerConfigError")
            world.runtime.exit("web-0", "init", 0)
            await world.until(runs)

    run(story())


def _waits(pod: core_v1.Pod) -> str:
    status = told(pod)
    waiting = status.state.waiting if status is not None and status.state is not None else None
    return (waiting.reason if waiting else "") or ""
