"""What one ordinal needs beside its pod: its claims, their owners, and a pod that names them (rules 18, 25-33).

Each answer depends on the set's spec, the pod and the claims of that ordinal alone, and on no other pod: so it can
be found once, when one of them changes, instead of at every look at the set.
"""

from dataclasses import replace
from typing import Protocol

from petset.api.models import apps_v1, core_v1
from petset.api.objects import is_terminating, uid_of
from petset.controllers.statefulset import identity, retention
from petset.controllers.statefulset.model import (
    Action,
    CreateClaim,
    RefuseClaim,
    RepairPod,
    UpdateClaimOwners,
)
from petset.controllers.statefulset.retention import Keeper
from petset.ownership import health


class Claims(Protocol):
    """The claims of the set's namespace, by name."""

    def get(self, name: str, /) -> core_v1.PersistentVolumeClaim | None: ...


def keeper(stateful_set: apps_v1.StatefulSet, ordinal: int, pod: core_v1.Pod | None) -> Keeper:
    """The ordinal as the claim retention policy sees it."""
    condemned = ordinal not in identity.wanted_ordinals(stateful_set)
    uid = uid_of(pod) if pod is not None else ""
    return Keeper(stateful_set, identity.pod_name(stateful_set, ordinal), uid, condemned)


def upkeep(
    stateful_set: apps_v1.StatefulSet, claims: Claims, ordinal: int, pod: core_v1.Pod, *, settled: bool
) -> list[Action]:
    """Rules 18 and 28: a Pending pod gets the claims it lacks, once they are gone; a settled one is put right.

    A change of claim owners alone is announced as an update of the pod, as Kubernetes does.
    """
    pending = health.is_pending(pod)
    if not pending and not settled:
        return []
    stored = identity.storage_matches(stateful_set, pod, ordinal)
    missing, going = missing_claims(stateful_set, claims, ordinal) if pending or not stored else ([], None)
    owners = corrections(stateful_set, claims, ordinal, pod)
    wrong = not stored or not identity.identity_matches(pod) or (owners and not pending)
    repair = [RepairPod(identity.repaired(stateful_set, pod, ordinal))] if settled and wrong else []
    refusal = [replace(going, told=False)] if pending and going is not None else []
    return [*missing, *refusal, *owners, *repair]


def missing_claims(
    stateful_set: apps_v1.StatefulSet, claims: Claims, ordinal: int
) -> tuple[list[CreateClaim], RefuseClaim | None]:
    """The claims to create for an ordinal, and the first that is there but on its way out (rules 25-28)."""
    templates = stateful_set.spec.volumeClaimTemplates
    if not templates:
        return [], None
    pod = identity.pod_name(stateful_set, ordinal)
    missing: list[CreateClaim] = []
    refused: RefuseClaim | None = None
    for template in templates:
        name = identity.claim_name(stateful_set, template, ordinal)
        claim = claims.get(name)
        if claim is None:
            owners = retention.owners_for(keeper(stateful_set, ordinal, None))
            missing.append(CreateClaim(identity.new_claim(stateful_set, template, ordinal, owners), pod))
        elif is_terminating(claim) and refused is None:
            refused = RefuseClaim(name, pod, f"pvc {name} is being deleted")
    return missing, refused


def corrections(
    stateful_set: apps_v1.StatefulSet, claims: Claims, ordinal: int, pod: core_v1.Pod | None
) -> list[UpdateClaimOwners]:
    """What puts the owners of the ordinal's claims right, for those that exist (rule 31)."""
    if not stateful_set.spec.volumeClaimTemplates:
        return []
    existing = [claim for claim in map(claims.get, identity.claim_names(stateful_set, ordinal)) if claim]
    if not any(retention.may_be_wrong(stateful_set, claim) for claim in existing):
        return []
    kept_by = keeper(stateful_set, ordinal, pod)
    changes = (retention.correction(kept_by, claim) for claim in existing)
    return [change for change in changes if change is not None]


def claim_of_former_pod(stateful_set: apps_v1.StatefulSet, claims: Claims, ordinal: int) -> str:
    """The name of a claim that goes with the pod that was here before, or empty (rule 33)."""
    if not retention.ends_with_pods(stateful_set):
        return ""
    kept_by = keeper(stateful_set, ordinal, None)
    for name in identity.claim_names(stateful_set, ordinal):
        claim = claims.get(name)
        if claim is not None and retention.is_held_by_former_pod(kept_by, claim):
            return name
    return ""
