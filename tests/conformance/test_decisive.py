"""Rule 75: the stories that no certificate asks for, and that decide all the same whether databases live well."""

from typing import Any

import pytest
from conformance.scenario import CLAIM, NEW, OLD, Scenario, play

from petset.api.models import apps_v1, core_v1, meta_v1
from petset.api.objects import meta, uid_of

NO_BLOCK = {"type": "RollingUpdate", "rollingUpdate": None}


def retention(deleted: str, scaled: str) -> dict[str, Any]:
    """A policy, and claims for it to rule over."""
    policy = {"whenDeleted": deleted, "whenScaled": scaled}
    return {"persistentVolumeClaimRetentionPolicy": policy, "volumeClaimTemplates": [CLAIM]}


def test_a_pod_that_loses_its_labels_is_released_and_one_that_regains_them_adopted() -> None:
    """Rules 42 and 61: meanwhile the name is taken, so nobody can take the place."""

    async def story(it: Scenario) -> None:
        await it.create()
        await it.settled()
        before = it.uid("web-1")
        await it.label("web-1", {"app": None})
        await it.until(lambda: it.owner("web-1") == "")
        await it.quiet()
        assert (it.uid("web-1"), it.status.replicas) == (before, 2)
        await it.label("web-1", {"app": "web"})
        await it.until(lambda: it.owner("web-1") == uid_of(it.the_set))
        await it.settled()
        assert it.uid("web-1") == before

    play(story)


def test_a_failing_predecessor_is_replaced_although_its_successor_is_not_ready() -> None:
    """Rule 47: web-0 goes while web-1 is unhealthy; web-0 comes back, and nobody waits for the other."""

    async def story(it: Scenario) -> None:
        it.unready("web-1")
        await it.create(replicas=2)
        await it.until(lambda: it.pods() == ["web-0", "web-1"])
        before = it.uid("web-0")
        await it.delete_pod("web-0")
        await it.until(lambda: it.uid("web-0") not in ("", before) and it.ready_pods() == 1)
        it.ready("web-1")
        await it.settled()

    play(story)


def test_a_roll_back_finds_the_claims_it_had() -> None:
    async def story(it: Scenario) -> None:
        await it.create(volumeClaimTemplates=[CLAIM])
        await it.settled()
        claims = it.claims()
        for image in (NEW, OLD):
            await it.use(image)
            await it.until(lambda image=image: it.images() == [image] * 3)
            await it.settled()
        assert it.claims() == claims

    play(story)


@pytest.mark.parametrize(
    ("strategy", "image"),
    [({"rollingUpdate": {"partition": 0}}, NEW), (NO_BLOCK, OLD)],
    ids=["with a block it comes back new", "without one it comes back old"],
)
def test_the_first_pod_is_deleted_in_the_middle_of_a_rollout(strategy: dict[str, Any], image: str) -> None:
    """Rules 5 and 46: what the missing block means."""

    async def story(it: Scenario) -> None:
        await it.create(updateStrategy=strategy)
        await it.settled()
        it.unready("web-2")
        await it.use(NEW)  # web-2 comes back from it and is not well: the rollout stands still
        await it.until(lambda: it.images() == [OLD, OLD, NEW])
        before = it.uid("web-0")
        await it.delete_pod("web-0")
        await it.until(lambda: it.uid("web-0") not in ("", before))
        assert it.images() == [image, OLD, NEW]
        it.ready("web-2")
        await it.settled()
        assert it.images() == [NEW] * 3

    play(story)


def test_under_a_partition_the_first_pod_comes_back_old_and_the_last_new() -> None:
    """Rule 46."""

    async def story(it: Scenario) -> None:
        await it.create(updateStrategy={"rollingUpdate": {"partition": 2}})
        await it.settled()
        await it.use(NEW)
        await it.until(lambda: it.images() == [OLD, OLD, NEW] and it.ready_pods() == 3)
        await it.delete_pod("web-0", "web-2")
        await it.quiet()
        assert it.images() == [OLD, OLD, NEW]
        assert it.status.currentRevision != it.status.updateRevision

    play(story)


