"""Why a node cannot take a pod: one small claim each, named after what it asserts, with Kubernetes' own message.

A filter looks at one pod and one node and answers with the reasons against it, none if there are none. They run in
Kubernetes' order and the first that objects speaks for the node, so that counts in messages add up to the nodes.
"""

from collections.abc import Callable, Iterable, Sequence

from petset.api import affinity, taints, volumes
from petset.api.models import core_v1
from petset.api.objects import meta, name_of, namespace_of
from petset.api.selectors import Selector
from petset.scheduler.model import NodeState, Snapshot

ANY_ADDRESS = "0.0.0.0"  # noqa: S104 - compared with, never bound to

Filter = Callable[[Snapshot, NodeState], Sequence[str]]


def is_schedulable(snapshot: Snapshot, state: NodeState) -> Sequence[str]:
    """The node is not cordoned, or the pod does not mind."""
    if not (state.node.spec and state.node.spec.unschedulable):
        return ()
    cordon = core_v1.Taint(key=taints.UNSCHEDULABLE, effect="NoSchedule")
    return () if taints.is_tolerated(cordon, _tolerations(snapshot.pod)) else ("node(s) were unschedulable",)


def has_the_requested_name(snapshot: Snapshot, state: NodeState) -> Sequence[str]:
    """A pod that asks for a node by name gets that one or none."""
    wanted = snapshot.pod.spec.nodeName if snapshot.pod.spec else None
    return () if not wanted or wanted == name_of(state.node) else ("node(s) didn't match the requested node name",)


def has_no_untolerated_taint(snapshot: Snapshot, state: NodeState) -> Sequence[str]:
    """Every taint that keeps pods off is tolerated."""
    taint = taints.first_untolerated(state.taints, _tolerations(snapshot.pod), ("NoSchedule", "NoExecute"))
    return ("node(s) had untolerated taint(s)",) if taint else ()


def matches_node_affinity(snapshot: Snapshot, state: NodeState) -> Sequence[str]:
    """The node has the labels of `nodeSelector`, and a term of the required node affinity holds."""
    spec = snapshot.pod.spec
    assert spec
    if not spec.nodeSelector and spec.affinity is None:
        return ()
    labels = meta(state.node).labels or {}
    required = None
    if spec.affinity and spec.affinity.nodeAffinity:
        required = spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution
    has_labels = all(labels.get(key) == value for key, value in (spec.nodeSelector or {}).items())
    if has_labels and (required is None or affinity.selects(required, state.node)):
        return ()
    return ("node(s) didn't match Pod's node affinity/selector",)


def has_free_ports(snapshot: Snapshot, state: NodeState) -> Sequence[str]:
    """No pod there has one of the host ports that this one wants."""
    wanted = host_ports(snapshot.pod)
    if not wanted:
        return ()
    taken = [port for pod in state.pods for port in host_ports(pod)]
    if any(_collide(one, other) for one in wanted for other in taken):
        return ("node(s) didn't have free ports for the requested pod ports",)
    return ()


def has_room(snapshot: Snapshot, state: NodeState) -> Sequence[str]:
    """What the pod requests still fits, resource by resource."""
    offered, short = state.offered, []
    for name, amount in snapshot.requests.items():
        if name == "pods" and name not in offered:
            continue  # a node that states no limit has none
        if amount and state.used.get(name, 0) + amount > offered.get(name, 0):
            short.append("Too many pods" if name == "pods" else f"Insufficient {name}")
    return short


def can_reach_the_volumes(snapshot: Snapshot, state: NodeState) -> Sequence[str]:
    """Bound volumes admit the node; claims that wait for their first consumer can be served there."""
    for claim in snapshot.claims:
        if claim.volume is not None:
            if not volumes.is_reachable(claim.volume, state.node):
                return ("node(s) didn't match PersistentVolume's node affinity",)
            continue
        provisioned = claim.storage_class and claim.storage_class.provisioner != volumes.NO_PROVISIONER
        if claim.claim and not provisioned and not volumes.best_match(claim.claim, claim.offers, state.node):
            return ("node(s) didn't find available persistent volumes to bind",)
    return ()


def satisfies_the_others_anti_affinity(snapshot: Snapshot, state: NodeState) -> Sequence[str]:
    """No pod already in the node's surroundings refuses this one."""
    pod = snapshot.pod
    for other in snapshot.nodes:
        for neighbour in other.repelling:
            for term in anti_affinity_terms(neighbour):
                labels = meta(state.node).labels or {}
                if _same_domain(term.topologyKey, labels, other) and term_means(term, neighbour, pod, snapshot):
                    return ("node(s) didn't satisfy existing pods anti-affinity rules",)
    return ()


def satisfies_pod_anti_affinity(snapshot: Snapshot, state: NodeState) -> Sequence[str]:
    """Nobody that the pod refuses is in the node's surroundings."""
    for term in anti_affinity_terms(snapshot.pod):
        if _neighbours(term, snapshot, state):
            return ("node(s) didn't match pod anti-affinity rules",)
    return ()


