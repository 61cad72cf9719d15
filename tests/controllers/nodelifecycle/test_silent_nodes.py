"""Nodes that go silent, in a whole control plane."""

from datetime import timedelta

from controllers.cluster import Cluster, cluster, node, pod
from msgspec.structs import replace

from petset.api.models import coordination_v1, core_v1, meta_v1
from petset.testing.loop import run
from petset.testing.world import World


async def renew(c: Cluster, name: str) -> None:
    spec = coordination_v1.LeaseSpec(holderIdentity=name, leaseDurationSeconds=40, renewTime=c.plane.clock.now())
    found = await c.get(coordination_v1.Lease, name, "kube-node-lease")
    if found is not None:
        await c.plane.client.update(replace(found, spec=spec))
        return
    metadata = meta_v1.ObjectMeta(name=name, namespace="kube-node-lease")
    await c.create(
        coordination_v1.Lease(apiVersion="coordination.k8s.io/v1", kind="Lease", metadata=metadata, spec=spec)
    )


async def running_pod(c: Cluster) -> None:
    await c.create(pod("web-0"))
    await c.settle()
    bound = await c.get(core_v1.Pod, "web-0", "default")
    ready = core_v1.PodCondition(type="Ready", status="True")
    status = replace(bound.status, phase="Running", conditions=[*(bound.status.conditions or []), ready])
    await c.plane.client.update(replace(bound, status=status), "status")


async def readiness(c: Cluster, kind: type, name: str, namespace: str = "") -> tuple[str, str | None]:
    obj = await c.get(kind, name, namespace)
    return next((x.status, x.reason) for x in obj.status.conditions if x.type == "Ready")


async def taints(c: Cluster) -> set[tuple[str, str]]:
    found = await c.get(core_v1.Node, "node-1")
    return {(t.key, t.effect) for t in found.spec.taints or ()} if found.spec else set()


def test_a_node_that_renews_its_lease_stays_ready() -> None:
    async def story() -> None:
        async with cluster() as c:
            await c.create(node("node-1"))
            for _ in range(12):
                await renew(c, "node-1")
                await c.settle(10)
            assert await readiness(c, core_v1.Node, "node-1") == ("True", None)
            assert await taints(c) == set()

    run(story())


def test_a_silent_node_is_unknown_after_50_seconds_and_its_pods_are_not_ready() -> None:
    async def story() -> None:
        async with cluster() as c:
            await c.create(node("node-1"))
            await renew(c, "node-1")
            await running_pod(c)
            await c.settle(49)
            assert await readiness(c, core_v1.Node, "node-1") == ("True", None)
            await c.settle(2)
            assert await readiness(c, core_v1.Node, "node-1") == ("Unknown", "NodeStatusUnknown")
            assert await readiness(c, core_v1.Pod, "web-0", "default") == ("False", "NodeNotReady")
            unreachable = "node.kubernetes.io/unreachable"
            assert await taints(c) == {(unreachable, "NoSchedule"), (unreachable, "NoExecute")}

    for seed in range(5):
        run(story(), seed=seed)


def test_an_agent_that_contradicts_us_is_not_fought() -> None:
    async def story() -> None:
        async with cluster() as c:
            await c.create(node("node-1"))
            await running_pod(c)
            await c.settle(55)
            marked = await c.get(core_v1.Pod, "web-0", "default")
            now = c.plane.clock.now()
            conditions = [replace(x, status="True", lastTransitionTime=now) for x in marked.status.conditions]
            await c.plane.client.update(
                replace(marked, status=replace(marked.status, conditions=conditions)), "status"
            )
            await c.settle(5)
            assert await readiness(c, core_v1.Pod, "web-0", "default") == ("True", "NodeNotReady")

    run(story())


