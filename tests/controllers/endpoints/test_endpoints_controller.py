"""Services and the pods behind them, in a whole control plane."""

import random  # noqa: TID251 - fixed seeds
from typing import Any

import pytest
from controllers.cluster import Cluster, cluster, pod
from msgspec.structs import replace

from petset.api.models import core_v1, discovery_v1, meta_v1
from petset.controllers.endpoints import members
from petset.testing.loop import run


def service(name: str, selector: dict[str, str] | None, **spec: Any) -> core_v1.Service:
    ports = [core_v1.ServicePort(name="redis", port=6379)]
    return core_v1.Service(
        apiVersion="v1",
        kind="Service",
        metadata=meta_v1.ObjectMeta(name=name, namespace="default"),
        spec=core_v1.ServiceSpec(**{"selector": selector, "clusterIP": "None", "ports": ports, **spec}),
    )


async def run_pod(c: Cluster, name: str, ip: str, *, ready: bool = True) -> core_v1.Pod:
    """Create a pod of app=redis below the subdomain redis, and report it running."""
    new = pod(name, hostname=name, subdomain="redis", nodeName="node-1")
    new.metadata.labels = {"app": "redis"}
    return await report(c, await c.create(new), ip, ready=ready)


async def report(c: Cluster, running: core_v1.Pod, ip: str, *, ready: bool) -> core_v1.Pod:
    status = core_v1.PodStatus(
        phase="Running",
        podIP=ip,
        podIPs=[core_v1.PodIP(ip=ip)],
        conditions=[core_v1.PodCondition(type="Ready", status="True" if ready else "False")],
    )
    return await c.plane.client.update(replace(running, status=status), "status")


async def slices(c: Cluster, name: str) -> list[discovery_v1.EndpointSlice]:
    everything = await c.all(discovery_v1.EndpointSlice, "default")
    return [s for s in everything if s.metadata.labels.get("kubernetes.io/service-name") == name]


def test_a_ready_pod_is_found_under_its_own_name() -> None:
    async def story() -> None:
        async with cluster() as c:
            await c.create(service("redis", {"app": "redis"}))
            await run_pod(c, "redis-0", "10.0.0.1")
            await c.settle()
            (slice_,) = await slices(c, "redis")
            (endpoint,) = slice_.endpoints
            assert (endpoint.hostname, endpoint.addresses) == ("redis-0", ["10.0.0.1"])
            assert (endpoint.conditions.ready, endpoint.conditions.serving) == (True, True)
            assert not endpoint.conditions.terminating
            assert [(p.name, p.port, p.protocol) for p in slice_.ports] == [("redis", 6379, "TCP")]
            assert slice_.metadata.name.startswith("redis-")
            assert slice_.metadata.ownerReferences[0].kind == "Service"
            assert (
                slice_.metadata.labels["endpointslice.kubernetes.io/managed-by"]
                == "endpointslice-controller.k8s.io"
            )
            assert slice_.metadata.labels["service.kubernetes.io/headless"] == ""
            old = await c.get(core_v1.Endpoints, "redis", "default")
            assert old.subsets[0].addresses[0].ip == "10.0.0.1"
            assert old.subsets[0].addresses[0].hostname == "redis-0"

    for seed in range(5):
        run(story(), seed=seed)


def test_a_pod_that_is_not_ready_stays_in_the_slice_and_says_so() -> None:
    async def story() -> None:
        async with cluster() as c:
            await c.create(service("redis", {"app": "redis"}))
            running = await run_pod(c, "redis-0", "10.0.0.1")
            await c.settle()
            await report(c, running, "10.0.0.1", ready=False)
            await c.settle()
            (slice_,) = await slices(c, "redis")
            assert slice_.endpoints[0].conditions.ready is False
            old = await c.get(core_v1.Endpoints, "redis", "default")
            assert old.subsets[0].addresses is None
            assert old.subsets[0].notReadyAddresses[0].ip == "10.0.0.1"

    run(story())


