"""The whole control plane under one roof: it converges whatever users do, for every seed alike."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from petset.api.errors import Conflict, NotFound
from petset.api.models import apps_v1, core_v1, meta_v1
from petset.api.objects import name_of
from petset.testing.loop import run
from petset.testing.world import World

ACTIONS = st.one_of(
    st.tuples(st.just("scale"), st.integers(0, 5)),
    st.tuples(st.just("edit"), st.sampled_from(["redis:7.0", "redis:7.2", "redis:8.0"])),
    st.tuples(st.just("delete"), st.integers(0, 4)),
    st.tuples(st.just("crash"), st.integers(0, 4)),
    st.tuples(st.just("restart"), st.sampled_from(["controllers", "node-0", "node-1"])),
    st.tuples(st.just("wait"), st.sampled_from([0.0, 0.03, 0.3, 5.0])),
)


def redis(policy: str = "OrderedReady", replicas: int = 3) -> apps_v1.StatefulSet:
    labels = {"app": "redis"}
    container = core_v1.Container(name="redis", image="redis:7.0")
    storage = core_v1.VolumeResourceRequirements(requests={"storage": "1Gi"})
    claim = core_v1.PersistentVolumeClaim(
        metadata=meta_v1.ObjectMeta(name="data"),
        spec=core_v1.PersistentVolumeClaimSpec(accessModes=["ReadWriteOnce"], resources=storage),
    )
    return apps_v1.StatefulSet(
        metadata=meta_v1.ObjectMeta(name="redis", namespace="default"),
        spec=apps_v1.StatefulSetSpec(
            selector=meta_v1.LabelSelector(matchLabels=labels),
            template=core_v1.PodTemplateSpec(
                metadata=meta_v1.ObjectMeta(labels=labels), spec=core_v1.PodSpec(containers=[container])
            ),
            serviceName="redis",
            replicas=replicas,
            podManagementPolicy=policy,
            volumeClaimTemplates=[claim],
        ),
    )


def names(world: World) -> list[str]:
    return [name_of(pod) for pod in world.pods_of("redis")]


async def change(world: World, **spec: object) -> None:
    """A user's edit, tried again where the controller wrote its status in between."""
    while True:
        now = await world.client.get(apps_v1.StatefulSet, "redis", "default")
        try:
            edited = msgspec.structs.replace(now, spec=msgspec.structs.replace(now.spec, **spec))
            await world.client.update(edited)
        except Conflict:
            continue
        return


def with_image(spec: apps_v1.StatefulSetSpec, image: str) -> core_v1.PodTemplateSpec:
    assert spec.template.spec is not None
    containers = [msgspec.structs.replace(spec.template.spec.containers[0], image=image)]
    pod_spec = msgspec.structs.replace(spec.template.spec, containers=containers)
    return msgspec.structs.replace(spec.template, spec=pod_spec)


async def happen(world: World, action: tuple[str, object]) -> None:
    match action:
        case ("scale", replicas):
            await change(world, replicas=replicas)
        case ("edit", str(image)):
            await change(world, template=with_image(redis().spec, image))
        case ("delete", int(ordinal)):
            try:
                await world.client.delete(core_v1.Pod, f"redis-{ordinal}", "default")
            except NotFound:
                return
        case ("crash", int(ordinal)):
            try:
                world.runtime.exit(f"redis-{ordinal}", "redis", 1)
            except LookupError:
                return
        case ("restart", "controllers"):
            await world.restart_controllers()
        case ("restart", str(node)):
            await world.restart_agent(node)
        case ("wait", float(seconds)):
            await world.run_for(seconds)


@pytest.mark.parametrize("seed", range(3))
def test_three_replicas_come_up_in_order_and_go_in_reverse(seed: int) -> None:
    async def story() -> None:
        async with World(seed) as world:
            await world.client.create(redis())
            await world.run_until(lambda: world.is_settled("redis"), seconds=30)
            assert world.witness.created == ["redis-0", "redis-1", "redis-2"]
            await change(world, replicas=0)
            await world.run_until(lambda: world.is_settled("redis"), seconds=30)
            assert world.witness.deleted == ["redis-2", "redis-1", "redis-0"]
            assert len(world.every(core_v1.PersistentVolumeClaim)) == 3

    run(story(), seed=seed)


