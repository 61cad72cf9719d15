"""Pods that ask for more or less while they run: granted, given in place or by a restart, deferred, refused."""

from datetime import UTC, datetime
from typing import Any

from node.world import NodeWorld, a_container, a_pod, node_world

from petset.api.models import core_v1
from petset.api.objects import copy
from petset.node.pods.model import Pending
from petset.node.pods.resizing import judge, retry_order
from petset.node.runtime import Resources
from petset.testing.loop import run


def resources(cpu: str, memory: str = "64Mi", limit: str = "1Gi") -> core_v1.ResourceRequirements:
    return core_v1.ResourceRequirements(requests={"cpu": cpu, "memory": memory}, limits={"memory": limit})


def sized(name: str = "web-0", cpu: str = "100m", **container: Any) -> core_v1.Pod:
    pod = a_pod(containers=[a_container(resources=resources(cpu), **container)])
    assert pod.metadata is not None
    pod.metadata.name = name
    return pod


async def resize(world: NodeWorld, cpu: str, name: str = "web-0", **more: str) -> None:
    pod = copy(await world.get(name))
    pod.spec.containers[0].resources = resources(cpu, **more)
    await world.client.update(pod, "resize")


def given(world: NodeWorld, name: str = "web-0") -> Resources:
    has = world.runtime.find(name, "app").resources
    assert has is not None
    return has


def condition(pod: core_v1.Pod, kind: str) -> core_v1.PodCondition | None:
    return next((c for c in pod.status.conditions if c.type == kind), None)


def told(pod: core_v1.Pod) -> str:
    """The processor that the status says the container has."""
    has = pod.status.containerStatuses[0].resources
    return str((has.requests or {}).get("cpu"))


def test_a_container_gets_more_in_place() -> None:
    async def story() -> None:
        async with node_world() as world:
            await world.create(sized())
            await world.ready()
            before = world.runtime.find("web-0", "app").id
            await resize(world, "250m", limit="2Gi")
            pod = await world.until(lambda p: told(p) == "250m")
            assert pod.status.containerStatuses[0].allocatedResources == {"cpu": "250m", "memory": "64Mi"}
            assert world.runtime.find("web-0", "app").id == before
            assert given(world).cpu_request_millis == 250 and given(world).memory_bytes == 2 << 30
            assert given(world).oom_score_adj is not None
            assert not condition(pod, "PodResizeInProgress") and not condition(pod, "PodResizePending")
            assert pod.status.observedGeneration == pod.metadata.generation

    run(story())


def test_a_container_whose_policy_asks_for_it_is_restarted() -> None:
    policy = [core_v1.ContainerResizePolicy(resourceName="memory", restartPolicy="RestartContainer")]

    async def story() -> None:
        async with node_world() as world:
            await world.create(sized(resizePolicy=policy))
            await world.ready()
            await resize(world, "200m")
            await world.until(lambda p: told(p) == "200m")
            assert world.runtime.find("web-0", "app").attempt == 0  # the processor needs no restart
            await resize(world, "200m", limit="2Gi")
            pod = await world.until(lambda p: p.status.containerStatuses[0].restartCount == 1)
            pod = await world.until(lambda p: condition(p, "PodResizeInProgress") is None)
            assert given(world).memory_bytes == 2 << 30 and pod.status.phase == "Running"

    run(story())


def test_what_the_node_never_has_is_infeasible_and_what_it_has_not_now_is_deferred() -> None:
    async def story() -> None:
        async with node_world() as world:
            await world.create(sized(cpu="600"))
            await world.create(sized("other", cpu="300"))
            await world.ready()
            await world.ready("other")
            await resize(world, "5000")
            pod = await world.until(lambda p: condition(p, "PodResizePending") is not None)
            pending = condition(pod, "PodResizePending")
            assert pending and (pending.status, pending.reason) == ("True", "Infeasible")
            assert pending.message == "Node didn't have enough capacity: cpu, requested: 5000000, capacity: 1000000"
            await resize(world, "800")
            pod = await world.until(lambda p: condition(p, "PodResizePending").reason == "Deferred")
            assert told(pod) == "600" and given(world).cpu_request_millis == 600_000
            await world.kill_agent()
            world.start_agent()  # it goes on to wait
            await world.sleep(1)
            assert told(await world.get()) == "600"
            await world.delete("other")
            await world.until_gone("other")
            pod = await world.until(lambda p: told(p) == "800")
            assert condition(pod, "PodResizePending") is None and given(world).cpu_request_millis == 800_000

    run(story())