def test_a_service_without_a_selector_is_left_alone() -> None:
    async def story() -> None:
        async with cluster() as c:
            await c.create(service("outside", None))
            await c.settle()
            assert await slices(c, "outside") == []
            assert await c.get(core_v1.Endpoints, "outside", "default") is None

    run(story())


def test_a_service_that_goes_takes_its_slices_and_endpoints_with_it() -> None:
    async def story() -> None:
        async with cluster() as c:
            await c.create(service("redis", {"app": "redis"}))
            await run_pod(c, "redis-0", "10.0.0.1")
            await c.settle()
            await c.plane.client.delete(core_v1.Service, "redis", "default")
            await c.settle()
            assert await slices(c, "redis") == []
            assert await c.get(core_v1.Endpoints, "redis", "default") is None

    for seed in range(5):
        run(story(), seed=seed)


def test_a_status_that_changes_nothing_for_others_writes_nothing() -> None:
    async def story() -> None:
        async with cluster() as c:
            await c.create(service("redis", {"app": "redis"}))
            running = await run_pod(c, "redis-0", "10.0.0.1")
            await c.settle()
            before = c.plane.store.revision
            status = replace(running.status, message="still here")
            await c.plane.client.update(replace(running, status=status), "status")
            await c.settle()
            assert c.plane.store.revision == before + 1

    run(story())


def test_pods_that_come_up_one_after_the_other_are_written_together() -> None:
    async def story() -> None:
        async with cluster() as c:
            await c.create(service("redis", {"app": "redis"}))
            writes: list[object] = []
            c.manager.pool.informer(discovery_v1.EndpointSlice).on_change(lambda old, new: writes.append(new))
            for number in range(50):
                await run_pod(c, f"redis-{number}", f"10.0.0.{number + 1}")
                await c.plane.clock.sleep(0.001)
            await c.settle()
            (slice_,) = await slices(c, "redis")
            assert len(slice_.endpoints) == 50
            assert len(writes) < 20

    run(story())


async def change_anything(c: Cluster, source: random.Random) -> None:
    """One random change of a pod or of the Service's selector."""
    name, app = f"redis-{source.randrange(4)}", source.choice(["redis", "other"])
    there = await c.get(core_v1.Pod, name, "default")
    if there is None:
        await run_pod(c, name, f"10.0.0.{1 + source.randrange(9)}", ready=source.random() < 0.7)
        return
    match source.choice(["report", "relabel", "end", "delete", "select"]):
        case "report":
            await report(c, there, f"10.0.0.{1 + source.randrange(9)}", ready=source.random() < 0.5)
        case "relabel":
            await c.plane.client.update(replace(there, metadata=replace(there.metadata, labels={"app": app})))
        case "end":
            await c.plane.client.update(replace(there, status=replace(there.status, phase="Failed")), "status")
        case "delete":
            at_once = meta_v1.DeleteOptions(gracePeriodSeconds=0)
            await c.plane.client.delete(core_v1.Pod, name, "default", at_once)
        case "select":
            redis = await c.plane.client.get(core_v1.Service, "redis", "default")
            await c.plane.client.update(replace(redis, spec=replace(redis.spec, selector={"app": app})))


@pytest.mark.parametrize("seed", range(5))
def test_whatever_changes_the_slices_hold_the_pods_that_are_selected_and_have_not_ended(seed: int) -> None:
    async def story() -> None:
        source = random.Random(seed)
        async with cluster() as c:
            await c.create(service("redis", {"app": "redis"}))
            for _ in range(60):
                for _ in range(source.randrange(1, 4)):
                    await change_anything(c, source)
                await c.settle()
                selected = (await c.plane.client.get(core_v1.Service, "redis", "default")).spec.selector
                wanted = {
                    (pod.metadata.uid, pod.status.podIP, members.is_ready(pod))
                    for pod in await c.all(core_v1.Pod, "default")
                    if pod.metadata.labels == selected and pod.status.podIP and pod.status.phase == "Running"
                }
                held = [e for slice_ in await slices(c, "redis") for e in slice_.endpoints or ()]
                assert {(e.targetRef.uid, e.addresses[0], e.conditions.serving) for e in held} == wanted
                assert len(held) == len(wanted)

    run(story())
