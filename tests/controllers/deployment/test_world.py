"""Deployments on a whole simulated control plane: what a user would see, while updates go on and things die."""

from collections.abc import Callable

import msgspec
import pytest
from controllers.deployment.made import RECREATE, deployment, rolling, template

from petset.api.models import apps_v1, core_v1, meta_v1
from petset.api.objects import controller_of, is_terminating, meta, name_of
from petset.ownership.pods import is_active, is_ready
from petset.testing.loop import run
from petset.testing.world import World


class Story:
    """One Deployment `web` in a world."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def create(self, **spec: object) -> None:
        await self.world.client.create(deployment(**spec))
        await self.rolled_out()

    async def change(self, **spec: object) -> None:
        now = self.now
        await self.world.client.update(msgspec.structs.replace(now, spec=msgspec.structs.replace(now.spec, **spec)))

    @property
    def now(self) -> apps_v1.Deployment:
        found = self.world.get(apps_v1.Deployment, "web")
        assert found is not None
        return found

    @property
    def status(self) -> apps_v1.DeploymentStatus:
        assert self.now.status is not None
        return self.now.status

    def condition(self, kind: str) -> tuple[str, str]:
        return next((c.status, c.reason) for c in self.status.conditions or () if c.type == kind)

    @property
    def sets(self) -> dict[str, int]:
        """Replicas of each ReplicaSet by the image it runs."""
        sets = self.world.every(apps_v1.ReplicaSet)
        return {rs.spec.template.spec.containers[0].image: rs.spec.replicas for rs in sets}

    @property
    def pods(self) -> list[core_v1.Pod]:
        return [pod for pod in self.world.every(core_v1.Pod) if is_active(pod)]

    def is_rolled_out(self) -> bool:
        status, wanted = self.now.status, self.now.spec.replicas
        if status is None or status.observedGeneration != meta(self.now).generation:
            return False
        counts = (status.replicas or 0, status.updatedReplicas or 0, status.availableReplicas or 0)
        return counts == (wanted, wanted, wanted)

    async def rolled_out(self, seconds: float = 60) -> None:
        await self.world.run_until(self.is_rolled_out, seconds)


async def tell(story: Callable[[Story], object], **world: object) -> None:
    async with World(**world) as made:
        await story(Story(made))


def test_pods_come_through_a_replica_set_that_is_named_by_the_template() -> None:
    async def story(web: Story) -> None:
        await web.create()
        (replica_set,) = web.world.every(apps_v1.ReplicaSet)
        letters = meta(replica_set).labels["pod-template-hash"]
        assert name_of(replica_set) == f"web-{letters}"
        assert {controller_of(pod).name for pod in web.pods} == {name_of(replica_set)}
        assert all(meta(pod).labels["pod-template-hash"] == letters for pod in web.pods)
        assert meta(web.now).annotations["deployment.kubernetes.io/revision"] == "1"
        assert web.condition("Available") == ("True", "MinimumReplicasAvailable")
        await web.world.run_for(1)
        assert web.condition("Progressing") == ("True", "NewReplicaSetAvailable")

    run(tell(story, seed=1), seed=1)


@pytest.mark.parametrize(
    ("surge", "unavailable"), [(1, 0), (0, 1), (2, 1), ("25%", "25%"), ("100%", 0), (0, "100%")]
)
def test_a_rolling_update_keeps_within_its_budget_at_every_moment(surge: int | str, unavailable: int | str) -> None:
    most = {1: 5, 2: 6, 0: 4, "25%": 5, "100%": 8}[surge]
    least = {0: 4, 1: 3, "25%": 3, "100%": 0}[unavailable]

    async def story(web: Story) -> None:
        await web.create(replicas=4, strategy=rolling(surge, unavailable), minReadySeconds=1)
        await web.change(template=template("redis:8"))
        counts = []

        def watch() -> bool:
            counts.append((len(web.pods), sum(map(is_ready, web.pods))))
            return web.is_rolled_out()

        await web.world.run_until(watch, 120)
        assert max(total for total, _ in counts) <= most
        assert min(ready for _, ready in counts) >= least
        assert web.sets == {"redis:7.0": 0, "redis:8": 4}

    run(tell(story, seed=2), seed=2)


def test_a_recreate_never_runs_two_templates_at_once() -> None:
    async def story(web: Story) -> None:
        await web.create(strategy=RECREATE)
        await web.change(template=template("redis:8"))

        def watch() -> bool:
            pods = web.world.every(core_v1.Pod)
            assert len({pod.spec.containers[0].image for pod in pods}) <= 1
            return web.is_rolled_out() and web.sets == {"redis:7.0": 0, "redis:8": 3}

        await web.world.run_until(watch, 120)

    run(tell(story, seed=3), seed=3)


def test_an_update_that_cannot_get_on_says_so_and_can_be_taken_back() -> None:
    async def story(web: Story) -> None:
        await web.create(progressDeadlineSeconds=30)
        web.world.runtime.refuse_image("broken", "ErrImagePull", "no such image")
        await web.change(template=template("broken"))
        await web.world.run_until(
            lambda: web.condition("Progressing") == ("False", "ProgressDeadlineExceeded"), 120
        )
        assert web.sets == {"redis:7.0": 3, "broken": 1}  # a quarter of three rounds down: none may be missing
        assert web.condition("Available") == ("True", "MinimumReplicasAvailable")
        await web.change(template=template())
        await web.rolled_out()
        assert web.sets == {"redis:7.0": 3, "broken": 0}
        annotations = meta(web.now).annotations
        assert annotations["deployment.kubernetes.io/revision"] == "3"
        back = next(rs for rs in web.world.every(apps_v1.ReplicaSet) if rs.spec.replicas)
        assert meta(back).annotations["deployment.kubernetes.io/revision-history"] == "1"

    run(tell(story, seed=4), seed=4)


def test_a_paused_deployment_scales_in_proportion_and_rolls_nothing_out() -> None:
    async def story(web: Story) -> None:
        await web.create(replicas=10, strategy=rolling(3, 2))
        web.world.runtime.refuse_image("broken", "ErrImagePull", "no such image")
        await web.change(template=template("broken"))
        await web.world.run_for(10)
        assert web.sets == {"redis:7.0": 8, "broken": 5}
        await web.change(paused=True, replicas=15)
        await web.world.run_for(5)
        assert web.sets == {"redis:7.0": 11, "broken": 7}
        assert web.condition("Progressing")[0] == "Unknown"
        await web.change(paused=False, template=template("redis:8"))
        await web.rolled_out()
        assert web.sets["redis:8"] == 15

    run(tell(story, seed=5), seed=5)


def test_only_so_many_old_replica_sets_are_kept() -> None:
    async def story(web: Story) -> None:
        await web.create(revisionHistoryLimit=1)
        for image in ("redis:8", "redis:9"):
            await web.change(template=template(image))
            await web.rolled_out()
        await web.world.run_for(5)
        assert web.sets == {"redis:8": 0, "redis:9": 3}

    run(tell(story, seed=6), seed=6)


def test_orphans_are_adopted_and_strangers_released() -> None:
    async def story(web: Story) -> None:
        await web.create()
        orphaning = meta_v1.DeleteOptions(propagationPolicy="Orphan")
        await web.world.client.delete(apps_v1.Deployment, "web", "default", orphaning)
        await web.world.run_until(lambda: web.world.get(apps_v1.Deployment, "web") is None, 30)
        before = {name_of(pod) for pod in web.pods}
        await web.create()
        assert {name_of(pod) for pod in web.pods} == before
        (pod, *_) = web.pods
        metadata = msgspec.structs.replace(meta(pod), labels={"app": "other"})
        await web.world.client.update(msgspec.structs.replace(pod, metadata=metadata))
        await web.world.run_until(lambda: len(web.pods) == 4, 30)
        assert controller_of(web.world.get(core_v1.Pod, name_of(pod))) is None

    run(tell(story, seed=7), seed=7)


def test_a_deleted_deployment_takes_everything_with_it() -> None:
    async def story(web: Story) -> None:
        await web.create()
        await web.world.client.delete(apps_v1.Deployment, "web", "default")
        await web.world.run_until(lambda: not web.world.every(core_v1.Pod), 90)
        assert not web.world.every(apps_v1.ReplicaSet)

    run(tell(story, seed=8), seed=8)


@pytest.mark.parametrize("seed", range(3))
def test_controllers_that_die_at_any_moment_and_hear_late_reach_the_same_end(seed: int) -> None:
    async def story(web: Story) -> None:
        await web.create(replicas=4, strategy=rolling(2, 1))
        await web.change(template=template("redis:8"))
        for _ in range(6):
            await web.world.run_for(web.world.plane.random.uniform(0.0, 1.5))
            await web.world.restart_controllers()
            assert len(web.pods) <= 6
        await web.rolled_out(120)
        assert web.sets == {"redis:7.0": 0, "redis:8": 4}
        assert not any(map(is_terminating, web.world.every(apps_v1.ReplicaSet)))

    run(tell(story, seed=seed, lag_seconds=0.4), seed=seed)