def test_a_runtime_that_cannot_says_why_and_is_asked_again() -> None:
    async def story() -> None:
        async with node_world() as world:
            await world.create(sized())
            await world.ready()
            world.runtime.refuse_resize("app", "attempting to set memory limit below current usage")
            await resize(world, "50m", limit="128Mi")
            pod = await world.until(lambda p: condition(p, "PodResizeInProgress") is not None)
            pod = await world.until(lambda p: condition(p, "PodResizeInProgress").reason == "Error")
            assert "below current usage" in condition(pod, "PodResizeInProgress").message
            assert told(pod) == "100m"
            world.runtime.allow_everything()
            pod = await world.until(lambda p: condition(p, "PodResizeInProgress") is None)
            assert told(pod) == "50m" and given(world).memory_bytes == 128 << 20

    run(story())


def test_a_resize_that_was_asked_for_while_nobody_looked_is_made_when_the_agent_is_back() -> None:
    async def story() -> None:
        async with node_world() as world:
            await world.create(sized())
            await world.ready()
            await world.kill_agent()
            await resize(world, "300m")
            world.start_agent()
            await world.until(lambda p: told(p) == "300m")
            assert given(world).cpu_request_millis == 300 and world.runtime.find("web-0", "app").attempt == 0

    run(story())


def test_what_is_asked_is_judged_beside_what_others_were_granted() -> None:
    capacity = {"cpu": "4", "memory": "8Gi"}
    pods = [sized(cpu="1"), sized(cpu="1")]
    assert judge(sized(cpu="2"), capacity, pods) is None
    used = "Node didn't have enough resource: cpu, requested: 2500, used: 2000, capacity: 4000"
    assert judge(sized(cpu="2500m"), capacity, pods) == Pending("Deferred", used)


def test_what_becomes_of_a_resize_is_told_in_events_once_each() -> None:
    async def story() -> None:
        async with node_world() as world:
            await world.create(sized(cpu="600"))
            await world.create(sized("other", cpu="300"))
            await world.ready()
            await world.ready("other")
            await resize(world, "5000")
            await world.until(lambda p: condition(p, "PodResizePending") is not None)
            await resize(world, "800")
            await world.until(lambda p: condition(p, "PodResizePending").reason == "Deferred")
            await world.delete("other")
            pod = await world.until(lambda p: told(p) == "800")
            found = [event for event in await world.events() if event[0].startswith("Resize")]
            assert sorted(reason for reason, _ in found) == [
                "ResizeCompleted",
                "ResizeDeferred",
                "ResizeInfeasible",
                "ResizeStarted",
            ]
            texts = dict(found)
            has = '{"limits":{"memory":"1Gi"},"requests":{"cpu":"800","memory":"64Mi"}}'
            listed = f'{{"name":"app","resources":{has}}}'
            generation = pod.metadata.generation
            done = f'Pod resize completed: {{"containers":[{listed}],"generation":{generation}}}'
            assert texts["ResizeCompleted"] == done
            assert texts["ResizeDeferred"].startswith(f'Pod resize Deferred: {{"containers":[{listed}],')
            assert '"error":"Node didn\'t have enough resource: cpu' in texts["ResizeDeferred"]

    run(story())


