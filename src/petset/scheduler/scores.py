"""Which of the nodes that can take a pod suits it best: scores of 0 to 100, with Kubernetes' own weights."""

from collections.abc import Callable, Sequence

from petset.api import affinity, quantity, taints
from petset.api.models import core_v1
from petset.api.objects import controller_of, meta
from petset.scheduler.filters import term_means
from petset.scheduler.model import NodeState, Snapshot

Score = Callable[[Snapshot, NodeState, Sequence[NodeState]], float]

UNSTATED = {"cpu": quantity.parse("100m").nanos, "memory": quantity.parse("200Mi").nanos}
"""What a pod that requests nothing is taken to use when nodes are compared, so that such pods spread too."""


def has_most_left(snapshot: Snapshot, state: NodeState, others: Sequence[NodeState]) -> float:
    """The share of cpu and memory that stays free with the pod there."""
    offered, wanted = state.offered, snapshot.requests
    shares = []
    for name, least in UNSTATED.items():
        if not (room := offered.get(name)):
            continue
        used = max(state.used.get(name, 0), least * len(state.pods))
        left = room - used - (wanted.get(name) or least)
        shares.append(max(0.0, left / room))
    return 100 * sum(shares) / len(shares) if shares else 0


def has_fewest_siblings(snapshot: Snapshot, state: NodeState, others: Sequence[NodeState]) -> float:
    """Few pods of the same owner: a set's replicas spread over the failure domains."""
    owner = controller_of(snapshot.pod)
    if owner is None:
        return 100
    most = max(other.owners.get(owner.uid, 0) for other in others)
    return 100 * (1 - state.owners.get(owner.uid, 0) / most) if most else 100


def is_preferred_by_affinity(snapshot: Snapshot, state: NodeState, others: Sequence[NodeState]) -> float:
    """The weights of the preferred node terms that hold, as a share of all."""
    rules = snapshot.pod.spec.affinity.nodeAffinity if snapshot.pod.spec and snapshot.pod.spec.affinity else None
    terms = (rules.preferredDuringSchedulingIgnoredDuringExecution or ()) if rules else ()
    total = sum(term.weight for term in terms)
    held = sum(term.weight for term in terms if affinity.term_selects(term.preference, state.node))
    return 100 * held / total if total else 0


def is_preferred_by_neighbours(snapshot: Snapshot, state: NodeState, others: Sequence[NodeState]) -> float:
    """Preferred pod affinity counts for the node, preferred anti-affinity against it; 50 is neither."""
    rules = snapshot.pod.spec.affinity if snapshot.pod.spec else None
    near = (
        (rules.podAffinity.preferredDuringSchedulingIgnoredDuringExecution or ())
        if rules and rules.podAffinity
        else ()
    )
    far = (
        (rules.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution or ())
        if rules and rules.podAntiAffinity
        else ()
    )
    total: int = sum(term.weight for term in (*near, *far))
    if not total:
        return 50
    here: float = sum(t.weight for t in near if _is_near(t, snapshot, state))
    here -= sum(t.weight for t in far if _is_near(t, snapshot, state))
    return 50 + 50 * here / total


def is_least_tainted(snapshot: Snapshot, state: NodeState, others: Sequence[NodeState]) -> float:
    """No PreferNoSchedule taint that the pod does not tolerate."""
    spec = snapshot.pod.spec
    stated = (state.node.spec.taints if state.node.spec else None) or ()
    tolerations = (spec.tolerations if spec else None) or ()
    return 0 if taints.first_untolerated(stated, tolerations, ("PreferNoSchedule",)) else 100


SCORES: tuple[tuple[Score, int], ...] = (
    (has_most_left, 1),
    (has_fewest_siblings, 2),
    (is_preferred_by_affinity, 2),
    (is_preferred_by_neighbours, 2),
    (is_least_tainted, 3),
)


def score(snapshot: Snapshot, state: NodeState, others: Sequence[NodeState]) -> float:
    """The weighted sum; `others` are all nodes that can take the pod, this one included."""
    return sum(weight * rate(snapshot, state, others) for rate, weight in SCORES)


def _is_near(term: core_v1.WeightedPodAffinityTerm, snapshot: Snapshot, state: NodeState) -> bool:
    key = term.podAffinityTerm.topologyKey
    here = (meta(state.node).labels or {}).get(key)
    return here is not None and any(
        term_means(term.podAffinityTerm, snapshot.pod, pod, snapshot)
        for other in snapshot.nodes
        if (meta(other.node).labels or {}).get(key) == here
        for pod in other.pods
    )
