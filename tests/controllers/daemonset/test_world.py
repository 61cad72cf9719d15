"""DaemonSets on a simulated control plane with three nodes."""

from collections.abc import Awaitable, Callable

import msgspec
import pytest
from controllers.deployment.made import template

from petset.api.models import apps_v1, core_v1, meta_v1
from petset.api.objects import meta, name_of
from petset.ownership.pods import is_active, is_ready
from petset.testing.loop import run
from petset.testing.world import World


def made(**spec: object) -> apps_v1.DaemonSet:
    selector = meta_v1.LabelSelector(matchLabels={"app": "web"})
    given = {"selector": selector, "template": template(), **spec}
    metadata = meta_v1.ObjectMeta(name="web", namespace="default")
    return apps_v1.DaemonSet(metadata=metadata, spec=apps_v1.DaemonSetSpec(**given))


class Story:
    """One DaemonSet `web`."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def create(self, **spec: object) -> None:
        await self.world.client.create(made(**spec))

    async def change(self, **spec: object) -> None:
        now = self.now
        await self.world.client.update(msgspec.structs.replace(now, spec=msgspec.structs.replace(now.spec, **spec)))

    @property
    def now(self) -> apps_v1.DaemonSet:
        found = self.world.get(apps_v1.DaemonSet, "web")
        assert found is not None
        return found

    @property
    def pods(self) -> dict[str, core_v1.Pod]:
        """By node; never two on one."""
        active = [pod for pod in self.world.every(core_v1.Pod) if is_active(pod)]
        placed = [pod for pod in active if pod.spec.nodeName]
        assert len({pod.spec.nodeName for pod in placed}) == len(placed)
        return {pod.spec.nodeName: pod for pod in placed}

    def images(self) -> dict[str, str]:
        return {node: pod.spec.containers[0].image for node, pod in sorted(self.pods.items())}

    def is_rolled_out(self) -> bool:
        status, wanted = self.now.status, len(self.world.nodes)
        counts = (status.desiredNumberScheduled, status.updatedNumberScheduled, status.numberAvailable)
        return status.observedGeneration == meta(self.now).generation and counts == (wanted,) * 3

    async def rolled_out(self) -> None:
        await self.world.run_until(self.is_rolled_out, 120)

    async def label(self, node: str, **labels: str) -> None:
        found = await self.world.client.get(core_v1.Node, node)
        metadata = msgspec.structs.replace(meta(found), labels={**(meta(found).labels or {}), **labels})
        await self.world.client.update(msgspec.structs.replace(found, metadata=metadata))


async def tell(story: Callable[[Story], Awaitable[None]], **world: object) -> None:
    async with World(nodes=3, **world) as w:
        await story(Story(w))


def test_every_node_has_one_pod_that_endures_what_others_do_not() -> None:
    async def story(web: Story) -> None:
        await web.create()
        await web.rolled_out()
        assert sorted(web.pods) == web.world.nodes
        pod = web.pods["node-0"]
        tolerated = {toleration.key for toleration in pod.spec.tolerations}
        assert {"node.kubernetes.io/unschedulable", "node.kubernetes.io/memory-pressure"} <= tolerated
        (revision,) = web.world.every(apps_v1.ControllerRevision)
        letters = meta(revision).labels["controller-revision-hash"]
        assert meta(pod).labels["controller-revision-hash"] == letters
        assert name_of(revision) == f"web-{letters}"

    run(tell(story, seed=1), seed=1)


@pytest.mark.parametrize(("budget", "least"), [(1, 2), (2, 1), ("50%", 1)])
def test_a_rolling_update_leaves_no_more_nodes_without_a_pod_than_allowed(budget: int | str, least: int) -> None:
    async def story(web: Story) -> None:
        block = apps_v1.RollingUpdateDaemonSet(maxUnavailable=budget, maxSurge=0)
        await web.create(updateStrategy=apps_v1.DaemonSetUpdateStrategy(type="RollingUpdate", rollingUpdate=block))
        await web.rolled_out()
        await web.change(template=template("redis:8"))
        ready = []

        def watch() -> bool:
            ready.append(sum(map(is_ready, web.pods.values())))
            return web.is_rolled_out()

        await web.world.run_until(watch, 200)
        assert min(ready) >= least
        assert set(web.images().values()) == {"redis:8"}

    run(tell(story, seed=2), seed=2)


def test_a_surge_serves_every_node_at_every_moment() -> None:
    async def story(web: Story) -> None:
        block = apps_v1.RollingUpdateDaemonSet(maxUnavailable=0, maxSurge=1)
        await web.create(updateStrategy=apps_v1.DaemonSetUpdateStrategy(type="RollingUpdate", rollingUpdate=block))
        await web.rolled_out()
        crowds, deserted = set[int](), set[str]()
        informer = web.world.manager.pool.informer(core_v1.Pod)

        def changed(old: core_v1.Pod | None, new: core_v1.Pod | None) -> None:
            active = [pod for pod in informer.list() if is_active(pod) and pod.spec.nodeName]
            crowds.add(len(active))
            deserted.update({*web.world.nodes} - {pod.spec.nodeName for pod in active if is_ready(pod)})

        informer.on_change(changed)
        await web.change(template=template("redis:8"))
        await web.world.run_for(30)
        assert (crowds, deserted) == ({3, 4}, set())
        assert web.images() == dict.fromkeys(web.world.nodes, "redis:8")

    run(tell(story, seed=6), seed=6)


def test_on_delete_waits_for_the_user() -> None:
    async def story(web: Story) -> None:
        await web.create(updateStrategy=apps_v1.DaemonSetUpdateStrategy(type="OnDelete"))
        await web.rolled_out()
        await web.change(template=template("redis:8"))
        await web.world.run_for(10)
        assert set(web.images().values()) == {"redis:7.0"}
        await web.world.client.delete(core_v1.Pod, name_of(web.pods["node-1"]), "default")
        await web.world.run_until(lambda: web.images().get("node-1") == "redis:8", 60)
        assert web.images()["node-0"] == "redis:7.0"

    run(tell(story, seed=3), seed=3)


def test_pods_come_and_go_with_the_labels_of_nodes() -> None:
    async def story(web: Story) -> None:
        chosen = template()
        chosen.spec.nodeSelector = {"disk": "fast"}
        await web.create(template=chosen)
        await web.world.run_for(2)
        assert not web.pods
        await web.label("node-1", disk="fast")
        await web.world.run_until(lambda: list(web.pods) == ["node-1"], 30)
        await web.label("node-1", disk="slow")
        await web.world.run_until(lambda: not web.pods, 60)

    run(tell(story, seed=4), seed=4)


def test_a_template_that_comes_back_is_found_again() -> None:
    async def story(web: Story) -> None:
        await web.create()
        await web.rolled_out()
        for image in ("redis:8", "redis:7.0"):
            await web.change(template=template(image))
            await web.rolled_out()
        assert sorted(r.revision for r in web.world.every(apps_v1.ControllerRevision)) == [2, 3]

    run(tell(story, seed=5), seed=5)


@pytest.mark.parametrize("seed", range(3))
def test_controllers_that_die_and_hear_late_never_put_two_pods_on_a_node(seed: int) -> None:
    async def story(web: Story) -> None:
        await web.create()
        for image in ("redis:8", "redis:9"):
            await web.world.run_for(web.world.plane.random.uniform(0.0, 2.0))
            await web.change(template=template(image))
            await web.world.restart_controllers()
            assert len(web.pods) <= 3
        await web.rolled_out()
        assert set(web.images().values()) == {"redis:9"}

    run(tell(story, seed=seed, lag_seconds=0.4), seed=seed)