def test_a_node_that_comes_back_loses_its_taints() -> None:
    async def story() -> None:
        async with cluster() as c:
            await c.create(node("node-1"))
            await c.settle(55)
            assert await taints(c)
            back = await c.get(core_v1.Node, "node-1")
            ready = core_v1.NodeCondition(type="Ready", status="True", lastHeartbeatTime=c.plane.clock.now())
            await c.plane.client.update(replace(back, status=replace(back.status, conditions=[ready])), "status")
            await c.settle()
            assert await taints(c) == set()

    run(story())


def test_a_living_node_that_was_written_off_is_believed_again_within_ten_seconds() -> None:
    def conditions_of(world: World, status: str) -> list[core_v1.NodeCondition]:
        found = world.get(core_v1.Node, "node-0", "")
        now = world.plane.clock.now()
        return [replace(x, status=status, lastTransitionTime=now) for x in found.status.conditions]

    async def story() -> None:
        async with World() as world:
            await world.run_for(1)
            lost = world.get(core_v1.Node, "node-0", "")
            status = replace(lost.status, conditions=conditions_of(world, "Unknown"))
            await world.client.update(replace(lost, status=status), "status")
            await world.run_for(0.1)
            assert len(world.get(core_v1.Node, "node-0", "").spec.taints) == 2
            await world.run_for(10)
            back = world.get(core_v1.Node, "node-0", "")
            assert not (back.spec and back.spec.taints)
            assert [x.status for x in back.status.conditions if x.type == "Ready"] == ["True"]

    run(story())


def test_a_pod_is_evicted_when_its_patience_runs_out_and_stays_until_its_node_confirms() -> None:
    async def story() -> None:
        async with cluster() as c:
            await c.create(node("node-1"))
            await running_pod(c)
            await c.settle(55)
            assert (await c.get(core_v1.Pod, "web-0", "default")).metadata.deletionTimestamp is None
            await c.settle(300)
            leaving = await c.get(core_v1.Pod, "web-0", "default")
            assert leaving.metadata.deletionTimestamp is not None
            told = {x.type: x.reason for x in leaving.status.conditions}
            assert told["DisruptionTarget"] == "DeletionByTaintManager"
            await c.settle(3600)
            assert await c.get(core_v1.Pod, "web-0", "default") is not None

    run(story())


def test_pods_of_a_node_that_is_deleted_are_removed_after_a_while() -> None:
    async def story() -> None:
        async with cluster() as c:
            await c.create(node("node-1"))
            await running_pod(c)
            await c.plane.client.delete(core_v1.Node, "node-1")
            await c.settle(39)
            assert await c.get(core_v1.Pod, "web-0", "default") is not None
            await c.settle(2)
            assert await c.get(core_v1.Pod, "web-0", "default") is None

    run(story())


def test_a_terminating_pod_on_a_node_out_of_service_is_removed() -> None:
    async def story() -> None:
        async with cluster() as c:
            await c.create(node("node-1"))
            await running_pod(c)
            await c.settle(55)
            await c.plane.client.delete(core_v1.Pod, "web-0", "default")
            await c.settle()
            assert await c.get(core_v1.Pod, "web-0", "default") is not None
            dead = await c.get(core_v1.Node, "node-1")
            taint = core_v1.Taint(key="node.kubernetes.io/out-of-service", value="nodeshutdown", effect="NoExecute")
            await c.plane.client.update(replace(dead, spec=replace(dead.spec, taints=[*dead.spec.taints, taint])))
            await c.settle()
            assert await c.get(core_v1.Pod, "web-0", "default") is None

    run(story())


def test_our_own_restart_gives_every_node_the_whole_grace_period() -> None:
    async def story() -> None:
        async with cluster() as c:
            old = c.plane.clock.now() - timedelta(hours=1)
            stale = node("node-1")
            stale.status.conditions[0].lastHeartbeatTime = old
            await c.create(stale)
            await c.settle(30)
            assert await readiness(c, core_v1.Node, "node-1") == ("True", None)

    run(story())
