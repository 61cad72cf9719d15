"""Budgets on a whole simulated control plane, kept while pods come, go and are evicted."""

from controllers.deployment.made import deployment
from controllers.disruption.made import LABELS, budget

from petset.api.disruptions import note_of
from petset.api.models import apps_v1, core_v1, meta_v1, policy_v1
from petset.api.objects import copy, meta
from petset.testing.loop import run
from petset.testing.manifests import template
from petset.testing.world import World

Budget = policy_v1.PodDisruptionBudget


def stateful_set(replicas: int = 3) -> apps_v1.StatefulSet:
    return apps_v1.StatefulSet(
        metadata=meta_v1.ObjectMeta(name="web", namespace="default"),
        spec=apps_v1.StatefulSetSpec(
            selector=meta_v1.LabelSelector(matchLabels=LABELS),
            template=template(LABELS, "db:1", probed=True),
            serviceName="web",
            replicas=replicas,
        ),
    )


def allowed(world: World) -> int | None:
    found = world.get(Budget, "web")
    return found.status.disruptionsAllowed if found and found.status else None


def test_a_budget_follows_the_pods_of_a_set_and_of_a_deployment() -> None:
    async def story() -> None:
        async with World(seed=1) as world:
            await world.client.create(budget(maxUnavailable=1))
            await world.client.create(stateful_set())
            await world.run_until(lambda: world.is_settled("web") and allowed(world) == 1, seconds=60)
            uid = meta(world.get(core_v1.Pod, "web-1") or core_v1.Pod()).uid
            world.not_ready.add(uid or "")
            await world.run_until(lambda: allowed(world) == 0, seconds=60)
            world.not_ready.clear()
            await world.run_until(lambda: allowed(world) == 1, seconds=60)
            await world.client.create(deployment(name="beside", replicas=2))
            await world.run_until(lambda: (found := world.get(Budget, "web")) and expected(found) == 5, seconds=60)

    run(story(), seed=1)


def expected(found: Budget) -> int | None:
    return found.status.expectedPods if found.status else None


def test_an_eviction_that_never_came_is_forgotten_and_taken_back() -> None:
    async def story() -> None:
        async with World(seed=2) as world:
            await world.client.create(stateful_set())
            await world.client.create(budget(maxUnavailable=1))
            await world.run_until(lambda: world.is_settled("web") and allowed(world) == 1, seconds=60)
            now = world.plane.clock.now()
            guard, pod = copy(world.get(Budget, "web")), copy(world.get(core_v1.Pod, "web-0"))
            assert guard and guard.status and pod and pod.status
            guard.status.disruptedPods = {"web-0": note_of(now)}
            announced = core_v1.PodCondition(type="DisruptionTarget", status="True", lastTransitionTime=now)
            pod.status.conditions = [*(pod.status.conditions or ()), announced]
            await world.client.update(guard, "status")
            await world.client.update(pod, "status")
            await world.run_until(lambda: allowed(world) == 0, seconds=5)
            await world.run_for(110)
            assert allowed(world) == 0
            await world.run_until(lambda: allowed(world) == 1, seconds=15)
            await world.run_until(lambda: target(world) == "False", seconds=15)

    run(story(), seed=2)


def target(world: World) -> str:
    pod = world.get(core_v1.Pod, "web-0")
    conditions = (pod.status.conditions if pod and pod.status else None) or ()
    return next((c.status for c in conditions if c.type == "DisruptionTarget"), "")
