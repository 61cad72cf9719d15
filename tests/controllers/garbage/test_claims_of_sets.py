"""The claims of a StatefulSet go or stay as its retention policy says, down to the directories (rule 31)."""

import pytest
from msgspec.structs import replace

from petset.api.models import apps_v1, core_v1, meta_v1
from petset.testing.loop import run
from petset.testing.world import World

Claim = core_v1.PersistentVolumeClaim


def stateful_set(when_deleted: str, when_scaled: str) -> apps_v1.StatefulSet:
    labels = {"app": "redis"}
    mount = core_v1.VolumeMount(name="data", mountPath="/data")
    container = core_v1.Container(name="redis", image="redis:7.0", volumeMounts=[mount])
    resources = core_v1.VolumeResourceRequirements(requests={"storage": "1Gi"})
    return apps_v1.StatefulSet(
        apiVersion="apps/v1",
        kind="StatefulSet",
        metadata=meta_v1.ObjectMeta(name="redis", namespace="default"),
        spec=apps_v1.StatefulSetSpec(
            serviceName="redis",
            replicas=3,
            selector=meta_v1.LabelSelector(matchLabels=labels),
            persistentVolumeClaimRetentionPolicy=apps_v1.StatefulSetPersistentVolumeClaimRetentionPolicy(
                whenDeleted=when_deleted, whenScaled=when_scaled
            ),
            template=core_v1.PodTemplateSpec(
                metadata=meta_v1.ObjectMeta(labels=labels), spec=core_v1.PodSpec(containers=[container])
            ),
            volumeClaimTemplates=[
                core_v1.PersistentVolumeClaim(
                    metadata=meta_v1.ObjectMeta(name="data"),
                    spec=core_v1.PersistentVolumeClaimSpec(accessModes=["ReadWriteOnce"], resources=resources),
                )
            ],
        ),
    )


def claims(world: World) -> list[str]:
    return sorted(c.metadata.name for c in world.every(core_v1.PersistentVolumeClaim))


@pytest.mark.parametrize("policy", ["Background", "Foreground"])
@pytest.mark.parametrize(("when_deleted", "left"), [("Delete", 0), ("Retain", 3)])
def test_a_set_that_is_deleted_takes_its_claims_with_it_where_the_policy_says_so(
    policy: str, when_deleted: str, left: int
) -> None:
    async def story() -> None:
        async with World(3) as world:
            await world.client.create(stateful_set(when_deleted, "Retain"))
            await world.run_until(lambda: world.is_settled("redis"), seconds=30)
            options = meta_v1.DeleteOptions(propagationPolicy=policy)
            await world.client.delete(apps_v1.StatefulSet, "redis", "default", options)
            await world.run_until(lambda: not world.every(core_v1.Pod), seconds=60)
            await world.run_for(5)
            assert world.get(apps_v1.StatefulSet, "redis") is None
            assert world.every(apps_v1.ControllerRevision) == []
            assert len(claims(world)) == len(world.directories.modes) == left
            assert len(world.every(core_v1.PersistentVolume, "")) == left

    run(story(), seed=3)


def test_claims_of_removed_replicas_go_where_the_policy_says_so() -> None:
    async def story() -> None:
        async with World(4) as world:
            await world.client.create(stateful_set("Retain", "Delete"))
            await world.run_until(lambda: world.is_settled("redis"), seconds=30)
            found = world.get(apps_v1.StatefulSet, "redis")
            await world.client.update(replace(found, spec=replace(found.spec, replicas=1)))
            await world.run_until(lambda: claims(world) == ["data-redis-0"], seconds=60)
            await world.run_for(5)
            assert len(world.directories.modes) == 1

    run(story(), seed=4)


def test_a_set_that_is_scaled_down_and_deleted_in_the_foreground_does_not_wait_for_its_own_claims() -> None:
    """The pods own their claims then, and wait for them; a claim must not wait for a pod that is shut down."""

    async def story(seed: int) -> None:
        async with World(seed) as world:
            await world.client.create(stateful_set("Retain", "Delete"))
            await world.run_until(lambda: world.is_settled("redis"), seconds=30)
            found = world.get(apps_v1.StatefulSet, "redis")
            world.runtime.stop_seconds = 5
            spec = replace(found.spec, replicas=0)
            await world.client.update(replace(found, spec=spec))
            await world.run_until(lambda: any(map(owned_by_a_pod, world.every(Claim))), seconds=30)
            options = meta_v1.DeleteOptions(propagationPolicy="Foreground")
            await world.client.delete(apps_v1.StatefulSet, "redis", "default", options)
            await world.run_until(lambda: world.get(apps_v1.StatefulSet, "redis") is None, seconds=120)

    for seed in range(5):
        run(story(seed), seed=seed)


def owned_by_a_pod(claim: core_v1.PersistentVolumeClaim) -> bool:
    return any(owner.kind == "Pod" for owner in claim.metadata.ownerReferences or ())
