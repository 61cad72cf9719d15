"""When a world is at rest, and what only its user can do to bring it there."""

import msgspec
import pytest

from petset.api.models import apps_v1, core_v1, meta_v1
from petset.api.objects import meta, name_of, uid_of
from petset.node.registration import RENEW_SECONDS
from petset.testing.edits import with_image, with_options
from petset.testing.ending import calm, clear_up
from petset.testing.loop import run
from petset.testing.manifests import BAD_IMAGE, WAIT_UNTIL_READY
from petset.testing.mishaps import forget_refusals
from petset.testing.unfinished import unfinished
from petset.testing.world import CONTROLLERS, World

STORAGE = core_v1.VolumeResourceRequirements(requests={"storage": "1Gi"})
CLAIM = core_v1.PersistentVolumeClaim(
    metadata=meta_v1.ObjectMeta(name="data"),
    spec=core_v1.PersistentVolumeClaimSpec(accessModes=["ReadWriteOnce"], resources=STORAGE),
)


def web(replicas: int = 1, **spec: object) -> apps_v1.StatefulSet:
    labels = {"app": "web"}
    container = core_v1.Container(name="db", image="db:1", readinessProbe=WAIT_UNTIL_READY)
    return apps_v1.StatefulSet(
        metadata=meta_v1.ObjectMeta(name="web", namespace="default"),
        spec=apps_v1.StatefulSetSpec(
            selector=meta_v1.LabelSelector(matchLabels=labels),
            template=core_v1.PodTemplateSpec(
                metadata=meta_v1.ObjectMeta(labels=labels), spec=core_v1.PodSpec(containers=[container])
            ),
            serviceName="web",
            replicas=replicas,
            **spec,
        ),
    )


async def label(world: World, pod: str, value: str) -> None:
    there = await world.client.get(core_v1.Pod, pod, "default")
    metadata = msgspec.structs.replace(meta(there), labels={**(meta(there).labels or {}), "app": value})
    await world.client.update(msgspec.structs.replace(there, metadata=metadata))


async def delete(world: World, kind: type[object], name: str, how: str = "Background") -> None:
    await world.client.delete(kind, name, "default", meta_v1.DeleteOptions(propagationPolicy=how))


async def rests(world: World) -> None:
    """Clear up until nothing is left to do."""
    while list(unfinished(world)):
        await clear_up(world)
        await world.run_for(1)


def test_pods_that_a_set_adopted_without_its_claims_are_their_users_to_delete() -> None:
    """Seeds 11280 and 50085: the API lets nobody give a pod that is there other volumes (rule 18)."""

    async def story() -> None:
        async with World() as world:
            await world.client.create(web())
            await world.run_until(lambda: world.is_settled("web"), seconds=60)
            await delete(world, apps_v1.StatefulSet, "web", "Orphan")
            await world.run_for(1)
            await world.client.create(web(replicas=2, volumeClaimTemplates=[CLAIM]))
            await world.run_for(300)
            assert [name_of(pod) for pod in world.pods_of("web")] == ["web-0"]
            await rests(world)
            assert [name_of(pod) for pod in world.pods_of("web")] == ["web-0", "web-1"]

    run(story())


def test_a_claim_that_goes_once_a_pod_lets_it_is_no_reason_to_wait() -> None:
    """Seed 11734: a pod that was taken out of its set outlives the set, and its claim waits for it."""

    async def story() -> None:
        async with World() as world:
            policy = apps_v1.StatefulSetPersistentVolumeClaimRetentionPolicy(whenDeleted="Delete")
            policy.whenScaled = "Retain"
            await world.client.create(
                web(volumeClaimTemplates=[CLAIM], persistentVolumeClaimRetentionPolicy=policy)
            )
            await world.run_until(lambda: world.is_settled("web"), seconds=60)
            await label(world, "web-0", "nobody")
            await world.run_for(0.1)
            await delete(world, apps_v1.StatefulSet, "web")
            await world.run_for(60)
            (claim,) = world.every(core_v1.PersistentVolumeClaim)
            assert meta(claim).deletionTimestamp is not None
            assert not list(unfinished(world))
            await delete(world, core_v1.Pod, "web-0")
            await rests(world)
            assert not world.every(core_v1.PersistentVolumeClaim)
            assert not world.every(core_v1.PersistentVolume, "")

    run(story())


