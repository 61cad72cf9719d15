"""What becomes of a volume once its claim is there, elsewhere or gone."""

from datetime import UTC, datetime
from typing import Any

import pytest
from controllers.cluster import claim

from petset.api.models import core_v1, meta_v1
from petset.controllers.volumes.invariants import is_safe
from petset.controllers.volumes.model import (
    DeleteVolume,
    RemoveDirectory,
    UpdateVolume,
    UpdateVolumeStatus,
    VolumeSnapshot,
)
from petset.controllers.volumes.reclaim import plan

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def volume(policy: str = "Delete", *, terminating: bool = False, ours: bool = True, **spec: Any) -> VolumeSnapshot:
    reference = core_v1.ObjectReference(namespace="default", name="data", uid="uid")
    return VolumeSnapshot(
        core_v1.PersistentVolume(
            metadata=meta_v1.ObjectMeta(
                name="v",
                uid="v",
                finalizers=["kubernetes.io/pv-protection"],
                annotations={"pv.kubernetes.io/provisioned-by": "petset.dev/directory"} if ours else None,
                deletionTimestamp=NOW if terminating else None,
            ),
            spec=core_v1.PersistentVolumeSpec(
                **{
                    "claimRef": reference,
                    "persistentVolumeReclaimPolicy": policy,
                    "hostPath": core_v1.HostPathVolumeSource(path="/volumes/v"),
                    **spec,
                }
            ),
        ),
        NOW,
    )


def with_claim(snapshot: VolumeSnapshot, names: str | None) -> VolumeSnapshot:
    return VolumeSnapshot(snapshot.volume, NOW, claim("data", volumeName=names))


def steps(snapshot: VolumeSnapshot) -> list[type]:
    decided = plan(snapshot)
    assert all(is_safe(snapshot, action) for action in decided.actions)
    return [type(action) for action in decided.actions]


def phase(snapshot: VolumeSnapshot) -> str:
    return next((a.volume.status.phase for a in plan(snapshot).actions if isinstance(a, UpdateVolumeStatus)), "")


@pytest.mark.parametrize(
    ("snapshot", "expected"),
    [
        (volume(claimRef=None), "Available"),
        (volume(claimRef=core_v1.ObjectReference(namespace="default", name="data")), "Available"),
        (with_claim(volume(), "v"), "Bound"),
        (with_claim(volume(), None), ""),
        (volume("Retain"), "Released"),
    ],
)
def test_the_phase_says_how_far_the_binding_is(snapshot: VolumeSnapshot, expected: str) -> None:
    assert phase(snapshot) == expected


def test_a_retained_volume_keeps_its_data_and_waits_for_a_person() -> None:
    assert steps(volume("Retain")) == [UpdateVolumeStatus]
    assert plan(volume("Retain")).waiting is not None


def test_a_deleted_volume_loses_its_data_first_and_its_object_last() -> None:
    assert steps(volume("Delete")) == [UpdateVolumeStatus, RemoveDirectory, UpdateVolume, DeleteVolume]


def test_a_volume_that_somebody_else_made_is_left_to_them() -> None:
    assert steps(volume("Delete", ours=False)) == [UpdateVolumeStatus]


def test_a_volume_that_a_user_deletes_goes_once_it_is_released_with_its_data() -> None:
    assert steps(with_claim(volume(terminating=True), "v")) == [UpdateVolumeStatus]
    assert steps(volume(terminating=True)) == [UpdateVolumeStatus, RemoveDirectory, UpdateVolume]
    assert RemoveDirectory not in steps(volume("Retain", terminating=True))


def test_a_volume_whose_claim_went_elsewhere_is_on_offer_again() -> None:
    snapshot = with_claim(volume("Retain", ours=False), "another")
    update, status = plan(snapshot).actions
    assert update.volume.spec.claimRef.uid is None
    assert status.volume.status.phase == "Available"
