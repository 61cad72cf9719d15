"""Rule 75: the eight stories by which a StatefulSet is conformant, told on the simulated control plane."""

import pytest
from conformance.scenario import CLAIM, NAME, NEW, OLD, Scenario, play

from petset.api import kinds
from petset.api.models import apps_v1, autoscaling_v1, core_v1, meta_v1
from petset.api.objects import meta, name_of
from petset.registry.port import ListOptions, Patch, WriteOptions

SETS = kinds.by_model(apps_v1.StatefulSet)


def replaced(it: Scenario) -> list[str]:
    """The pods that went, in their order, since the last time somebody asked."""
    gone = list(it.world.witness.deleted)
    it.world.witness.deleted.clear()
    return gone


def test_a_rolling_update_goes_from_the_highest_and_can_be_rolled_back() -> None:
    async def story(it: Scenario) -> None:
        await it.create()
        await it.settled()
        first = it.status.currentRevision
        it.unready("web-1")
        await it.until(lambda: it.ready_pods() == 2)
        await it.use(NEW)
        await it.quiet()
        assert it.images() == [OLD] * 3  # nobody is replaced while one of them is not Ready
        it.ready("web-1")
        await it.settled()
        assert (it.images(), replaced(it)) == ([NEW] * 3, ["web-2", "web-1", "web-0"])
        second = it.status.currentRevision
        assert second == it.status.updateRevision != first
        await it.use(OLD)
        await it.until(lambda: it.status.updateRevision == first)
        await it.settled()
        assert (it.images(), replaced(it)) == ([OLD] * 3, ["web-2", "web-1", "web-0"])
        assert it.revisions() == {first: 3, second: 2}

    play(story)


def test_a_canary_and_phases_follow_the_partition() -> None:
    async def story(it: Scenario) -> None:
        await it.create(updateStrategy={"rollingUpdate": {"partition": 3}})
        await it.settled()
        old = it.status.currentRevision
        await it.use(NEW)
        await it.quiet()
        assert it.images() == [OLD] * 3
        assert it.status.currentRevision == old != it.status.updateRevision
        await it.change(updateStrategy={"rollingUpdate": {"partition": 2}})
        await it.until(lambda: it.images() == [OLD, OLD, NEW] and it.ready_pods() == 3)
        assert (it.status.currentReplicas, it.status.updatedReplicas) == (2, 1)
        await it.delete_pod("web-0", "web-2")  # each comes back as its side of the partition says
        await it.quiet()
        await it.until(lambda: it.ready_pods() == 3)
        assert it.images() == [OLD, OLD, NEW]
        for partition, images in ((1, [OLD, NEW, NEW]), (0, [NEW] * 3)):
            await it.change(updateStrategy={"rollingUpdate": {"partition": partition}})
            await it.until(lambda images=images: it.images() == images and it.ready_pods() == 3)
        await it.settled()
        assert it.status.currentRevision == it.status.updateRevision

    play(story)


def test_scaling_goes_in_order_and_halts_while_a_pod_is_unhealthy() -> None:
    async def story(it: Scenario) -> None:
        it.unready("web-0")
        await it.create()
        await it.quiet()
        assert it.pods() == ["web-0"]
        it.unready("web-1")
        it.ready("web-0")
        await it.quiet()
        assert it.pods() == ["web-0", "web-1"]
        it.ready("web-1")
        await it.settled()
        assert it.world.witness.created == ["web-0", "web-1", "web-2"]
        it.unready("web-0", "web-1", "web-2")
        await it.until(lambda: it.ready_pods() == 0)
        await it.change(replicas=0)
        await it.quiet()
        assert it.pods() == ["web-0", "web-1", "web-2"]
        it.ready("web-0", "web-1", "web-2")
        await it.until(lambda: it.pods() == [])
        assert it.world.witness.deleted == ["web-2", "web-1", "web-0"]

    play(story)


def test_a_burst_goes_on_although_pods_are_unhealthy() -> None:
    async def story(it: Scenario) -> None:
        names = [f"web-{n}" for n in range(5)]
        it.unready(*names)
        await it.create(podManagementPolicy="Parallel", replicas=3)
        await it.until(lambda: it.pods() == names[:3])
        await it.change(replicas=5)
        await it.until(lambda: it.pods() == names)
        assert it.ready_pods() == 0
        await it.change(replicas=0)
        await it.until(lambda: it.pods() == [])

    play(story)


