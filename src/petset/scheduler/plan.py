"""Chooses a node for one pod, or says why there is none, in the words that people know from Kubernetes.

First the claims: a pod never gets a node while a claim that binds at once is still unbound. Then every node is
asked; the best of those without objections wins, and of equals the first by name, so that a decision can be
repeated.
"""

from collections import Counter
from collections.abc import Collection, Sequence

from petset.api import volumes
from petset.api.objects import is_terminating, name_of
from petset.scheduler.filters import objections
from petset.scheduler.model import Action, Bind, ClaimState, NodeState, Plan, SelectNode, Snapshot, Waiting
from petset.scheduler.scores import score

PATIENCE_SECONDS = 1
"""How long a claim may take, or a first node, before the pod says that it waits for it."""


def plan(snapshot: Snapshot) -> Plan:
    """The node and what to write for it, or what the pod waits for.

    Guarantee: the node chosen has room, by everything the snapshot counts against it, for all that the pod
    requests.
    """
    if problem := _claims_problem(snapshot):
        message = f"0/{len(snapshot.nodes)} nodes are available: {problem}."
        return Plan(waiting=Waiting(message, PATIENCE_SECONDS))
    if not snapshot.nodes:
        return Plan(waiting=Waiting("no nodes available to schedule pods", PATIENCE_SECONDS))
    against = {name_of(state.node): objections(snapshot, state) for state in snapshot.nodes}
    able = [state for state in snapshot.nodes if not against[name_of(state.node)]]
    if not able:
        return Plan(waiting=Waiting(_no_node(against.values())))
    if snapshot.claims:
        able = _already_selected(snapshot, able) or able
    return _give(snapshot, name_of(_best(snapshot, able).node))


def _best(snapshot: Snapshot, able: list[NodeState]) -> NodeState:
    if len(able) == 1:
        return able[0]
    return max(sorted(able, key=lambda s: name_of(s.node)), key=lambda s: score(snapshot, s, able))


def _already_selected(snapshot: Snapshot, able: list[NodeState]) -> list[NodeState]:
    """Once a claim has been told a node, its volume may be on the way there: the choice stands while it can."""
    told = {volumes.annotation(s.claim, volumes.SELECTED_NODE) for s in snapshot.claims if s.claim}
    return [state for state in able if name_of(state.node) in told]


def _claims_problem(snapshot: Snapshot) -> str:
    """Why no node at all will do, whatever the nodes are like."""
    for state in snapshot.claims:
        if problem := _claim_problem(state):
            return problem
    return ""


def _claim_problem(state: ClaimState) -> str:
    claim = state.claim
    if claim is None:
        return f'persistentvolumeclaim "{state.name}" not found'
    if is_terminating(claim):
        return f'persistentvolumeclaim "{state.name}" is being deleted'
    if claim.status and claim.status.phase == "Lost":
        volume = claim.spec.volumeName if claim.spec else None
        return f'persistentvolumeclaim "{state.name}" bound to non-existent persistentvolume "{volume or ""}"'
    if volumes.is_fully_bound(claim):
        return "" if state.volume else "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"
    return (
        ""
        if volumes.waits_for_consumer(state.storage_class)
        else "pod has unbound immediate PersistentVolumeClaims"
    )


def _no_node(against: Collection[Sequence[str]]) -> str:
    counts = Counter(reason for reasons in against for reason in reasons)
    told = sorted(f"{count} {reason}" for reason, count in counts.items())
    return f"0/{len(against)} nodes are available: {', '.join(told)}."


def _give(snapshot: Snapshot, node: str) -> Plan:
    """Claims that wait for their first consumer learn the node first; the pod follows once they are bound."""
    unbound = [s.claim for s in snapshot.claims if s.claim and not volumes.is_fully_bound(s.claim)]
    if not unbound:
        return Plan((Bind(node),))
    asked: tuple[Action, ...] = tuple(
        SelectNode(claim, node) for claim in unbound if volumes.annotation(claim, volumes.SELECTED_NODE) != node
    )
    return Plan(asked, Waiting())