def test_a_deleted_set_takes_its_pods_with_it_and_leaves_its_claims() -> None:
    async def story() -> None:
        async with World(1) as world:
            await world.client.create(redis())
            await world.run_until(lambda: world.is_settled("redis"), seconds=30)
            await world.client.delete(apps_v1.StatefulSet, "redis", "default")
            await world.run_until(lambda: not world.every(core_v1.Pod), seconds=60)
            await world.run_until(lambda: not world.every(apps_v1.ControllerRevision), seconds=60)
            assert len(world.every(core_v1.PersistentVolumeClaim)) == 3

    run(story(), seed=1)


def test_a_world_that_does_not_get_there_says_why() -> None:
    async def story() -> None:
        async with World(2) as world:
            world.runtime.refuse_image("redis:broken", "ErrImagePull", "no such image")
            await world.client.create(redis())
            await world.run_until(lambda: world.is_settled("redis"), seconds=30)
            await change(world, template=with_image(redis().spec, "redis:broken"))
            with pytest.raises(AssertionError, match=r"redis-1 waits: redis-2 is not Ready .container redis: "):
                await world.run_until(lambda: world.is_settled("redis"), seconds=60)

    run(story(), seed=2)


@given(
    seed=st.integers(0, 2**16),
    policy=st.sampled_from(["OrderedReady", "Parallel"]),
    lag_seconds=st.sampled_from([0.0, 0.1, 2.0]),
    actions=st.lists(ACTIONS, max_size=8),
)
@settings(max_examples=25)
def test_whatever_users_do_no_promise_is_broken_and_the_set_settles(
    seed: int, policy: str, lag_seconds: float, actions: list[tuple[str, object]]
) -> None:
    async def story() -> None:
        async with World(seed, nodes=2, lag_seconds=lag_seconds) as world:
            await world.client.create(redis(policy))
            for action in actions:
                await happen(world, action)
            await world.run_until(lambda: world.is_settled("redis"), seconds=300)
            wanted = world.get(apps_v1.StatefulSet, "redis")
            assert wanted is not None
            assert names(world) == [f"redis-{n}" for n in range(wanted.spec.replicas or 0)]

    run(story(), seed=seed)


@given(
    seed=st.integers(0, 2**16),
    lag_seconds=st.sampled_from([0.0, 0.1, 2.0]),
    actions=st.lists(ACTIONS.filter(lambda action: action[0] not in ("delete", "crash")), max_size=8),
)
@settings(max_examples=20)
def test_while_nobody_takes_pods_away_none_is_created_before_its_turn(
    seed: int, lag_seconds: float, actions: list[tuple[str, object]]
) -> None:
    async def story() -> None:
        async with World(seed, nodes=2, lag_seconds=lag_seconds) as world:
            await world.client.create(redis())
            for action in actions:
                await happen(world, action)
            await world.run_until(lambda: world.is_settled("redis"), seconds=300)
            assert not world.witness.hasty

    run(story(), seed=seed)


def test_a_seed_replays_to_the_last_write() -> None:
    async def story() -> list[str]:
        async with World(9, nodes=3) as world:
            await world.client.create(redis("Parallel"))
            await world.run_until(lambda: world.is_settled("redis"), seconds=30)
            await change(world, template=with_image(redis().spec, "redis:8.0"), replicas=4)
            await world.run_until(lambda: world.is_settled("redis"), seconds=60)
            pods = world.every(core_v1.Pod)
            return [f"{pod.metadata and pod.metadata.uid} on {pod.spec and pod.spec.nodeName}" for pod in pods]

    assert run(story(), seed=9) == run(story(), seed=9)
