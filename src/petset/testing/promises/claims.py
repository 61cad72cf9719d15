"""Data outlives everything: claims go only where the policy or the user says so, and volumes are never shared."""

from petset.api.models import apps_v1, core_v1, meta_v1
from petset.api.objects import is_terminating, meta, name_of, namespace_of, uid_of
from petset.controllers.statefulset.identity import ordinal_of, wanted_ordinals
from petset.controllers.statefulset.retention import policy_of
from petset.testing.promises.scene import Scene, Sentences

Claim = core_v1.PersistentVolumeClaim
Volume = core_v1.PersistentVolume


def claim_changed(scene: Scene, old: Claim | None, new: Claim | None) -> Sentences:
    """A claim keeps its volume, gets owners as the policy says, and goes only with one of them or for its user."""
    latest = new or old
    if latest is None:
        return
    if new is not None:
        yield from _keeps_its_volume(scene, old, new)
        known = {owner.uid for owner in (meta(old).ownerReferences if old else None) or ()}
        for owner in meta(new).ownerReferences or ():
            if owner.uid not in known and not _may_own(scene, new, owner):
                yield f"claim {name_of(new)} was given to {owner.kind} {owner.name}, though it is to be kept"
    goes = new is None or is_terminating(new)
    if goes and old is not None and not is_terminating(old):
        yield from _was_to_go(scene, old)


def volume_changed(scene: Scene, old: Volume | None, new: Volume | None) -> Sentences:
    """A volume that was once bound to a claim is never handed to another."""
    before, now = (_claim_uid(volume) for volume in (old, new))
    if old is not None and new is not None and before and now != before:
        yield f"volume {name_of(new)} went from claim {before} to {now or 'nobody'}"


def _claim_uid(volume: Volume | None) -> str:
    reference = volume.spec.claimRef if volume is not None and volume.spec else None
    return (reference.uid if reference else None) or ""


def _keeps_its_volume(scene: Scene, old: Claim | None, new: Claim) -> Sentences:
    before, now = (claim.spec.volumeName if claim and claim.spec else None for claim in (old, new))
    if before and before != now:
        yield f"claim {name_of(new)} changed its volume from {before} to {now}"
    if not now or now == before:
        return
    for other in scene.picture.every(Claim):
        if other is not new and other.spec is not None and other.spec.volumeName == now:
            yield f"volume {now} is bound to two claims: {name_of(other)} and {name_of(new)}"


def _may_own(scene: Scene, claim: Claim, owner: meta_v1.OwnerReference) -> bool:
    """The policy said, in a state that the controller may have seen, that the claim is to go with this owner."""
    namespace = namespace_of(claim)
    if owner.kind == "StatefulSet":
        sets = scene.picture.lately_of(apps_v1.StatefulSet, owner.name, namespace, owner.uid)
        return any(policy_of(s)[0] == "Delete" for s in sets)
    pods = scene.picture.lately_of(core_v1.Pod, owner.name, namespace, owner.uid)
    sets = [s for pod in pods[:1] for s in scene.sets_lately(pod)]
    return any(policy_of(s)[1] == "Delete" and _is_condemned(s, owner.name) for s in sets)


def _is_condemned(stateful_set: apps_v1.StatefulSet, pod: str) -> bool:
    return ordinal_of(name_of(stateful_set), pod) not in wanted_ordinals(stateful_set)


def _was_to_go(scene: Scene, claim: Claim) -> Sentences:
    if uid_of(claim) in scene.asked:
        return
    for state in scene.picture.lately_of(Claim, name_of(claim), namespace_of(claim), uid_of(claim)):
        owners = meta(state).ownerReferences or ()
        if any(scene.is_gone(owner, namespace_of(claim)) for owner in owners):
            return
    yield f"claim {name_of(claim)} was deleted, though it is to be kept"
