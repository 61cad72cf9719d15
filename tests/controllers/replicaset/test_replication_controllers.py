"""ReplicationControllers on a whole simulated control plane, and what is refused of them: the ReplicaSets of
former times, which `kubectl cluster-info dump` and `kubectl apply --prune` still ask for."""

from typing import Any

import msgspec
import pytest

from petset.api import kinds
from petset.api.errors import Invalid
from petset.api.models import core_v1, meta_v1, policy_v1
from petset.api.objects import controller_of, meta, name_of
from petset.ownership.pods import is_active
from petset.testing.loop import run
from petset.testing.world import World


def template(**labels: str) -> core_v1.PodTemplateSpec:
    spec = core_v1.PodSpec(containers=[core_v1.Container(name="main", image="redis:7.0")])
    return core_v1.PodTemplateSpec(metadata=meta_v1.ObjectMeta(labels=labels), spec=spec)


def controller(**spec: Any) -> core_v1.ReplicationController:
    wanted = core_v1.ReplicationControllerSpec(**{"template": template(app="old"), "replicas": 2, **spec})
    return core_v1.ReplicationController(metadata=meta_v1.ObjectMeta(name="old", namespace="default"), spec=wanted)


def pods(world: World) -> list[core_v1.Pod]:
    return [pod for pod in world.every(core_v1.Pod) if is_active(pod)]


def now(world: World) -> core_v1.ReplicationController:
    found = world.get(core_v1.ReplicationController, "old")
    assert found is not None
    return found


def test_it_keeps_as_many_pods_as_it_says_takes_in_orphans_and_reports() -> None:
    async def story() -> None:
        async with World(seed=1) as world:
            named = meta_v1.ObjectMeta(name="stray", namespace="default", labels={"app": "old"})
            await world.client.create(core_v1.Pod(metadata=named, spec=template().spec))
            await world.client.create(controller())
            await world.run_until(lambda: (now(world).status.availableReplicas or 0) == 2, 60)
            assert {controller_of(pod).kind for pod in pods(world)} == {"ReplicationController"}
            assert "stray" in {name_of(pod) for pod in pods(world)}
            assert now(world).spec.selector == meta(now(world)).labels == {"app": "old"}
            fewer = msgspec.structs.replace(now(world).spec, replicas=1)
            await world.client.update(msgspec.structs.replace(now(world), spec=fewer))
            await world.run_until(lambda: len(pods(world)) == 1 and now(world).status.replicas == 1, 60)
            assert now(world).status.observedGeneration == meta(now(world)).generation == 2

    run(story(), seed=1)


def test_a_budget_counts_what_it_is_to_have_and_a_silent_deletion_leaves_its_pods() -> None:
    async def story() -> None:
        async with World(seed=2) as world:
            await world.client.create(controller(replicas=4))
            budget = policy_v1.PodDisruptionBudgetSpec(
                maxUnavailable="25%", selector=meta_v1.LabelSelector(matchLabels={"app": "old"})
            )
            named = meta_v1.ObjectMeta(name="some", namespace="default")
            await world.client.create(policy_v1.PodDisruptionBudget(metadata=named, spec=budget))

            def allowed() -> tuple[int, int]:
                status = world.get(policy_v1.PodDisruptionBudget, "some").status
                return status.expectedPods, status.disruptionsAllowed

            await world.run_until(lambda: allowed() == (4, 1), 60)
            await world.client.delete(core_v1.ReplicationController, "old", "default")
            await world.run_until(lambda: world.get(core_v1.ReplicationController, "old") is None, 60)
            assert len(pods(world)) == 4 and all(controller_of(pod) is None for pod in pods(world))

    run(story(), seed=2)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"template": None}, "spec.template: Required value"),
        ({"template": template(), "selector": None}, "spec.selector: Required value"),
        ({"replicas": -1}, "spec.replicas: Invalid value: -1: must be greater than or equal to 0"),
        ({"selector": {"app": "new"}}, "`selector` does not match template `labels`"),
    ],
)
def test_one_that_cannot_be_is_refused(spec: dict[str, Any], message: str) -> None:
    async def story() -> None:
        async with World(seed=3) as world:
            with pytest.raises(Invalid, match=message):
                await world.client.create(controller(**spec))

    run(story(), seed=3)


def test_it_is_found_by_its_short_name_and_among_all() -> None:
    kind = kinds.by_type("v1", "ReplicationController")
    assert kind is not None
    assert (kind.short_names, kind.categories, kind.subresources) == (("rc",), ("all",), ("status", "scale"))
