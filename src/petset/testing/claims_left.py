"""The claims that a set at rest has: one bound for each pod and template, owned as the retention policy says."""

from collections.abc import Iterator

from petset.api.models import apps_v1, core_v1
from petset.api.objects import is_terminating, meta, name_of, uid_of
from petset.controllers.statefulset.identity import claim_names, wanted_ordinals
from petset.controllers.statefulset.retention import policy_of
from petset.testing.world import World


def wrong_claims(world: World, stateful_set: apps_v1.StatefulSet) -> Iterator[str]:
    """What is not as it should be, in sentences; a claim that its user deletes under a pod is left out."""
    when_deleted, _ = policy_of(stateful_set)
    for ordinal in wanted_ordinals(stateful_set):
        for name in claim_names(stateful_set, ordinal):
            claim = world.get(core_v1.PersistentVolumeClaim, name)
            if claim is None:
                yield f"claim {name} is missing"
            elif not is_terminating(claim):
                yield from _wrong(world, claim, {uid_of(stateful_set)} if when_deleted == "Delete" else set())


def _wrong(world: World, claim: core_v1.PersistentVolumeClaim, owners: set[str]) -> Iterator[str]:
    actual = {owner.uid for owner in meta(claim).ownerReferences or ()}
    if actual != owners:
        yield f"claim {name_of(claim)} belongs to {sorted(actual)}, not {sorted(owners)}"
    volume = claim.spec.volumeName if claim.spec else None
    if not volume or world.get(core_v1.PersistentVolume, volume, "") is None:
        yield f"claim {name_of(claim)} has no volume"
