"""What the claim binder decides, case by case: no loop, no clock, no store."""

from typing import Any

import pytest
from controllers.cluster import claim, pod
from msgspec.structs import replace

from petset.api.models import core_v1, meta_v1, storage_v1
from petset.controllers.volumes.model import (
    Announce,
    ClaimSnapshot,
    CreateVolume,
    MakeDirectory,
    UpdateClaim,
    UpdateClaimStatus,
    UpdateVolume,
)
from petset.controllers.volumes.plan import plan

UID = "0123456789abcdef"


def asking(size: str = "1Gi", **spec: Any) -> core_v1.PersistentVolumeClaim:
    new = claim("data", size, **{"storageClassName": "standard", **spec})
    new.metadata.uid = UID
    return new


def volume(name: str, size: str = "1Gi", **spec: Any) -> core_v1.PersistentVolume:
    return core_v1.PersistentVolume(
        metadata=meta_v1.ObjectMeta(name=name, uid=f"uid of {name}"),
        spec=core_v1.PersistentVolumeSpec(
            **{
                "capacity": {"storage": size},
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": "standard",
                "persistentVolumeReclaimPolicy": "Retain",
                **spec,
            }
        ),
    )


def storage_class(provisioner: str = "petset.dev/directory", mode: str = "Immediate") -> storage_v1.StorageClass:
    return storage_v1.StorageClass(
        metadata=meta_v1.ObjectMeta(name="standard"), provisioner=provisioner, volumeBindingMode=mode
    )


def reference(name: str = "data", uid: str | None = UID) -> core_v1.ObjectReference:
    return core_v1.ObjectReference(kind="PersistentVolumeClaim", namespace="default", name=name, uid=uid)


def look(wanted: core_v1.PersistentVolumeClaim, **known: Any) -> ClaimSnapshot:
    return ClaimSnapshot(claim=wanted, root="/volumes", **known)


def bound_to(snapshot: ClaimSnapshot) -> str:
    """The volume that the plan names in the claim; empty where it binds none."""
    updates = [a.claim.spec.volumeName for a in plan(snapshot).actions if isinstance(a, UpdateClaim)]
    return next((name for name in updates if name), "")


def test_a_new_volume_and_its_directory_are_made_before_the_claim_names_them() -> None:
    steps = [type(a) for a in plan(look(asking(), storage_class=storage_class())).actions]
    assert steps == [CreateVolume, MakeDirectory, UpdateClaim, UpdateClaimStatus, Announce]


def test_the_smallest_volume_that_fits_is_taken_before_one_is_made() -> None:
    offers = [volume("large", "10Gi"), volume("fits", "2Gi"), volume("small", "500Mi")]
    snapshot = look(asking(), offers=offers, storage_class=storage_class())
    assert bound_to(snapshot) == "fits"
    assert [type(a) for a in plan(snapshot).actions] == [UpdateVolume, UpdateClaim, UpdateClaimStatus]


@pytest.mark.parametrize(
    ("unsuitable", "spec"),
    [
        ("of another class", {"storageClassName": "fast"}),
        ("of another mode", {"volumeMode": "Block"}),
        ("without the access mode", {"accessModes": ["ReadOnlyMany"]}),
        ("already reserved", {"claimRef": reference("other", "x")}),
    ],
)
def test_a_volume_that_does_not_suit_is_passed_over(unsuitable: str, spec: dict[str, Any]) -> None:
    assert bound_to(look(asking(), offers=[volume("v", **spec)])) == ""


def test_a_claim_with_a_selector_takes_only_volumes_with_the_labels() -> None:
    labelled = volume("b")
    labelled.metadata.labels = {"disk": "ssd"}
    wanted = asking(selector=meta_v1.LabelSelector(matchLabels={"disk": "ssd"}))
    assert bound_to(look(wanted, offers=[volume("a"), labelled])) == "b"


@pytest.mark.parametrize("uid", [None, UID])
def test_a_volume_reserved_for_the_claim_goes_before_any_other(uid: str | None) -> None:
    mine = volume("mine", "5Gi", claimRef=reference(uid=uid))
    snapshot = look(asking(), reserved=[mine], offers=[volume("fits")], storage_class=storage_class())
    assert bound_to(snapshot) == "mine"


