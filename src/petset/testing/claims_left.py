"""The claims that a set at rest has: one bound for each pod and template, owned as the retention policy says.

And the volumes below them: each tells that it is bound, and goes with its claim where its class says so.
"""

from collections.abc import Collection, Iterator

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


def outlived_claims(world: World, owners: Collection[str]) -> Iterator[str]:
    """Claims none of whose owners is among these uids, or that are to go. What a pod still holds may stay."""
    for claim in world.every(core_v1.PersistentVolumeClaim):
        references = meta(claim).ownerReferences or ()
        is_lost = bool(references) and all(owner.uid not in owners for owner in references)
        if is_terminating(claim):
            if not _is_in_use(world, name_of(claim)):
                yield f"claim {name_of(claim)} is still being deleted"
        elif is_lost:
            yield f"claim {name_of(claim)} has outlived its owners"


def _is_in_use(world: World, claim: str) -> bool:
    """A pod of whomever uses the claim: its protection keeps it from going."""
    volumes = (v for pod in world.every(core_v1.Pod) for v in (pod.spec.volumes if pod.spec else None) or ())
    sources = (volume.persistentVolumeClaim for volume in volumes)
    return any(source is not None and source.claimName == claim for source in sources)


def wrong_volumes(world: World) -> Iterator[str]:
    """Claims that wait for a volume, and volumes whose phase has not followed: their writer will write yet."""
    for claim in world.every(core_v1.PersistentVolumeClaim):
        phase = claim.status.phase if claim.status else None
        if phase == "Pending" and not is_terminating(claim):
            yield f"claim {name_of(claim)} is Pending"
    claims = {uid_of(claim) for claim in world.every(core_v1.PersistentVolumeClaim)}
    for volume in world.every(core_v1.PersistentVolume, ""):
        reference = volume.spec.claimRef if volume.spec else None
        phase = volume.status.phase if volume.status else None
        if reference is not None and reference.uid not in claims:
            yield f"volume {name_of(volume)} has outlived its claim {reference.name}"
        elif phase != "Bound":
            yield f"volume {name_of(volume)} is {phase}, not Bound"
