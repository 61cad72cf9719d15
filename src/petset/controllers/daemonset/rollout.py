"""Replacing the pods of a former template, node by node.

With `maxUnavailable` the old pod goes first and its successor follows: so many nodes at a time are without a pod
that works. With `maxSurge` the successor comes first, beside the old pod, which goes once the new one is Available:
so many nodes at a time have two, and none is ever without. The API lets only one of the two be other than zero.

Old pods that do not work spend no patience: they are replaced at once, however many there are.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from petset.api.models import apps_v1, core_v1
from petset.api.objects import is_terminating, meta
from petset.controllers.daemonset.model import REVISION_LABEL, CreatePod, DeletePod, Snapshot
from petset.controllers.daemonset.placing import pod_for
from petset.ownership.amounts import scaled
from petset.ownership.health import is_available
from petset.ownership.pods import is_ready


@dataclass(frozen=True)
class Site:
    """One node's living pods: the one of the present template and the one of a former template.

    `is_crowded`: there are more of one sort, which must be put right before anything else is done here.
    """

    node: str
    is_meant: bool
    new: core_v1.Pod | None
    old: core_v1.Pod | None
    is_crowded: bool


def roll(
    snapshot: Snapshot,
    by_node: Mapping[str, Sequence[core_v1.Pod]],
    meant: Sequence[str],
    revision: str,
    leaving: Collection[core_v1.Pod],
) -> list[CreatePod | DeletePod]:
    """What the update strategy does now, apart from the pods in `leaving`, which go for other reasons."""
    strategy = _strategy(snapshot.set)
    if strategy is None or strategy.type != "RollingUpdate":
        return []
    nodes = [*meant, *(node for node in by_node if node and node not in meant)]
    sites = [_site(node, node in meant, by_node.get(node, ()), revision, leaving) for node in nodes]
    block = strategy.rollingUpdate or apps_v1.RollingUpdateDaemonSet(maxUnavailable=1)
    surge = scaled(block.maxSurge, len(meant), round_up=True)
    if surge:
        return list(_successors_first(snapshot, sites, surge, len(meant), revision))
    return list(_predecessors_first(snapshot, sites, scaled(block.maxUnavailable, len(meant), round_up=True)))


def allows_surge(daemon_set: apps_v1.DaemonSet) -> bool:
    """Two pods may share a node for a while: one of the present template, one of a former."""
    strategy = _strategy(daemon_set)
    if strategy is None or strategy.type != "RollingUpdate" or strategy.rollingUpdate is None:
        return False
    return scaled(strategy.rollingUpdate.maxSurge, 1, round_up=True) > 0


def surplus(snapshot: Snapshot, alive: Sequence[core_v1.Pod], revision: str) -> Iterator[core_v1.Pod]:
    """Those of one node's living pods, oldest first, that are too many there."""
    if not allows_surge(snapshot.set):
        yield from alive[1:]
        return
    new = [pod for pod in alive if is_new(pod, revision)]
    old = [pod for pod in alive if not is_new(pod, revision)]
    yield from (*new[1:], *old[1:])
    if new and old and (not is_ready(old[0]) or _works(snapshot, new[0])):
        yield old[0]


def is_new(pod: core_v1.Pod, revision: str) -> bool:
    """The pod has the present template."""
    labels: dict[str, str] = meta(pod).labels or {}
    return labels.get(REVISION_LABEL, "") == revision


def _strategy(daemon_set: apps_v1.DaemonSet) -> apps_v1.DaemonSetUpdateStrategy | None:
    return daemon_set.spec.updateStrategy if daemon_set.spec else None


def _site(
    node: str, is_meant: bool, pods: Iterable[core_v1.Pod], revision: str, leaving: Collection[core_v1.Pod]
) -> Site:
    living = [pod for pod in pods if not is_terminating(pod) and pod not in leaving]
    new = [pod for pod in living if is_new(pod, revision)]
    old = [pod for pod in living if not is_new(pod, revision)]
    crowded = len(new) > 1 or len(old) > 1
    return Site(node, is_meant, next(iter(new), None), next(iter(old), None), crowded)


def _predecessors_first(snapshot: Snapshot, sites: Sequence[Site], most: int) -> Iterator[DeletePod]:
    broken: list[core_v1.Pod] = []
    candidates: list[core_v1.Pod] = []
    unavailable = 0
    for site in sites:
        only = None if site.is_crowded or (site.new and site.old) else site.new or site.old
        works = only is not None and _works(snapshot, only)
        unavailable += not works
        if only is not None and only is site.old:
            (candidates if works else broken).append(only)
    yield from map(DeletePod, (*broken, *candidates[: max(0, most - unavailable)]))


def _successors_first(
    snapshot: Snapshot, sites: Sequence[Site], surge: int, desired: int, revision: str
) -> Iterator[CreatePod | DeletePod]:
    """On a node that is not meant any more the old pod goes once enough others work."""
    apart = [site for site in sites if not site.is_crowded]
    both = [site for site in apart if site.new is not None and site.old is not None]
    done = [site for site in both if _works(snapshot, site.new)]
    under_way = len(sites) - len(apart) + len(both) - len(done)
    alone = [site for site in apart if site.new is None and site.old is not None]
    broken = [site for site in alone if not _works(snapshot, site.old)]
    candidates = [site for site in alone if site.is_meant and _works(snapshot, site.old)]
    superfluous = [site for site in alone if not site.is_meant and _works(snapshot, site.old)]
    spare = sum(_works(snapshot, site.old or site.new) for site in apart) - desired
    ending = (*done, *(site for site in broken if not site.is_meant), *superfluous[: max(0, spare)])
    yield from (DeletePod(site.old) for site in ending if site.old is not None)
    beginning = (*(site for site in broken if site.is_meant), *candidates[: max(0, surge - under_way)])
    yield from (CreatePod(pod_for(snapshot.set, site.node, revision), site.node) for site in beginning)


def _works(snapshot: Snapshot, pod: core_v1.Pod | None) -> bool:
    least = (snapshot.set.spec.minReadySeconds if snapshot.set.spec else None) or 0
    return pod is not None and is_available(pod, least, snapshot.now)
