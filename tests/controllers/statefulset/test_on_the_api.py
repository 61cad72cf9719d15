"""What only shows against the real verbs: refusals, races with other writers, and the words that users are told."""

from collections.abc import Awaitable, Callable

import msgspec
import pytest
from controllers.statefulset.live import NOW, Live, live
from controllers.statefulset.tiny import claim_template, make_set, retain, rolling, template

from petset.api.models import apps_v1, core_v1, meta_v1
from petset.api.objects import meta, name_of, owner_reference
from petset.client.freshness import OwnWrites
from petset.ownership.hand import Hand, RevisionCollision
from petset.ownership.revisions import CreateRevision
from petset.testing.loop import run

Story = Callable[[Live], Awaitable[None]]


def play(story: Story, *, late: type[object] | None = None) -> None:
    """`late`: the kind of whose changes the controller hears three seconds after everybody else."""

    async def main() -> None:
        async with live(lag=lambda kind: 3.0 if kind is late else 0.0) as it:
            await story(it)

    run(main())


def claims(name: str = "data", **metadata: object) -> list[core_v1.PersistentVolumeClaim]:
    """A claim template that passes validation."""
    made = claim_template(name)
    assert made.spec is not None and made.metadata is not None
    made.spec.resources = core_v1.VolumeResourceRequirements(requests={"storage": "1Gi"})
    made.metadata = msgspec.structs.replace(made.metadata, **metadata)
    return [made]


def homeless() -> core_v1.PodTemplateSpec:
    """A template whose pods the API refuses."""
    made = template()
    assert made.spec is not None
    made.spec.serviceAccountName = "nobody"
    return made


async def start_named(it: Live, name: str) -> None:
    made = make_set(name, replicas=2)
    meta(made).uid = None
    await it.plane.client.create(made)
    await it.settle()
    await it.ready_all()


def test_a_set_whose_name_is_too_long_for_a_label_gets_its_pods() -> None:
    """Rule 19: on Kubernetes the revision label of such a pod is refused."""

    async def story(it: Live) -> None:
        long = "w" * 61
        await start_named(it, long)
        assert await it.pods() == [f"{long}-0", f"{long}-1"]
        (revision,) = await it.all(apps_v1.ControllerRevision)
        labels = {(meta(pod).labels or {})["controller-revision-hash"] for pod in await it.all(core_v1.Pod)}
        assert labels == {name_of(revision).removeprefix(f"{long}-")}
        assert not [event for event in await it.events() if event.startswith("Warning")]

    play(story)


def test_a_set_whose_pods_names_are_too_long_for_a_host_name_is_told_so() -> None:
    """Rule 19: with its ordinal the name is the pod's host name, which ends at 63 characters."""

    async def story(it: Live) -> None:
        long = "w" * 62
        await start_named(it, long)
        assert await it.pods() == []
        (told,) = await it.events()
        assert told.startswith(f"Warning FailedCreate Create Pod {long}-0 in StatefulSet {long} failed error: ")
        assert f'Invalid value: "{long}-0": must be no more than 63 ' in told

    play(story)


def test_a_claim_that_is_there_is_taken_without_a_word() -> None:
    """Rule 26: neither owner nor event, however little it has to do with the template."""

    async def story(it: Live) -> None:
        (mine,) = claims()
        mine.metadata = meta_v1.ObjectMeta(name="data-web-0", namespace="default", labels={"app": "other"})
        before = await it.plane.client.create(mine)
        await it.start(replicas=1, volumeClaimTemplates=claims())
        assert await it.all(core_v1.PersistentVolumeClaim) == [before]
        assert await it.events() == ["Normal SuccessfulCreate Create Pod web-0 in StatefulSet web successful"]

    play(story)


def test_a_claim_that_changes_wakes_nobody() -> None:
    """Rule 30: the lost claim of a Pending pod is missed at the next look, and not before."""

    async def story(it: Live) -> None:
        await it.start(replicas=1, volumeClaimTemplates=claims())
        (made,) = await it.all(core_v1.PersistentVolumeClaim)
        free = msgspec.structs.replace(made, metadata=msgspec.structs.replace(meta(made), finalizers=None))
        await it.plane.client.update(free)
        await it.plane.client.delete(core_v1.PersistentVolumeClaim, "data-web-0", "default")
        await it.settle(60)
        assert await it.all(core_v1.PersistentVolumeClaim) == []
        await it.label("web-0", {"touched": "yes"})
        assert [name_of(claim) for claim in await it.all(core_v1.PersistentVolumeClaim)] == ["data-web-0"]

    play(story)