def test_a_runtimes_refusal_is_told_once_and_the_condition_keeps_the_generation_that_was_granted() -> None:
    async def story() -> None:
        async with node_world() as world:
            await world.create(sized(cpu="600"))
            await world.ready()
            world.runtime.refuse_resize("app", "no")
            await resize(world, "500")
            await world.until(lambda p: condition(p, "PodResizeInProgress") is not None)
            pod = await world.until(lambda p: condition(p, "PodResizeInProgress").reason == "Error")
            granted = pod.metadata.generation
            await resize(world, "5000")
            pod = await world.until(lambda p: condition(p, "PodResizePending") is not None)
            in_progress, pending = (condition(pod, f"PodResize{which}") for which in ("InProgress", "Pending"))
            assert in_progress and in_progress.observedGeneration == granted
            assert pending and pending.observedGeneration == pod.metadata.generation == granted + 1
            await world.sleep(60)
            errors = [text for reason, text in await world.events() if reason == "ResizeError"]
            assert len(errors) == 1 and '"error":"no"' in errors[0]

    run(story())


def waiting(name: str, asked: str, priority: int = 0, since: int = 0, limit: str = "") -> Any:
    """A pod that asks for so much processor and has 2, since so many minutes."""

    def of(cpu: str) -> core_v1.Pod:
        pod = sized(name, cpu)
        assert pod.spec is not None
        pod.spec.priority = priority
        if limit:
            amounts = {"cpu": cpu, "memory": "1Gi"}
            pod.spec.containers[0].resources = core_v1.ResourceRequirements(requests=amounts, limits=amounts)
        began = datetime(2026, 1, 1, 0, since, tzinfo=UTC)
        told = core_v1.PodCondition(type="PodResizePending", status="True", lastTransitionTime=began)
        pod.status = core_v1.PodStatus(conditions=[told])
        return pod

    return of(asked), of("2")


def test_who_waits_is_asked_again_by_need_priority_class_and_time() -> None:
    pods = [
        waiting("late", "3", since=2),
        waiting("early", "3", since=1),
        waiting("guaranteed", "3", since=9, limit="cpu"),
        waiting("important", "3", priority=5, since=9),
        waiting("smaller", "1", priority=-1, since=9),
    ]
    order = [pod.metadata.name for pod in retry_order(pods) if pod.metadata]
    assert order == ["smaller", "important", "guaranteed", "early", "late"]


def test_a_pod_is_resized_as_a_whole() -> None:
    async def story() -> None:
        async with node_world() as world:
            pod = sized()
            assert pod.spec is not None
            pod.spec.resources = core_v1.ResourceRequirements(
                requests={"cpu": "200m", "memory": "64Mi"}, limits={"cpu": "1", "memory": "2Gi"}
            )
            await world.create(pod)
            await world.ready()
            asked = copy(await world.get())
            asked.spec.resources.requests["cpu"] = "2000"
            asked.spec.resources.limits["cpu"] = "2000"
            await world.client.update(asked, "resize")
            pod = await world.until(lambda p: condition(p, "PodResizePending") is not None)
            assert condition(pod, "PodResizePending").reason == "Infeasible"  # type: ignore[union-attr]
            assert pod.status.resources.requests["cpu"] == "200m"
            asked = copy(await world.get())
            asked.spec.resources.requests["cpu"] = "500"
            await world.client.update(asked, "resize")
            pod = await world.until(lambda p: p.status.resources.requests["cpu"] == "500")
            assert pod.status.allocatedResources == {"cpu": "500", "memory": "64Mi"}
            pod = await world.until(lambda p: condition(p, "PodResizeInProgress") is None)
            assert condition(pod, "PodResizePending") is None
            (sandbox,) = await world.runtime.list_sandboxes()
            has = sandbox.spec.resources
            assert (has.cpu_request_millis, has.cpu_millis, has.memory_bytes) == (500_000, 2_000_000, 2 << 30)
            world.runtime.refuse_resize("", "attempting to set pod memory limit below current usage")
            asked = copy(await world.get())
            asked.spec.resources.limits["memory"] = "1Gi"
            await world.client.update(asked, "resize")
            await world.until(lambda p: condition(p, "PodResizeInProgress") is not None)
            pod = await world.until(lambda p: condition(p, "PodResizeInProgress").reason == "Error")
            assert "below current usage" in condition(pod, "PodResizeInProgress").message  # type: ignore[union-attr]
            world.runtime.allow_everything()
            await world.until(lambda p: condition(p, "PodResizeInProgress") is None)

    run(story())
