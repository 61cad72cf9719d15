"""What holds between claims and volumes at every moment, whoever stopped where.

Checked by the tests after every single step, and by the controller on what it is about to write.
"""

from collections import Counter
from collections.abc import Iterable

from petset.api import volumes
from petset.api.models import core_v1
from petset.api.objects import name_of, namespace_of, uid_of
from petset.controllers.volumes.model import Action, RemoveDirectory, UpdateVolume, VolumeSnapshot


def broken(
    claims: Iterable[core_v1.PersistentVolumeClaim], all_volumes: Iterable[core_v1.PersistentVolume]
) -> list[str]:
    """What is wrong, in words; empty where all holds.

    - No two claims that are Bound name the same volume.
    - A claim that says its binding is complete names a volume whose claimRef is that claim, uid included.
    """
    claims, by_name = list(claims), {name_of(v): v for v in all_volumes}
    bound = [c for c in claims if c.status and c.status.phase == "Bound"]
    uses = Counter(c.spec.volumeName for c in bound if c.spec)
    found = [f"volume {name} is bound to {count} claims" for name, count in uses.items() if count > 1]
    for claim in claims:
        volume = by_name.get((claim.spec.volumeName if claim.spec else None) or "")
        if volumes.is_fully_bound(claim) and volume is not None and not _is_for(volume, claim):
            found.append(f"claim {namespace_of(claim)}/{name_of(claim)} names a volume of somebody else")
    return found


def _is_for(volume: core_v1.PersistentVolume, claim: core_v1.PersistentVolumeClaim) -> bool:
    reference = volume.spec.claimRef if volume.spec else None
    return reference is not None and reference.uid == uid_of(claim)


def is_safe(snapshot: VolumeSnapshot, action: Action) -> bool:
    """Data is only removed, and a claimRef only changed, when the claim behind it is gone or elsewhere."""
    volume, claim = snapshot.volume, snapshot.claim
    in_use = claim is not None and claim.spec is not None and claim.spec.volumeName == name_of(volume)
    if isinstance(action, UpdateVolume):
        kept = action.volume.spec is not None and volume.spec is not None
        return not in_use or (kept and action.volume.spec.claimRef == volume.spec.claimRef)  # type: ignore[union-attr]
    return not in_use or not isinstance(action, RemoveDirectory)