def test_a_claim_that_the_api_refuses_is_told_twice_and_keeps_its_pod_from_coming() -> None:
    """Rules 25 and 69: once for the claim, once for the pod that cannot be without it."""

    async def story(it: Live) -> None:
        await it.start(replicas=1, volumeClaimTemplates=claims(labels={"tier": "not valid!"}))
        assert await it.pods() == []
        told = [event for event in await it.events() if event.startswith("Warning FailedCreate")]
        claim, pod = sorted(told)
        why = 'PersistentVolumeClaim "data-web-0" is invalid: metadata.labels: Invalid value: "not valid!": '
        assert claim.startswith(
            f"Warning FailedCreate Create Claim data-web-0 for Pod web-0 in StatefulSet web failed error: {why}"
        )
        assert pod.startswith(
            "Warning FailedCreate Create Pod web-0 in StatefulSet web failed error: "
            f"failed to create PVC data-web-0: {why}"
        )

    play(story)


def test_another_controller_of_a_claim_is_told_of() -> None:
    """Rule 32 and section I, slips of the pen included."""

    async def story(it: Live) -> None:
        policy = retain("Delete", "Retain")
        made = await it.start(
            replicas=1, volumeClaimTemplates=claims(), persistentVolumeClaimRetentionPolicy=policy
        )
        await it.ready_all()
        (claim,) = await it.all(core_v1.PersistentVolumeClaim)
        theirs = meta_v1.OwnerReference(apiVersion="v1", kind="ConfigMap", name="c", uid="c", controller=True)
        ours = msgspec.structs.replace(owner_reference(made), controller=False)
        metadata = msgspec.structs.replace(meta(claim), ownerReferences=[theirs, ours])
        await it.plane.client.update(msgspec.structs.replace(claim, metadata=metadata))
        await it.label("web-0", {"touched": "yes"})
        (claim,) = await it.all(core_v1.PersistentVolumeClaim)
        assert [ref.kind for ref in meta(claim).ownerReferences or ()] == ["ConfigMap"]
        assert (
            "Warning ConflictingController PersistentVolumeClaim data-web-0 has a conflicting OwnerReference that "
            "acts as a manging controller, the retention policy is ignored for this claim"
        ) in await it.events()

    play(story)


def test_a_repair_is_told_of() -> None:
    """Rule 18 and section I."""

    async def story(it: Live) -> None:
        await it.start(replicas=1)
        await it.ready_all()
        await it.label("web-0", {"statefulset.kubernetes.io/pod-name": "other"})
        assert "Normal SuccessfulUpdate Update Pod web-0 in StatefulSet web successful" in await it.events()

    play(story)


