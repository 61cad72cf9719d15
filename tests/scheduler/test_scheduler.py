"""The scheduler in a whole control plane: who gets which node, and what is said to those who get none."""

from controllers.cluster import Cluster, claim, cluster, node, pod
from msgspec.structs import replace

from petset.api.models import core_v1, meta_v1, storage_v1
from petset.testing.loop import run


def wanting(name: str, **amounts: str) -> core_v1.Pod:
    requirements = core_v1.ResourceRequirements(requests=amounts)
    container = core_v1.Container(name="main", image="redis:7.0", resources=requirements)
    return pod(name, containers=[container])


async def where(c: Cluster, name: str) -> str | None:
    return (await c.get(core_v1.Pod, name, "default")).spec.nodeName


async def complaints(c: Cluster) -> list[str]:
    return [message for reason, message in await c.events() if reason == "FailedScheduling"]


def test_a_pod_gets_a_node_and_people_are_told() -> None:
    async def story() -> None:
        async with cluster() as c:
            await c.create(node("node-1"))
            await c.create(pod("web-0"))
            await c.settle()
            assert await where(c, "web-0") == "node-1"
            assert ("Scheduled", "Successfully assigned default/web-0 to node-1") in await c.events()

    run(story())


def test_pods_that_come_at_once_never_share_the_same_room() -> None:
    async def story() -> None:
        async with cluster() as c:
            await c.create(node("node-1", cpu="2"))
            await c.create(node("node-2", cpu="2"))
            for number in range(6):
                await c.create(wanting(f"p{number}", cpu="1"))
            await c.settle()
            nodes = [p.spec.nodeName for p in await c.all(core_v1.Pod)]
            assert sorted(n or "" for n in nodes) == ["", "", "node-1", "node-1", "node-2", "node-2"]
            assert set(await complaints(c)) == {"0/2 nodes are available: 2 Insufficient cpu."}

    for seed in range(10):
        run(story(), seed=seed)


def test_room_that_becomes_free_goes_to_who_waits() -> None:
    async def story() -> None:
        async with cluster() as c:
            await c.create(node("node-1", cpu="1"))
            await c.create(wanting("first", cpu="1"))
            await c.settle()
            await c.create(wanting("second", cpu="1"))
            await c.settle()
            waiting = await c.get(core_v1.Pod, "second", "default")
            (condition,) = [x for x in waiting.status.conditions if x.type == "PodScheduled"]
            assert (condition.status, condition.reason) == ("False", "Unschedulable")
            now = meta_v1.DeleteOptions(gracePeriodSeconds=0)
            await c.plane.client.delete(core_v1.Pod, "first", "default", now)
            await c.settle()
            assert await where(c, "second") == "node-1"

    run(story())


def test_the_same_complaint_is_made_once() -> None:
    async def story() -> None:
        async with cluster() as c:
            await c.create(wanting("big", cpu="64"))
            await c.settle(2)
            assert await complaints(c) == ["no nodes available to schedule pods"]
            await c.create(node("node-1"))
            small = await c.create(node("node-2"))
            await c.settle()
            before = c.plane.store.revision
            await c.plane.client.update(replace(small, status=replace(small.status, phase="Running")), "status")
            await c.settle()
            assert c.plane.store.revision == before + 1

    run(story())


def test_a_pod_waits_for_a_missing_claim_and_goes_on_when_it_comes() -> None:
    async def story() -> None:
        async with cluster() as c:
            await c.create(node("node-1"))
            await c.create(pod("web-0", "data"))
            await c.settle(2)
            message = '0/1 nodes are available: persistentvolumeclaim "data" not found.'
            assert await complaints(c) == [message]
            await c.create(claim("data"))
            await c.settle()
            assert await where(c, "web-0") == "node-1"

    run(story())


def test_a_claim_that_waits_for_its_first_consumer_learns_the_node_and_is_bound() -> None:
    async def story() -> None:
        async with cluster() as c:
            lazy = storage_v1.StorageClass(
                apiVersion="storage.k8s.io/v1",
                kind="StorageClass",
                metadata=meta_v1.ObjectMeta(name="lazy"),
                provisioner="petset.dev/directory",
                volumeBindingMode="WaitForFirstConsumer",
            )
            await c.create(lazy)
            await c.create(node("node-1"))
            await c.create(claim("data", storageClassName="lazy"))
            await c.settle()
            message = "waiting for first consumer to be created before binding"
            assert ("WaitForFirstConsumer", message) in await c.events()
            await c.create(pod("web-0", "data"))
            await c.settle()
            assert await where(c, "web-0") == "node-1"
            bound = await c.get(core_v1.PersistentVolumeClaim, "data", "default")
            assert bound.metadata.annotations["volume.kubernetes.io/selected-node"] == "node-1"
            assert bound.status.phase == "Bound"

    for seed in range(5):
        run(story(), seed=seed)