def test_a_world_does_not_rest_before_its_nodes_were_heard_of_again() -> None:
    """Seed 11774: a full disk had kept the lease from being renewed, and the node was given up a little later."""

    async def story() -> None:
        async with World() as world:
            await world.run_for(1)
            world.plane.store.fail_writes("no space left on device")
            await world.run_for(2 * RENEW_SECONDS)
            calm(world)
            assert list(unfinished(world)) == ["node-0 has not been heard of for more than 11 s"]
            await world.run_for(RENEW_SECONDS)
            assert not list(unfinished(world))

    run(story())


@pytest.mark.parametrize(("options", "left"), [(None, 2), ({"petset.dev/remove-broken": "true"}, 0)])
def test_two_failed_pods_beyond_the_wanted_ordinals_are_their_users_to_delete_if_not_their_sets(
    options: dict[str, str] | None, left: int
) -> None:
    """Seed 120217: OrderedReady takes an unhealthy one only once all others are well (rule 49), or is asked to."""

    async def story() -> None:
        async with World() as world:
            await world.client.create(web(replicas=2))
            await world.run_until(lambda: world.is_settled("web"), seconds=60)
            await delete(world, apps_v1.StatefulSet, "web", "Orphan")
            await world.run_for(1)
            await world.stop("node-0")
            for pod in world.every(core_v1.Pod):
                world.runtime.lose_pod(meta(pod).uid)
                failed = msgspec.structs.replace(pod.status, phase="Failed")
                await world.client.update(msgspec.structs.replace(pod, status=failed), "status")
            await world.client.create(with_options(web(replicas=0), options))
            calm(world)
            if left == 0:
                await clear_up(world)  # the user leaves them to the set
                assert len(world.every(core_v1.Pod)) == 2
            await world.run_for(300)
            assert len(world.pods_of("web")) == left
            await rests(world)
            assert not world.every(core_v1.Pod)

    run(story())


def test_a_broken_pod_of_a_former_template_is_left_to_a_set_that_replaces_it() -> None:
    """Rule 52 and its option: the user mends the template, and waits."""

    async def story() -> None:
        async with World() as world:
            forget_refusals(world)
            options = {"petset.dev/replace-broken-after": "3m"}
            bad = with_options(web(), options)
            bad.spec.template = with_image(bad, BAD_IMAGE)
            await world.client.create(bad)
            await world.run_until(lambda: bool(world.pods_of("web")), seconds=60)
            (broken,) = world.pods_of("web")
            calm(world)
            await rests(world)
            (pod,) = world.pods_of("web")
            assert uid_of(pod) != uid_of(broken)
            assert uid_of(broken) not in world.witness.scene.asked

    run(story())


def test_a_world_rests_beside_a_stray_that_its_set_leaves() -> None:
    """Rule 62 and its option."""

    async def story() -> None:
        async with World() as world:
            await world.client.create(with_options(web(), {"petset.dev/leave-strays": "true"}))
            await world.run_until(lambda: world.is_settled("web"), seconds=60)
            stray = core_v1.Pod(
                metadata=meta_v1.ObjectMeta(name="web-7", namespace="default", labels={"app": "web"})
            )
            stray.spec = web().spec.template.spec
            await world.client.create(stray)
            await rests(world)
            assert [name_of(pod) for pod in world.every(core_v1.Pod)] == ["web-0", "web-7"]

    run(story())


def test_a_pod_of_nobody_that_has_lost_its_claim_is_its_users_to_delete() -> None:
    """Seed 100123: no set makes it anew, and without the claim it never starts."""

    async def story() -> None:
        async with World() as world:
            await world.run_for(1)
            node = await world.client.get(core_v1.Node, "node-0")
            await world.client.update(msgspec.structs.replace(node, spec=core_v1.NodeSpec(unschedulable=True)))
            await world.run_for(1)
            await world.client.create(web(volumeClaimTemplates=[CLAIM]))
            await world.run_for(1)
            await delete(world, apps_v1.StatefulSet, "web", "Orphan")
            await delete(world, core_v1.PersistentVolumeClaim, "data-web-0")
            await world.run_for(1)
            calm(world)
            await rests(world)
            assert not world.every(core_v1.Pod)

    run(story())