@pytest.mark.parametrize(
    ("known", "reason", "message"),
    [
        (
            {"wanted": {"storageClassName": ""}},
            "FailedBinding",
            "no persistent volumes available for this claim and no storage class is set",
        ),
        (
            {"wanted": {"storageClassName": "gone"}},
            "ProvisioningFailed",
            'storageclass.storage.k8s.io "gone" not found',
        ),
        (
            {"storage_class": storage_class(mode="WaitForFirstConsumer")},
            "WaitForFirstConsumer",
            "waiting for first consumer to be created before binding",
        ),
        (
            {"storage_class": storage_class(mode="WaitForFirstConsumer"), "users": [pod("web-0", "data")]},
            "WaitForPodScheduled",
            "waiting for pod web-0 to be scheduled",
        ),
        (
            {"wanted": {"volumeName": "v"}, "named": volume("v", claimRef=reference("other", "x"))},
            "FailedBinding",
            'volume "v" already bound to a different claim.',
        ),
        (
            {"wanted": {"volumeName": "v"}, "named": volume("v", "1Mi")},
            "VolumeMismatch",
            'Cannot bind to requested volume "v": requested PV is too small',
        ),
        ({"wanted": {"volumeName": "v"}}, "", 'volume "v" does not exist'),
    ],
)
def test_a_claim_that_waits_says_why(known: dict[str, Any], reason: str, message: str) -> None:
    rest = dict(known)
    waiting = plan(look(asking(**rest.pop("wanted", {})), **rest)).waiting
    assert waiting is not None
    assert (waiting.reason, waiting.message) == (reason, message)
    assert waiting.remedy


def test_another_provisioner_is_asked_by_an_annotation() -> None:
    decided = plan(look(asking(), storage_class=storage_class("example.com/disks")))
    (update,) = decided.actions
    assert update.claim.metadata.annotations["volume.kubernetes.io/storage-provisioner"] == "example.com/disks"
    assert decided.waiting.reason == "ExternalProvisioning"
    assert plan(look(update.claim, storage_class=storage_class("example.com/disks"))).actions == ()


def done(wanted: core_v1.PersistentVolumeClaim, name: str = "v") -> core_v1.PersistentVolumeClaim:
    """The claim, bound and with nothing left to do."""
    return replace(
        wanted,
        metadata=replace(
            wanted.metadata,
            annotations={"pv.kubernetes.io/bind-completed": "yes"},
            finalizers=["kubernetes.io/pvc-protection"],
        ),
        spec=replace(wanted.spec, volumeName=name),
        status=core_v1.PersistentVolumeClaimStatus(
            phase="Bound", capacity={"storage": "1Gi"}, accessModes=["ReadWriteOnce"]
        ),
    )


def test_a_bound_claim_needs_nothing() -> None:
    assert plan(look(done(asking()), named=volume("v", claimRef=reference()))).actions == ()


@pytest.mark.parametrize(
    ("named", "reason"),
    [(None, "ClaimLost"), (volume("v", claimRef=reference("other", "x")), "ClaimMisbound")],
)
def test_a_claim_whose_volume_is_gone_or_not_its_own_is_lost(named: Any, reason: str) -> None:
    decided = plan(look(done(asking()), named=named))
    (update,) = decided.actions
    assert update.claim.status.phase == "Lost"
    assert decided.waiting.reason == reason


def test_growth_is_granted_at_once_where_the_volume_is_a_directory() -> None:
    held = volume("v", claimRef=reference())
    held.metadata.annotations = {"pv.kubernetes.io/provisioned-by": "petset.dev/directory"}
    grown, told = plan(look(done(asking("3Gi")), named=held)).actions
    assert grown.volume.spec.capacity == {"storage": "3Gi"}
    assert told.claim.status.capacity == {"storage": "3Gi"}


def test_growth_of_somebody_elses_volume_is_not_ours_to_grant() -> None:
    assert plan(look(done(asking("3Gi")), named=volume("v", claimRef=reference()))).actions == ()


@pytest.mark.parametrize(("node", "stays"), [("node-1", True), (None, False)])
def test_a_deleted_claim_stays_while_a_pod_on_a_node_uses_it(node: str | None, stays: bool) -> None:
    leaving = done(asking())
    leaving.metadata.deletionTimestamp = "2026-01-01T00:00:00Z"
    decided = plan(look(leaving, users=[pod("web-0", "data", nodeName=node)]))
    assert (decided.actions == ()) is stays
    if not stays:
        assert decided.actions[0].claim.metadata.finalizers == []


@pytest.mark.parametrize(("grace_seconds", "phase", "stays"), [
    (0, "Succeeded", False), (0, "Failed", False), (10, "Succeeded", True), (0, "Running", True),
])  # fmt: skip
def test_a_pod_that_is_shut_down_and_kept_by_finalizers_uses_nothing(
    grace_seconds: int, phase: str, stays: bool
) -> None:
    """Deleted in the foreground, it may wait for this very claim."""
    leaving, user = done(asking()), pod("web-0", "data", nodeName="node-1")
    leaving.metadata.deletionTimestamp = user.metadata.deletionTimestamp = "2026-01-01T00:00:00Z"
    user.metadata.deletionGracePeriodSeconds = grace_seconds
    user.status = core_v1.PodStatus(phase=phase)
    assert (plan(look(leaving, users=[user])).actions == ()) is stays