def satisfies_pod_affinity(snapshot: Snapshot, state: NodeState) -> Sequence[str]:
    """Everybody that the pod needs near it is there; the first of a group that wants its like may go anywhere."""
    terms = affinity_terms(snapshot.pod)
    if not terms:
        return ()
    labels = meta(state.node).labels or {}
    if all(_neighbours(term, snapshot, state) for term in terms):
        return ()
    knows_the_keys = all(term.topologyKey in labels for term in terms)
    if knows_the_keys and _is_first_of_its_group(terms, snapshot):
        return ()
    return ("node(s) didn't match pod affinity rules",)


FILTERS: tuple[Filter, ...] = (
    is_schedulable,
    has_the_requested_name,
    has_no_untolerated_taint,
    matches_node_affinity,
    has_free_ports,
    has_room,
    can_reach_the_volumes,
    satisfies_the_others_anti_affinity,
    satisfies_pod_affinity,
    satisfies_pod_anti_affinity,
)


def objections(snapshot: Snapshot, state: NodeState) -> Sequence[str]:
    """What the first filter that objects says; nothing where the node can take the pod."""
    for check in FILTERS:
        if reasons := check(snapshot, state):
            return reasons
    return ()


def host_ports(pod: core_v1.Pod) -> list[tuple[str, str, int]]:
    """The (address, protocol, port) of the host that the pod takes for itself."""
    assert pod.spec
    sidecars = [c for c in pod.spec.initContainers or () if c.restartPolicy == "Always"]
    return [
        (port.hostIP or ANY_ADDRESS, port.protocol or "TCP", port.hostPort)
        for container in (*pod.spec.containers, *sidecars)
        for port in container.ports or ()
        if port.hostPort
    ]


def anti_affinity_terms(pod: core_v1.Pod) -> Sequence[core_v1.PodAffinityTerm]:
    """The pod's required anti-affinity."""
    rules = pod.spec.affinity.podAntiAffinity if pod.spec and pod.spec.affinity else None
    return (rules.requiredDuringSchedulingIgnoredDuringExecution or ()) if rules else ()


def affinity_terms(pod: core_v1.Pod) -> Sequence[core_v1.PodAffinityTerm]:
    """The pod's required affinity to other pods."""
    rules = pod.spec.affinity.podAffinity if pod.spec and pod.spec.affinity else None
    return (rules.requiredDuringSchedulingIgnoredDuringExecution or ()) if rules else ()


def term_means(term: core_v1.PodAffinityTerm, owner: core_v1.Pod, other: core_v1.Pod, snapshot: Snapshot) -> bool:
    """Whether a term of `owner` speaks of the pod `other`: by namespace and labels."""
    return _namespace_meant(term, owner, namespace_of(other), snapshot.namespaces) and (
        Selector.from_struct(term.labelSelector).matches(meta(other).labels)
    )


def _namespace_meant(
    term: core_v1.PodAffinityTerm, owner: core_v1.Pod, namespace: str, namespaces: Iterable[core_v1.Namespace]
) -> bool:
    if not term.namespaces and term.namespaceSelector is None:
        return namespace == namespace_of(owner)
    if namespace in (term.namespaces or ()):
        return True
    if term.namespaceSelector is None:
        return False
    return any(
        name_of(known) == namespace and Selector.from_struct(term.namespaceSelector).matches(meta(known).labels)
        for known in namespaces
    )


def _neighbours(term: core_v1.PodAffinityTerm, snapshot: Snapshot, state: NodeState) -> bool:
    """Whether a pod that the term means is in the same topology domain as the node."""
    labels = meta(state.node).labels or {}
    return any(
        term_means(term, snapshot.pod, pod, snapshot)
        for other in snapshot.nodes
        if _same_domain(term.topologyKey, labels, other)
        for pod in other.pods
    )


def _same_domain(key: str, labels: dict[str, str], other: NodeState) -> bool:
    return key in labels and (meta(other.node).labels or {}).get(key) == labels[key]


def _is_first_of_its_group(terms: Sequence[core_v1.PodAffinityTerm], snapshot: Snapshot) -> bool:
    pod = snapshot.pod
    anybody = any(
        term_means(term, pod, other, snapshot) for term in terms for state in snapshot.nodes for other in state.pods
    )
    return not anybody and all(term_means(term, pod, pod, snapshot) for term in terms)


def _collide(one: tuple[str, str, int], other: tuple[str, str, int]) -> bool:
    same_address = one[0] == other[0] or ANY_ADDRESS in (one[0], other[0])
    return same_address and one[1:] == other[1:]


def _tolerations(pod: core_v1.Pod) -> Sequence[core_v1.Toleration]:
    return (pod.spec.tolerations if pod.spec else None) or ()