@pytest.mark.parametrize("phase", ["Failed", "Succeeded"])
def test_a_pod_that_was_evicted_is_made_again(phase: str) -> None:
    """Its node is the test itself, which says that the pod is over."""

    async def story(it: Scenario) -> None:
        await it.create(replicas=1)
        await it.until(lambda: it.pods() == ["web-0"])
        before = it.uid("web-0")
        status = Patch("application/merge-patch+json", {"status": {"phase": phase, "reason": "Evicted"}})
        await it.world.client.patch(core_v1.Pod, "web-0", "default", status, "status")
        await it.until(lambda: it.uid("web-0") not in ("", before))
        again = it.pod("web-0")
        assert again is not None and again.status is not None and again.status.phase == "Pending"

    play(story, nodes=0)


def test_the_scale_sub_resource_scales() -> None:
    async def story(it: Scenario) -> None:
        await it.create(replicas=1)
        await it.settled()
        registry = it.world.plane.registry
        scale = registry.get_scale(SETS, "default", NAME)
        assert (scale.spec, scale.status) == (
            autoscaling_v1.ScaleSpec(replicas=1),
            autoscaling_v1.ScaleStatus(replicas=1, selector="app=web"),
        )
        scale.spec = autoscaling_v1.ScaleSpec(replicas=2)
        await registry.update(SETS, "default", NAME, scale, WriteOptions(), "scale")
        await it.settled()
        assert it.pods() == ["web-0", "web-1"]
        four = Patch("application/merge-patch+json", {"spec": {"replicas": 4}})
        await registry.patch(SETS, "default", NAME, four, WriteOptions(), "scale")
        await it.settled()
        assert len(it.pods()) == 4

    play(story)


def test_sets_are_listed_patched_and_deleted_as_a_collection() -> None:
    async def story(it: Scenario) -> None:
        await it.create(replicas=2)
        await it.settled()
        await it.patch({"metadata": {"labels": {"test": "patched"}}})
        await it.change(replicas=1, template={"spec": {"terminationGracePeriodSeconds": 5}})
        registry, chosen = it.world.plane.registry, ListOptions(labels="test=patched")
        assert [record.key.name for record in registry.list(SETS, "", chosen).records] == [NAME]
        await it.settled()
        await delete_collection(it, chosen)
        await it.until(lambda: it.pods() == [])
        assert not registry.list(SETS, "", ListOptions()).records

    play(story)


async def delete_collection(it: Scenario, chosen: ListOptions) -> None:
    await it.world.plane.registry.delete_collection(SETS, "default", chosen, meta_v1.DeleteOptions())


def test_the_status_is_read_replaced_and_patched_apart() -> None:
    async def story(it: Scenario) -> None:
        await it.create(replicas=1)
        await it.settled()
        condition = {"type": "StatusUpdate", "status": "True", "reason": "E2E", "message": "set by a test"}
        done = await it.patch({"status": {"conditions": [condition]}}, subresource="status")
        assert done.status is not None and done.status.conditions is not None
        assert [c.type for c in done.status.conditions] == ["StatusUpdate"]
        await it.change(replicas=2)
        await it.settled()
        assert [c.type for c in it.status.conditions or ()] == ["StatusUpdate"]  # section M: kept, not erased
        assert it.status.readyReplicas == 2

    play(story)


def test_every_pod_has_its_own_name_host_name_and_claim() -> None:
    """Not one of the eight, but what all of them rest on (rules 15-17, 24)."""

    async def story(it: Scenario) -> None:
        await it.create(volumeClaimTemplates=[CLAIM])
        await it.settled()
        for ordinal, name in enumerate(it.pods()):
            pod = it.pod(name)
            assert pod is not None and pod.spec is not None
            assert (name, pod.spec.hostname, pod.spec.subdomain) == (f"web-{ordinal}", name, "web")
            used = [v.persistentVolumeClaim.claimName for v in pod.spec.volumes or () if v.persistentVolumeClaim]
            assert used == [f"data-{name}"]
            assert (meta(pod).labels or {})["apps.kubernetes.io/pod-index"] == str(ordinal)
        bound = it.world.every(core_v1.PersistentVolumeClaim)
        assert {name_of(c): c.status.phase for c in bound if c.status} == dict.fromkeys(it.claims(), "Bound")

    play(story)
