"""Who owns a claim: the retention policy, carried out by the garbage collector (rules 31-33).

Petset deletes no claim itself. It only says, by owner references, with whom a claim is to go:

    whenDeleted  whenScaled   ordinal wanted   ordinal condemned
    Retain       Retain       nobody           nobody
    Delete       Retain       the set          the set
    Retain       Delete       nobody           its pod
    Delete       Delete       the set          its pod

Exceptions: a reference to a former set or pod of the same name means that the collector is about to act, so the
claim is left alone; a claim that another controller manages loses our references and gets none.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import msgspec

from petset.api.models import apps_v1, core_v1, meta_v1
from petset.api.objects import meta, name_of, uid_of
from petset.controllers.statefulset.model import UpdateClaimOwners

Refs = list[meta_v1.OwnerReference]


@dataclass(frozen=True)
class Keeper:
    """One ordinal as the policy sees it. `pod_uid` is empty while the pod does not exist."""

    set: apps_v1.StatefulSet
    pod_name: str
    pod_uid: str
    condemned: bool

    @property
    def pod_reference(self) -> meta_v1.OwnerReference:
        return _reference("v1", "Pod", self.pod_name, self.pod_uid)

    @property
    def set_reference(self) -> meta_v1.OwnerReference:
        return _reference("apps/v1", "StatefulSet", name_of(self.set), uid_of(self.set))


def policy_of(stateful_set: apps_v1.StatefulSet) -> tuple[str, str]:
    """`(whenDeleted, whenScaled)`."""
    policy = stateful_set.spec.persistentVolumeClaimRetentionPolicy
    if policy is None:
        return "Retain", "Retain"
    return policy.whenDeleted or "Retain", policy.whenScaled or "Retain"


def owners_for(keeper: Keeper) -> Refs:
    """The references that the policy asks for: the table above."""
    when_deleted, when_scaled = policy_of(keeper.set)
    if keeper.condemned and when_scaled == "Delete":
        return [keeper.pod_reference]
    return [keeper.set_reference] if when_deleted == "Delete" else []


def may_be_wrong(stateful_set: apps_v1.StatefulSet, claim: core_v1.PersistentVolumeClaim) -> bool:
    """The claim has owners, or is to have some: mostly neither is so, and there is nothing to look at."""
    return bool(meta(claim).ownerReferences) or policy_of(stateful_set) != ("Retain", "Retain")


def ends_with_pods(stateful_set: apps_v1.StatefulSet) -> bool:
    """The claims of pods that are scaled away go with them."""
    return policy_of(stateful_set)[1] == "Delete"


def correction(keeper: Keeper, claim: core_v1.PersistentVolumeClaim) -> UpdateClaimOwners | None:
    """What puts the claim's owners right, or None where they are right or not ours to touch (rule 32)."""
    refs: Refs = list(meta(claim).ownerReferences or ())
    if not refs and not owners_for(keeper):
        return None
    if any(_relation(keeper, ref) == "stale" for ref in refs):
        return None
    conflicting = _policy_sets_owners(keeper) and any(_is_foreign_controller(keeper, ref) for ref in refs)
    others = [ref for ref in refs if _relation(keeper, ref) == "other"]
    ours = [ref for ref in refs if _relation(keeper, ref) == "ours"]
    wanted = [] if conflicting else owners_for(keeper)
    if _same_owners(ours, wanted):
        return None
    metadata = msgspec.structs.replace(meta(claim), ownerReferences=[*others, *wanted] or None)
    corrected = core_v1.PersistentVolumeClaim(metadata=metadata, spec=claim.spec, status=claim.status)
    return UpdateClaimOwners(corrected, conflicting)


def is_held_by_former_pod(keeper: Keeper, claim: core_v1.PersistentVolumeClaim) -> bool:
    """The collector has yet to remove the claim with the pod that went: its successor must not use it (rule 33)."""
    if not ends_with_pods(keeper.set):
        return False
    pod = keeper.pod_reference
    refs: Iterable[meta_v1.OwnerReference] = meta(claim).ownerReferences or ()
    return any(_names(ref, pod) and ref.uid != keeper.pod_uid for ref in refs)


def _reference(api_version: str, kind: str, name: str, uid: str) -> meta_v1.OwnerReference:
    return meta_v1.OwnerReference(
        apiVersion=api_version, kind=kind, name=name, uid=uid, controller=True, blockOwnerDeletion=True
    )


def _names(ref: meta_v1.OwnerReference, us: meta_v1.OwnerReference) -> bool:
    return (ref.apiVersion, ref.kind, ref.name) == (us.apiVersion, us.kind, us.name)


def _relation(keeper: Keeper, ref: meta_v1.OwnerReference) -> Literal["ours", "stale", "other"]:
    for us in (keeper.set_reference, keeper.pod_reference):
        if _names(ref, us):
            return "ours" if ref.uid == us.uid else "stale"
    return "other"


def _policy_sets_owners(keeper: Keeper) -> bool:
    return policy_of(keeper.set) != ("Retain", "Retain")


def _is_foreign_controller(keeper: Keeper, ref: meta_v1.OwnerReference) -> bool:
    return bool(ref.controller) and _relation(keeper, ref) == "other"


def _same_owners(ours: Refs, wanted: Refs) -> bool:
    """The same owners, each a managing controller; a reference that manages nothing is upgraded (rule 32)."""
    return sorted((ref.uid, bool(ref.controller)) for ref in ours) == sorted((ref.uid, True) for ref in wanted)
