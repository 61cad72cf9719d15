"""What no action of a plan may ever do, whatever state it starts from.

These are the promises that people build databases on. They are stated here once, apart from the code that keeps
them, and tests check them before every single action of every plan, also after a plan was interrupted.
"""

from collections.abc import Callable, Iterator

from petset.api.models import core_v1, meta_v1
from petset.api.objects import is_terminating, meta, name_of
from petset.controllers.statefulset import history, identity, retention
from petset.controllers.statefulset.lineup import Lineup
from petset.controllers.statefulset.model import (
    Action,
    AdoptPod,
    CreateClaim,
    CreatePod,
    DeletePod,
    Snapshot,
    UpdateClaimOwners,
)
from petset.controllers.statefulset.rollout import partition_of, recreates, seconds_until_replaced

Check = Callable[[Lineup, Action], bool]


def violations(snapshot: Snapshot, action: Action) -> tuple[str, ...]:
    """The names of the promises that `action` would break in the state of `snapshot`."""
    lineup = Lineup(snapshot, history.decide(snapshot))
    return tuple(name for name, holds in PROMISES.items() if not holds(lineup, action))


def _at_most_one_pod_per_identity(lineup: Lineup, action: Action) -> bool:
    if not isinstance(action, CreatePod):
        return True
    return lineup.replica(_ordinal(lineup, action.pod)) is None


def _one_claim_per_template_and_ordinal(lineup: Lineup, action: Action) -> bool:
    return not isinstance(action, CreateClaim) or lineup.snapshot.claims.get(name_of(action.claim)) is None


def _a_pod_is_created_after_its_claims(lineup: Lineup, action: Action) -> bool:
    if not isinstance(action, CreatePod):
        return True
    names = identity.claim_names(lineup.set, _ordinal(lineup, action.pod))
    claims = [lineup.snapshot.claims.get(name) for name in names]
    return all(claim is not None and not is_terminating(claim) for claim in claims)


def _ordered_start(lineup: Lineup, action: Action) -> bool:
    """Nobody starts before every lower ordinal is Available."""
    if not lineup.ordered or not isinstance(action, CreatePod):
        return True
    below = range(lineup.ordinals.start, _ordinal(lineup, action.pod))
    return not any(lineup.is_unavailable(lineup.replica(ordinal)) for ordinal in below)


def _ordered_removal(lineup: Lineup, action: Action) -> bool:
    """The condemned go from the highest, one at a time, and only when every wanted replica is Available."""
    if not lineup.ordered or not isinstance(action, DeletePod) or action.why != "condemned":
        return True
    highest = max(lineup.condemned(), key=lambda pod: _ordinal(lineup, pod))
    is_next = name_of(highest) == name_of(action.pod) and not is_terminating(highest)
    return is_next and not any(lineup.is_unavailable(lineup.replica(ordinal)) for ordinal in lineup.ordinals)


def _ordered_update(lineup: Lineup, action: Action) -> bool:
    """An update in order takes an Available pod, or a broken one with which the set has lost patience (rule 52)."""
    if not lineup.ordered or not isinstance(action, DeletePod) or action.why != "update" or recreates(lineup.set):
        return True
    return not lineup.is_unavailable(action.pod) or seconds_until_replaced(lineup, action.pod) == 0


def _strays_are_left_where_that_is_asked_for(lineup: Lineup, action: Action) -> bool:
    if not lineup.options.leave_strays or not isinstance(action, AdoptPod):
        return True
    return identity.ordinal_of(name_of(lineup.set), name_of(action.pod)) in lineup.ordinals


def _only_the_unwanted_are_removed(lineup: Lineup, action: Action) -> bool:
    if not isinstance(action, DeletePod):
        return True
    wanted = _ordinal(lineup, action.pod) in lineup.ordinals
    match action.why:
        case "condemned":
            return not wanted
        case "finished":
            return wanted and action.pod.status is not None and action.pod.status.phase in ("Failed", "Succeeded")
        case "update":
            first = lineup.ordinals.start + partition_of(lineup.set)
            allowed = recreates(lineup.set) or _ordinal(lineup, action.pod) >= first
            return lineup.history.is_stale(action.pod) and allowed


def _a_new_pod_has_one_of_the_two_revisions(lineup: Lineup, action: Action) -> bool:
    if not isinstance(action, CreatePod):
        return True
    return identity.revision_of(action.pod) in (lineup.history.current_label, lineup.history.update_label)


def _retained_claims_get_no_owner(lineup: Lineup, action: Action) -> bool:
    """A claim goes with the set or with its pod only where the policy says Delete."""
    if not isinstance(action, CreateClaim | UpdateClaimOwners):
        return True
    when_deleted, when_scaled = retention.policy_of(lineup.set)
    allowed = {"StatefulSet": when_deleted == "Delete", "Pod": when_scaled == "Delete"}
    owners = meta(action.claim).ownerReferences or []
    return all(allowed.get(ref.kind, True) for ref in owners if _is_ours(lineup, ref) and ref.controller)


def _nothing_is_done_for_a_set_that_is_going(lineup: Lineup, action: Action) -> bool:
    return not is_terminating(lineup.set)


def _is_ours(lineup: Lineup, ref: meta_v1.OwnerReference) -> bool:
    """It names the set, or a pod that the set has or may have."""
    return ref.name == name_of(lineup.set) or identity.ordinal_of(name_of(lineup.set), ref.name) is not None


def _ordinal(lineup: Lineup, pod: core_v1.Pod) -> int:
    ordinal = identity.ordinal_of(name_of(lineup.set), name_of(pod))
    assert ordinal is not None
    return ordinal


def _named(*checks: Check) -> Iterator[tuple[str, Check]]:
    for check in checks:
        yield check.__name__.strip("_").replace("_", " "), check


PROMISES: dict[str, Check] = dict(
    _named(
        _at_most_one_pod_per_identity,
        _one_claim_per_template_and_ordinal,
        _a_pod_is_created_after_its_claims,
        _ordered_start,
        _ordered_removal,
        _ordered_update,
        _strays_are_left_where_that_is_asked_for,
        _only_the_unwanted_are_removed,
        _a_new_pod_has_one_of_the_two_revisions,
        _retained_claims_get_no_owner,
        _nothing_is_done_for_a_set_that_is_going,
    )
)
"""Every promise by its name in words."""
