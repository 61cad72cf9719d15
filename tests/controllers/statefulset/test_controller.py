"""The whole controller against the real verbs: what wakes it, what it writes, what it tells."""

import msgspec
import pytest
from controllers.statefulset.live import Live, live
from controllers.statefulset.tiny import claim_template, retain, template

from petset.api.errors import Expired
from petset.api.models import apps_v1, core_v1, meta_v1
from petset.api.objects import meta, name_of, owner_reference, uid_of
from petset.testing.loop import run


def test_pods_come_up_one_by_one_and_the_status_follows() -> None:
    async def story() -> None:
        async with live() as it:
            await it.start(replicas=2)
            assert await it.pods() == ["web-0"]
            assert [str(w).split(".")[0] for w in it.controller.waiting("default", "web")] == [
                "web-1 waits: web-0 is not Ready (phase Pending)"
            ]
            await it.ready("web-0")
            assert await it.pods() == ["web-0", "web-1"]
            await it.ready("web-1")
            status = (await it.the_set()).status
            assert status is not None
            assert (status.replicas, status.readyReplicas, status.updatedReplicas) == (2, 2, 2)
            assert (status.observedGeneration, status.currentRevision) == (1, status.updateRevision)
            assert it.controller.waiting("default", "web") == ()

    run(story())


def test_a_deleted_pod_comes_back_with_its_claim() -> None:
    async def story() -> None:
        async with live() as it:
            await it.start(replicas=1, volumeClaimTemplates=[claim()])
            await it.ready_all()
            before = [meta(claim).uid for claim in await it.all(core_v1.PersistentVolumeClaim)]
            await it.remove("web-0")
            assert await it.pods() == ["web-0"]
            assert [meta(claim).uid for claim in await it.all(core_v1.PersistentVolumeClaim)] == before

    run(story())


def claim() -> core_v1.PersistentVolumeClaim:
    """A claim template that passes validation."""
    made = claim_template()
    assert made.spec is not None
    made.spec.resources = core_v1.VolumeResourceRequirements(requests={"storage": "1Gi"})
    return made


def test_a_pod_that_waits_for_a_former_pods_claim_to_go_comes_when_it_is_gone() -> None:
    """Claims wake no set (rule 30), and here no other event follows: without this one it would wait for ever."""

    async def story() -> None:
        async with live() as it:
            await it.start(
                replicas=1,
                volumeClaimTemplates=[claim()],
                persistentVolumeClaimRetentionPolicy=retain("Retain", "Retain"),
            )
            await it.ready_all()
            await it.change(persistentVolumeClaimRetentionPolicy=retain("Retain", "Delete"))
            pod = await it.plane.client.get(core_v1.Pod, "web-0", "default")
            held = await it.plane.client.get(core_v1.PersistentVolumeClaim, "data-web-0", "default")
            owner = owner_reference(pod)
            await it.plane.client.update(
                msgspec.structs.replace(held, metadata=msgspec.structs.replace(meta(held), ownerReferences=[owner]))
            )
            await it.remove("web-0")
            assert await it.pods() == []
            assert [w.rule for w in it.controller.waiting("default", "web")] == [33]
            await it.settle(5000)
            assert await it.pods() == []
            held = await it.plane.client.get(core_v1.PersistentVolumeClaim, "data-web-0", "default")
            without = msgspec.structs.replace(meta(held), finalizers=None)
            await it.plane.client.update(msgspec.structs.replace(held, metadata=without))
            await it.plane.client.delete(core_v1.PersistentVolumeClaim, "data-web-0", "default")
            await it.settle()
            assert await it.pods() == ["web-0"]

    run(story())


def test_scaling_and_updating_end_where_the_spec_says() -> None:
    async def story() -> None:
        async with live() as it:
            await it.start(replicas=3, podManagementPolicy="Parallel")
            await it.ready_all()
            await it.change(replicas=2, template=template("new"))
            for _ in range(4):
                await it.ready_all()
                await it.settle()
            pods = await it.all(core_v1.Pod)
            assert [(name_of(p), p.spec.containers[0].image) for p in pods if p.spec] == [
                ("web-0", "new"), ("web-1", "new"),
            ]  # fmt: skip
            status = (await it.the_set()).status
            assert status is not None and status.currentRevision == status.updateRevision
            assert len(await it.all(apps_v1.ControllerRevision)) == 2

    run(story())


def test_events_have_kubernetes_own_words() -> None:
    async def story() -> None:
        async with live() as it:
            await it.start(replicas=1, volumeClaimTemplates=[claim()])
            await it.ready_all()
            await it.change(replicas=0)
            assert await it.events() == [
                "Normal SuccessfulCreate Create Claim data-web-0 Pod web-0 in StatefulSet web success",
                "Normal SuccessfulCreate Create Pod web-0 in StatefulSet web successful",
                "Normal SuccessfulDelete Delete Pod web-0 in StatefulSet web successful",
            ]

    run(story())