def test_a_set_that_waits_for_a_claim_that_a_pod_of_nobody_uses_waits_for_its_user() -> None:
    """Seed 126454: deleted in the foreground, it goes after its claims."""

    async def story() -> None:
        async with World() as world:
            policy = apps_v1.StatefulSetPersistentVolumeClaimRetentionPolicy(whenDeleted="Delete")
            await world.client.create(
                web(volumeClaimTemplates=[CLAIM], persistentVolumeClaimRetentionPolicy=policy)
            )
            await world.run_until(lambda: world.is_settled("web"), seconds=60)
            await label(world, "web-0", "nobody")
            await world.run_until(lambda: not world.pods_of("web"), seconds=5)
            await delete(world, apps_v1.StatefulSet, "web", "Foreground")
            await world.run_for(300)
            assert world.get(apps_v1.StatefulSet, "web") is not None
            await rests(world)
            assert world.get(apps_v1.StatefulSet, "web") is None

    run(story())


def test_nobody_blames_controllers_that_do_not_run_for_their_silence() -> None:
    """Seed 109152: they had died, and were back in the very moment in which the silence was long enough."""

    async def story() -> None:
        async with World() as world:
            await world.run_for(60)
            assert world.has_run(30)
            await world.stop(CONTROLLERS)
            await world.run_for(60)
            assert not world.has_run(30)
            world.start(CONTROLLERS)
            assert not world.has_run(30)
            await world.run_for(31)
            assert world.has_run(30)

    run(story())


def test_a_world_does_not_rest_while_its_controllers_are_away() -> None:
    """Seed 158749: everything was where it should be but the status, which they wrote when they were back."""

    async def story() -> None:
        async with World() as world:
            await world.run_for(10)
            assert not list(unfinished(world))
            await world.stop(CONTROLLERS)
            assert len(list(unfinished(world))) == 1
            world.start(CONTROLLERS)
            assert len(list(unfinished(world))) == 1
            await world.run_for(10)
            assert not list(unfinished(world))

    run(story())


def test_a_world_does_not_rest_while_a_claim_waits_for_its_volume() -> None:
    """Seed 161707: the claim of a pod that was no longer wanted got its volume when that was tried again."""

    async def story() -> None:
        async with World() as world:
            await world.run_for(10)
            await world.client.create(
                msgspec.structs.replace(CLAIM, metadata=meta_v1.ObjectMeta(name="data", namespace="default"))
            )
            assert list(unfinished(world)) == ["claim data is Pending"]
            await world.run_for(10)
            assert not list(unfinished(world))

    run(story())


def test_a_world_does_not_rest_while_a_set_has_a_pod_to_adopt() -> None:
    """Seed 177455: a full disk had refused the adoption, and the next try was minutes away."""

    async def story() -> None:
        async with World() as world:
            await world.client.create(web())
            await world.run_until(lambda: world.is_settled("web"), seconds=60)
            stray = msgspec.structs.replace(
                meta(world.pods_of("web")[0]), name="web-7", ownerReferences=None, uid="", resourceVersion=""
            )
            await world.client.create(core_v1.Pod(metadata=stray, spec=web().spec.template.spec))
            assert "web-7 has yet to be adopted or let go" in list(unfinished(world))
            await rests(world)
            assert [name_of(pod) for pod in world.every(core_v1.Pod)] == ["web-0"]

    run(story())


def test_a_pending_pod_that_has_lost_the_claim_of_a_former_set_is_its_users_to_delete() -> None:
    """Seed 901054: the set that adopted it has no template for the claim, and so makes no other."""

    async def story() -> None:
        async with World() as world:
            await world.run_for(1)
            node = await world.client.get(core_v1.Node, "node-0")
            await world.client.update(msgspec.structs.replace(node, spec=core_v1.NodeSpec(unschedulable=True)))
            await world.client.create(web(volumeClaimTemplates=[CLAIM]))
            await world.run_for(1)
            await delete(world, apps_v1.StatefulSet, "web", "Orphan")
            await world.run_for(1)
            await world.client.create(web())
            await delete(world, core_v1.PersistentVolumeClaim, "data-web-0")
            await world.run_for(1)
            calm(world)
            await rests(world)
            assert world.is_settled("web")

    run(story())
