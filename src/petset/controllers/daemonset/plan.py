"""What a DaemonSet needs next: the whole decision.

    ownership, history   which pods and kept templates are the set's
    nodes                a pod where one is meant and missing; none twice, none where it may not stay, no dead ones
    rollout              pods of an older template, as many at once as may be missing

Guarantee: never two pods are made for one node, and a rollout never takes an Available pod while as many nodes as
`maxUnavailable` are without one.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from petset.api.models import apps_v1, core_v1
from petset.api.objects import is_terminating, meta, name_of, namespace_of
from petset.api.selectors import Selector
from petset.controllers.daemonset import history
from petset.controllers.daemonset.model import REVISION_LABEL, Action, CreatePod, DeletePod, Plan, Snapshot
from petset.controllers.daemonset.placing import is_meant, node_of, pod_for
from petset.ownership import membership
from petset.ownership.amounts import scaled
from petset.ownership.health import is_available, is_finished, phase_of, seconds_until_available
from petset.ownership.pods import is_ready

BURST = 250
_YOUNGEST = datetime.max.replace(tzinfo=UTC)


def plan(snapshot: Snapshot) -> Plan:
    """Everything to do now for one set."""
    assert snapshot.set.spec is not None
    selector = Selector.from_struct(snapshot.set.spec.selector)
    pods = membership.decide(snapshot.set, selector, snapshot.pods)
    kept = membership.decide(snapshot.set, selector, snapshot.revisions)
    past = history.decide(snapshot, kept.members, pods.members)
    by_node: dict[str, list[core_v1.Pod]] = {}
    for pod in sorted(pods.members, key=lambda pod: (meta(pod).creationTimestamp or _YOUNGEST, name_of(pod))):
        by_node.setdefault(node_of(pod), []).append(pod)
    status = _count(snapshot, by_node, past.hash)
    if is_terminating(snapshot.set):
        return Plan((), status)
    made = list(_settle(snapshot, by_node, past.hash))
    rolled = _roll(snapshot, by_node, past.hash, [a.pod for a in made if isinstance(a, DeletePod)])
    actions = (*pods.actions, *kept.actions, *past.actions, *made[:BURST], *rolled)
    return Plan(actions, status, _next_availability(snapshot, pods.members))


def meant_nodes(snapshot: Snapshot) -> list[str]:
    """The nodes that shall have a pod."""
    both = ("NoSchedule", "NoExecute")
    return [name_of(node) for node in snapshot.nodes if is_meant(snapshot.set, node, both)]


def _settle(snapshot: Snapshot, by_node: dict[str, list[core_v1.Pod]], revision: str) -> Iterator[Action]:
    meant = set(meant_nodes(snapshot))
    for node in snapshot.nodes:
        name = name_of(node)
        pods = by_node.get(name, [])
        if name in meant:
            yield from _settle_node(snapshot, name, pods, revision)
        elif not is_meant(snapshot.set, node, ("NoExecute",)):
            yield from (DeletePod(pod) for pod in pods if not is_terminating(pod))


def _settle_node(snapshot: Snapshot, node: str, pods: list[core_v1.Pod], revision: str) -> Iterator[Action]:
    """One pod, and that alive: a successor is made once its predecessor is gone."""
    if not pods:
        yield CreatePod(pod_for(snapshot.set, node, revision), node)
        return
    there = [pod for pod in pods if not is_terminating(pod)]
    for pod in there:
        if is_finished(pod):
            word = phase_of(pod)
            text = f"Found {word.lower()} daemon pod {namespace_of(pod)}/{name_of(pod)} on node {node}"
            told = ("FailedDaemonPod", f"{text}, will try to kill it")
            if word == "Succeeded":
                told = ("SucceededDaemonPod", f"{text}, will try to delete it")
            yield DeletePod(pod, told)
    alive = [pod for pod in there if not is_finished(pod)]
    yield from (DeletePod(pod) for pod in alive[1:])


def _roll(
    snapshot: Snapshot, by_node: dict[str, list[core_v1.Pod]], revision: str, leaving: Sequence[core_v1.Pod]
) -> list[DeletePod]:
    """Old pods that do not work go at once, others as long as not too many nodes are without an Available one."""
    spec = snapshot.set.spec
    assert spec is not None
    strategy = spec.updateStrategy
    if strategy is None or strategy.type != "RollingUpdate":
        return []
    block = strategy.rollingUpdate or apps_v1.RollingUpdateDaemonSet(maxUnavailable=1)
    meant = meant_nodes(snapshot)
    # A surge is taken as leave to be without a pod: two pods of a set never share a node here.
    most = max(scaled(each, len(meant), round_up=True) for each in (block.maxUnavailable, block.maxSurge))
    broken: list[core_v1.Pod] = []
    candidates: list[core_v1.Pod] = []
    unavailable = 0
    for node in meant:
        pod = next((p for p in by_node.get(node, []) if not is_terminating(p) and p not in leaving), None)
        works = pod is not None and is_available(pod, spec.minReadySeconds or 0, snapshot.now)
        unavailable += not works
        if pod is not None and _revision_of(pod) != revision:
            (candidates if works else broken).append(pod)
    return [DeletePod(pod) for pod in (*broken, *candidates[: max(0, most - unavailable)])]


def _revision_of(pod: core_v1.Pod) -> str:
    labels: dict[str, str] = meta(pod).labels or {}
    return labels.get(REVISION_LABEL, "")


def _count(snapshot: Snapshot, by_node: dict[str, list[core_v1.Pod]], revision: str) -> apps_v1.DaemonSetStatus:
    spec = snapshot.set.spec
    assert spec is not None
    least = spec.minReadySeconds or 0
    meant = meant_nodes(snapshot)
    pods = [by_node[node][0] for node in meant if by_node.get(node)]
    ready = [pod for pod in pods if is_ready(pod)]
    available = sum(is_available(pod, least, snapshot.now) for pod in ready)
    elsewhere = [node for node in snapshot.nodes if name_of(node) not in meant and by_node.get(name_of(node))]
    stored = snapshot.set.status
    return apps_v1.DaemonSetStatus(
        desiredNumberScheduled=len(meant),
        currentNumberScheduled=len(pods),
        numberMisscheduled=len(elsewhere),
        numberReady=len(ready),
        numberAvailable=available or None,
        numberUnavailable=len(meant) - available or None,
        updatedNumberScheduled=sum(_revision_of(pod) == revision for pod in pods) or None,
        observedGeneration=meta(snapshot.set).generation,
        collisionCount=stored.collisionCount if stored else None,
        conditions=stored.conditions if stored else None,
    )


def _next_availability(snapshot: Snapshot, pods: tuple[core_v1.Pod, ...]) -> float | None:
    least = (snapshot.set.spec.minReadySeconds if snapshot.set.spec else None) or 0
    times = (seconds_until_available(pod, least, snapshot.now) for pod in pods)
    return min((seconds for seconds in times if seconds), default=None)