def test_on_delete_replaces_pods_as_the_user_deletes_them() -> None:
    """Rules 46, 57 and 66."""

    async def story(it: Scenario) -> None:
        await it.create(updateStrategy={"type": "OnDelete"})
        await it.settled()
        await it.use(NEW)
        await it.quiet()
        assert it.images() == [OLD] * 3
        await it.delete_pod("web-1")
        await it.until(lambda: it.images() == [OLD, NEW, OLD] and it.ready_pods() == 3)
        await it.delete_pod("web-0", "web-2")
        await it.until(lambda: it.status.currentRevision == it.status.updateRevision and it.images() == [NEW] * 3)

    play(story)


@pytest.mark.parametrize("policy", ["OrderedReady", "Parallel"])
def test_never_more_pods_are_away_than_max_unavailable_allows(policy: str) -> None:
    """Rules 53-55."""

    async def story(it: Scenario) -> None:
        await it.create(
            replicas=5,
            podManagementPolicy=policy,
            updateStrategy={"rollingUpdate": {"partition": 0, "maxUnavailable": 2}},
        )
        await it.settled()
        it.world.runtime.stop_seconds = 1.0
        await it.use(NEW)
        fewest = 5
        while it.images() != [NEW] * 5 or it.ready_pods() < 5:
            running = [it.pod(name) for name in it.pods()]
            fewest = min(fewest, sum(meta(pod).deletionTimestamp is None for pod in running if pod is not None))
            assert fewest >= 3
            await it.world.run_for(0.05)
        assert fewest == 3
        assert it.world.witness.deleted[:2] in (["web-4", "web-3"], ["web-3", "web-4"])

    play(story)


def test_a_ready_pod_is_available_only_after_min_ready_seconds() -> None:
    """Rules 48 and 64."""

    async def story(it: Scenario) -> None:
        await it.create(replicas=2, minReadySeconds=30)
        await it.until(lambda: it.ready_pods() == 1)
        await it.quiet(20)
        assert (it.pods(), it.status.availableReplicas) == (["web-0"], 0)
        await it.quiet(15)
        assert (it.pods(), it.status.availableReplicas) == (["web-0", "web-1"], 1)
        await it.settled()

    play(story)


def test_fewer_min_ready_seconds_make_pods_available_at_once() -> None:
    """Rule 48."""

    async def story(it: Scenario) -> None:
        await it.create(replicas=2, podManagementPolicy="Parallel", minReadySeconds=3600)
        await it.until(lambda: it.ready_pods() == 2)
        await it.quiet()
        assert it.status.availableReplicas == 0
        await it.change(minReadySeconds=1)
        await it.until(lambda: it.status.availableReplicas == 2, seconds=5)

    play(story)


@pytest.mark.parametrize(("deleted", "left"), [("Retain", 3), ("Delete", 0)])
def test_claims_of_a_set_that_is_deleted(deleted: str, left: int) -> None:
    """Rule 31."""

    async def story(it: Scenario) -> None:
        await it.create(**retention(deleted, "Retain"))
        await it.settled()
        await it.world.client.delete(apps_v1.StatefulSet, "web", "default")
        await it.until(lambda: it.pods() == [])
        await it.quiet()
        assert len(it.claims()) == left

    play(story)


@pytest.mark.parametrize(("deleted", "kept"), [("Retain", []), ("Delete", ["StatefulSet"])])
@pytest.mark.parametrize(("scaled", "left"), [("Retain", 3), ("Delete", 1)])
def test_claims_of_a_set_that_shrinks(deleted: str, scaled: str, left: int, kept: list[str]) -> None:
    """Rule 31."""

    async def story(it: Scenario) -> None:
        await it.create(**retention(deleted, scaled))
        await it.settled()
        await it.change(replicas=1)
        await it.settled()
        await it.quiet()
        assert len(it.claims()) == left
        assert it.owners("data-web-0") == kept

    play(story)


def test_a_changed_policy_holds_for_the_claims_that_are_there() -> None:
    """Rule 32."""

    async def story(it: Scenario) -> None:
        await it.create(**retention("Retain", "Retain"))
        await it.settled()
        for deleted, owners in (("Delete", ["StatefulSet"]), ("Retain", [])):
            await it.change(persistentVolumeClaimRetentionPolicy={"whenDeleted": deleted})
            await it.until(lambda owners=owners: [it.owners(c) for c in sorted(it.claims())] == [owners] * 3)

    play(story)


