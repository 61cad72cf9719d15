"""What a DaemonSet needs next: the whole decision.

    ownership, history   which pods and kept templates are the set's
    nodes                a pod where one is meant and missing; none twice, none where it may not stay, no dead ones
    rollout              pods of an older template (`rollout.py`)

Guarantee: never two pods of one template are made for one node, and a rollout never takes an Available pod while as
many nodes as `maxUnavailable` are without one; with `maxSurge` it never takes one that no other has followed.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from petset.api.models import apps_v1, core_v1
from petset.api.objects import is_terminating, meta, name_of, namespace_of
from petset.api.selectors import Selector
from petset.controllers.daemonset import history, rollout
from petset.controllers.daemonset.model import Action, CreatePod, DeletePod, Plan, Snapshot
from petset.controllers.daemonset.placing import is_meant, node_of, pod_for
from petset.ownership import membership
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
    for pod in sorted(pods.members, key=_seniority):
        by_node.setdefault(node_of(pod), []).append(pod)
    status = _count(snapshot, by_node, past.hash)
    if is_terminating(snapshot.set):
        return Plan((), status)
    made = list(_settle(snapshot, by_node, past.hash))
    leaving = [action.pod for action in made if isinstance(action, DeletePod)]
    rolled = rollout.roll(snapshot, by_node, meant_nodes(snapshot), past.hash, leaving)
    actions = (*pods.actions, *kept.actions, *past.actions, *made[:BURST], *rolled)
    return Plan(actions, status, _next_availability(snapshot, pods.members))


def _seniority(pod: core_v1.Pod) -> tuple[bool, datetime, str]:
    """Who has a node goes before who has none yet, then by age."""
    placed = bool(pod.spec and pod.spec.nodeName)
    return not placed, meta(pod).creationTimestamp or _YOUNGEST, name_of(pod)


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
    """One pod, and that alive: a successor is made once its predecessor is gone, but in a surge (`rollout.py`)."""
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
    yield from map(DeletePod, rollout.surplus(snapshot, alive, revision))


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
        updatedNumberScheduled=sum(rollout.is_new(pod, revision) for pod in pods) or None,
        observedGeneration=meta(snapshot.set).generation,
        collisionCount=stored.collisionCount if stored else None,
        conditions=stored.conditions if stored else None,
    )


def _next_availability(snapshot: Snapshot, pods: tuple[core_v1.Pod, ...]) -> float | None:
    least = (snapshot.set.spec.minReadySeconds if snapshot.set.spec else None) or 0
    times = (seconds_until_available(pod, least, snapshot.now) for pod in pods)
    return min((seconds for seconds in times if seconds), default=None)