def test_a_claim_on_its_way_out_keeps_the_pod_from_being_created_and_the_user_is_told() -> None:
    async def story() -> None:
        async with live() as it:
            held = claim()
            held.metadata = meta_v1.ObjectMeta(name="data-web-0", namespace="default", finalizers=["test/hold"])
            await it.plane.client.create(held)
            await it.plane.client.delete(core_v1.PersistentVolumeClaim, "data-web-0", "default")
            await it.start(replicas=1, volumeClaimTemplates=[claim()])
            assert await it.pods() == []
            refused = "Create Pod web-0 in StatefulSet web failed error: pvc data-web-0 is being deleted"
            assert f"Warning FailedCreate {refused}" in await it.events()
            assert [w.rule for w in it.controller.waiting("default", "web")] == [27]

    run(story())


def test_a_name_taken_by_a_foreign_pod_is_waited_out_and_told_once() -> None:
    async def story() -> None:
        async with live() as it:
            await it.start(replicas=1)
            await it.ready_all()
            await it.label("web-0", {"app": "other"})
            assert [w.rule for w in it.controller.waiting("default", "web")] == [61]
            await it.settle(30)
            (told,) = [event for event in await it.events() if event.startswith("Warning")]
            assert told.startswith(
                "Warning Blocked web-0 waits: a pod of that name exists and does not belong to the"
            )
            await it.label("web-0", {"app": "web"})
            await it.settle(30)
            (pod,) = await it.all(core_v1.Pod)
            assert [ref.name for ref in meta(pod).ownerReferences or ()] == ["web"]
            assert it.controller.waiting("default", "web") == ()

    run(story())


@pytest.mark.parametrize("policy", ["OrderedReady", "Parallel"])
def test_a_claim_that_goes_under_a_pending_pod_is_made_anew_though_nothing_happens_to_the_pod(policy: str) -> None:
    """Rule 28, and seed 901054: the set had looked last while the claim was on its way out."""

    async def story() -> None:
        async with live() as it:
            await it.start(replicas=2, podManagementPolicy=policy, volumeClaimTemplates=[claim()])
            await it.settle()
            (before,) = [c for c in await it.all(core_v1.PersistentVolumeClaim) if name_of(c) == "data-web-0"]
            await it.plane.client.delete(core_v1.PersistentVolumeClaim, "data-web-0", "default")
            going = await it.plane.client.get(core_v1.PersistentVolumeClaim, "data-web-0", "default")
            await it.label("web-0", {"example.com/looked-at": "yes"})
            assert "data-web-0" in [wait.blocker for wait in it.controller.waiting("default", "web")]
            await it.plane.client.update(
                msgspec.structs.replace(going, metadata=msgspec.structs.replace(meta(going), finalizers=None))
            )
            await it.settle(5)
            after = await it.plane.client.get(core_v1.PersistentVolumeClaim, "data-web-0", "default")
            assert uid_of(after) != uid_of(before)

    run(story())


def test_an_adopted_pod_that_has_not_the_sets_claims_is_told_of_as_one_to_delete() -> None:
    """Rule 18: it is due the claims of its new set, and the API lets nobody give a pod other volumes."""

    async def story() -> None:
        async with live() as it:
            left = meta_v1.ObjectMeta(name="web-0", namespace="default", labels={"app": "web"})
            await it.plane.client.create(core_v1.Pod(metadata=left, spec=template().spec))
            await it.ready("web-0")
            await it.start(replicas=2, volumeClaimTemplates=[claim()])
            assert await it.pods() == ["web-0"]
            (wait,) = it.controller.waiting("default", "web")
            assert (wait.subject, wait.rule) == ("web-0", 18)
            assert "Forbidden" in wait.because and "kubectl delete pod web-0" in wait.remedy
            refused = [event for event in await it.events() if event.startswith("Warning FailedUpdate")]
            assert refused[0].startswith("Warning FailedUpdate Update Pod web-0 in StatefulSet web failed error: ")
            await it.remove("web-0")
            await it.ready_all()
            assert await it.pods() == ["web-0", "web-1"]
            assert it.controller.waiting("default", "web") == ()

    run(story())