def test_a_set_orphaned_and_made_again_rules_over_its_old_claims() -> None:
    """Rules 32 and 34: pods and claims follow the set that has taken them over."""

    async def story(it: Scenario) -> None:
        await it.create(**retention("Delete", "Retain"))
        await it.settled()
        pods, claims, revision = [it.uid(p) for p in it.pods()], it.claims(), it.status.updateRevision
        await it.change(persistentVolumeClaimRetentionPolicy={"whenDeleted": "Retain"})
        await it.until(lambda: not any(map(it.owners, claims)))
        orphan = meta_v1.DeleteOptions(propagationPolicy="Orphan")
        await it.world.client.delete(apps_v1.StatefulSet, "web", "default", orphan)
        await it.until(lambda: it.world.get(apps_v1.StatefulSet, "web") is None)
        await it.create(**retention("Delete", "Retain"))
        await it.settled()
        await it.until(lambda: all(it.owners(claim) == ["StatefulSet"] for claim in claims))
        assert ([it.uid(p) for p in it.pods()], it.claims()) == (pods, claims)
        assert it.status.updateRevision == revision

    play(story)


def test_a_claim_deleted_under_a_pending_pod_is_made_again() -> None:
    """Rule 28; nobody runs the pod, so it stays Pending."""

    async def story(it: Scenario) -> None:
        await it.create(replicas=1, **retention("Delete", "Retain"))
        await it.until(lambda: it.pods() == ["web-0"])
        before = it.claims()["data-web-0"]
        await it.world.client.delete(core_v1.PersistentVolumeClaim, "data-web-0", "default")
        await it.label("web-0", {"touched": "yes"})  # a claim alone wakes nobody (rule 30)
        await it.until(lambda: it.claims().get("data-web-0", before) != before)

    play(story, nodes=0)


@pytest.mark.parametrize(
    ("before", "after", "pods"),
    [
        ({"start": 2}, {"start": 2}, ["web-2", "web-3"]),
        (None, {"start": 2}, ["web-2", "web-3"]),
        ({"start": 2}, {"start": 1}, ["web-1", "web-2"]),
        ({"start": 2}, None, ["web-0", "web-1"]),
    ],
    ids=["from the beginning", "raised", "lowered", "taken away"],
)
def test_ordinals_begin_where_the_set_says(
    before: dict[str, int] | None, after: dict[str, int] | None, pods: list[str]
) -> None:
    """Rules 15 and 60."""

    async def story(it: Scenario) -> None:
        await it.create(replicas=2, ordinals=before)
        await it.settled()
        await it.change(ordinals=after)
        await it.settled()
        assert it.pods() == pods
        assert not it.world.witness.hasty

    play(story)


def test_a_broken_image_is_left_behind_at_once_in_parallel_and_never_in_order() -> None:
    """Rules 52 and 55."""

    async def story(it: Scenario, policy: str) -> None:
        it.world.runtime.refuse_image("web:broken", "ErrImagePull", "no such image")
        await it.create(podManagementPolicy=policy)
        await it.settled()
        await it.use("web:broken")
        await it.until(lambda: it.images() == [OLD, OLD, "web:broken"])
        await it.use(OLD)
        if policy == "Parallel":
            await it.settled()
            return
        await it.quiet(600)
        assert it.images() == [OLD, OLD, "web:broken"]
        assert (it.status.currentRevision, it.status.updatedReplicas) == (it.status.updateRevision, 2)
        await it.delete_pod("web-2")
        await it.settled()

    play(lambda it: story(it, "Parallel"))
    play(lambda it: story(it, "OrderedReady"))


def test_a_stray_pod_is_taken_in_and_removed_and_one_without_an_ordinal_left_alone() -> None:
    """Rule 62."""

    async def story(it: Scenario) -> None:
        await it.create(replicas=1)
        await it.settled()
        container = core_v1.Container(name="web", image=OLD)
        for name in ("web-7", "web-x"):
            metadata = meta_v1.ObjectMeta(name=name, namespace="default", labels={"app": "web"})
            await it.world.client.create(
                core_v1.Pod(metadata=metadata, spec=core_v1.PodSpec(containers=[container]))
            )
        await it.until(lambda: it.pods() == ["web-0", "web-x"])
        assert it.owner("web-x") == ""

    play(story)
