"""Bringing the wanted replicas up and taking the condemned ones down (rules 43-50).

OrderedReady walks the ordinals upward and stops at the first that needs work or is not finished; on the way down it
removes one pod, the highest, and only when everybody below is Available. Parallel waits for nobody.
"""

from petset.api.models import core_v1
from petset.api.objects import is_terminating, name_of
from petset.controllers.statefulset import health, identity, retention, waiting
from petset.controllers.statefulset.lineup import Lineup
from petset.controllers.statefulset.model import (
    Action,
    CreateClaim,
    CreatePod,
    DeletePod,
    RefuseClaim,
    RepairPod,
    UpdateClaimOwners,
    Waiting,
)
from petset.controllers.statefulset.rollout import template_for
from petset.controllers.statefulset.steps import Step


def replicas(lineup: Lineup) -> Step:
    """Rule 47 for each wanted ordinal, upward."""
    step = Step("replicas", lineup.ordered)
    for ordinal, pod in zip(lineup.ordinals, lineup.replicas, strict=True):
        if pod is None:
            _bring_up(lineup, step, ordinal)
        else:
            _look_after(lineup, step, ordinal, pod)
        if step.blocked:
            break
    return step


def condemned_claims(lineup: Lineup) -> Step:
    """The claims of all condemned pods get their owners before any of the pods goes (rule 44b)."""
    step = Step("claims of condemned", lineup.ordered)
    for member in lineup.condemned:
        step.add(*_claim_corrections(lineup, member.ordinal, member.pod))
    return step


def condemned(lineup: Lineup) -> Step:
    """Rules 49, 50: in order one pod, the highest, if it is healthy or the first unavailable of all; else all."""
    step = Step("condemned", lineup.ordered)
    for member in lineup.condemned:
        obstacle = _obstacle_to_removal(lineup, member.pod) if lineup.ordered else None
        if obstacle is not None:
            step.block(obstacle)
        elif not is_terminating(member.pod):
            step.add(DeletePod(member.pod, "condemned"))
            step.block()
        if step.blocked:
            break
    return step


def _bring_up(lineup: Lineup, step: Step, ordinal: int) -> None:
    """Claims first, then the pod; OrderedReady creates one pod and looks again (rule 47)."""
    name = lineup.pod_name(ordinal)
    held = _claim_of_former_pod(lineup, ordinal)
    if held:
        step.block(waiting.for_claim_of_former_pod(name, held))
        return
    claims, refused = _missing_claims(lineup, ordinal)
    if refused is not None:
        step.add(*claims, refused)
        step.block(waiting.for_claim_being_deleted(name, refused.claim))
        return
    template, revision = template_for(lineup.history, ordinal)
    pod = identity.new_pod(lineup.set, template, ordinal, revision)
    step.add(*claims, CreatePod(pod), *_claim_corrections(lineup, ordinal, None))
    step.block(waiting.for_new_pod(waiting.next_in_line(lineup, ordinal), name) if lineup.ordered else None)


def _look_after(lineup: Lineup, step: Step, ordinal: int, pod: core_v1.Pod) -> None:
    """A replica that exists: replace it if it is finished, keep its claims there, repair it once it is settled."""
    if health.is_finished(pod):
        if not is_terminating(pod):
            step.add(DeletePod(pod, "finished"))
        step.block(_waits_for(lineup, ordinal, pod))
        return
    step.add(*_upkeep(lineup, ordinal, pod))
    if lineup.ordered and not _is_settled(lineup, pod):
        step.block(_waits_for(lineup, ordinal, pod))


def _is_settled(lineup: Lineup, pod: core_v1.Pod) -> bool:
    return health.phase_of(pod) == "Running" and not lineup.is_unavailable(pod)


def _waits_for(lineup: Lineup, ordinal: int, pod: core_v1.Pod) -> Waiting | None:
    if not lineup.ordered:
        return None
    return waiting.for_pod(lineup, waiting.next_in_line(lineup, ordinal), pod, 47)


def _upkeep(lineup: Lineup, ordinal: int, pod: core_v1.Pod) -> list[Action]:
    """Rules 18 and 28: a Pending pod gets the claims it lacks; a settled one (in Parallel any) is put right.

    A change of claim owners alone is announced as an update of the pod, as Kubernetes does.
    """
    pending, settled = health.is_pending(pod), not lineup.ordered or _is_settled(lineup, pod)
    if not pending and not settled:
        return []
    stored = identity.storage_matches(lineup.set, pod, ordinal)
    claims = _missing_claims(lineup, ordinal)[0] if pending or not stored else []
    owners = _claim_corrections(lineup, ordinal, pod)
    wrong = not stored or not identity.identity_matches(pod) or (owners and not pending)
    repair = [RepairPod(identity.repaired(lineup.set, pod, ordinal))] if settled and wrong else []
    return [*claims, *owners, *repair]


def _missing_claims(lineup: Lineup, ordinal: int) -> tuple[list[CreateClaim], RefuseClaim | None]:
    """The claims to create for an ordinal, and the first that is there but on its way out (rules 25-28)."""
    stateful_set, pod = lineup.set, lineup.pod_name(ordinal)
    missing: list[CreateClaim] = []
    refused: RefuseClaim | None = None
    for template in stateful_set.spec.volumeClaimTemplates or ():
        name = identity.claim_name(stateful_set, template, ordinal)
        claim = lineup.snapshot.claims.get(name)
        if claim is None:
            owners = retention.owners_for(lineup.keeper(ordinal, None))
            missing.append(CreateClaim(identity.new_claim(stateful_set, template, ordinal, owners), pod))
        elif is_terminating(claim) and refused is None:
            refused = RefuseClaim(name, pod, f"pvc {name} is being deleted")
    return missing, refused


def _claim_corrections(lineup: Lineup, ordinal: int, pod: core_v1.Pod | None) -> list[UpdateClaimOwners]:
    """What puts the owners of the ordinal's claims right, for those that exist (rule 31)."""
    keeper = lineup.keeper(ordinal, pod)
    existing = (lineup.snapshot.claims.get(name) for name in identity.claim_names(lineup.set, ordinal))
    changes = (retention.correction(keeper, claim) for claim in existing if claim is not None)
    return [change for change in changes if change is not None]


def _claim_of_former_pod(lineup: Lineup, ordinal: int) -> str:
    """The name of a claim that goes with the pod that was here before, or empty (rule 33)."""
    keeper = lineup.keeper(ordinal, None)
    for name in identity.claim_names(lineup.set, ordinal):
        claim = lineup.snapshot.claims.get(name)
        if claim is not None and retention.is_held_by_former_pod(keeper, claim):
            return name
    return ""


def _obstacle_to_removal(lineup: Lineup, pod: core_v1.Pod) -> Waiting | None:
    """Why this condemned pod may not go now, in order; None if it may (rule 49)."""
    name = name_of(pod)
    if is_terminating(pod):
        return waiting.for_pod(lineup, _below(lineup, pod), pod, 49)
    if _is_settled(lineup, pod) or name == lineup.first_unavailable:
        return None
    first = next((p for p in lineup.pods() if name_of(p) == lineup.first_unavailable), pod)
    return waiting.for_pod(lineup, name, first, 49)


def _below(lineup: Lineup, pod: core_v1.Pod) -> str:
    """The condemned pod that goes after this one; the set itself after the last."""
    names = [name_of(member.pod) for member in lineup.condemned]
    after = names.index(name_of(pod)) + 1
    return names[after] if after < len(names) else name_of(lineup.set)