def test_a_step_that_failed_for_a_conflict_and_will_be_tried_again_is_told_of() -> None:
    """The next try may be minutes away: after many failures in a row, say."""

    async def story() -> None:
        late = 30.0
        async with live(lag=lambda kind: late if kind is core_v1.PersistentVolumeClaim else 0.0) as it:
            await it.start(replicas=1, volumeClaimTemplates=[claim()])
            await it.settle(2 * late)
            await it.ready_all()
            await it.settle(2 * late)
            held = await it.plane.client.get(core_v1.PersistentVolumeClaim, "data-web-0", "default")
            touched = msgspec.structs.replace(meta(held), annotations={"example.com/by": "somebody"})
            await it.plane.client.update(msgspec.structs.replace(held, metadata=touched))
            await it.change(persistentVolumeClaimRetentionPolicy=retain("Delete", "Retain"))
            (wait,) = it.controller.waiting("default", "web")
            assert (wait.rule, "the object has been modified" in wait.because) == (45, True)
            await it.settle(2 * late)
            assert it.controller.waiting("default", "web") == ()

    run(story())


@pytest.mark.parametrize("phase", ["Pending", "Running"])
def test_a_set_that_only_had_claims_to_change_says_whom_it_waits_for(phase: str) -> None:
    """Claims wake nobody (rule 30): after the last change to one there is no later look that could say so.

    For a pod that runs it is announced as an update of the pod, which changes nothing of it (seed 182228).
    """

    async def story() -> None:
        async with live() as it:
            await it.start(replicas=1, podManagementPolicy="Parallel", volumeClaimTemplates=[claim()])
            await it.phase("web-0", phase)
            await it.settle()
            await it.change(persistentVolumeClaimRetentionPolicy=retain("Delete", "Retain"))
            held = await it.plane.client.get(core_v1.PersistentVolumeClaim, "data-web-0", "default")
            without = msgspec.structs.replace(meta(held), ownerReferences=None)
            await it.plane.client.update(msgspec.structs.replace(held, metadata=without))
            await it.label("web-0", {"example.com/woken": "yes"})
            held = await it.plane.client.get(core_v1.PersistentVolumeClaim, "data-web-0", "default")
            assert [owner.name for owner in meta(held).ownerReferences or ()] == ["web"]
            assert [w.blocker for w in it.controller.waiting("default", "web")] == ["web-0"]

    run(story())


def test_a_new_set_of_the_same_name_takes_over_what_the_old_one_left() -> None:
    async def story() -> None:
        async with live() as it:
            await it.start(replicas=2)
            await it.ready_all()
            names = {name_of(r) for r in await it.all(apps_v1.ControllerRevision)}
            orphan = meta_v1.DeleteOptions(propagationPolicy="Orphan")
            await it.plane.client.delete(apps_v1.StatefulSet, "web", "default", orphan)
            await orphan_all(it)
            before = {meta(pod).uid for pod in await it.all(core_v1.Pod)}
            fresh = await it.start(replicas=2)
            await it.settle()
            pods = await it.all(core_v1.Pod)
            assert {meta(pod).uid for pod in pods} == before
            assert {ref.uid for pod in pods for ref in meta(pod).ownerReferences or ()} == {meta(fresh).uid}
            assert {name_of(r) for r in await it.all(apps_v1.ControllerRevision)} == names

    run(story())


async def orphan_all(it: Live) -> None:
    """What the garbage collector does for a deletion that orphans."""
    for kind in (core_v1.Pod, apps_v1.ControllerRevision):
        for obj in await it.all(kind):
            metadata = msgspec.structs.replace(meta(obj), ownerReferences=None)
            await it.plane.client.update(msgspec.structs.replace(obj, metadata=metadata))
    kept = await it.the_set()
    metadata = msgspec.structs.replace(meta(kept), finalizers=None)
    await it.plane.client.update(msgspec.structs.replace(kept, metadata=metadata))
    await it.settle()


def test_a_revision_name_that_is_taken_by_foreign_data_makes_a_collision() -> None:
    async def story() -> None:
        async with live() as it:
            await it.start(replicas=1)
            await it.ready_all()
            (mine,) = await it.all(apps_v1.ControllerRevision)
            name = name_of(mine)
        async with live(1) as it:
            foreign = apps_v1.ControllerRevision(
                metadata=meta_v1.ObjectMeta(name=name, namespace="default"), data={"spec": {}}, revision=1
            )
            await it.plane.client.create(foreign)
            await it.start(replicas=1)
            await it.ready_all()
            status = (await it.the_set()).status
            assert status is not None
            assert status.collisionCount == 1
            assert status.updateRevision != name
            assert await it.pods() == ["web-0"]

    run(story())


def test_min_ready_seconds_wake_the_set_by_themselves() -> None:
    async def story() -> None:
        async with live() as it:
            await it.start(replicas=2, minReadySeconds=10)
            await it.ready("web-0")
            await it.settle(8)
            assert await it.pods() == ["web-0"]
            await it.settle(3)
            assert await it.pods() == ["web-0", "web-1"]

    run(story())


