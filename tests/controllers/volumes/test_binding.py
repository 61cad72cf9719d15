"""Claims and volumes in a whole control plane: bound, provisioned, protected, taken back."""

from controllers.cluster import claim, cluster, node, pod

from petset.api.models import core_v1, meta_v1
from petset.testing.loop import run


def phase(obj: object) -> str:
    return obj.status.phase if obj and obj.status else ""


def test_a_claim_of_the_default_class_gets_a_directory_and_a_volume_of_its_own() -> None:
    async def story() -> None:
        async with cluster() as c:
            await c.create(claim("data-web-0"))
            await c.settle()
            bound = await c.get(core_v1.PersistentVolumeClaim, "data-web-0", "default")
            uid = bound.metadata.uid
            assert phase(bound) == "Bound"
            assert bound.spec.volumeName == f"pvc-{uid}"
            assert bound.spec.storageClassName == "standard"
            assert bound.status.capacity == {"storage": "1Gi"}
            assert bound.metadata.annotations == {
                "pv.kubernetes.io/bind-completed": "yes",
                "pv.kubernetes.io/bound-by-controller": "yes",
                "volume.kubernetes.io/storage-provisioner": "petset.dev/directory",
                "volume.beta.kubernetes.io/storage-provisioner": "petset.dev/directory",
            }
            volume = await c.get(core_v1.PersistentVolume, f"pvc-{uid}")
            assert phase(volume) == "Bound"
            assert volume.spec.claimRef.uid == uid
            assert volume.spec.hostPath.path == f"/volumes/default_data-web-0_{uid[:8]}"
            assert volume.spec.persistentVolumeReclaimPolicy == "Delete"
            assert c.directories.modes == {volume.spec.hostPath.path: 0o777}
            assert ("ProvisioningSucceeded", f"Successfully provisioned volume pvc-{uid}") in await c.events()

    run(story())


def test_binding_a_claim_takes_four_writes() -> None:
    async def story() -> None:
        async with cluster() as c:
            before = c.plane.store.revision
            await c.create(claim("data"))
            await c.settle()
            kinds = len(await c.all(core_v1.Event))
            assert c.plane.store.revision - before - 1 - kinds == 4

    run(story())


def test_a_deleted_claim_waits_for_its_pod_and_then_takes_its_directory_with_it() -> None:
    async def story() -> None:
        async with cluster() as c:
            await c.plane.client.create(node("node-1"))
            await c.create(claim("data"))
            await c.create(pod("web-0", "data"))
            await c.settle()
            assert (await c.get(core_v1.Pod, "web-0", "default")).spec.nodeName == "node-1"
            await c.plane.client.delete(core_v1.PersistentVolumeClaim, "data", "default")
            await c.settle()
            assert await c.get(core_v1.PersistentVolumeClaim, "data", "default") is not None
            now = meta_v1.DeleteOptions(gracePeriodSeconds=0)
            await c.plane.client.delete(core_v1.Pod, "web-0", "default", now)
            await c.settle()
            assert await c.get(core_v1.PersistentVolumeClaim, "data", "default") is None
            assert await c.all(core_v1.PersistentVolume) == []
            assert c.directories.modes == {}

    run(story())


def test_a_claim_stays_for_a_pod_that_its_controller_has_not_heard_of() -> None:
    """Seed 155994: the claim was let go a moment after its pod had come."""

    async def story() -> None:
        async with cluster(lag=lambda kind: 1.0 if kind is core_v1.Pod else 0.0) as c:
            await c.create(claim("data"))
            await c.settle()
            await c.create(pod("web-0", "data", nodeName="node-1"))
            await c.plane.client.delete(core_v1.PersistentVolumeClaim, "data", "default")
            await c.settle(5)
            assert await c.get(core_v1.PersistentVolumeClaim, "data", "default") is not None

    run(story())


def test_three_pods_with_claims_are_scheduled_within_no_time() -> None:
    async def story() -> None:
        async with cluster() as c:
            await c.create(node("node-1"))
            for ordinal in range(3):
                await c.create(claim(f"data-web-{ordinal}"))
                await c.create(pod(f"web-{ordinal}", f"data-web-{ordinal}"))
            await c.settle(0.001)
            assert [p.spec.nodeName for p in await c.all(core_v1.Pod)] == ["node-1"] * 3
            assert "FailedScheduling" not in [reason for reason, _ in await c.events()]

    for seed in range(20):
        run(story(), seed=seed)