@pytest.mark.parametrize("fate", ["deleted", "replaced"])
def test_no_orphan_is_adopted_by_a_set_that_is_going_or_is_another_by_now(
    fate: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Rule 42: the controller's own view of the set is three seconds old; the live one decides."""

    async def story(it: Live) -> None:
        await it.start(replicas=0)
        await it.settle(10)
        if fate == "replaced":
            await it.plane.client.delete(apps_v1.StatefulSet, "web", "default")
            other = make_set(replicas=0, selector=meta_v1.LabelSelector(matchLabels={"app": "other"}))
            other.spec.template.metadata = meta_v1.ObjectMeta(labels={"app": "other"})
            meta(other).uid = None
            await it.plane.client.create(other)
        else:
            foreground = meta_v1.DeleteOptions(propagationPolicy="Foreground")
            await it.plane.client.delete(apps_v1.StatefulSet, "web", "default", foreground)
        metadata = meta_v1.ObjectMeta(name="web-7", namespace="default", labels={"app": "web"})
        await it.plane.client.create(core_v1.Pod(metadata=metadata, spec=template().spec))
        await it.settle(20)
        (orphan,) = await it.all(core_v1.Pod)
        assert meta(orphan).ownerReferences is None
        assert meta(orphan).deletionTimestamp is None
        refusal = f"can't adopt Pod default/web-7 ({meta(orphan).uid}): "
        why = "original StatefulSet default/web is gone" if fate == "replaced" else "has just been deleted at "
        assert refusal in caplog.text and why in caplog.text, "it was never tried"

    play(story, late=apps_v1.StatefulSet)


def test_a_refused_pod_spares_the_rest_of_a_burst() -> None:
    """Rule 45: the first batch is one pod; what it fails of, the others would fail of too."""

    async def story(it: Live) -> None:
        await it.start(replicas=5, podManagementPolicy="Parallel", template=homeless())
        told = {event.partition(" in ")[0] for event in await it.events()}
        assert told == {"Warning FailedCreate Create Pod web-0"}

    play(story)


def test_an_error_ends_the_sync_before_anything_is_updated() -> None:
    """Rule 45: web-0 cannot come back, so nobody else is replaced although the budget would allow it."""

    async def story(it: Live) -> None:
        account = core_v1.ServiceAccount(metadata=meta_v1.ObjectMeta(name="nobody", namespace="default"))
        await it.plane.client.create(account)
        strategy = rolling(max_unavailable=3)
        await it.start(podManagementPolicy="Parallel", template=homeless(), updateStrategy=strategy)
        await it.ready_all()
        await it.plane.client.delete(core_v1.ServiceAccount, "nobody", "default")
        await it.remove("web-0")
        changed = homeless()
        assert changed.spec is not None
        changed.spec.containers[0].image = "new"
        await it.change(template=changed)
        await it.settle(30)
        assert await it.pods() == ["web-1", "web-2"]
        await it.plane.client.create(account)
        await it.settle(60)
        await it.ready_all()
        await it.settle(1)
        assert {pod.spec.containers[0].image for pod in await it.all(core_v1.Pod) if pod.spec} == {"new"}

    play(story)


def test_a_pod_is_deleted_with_its_own_grace_period() -> None:
    """Rule 58: a plain delete."""

    async def story(it: Live) -> None:
        patient = template()
        assert patient.spec is not None
        patient.spec.terminationGracePeriodSeconds = 77
        await it.start(replicas=1, template=patient)
        await it.plane.client.bind("default", "web-0", "node-0")
        await it.ready("web-0")
        await it.change(replicas=0)
        (pod,) = await it.all(core_v1.Pod)
        assert meta(pod).deletionGracePeriodSeconds == 77

    play(story)


def test_a_pod_that_is_gone_already_counts_as_deleted() -> None:
    """Rule 58: the controller does not know yet, and tells of success all the same."""

    async def story(it: Live) -> None:
        await it.start(replicas=1)
        await it.settle(10)
        await it.ready_all()
        await it.settle(10)
        await it.plane.client.delete(core_v1.Pod, "web-0", "default", NOW)
        await it.change(replicas=0)
        assert "Normal SuccessfulDelete Delete Pod web-0 in StatefulSet web successful" in await it.events()
        await it.settle(10)
        assert await it.pods() == []

    play(story, late=core_v1.Pod)


def test_a_terminating_pod_is_not_replaced_until_its_object_is_gone() -> None:
    """Rule 59: nobody on its node says that it has ended."""

    async def story(it: Live) -> None:
        await it.start(replicas=2, podManagementPolicy="Parallel")
        for name in ("web-0", "web-1"):
            await it.plane.client.bind("default", name, "lost")
        await it.ready_all()
        before = {name_of(pod): meta(pod).uid for pod in await it.all(core_v1.Pod)}
        await it.plane.client.delete(core_v1.Pod, "web-1", "default")
        await it.settle(3600)
        assert {name_of(pod): meta(pod).uid for pod in await it.all(core_v1.Pod)} == before
        await it.remove("web-1")
        after = {name_of(pod): meta(pod).uid for pod in await it.all(core_v1.Pod)}
        assert after["web-0"] == before["web-0"]
        assert after["web-1"] != before["web-1"]

    play(story)


@pytest.mark.parametrize("same", [True, False])
def test_a_revision_of_the_name_that_is_there_already_is_used_if_it_keeps_the_same(same: bool) -> None:
    """Rule 38: somebody was faster, or the write was not answered: that is no collision."""

    async def story(it: Live) -> None:
        made = await it.start(replicas=0)
        (kept,) = await it.all(apps_v1.ControllerRevision)
        data = kept.data if same else {"spec": {"template": {}}}
        metadata = meta_v1.ObjectMeta(name="web-taken", namespace="default")
        there = apps_v1.ControllerRevision(metadata=metadata, data=data, revision=7)
        await it.plane.client.create(there)
        hand = Hand(it.plane.client, OwnWrites({}), made)
        action = CreateRevision(apps_v1.ControllerRevision(metadata=metadata, data=kept.data, revision=8))
        if same:
            await hand.change_history(action)
        else:
            with pytest.raises(RevisionCollision, match="web-taken"):
                await hand.change_history(action)
        stored = await it.plane.client.get(apps_v1.ControllerRevision, "web-taken", "default")
        assert stored.revision == 7

    play(story)


def test_a_set_that_is_where_it_should_be_is_written_no_more() -> None:
    """Rule 63, however often its pods wake it."""

    async def story(it: Live) -> None:
        await it.start(replicas=1)
        await it.ready_all()
        before = meta(await it.the_set()).resourceVersion
        for number in range(3):
            await it.label("web-0", {"touched": str(number)})
        await it.settle(60)
        assert meta(await it.the_set()).resourceVersion == before

    play(story)