def test_claims_follow_the_retention_policy() -> None:
    async def story() -> None:
        async with live() as it:
            await it.start(
                replicas=2, podManagementPolicy="Parallel", volumeClaimTemplates=[claim()],
                persistentVolumeClaimRetentionPolicy=retain("Delete", "Delete"),
            )  # fmt: skip
            await it.ready_all()
            claims = {name_of(c): meta(c).ownerReferences for c in await it.all(core_v1.PersistentVolumeClaim)}
            assert [[ref.kind for ref in refs or ()] for refs in claims.values()] == [["StatefulSet"]] * 2
            await it.change(replicas=1)
            claims = {name_of(c): meta(c).ownerReferences for c in await it.all(core_v1.PersistentVolumeClaim)}
            assert [[ref.kind for ref in refs or ()] for refs in claims.values()] == [["StatefulSet"], ["Pod"]]

    run(story())


@pytest.mark.parametrize("seed", range(5))
def test_a_hundred_parallel_pods_are_created_once_each(seed: int) -> None:
    async def story() -> None:
        async with live(seed) as it:
            await it.start(replicas=100, podManagementPolicy="Parallel")
            assert len(await it.pods()) == 100
            created = [event for event in await it.events() if "SuccessfulCreate" in event]
            assert len(created) == len(set(created))
            assert not [event for event in await it.events() if event.startswith("Warning")]

    run(story(), seed=seed)


def test_a_set_that_is_gone_leaves_nothing_behind_in_the_controller() -> None:
    async def story() -> None:
        async with live() as it:
            await it.start(replicas=1)
            await it.plane.client.delete(apps_v1.StatefulSet, "web", "default")
            await it.settle()
            assert it.controller.waiting("default", "web") == ()

    run(story())


LAGS: dict[str, type[object]] = {
    "pods": core_v1.Pod,
    "claims": core_v1.PersistentVolumeClaim,
    "revisions": apps_v1.ControllerRevision,
    "sets": apps_v1.StatefulSet,
}


@pytest.mark.parametrize("late", LAGS)
def test_a_cache_that_is_late_never_makes_it_act_twice(late: str, caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async with live(lag=lambda kind: 3.0 if kind is LAGS[late] else 0.0) as it:
            await it.start(replicas=2, volumeClaimTemplates=[claim()])
            for _ in range(3):
                await it.settle(10)
                await it.ready_all()
            await it.change(template=template("new"))
            for _ in range(8):
                await it.settle(10)
                await it.ready_all()
            pods = await it.all(core_v1.Pod)
            assert [p.spec.containers[0].image for p in pods if p.spec] == ["new", "new"]
            status = (await it.the_set()).status
            assert status is not None and status.currentRevision == status.updateRevision
            deleted = [event for event in await it.events() if "SuccessfulDelete" in event]
            assert len(deleted) == 2

    run(story())
    assert not caplog.records, "it met its own writes as errors"


def test_a_write_that_no_event_tells_of_is_noticed_all_the_same() -> None:
    """What was made and undone while the watch was cut off is in no list: nothing wakes the set, but time."""
    batches = 0

    def lag(kind: type[object]) -> float:
        nonlocal batches
        if kind is not core_v1.Pod:
            return 0.0
        batches += 1
        if batches == 2:
            raise Expired("cut off")
        return 3.0 if batches == 1 else 0.0

    async def story() -> None:
        async with live(lag=lag) as it:
            metadata = meta_v1.ObjectMeta(name="other", namespace="default")
            await it.plane.client.create(core_v1.Pod(metadata=metadata, spec=template().spec))
            await it.start(replicas=1)
            await it.remove("web-0")
            await it.settle(10)
            assert "web-0" in await it.pods()

    run(story())


def test_a_bare_pod_that_appears_with_the_labels_is_taken_in_and_removed() -> None:
    async def story() -> None:
        async with live() as it:
            await it.start(replicas=0)
            stray = core_v1.Pod(
                metadata=meta_v1.ObjectMeta(name="web-7", namespace="default", labels={"app": "web"}),
                spec=template().spec,
            )
            await it.plane.client.create(stray)
            await it.settle()
            assert await it.pods() == []
            assert "Normal SuccessfulDelete Delete Pod web-7 in StatefulSet web successful" in await it.events()

    run(story())


def test_an_edit_that_comes_between_costs_the_status_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async with live(lag=lambda kind: 3.0 if kind is apps_v1.StatefulSet else 0.0) as it:
            await it.start(replicas=1)
            await it.settle(10)
            await it.change(replicas=2)  # the controller hears of it only in three seconds
            await it.ready("web-0")
            status = (await it.the_set()).status
            assert status is not None
            assert (status.readyReplicas, status.observedGeneration) == (1, 1)
            await it.settle(10)
            status = (await it.the_set()).status
            assert status is not None and status.observedGeneration == 2
            assert await it.pods() == ["web-0", "web-1"]

    run(story())
    assert not caplog.records
