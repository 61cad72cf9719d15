"""Which objects the pods of each node name: what the node's agent may read, and nothing else of their kinds.

A pod's references are settled once it has a node, but for debug containers that are added later. So a pod is looked
at when it gets its node, and after that only where it has such containers: its many changes of status cost nearly
nothing.
"""

import asyncio
from typing import NamedTuple

from petset.aio.clock import Clock
from petset.api.kinds import by_model
from petset.api.models import core_v1
from petset.api.objects import meta, uid_of
from petset.apiserver.followed import Followed
from petset.node.references import of_environment, of_pod
from petset.registry.port import Registry, WatchItem
from petset.storage.port import Key

PODS = by_model(core_v1.Pod)
_RESOURCES = {"ConfigMap": "configmaps", "Secret": "secrets", "PersistentVolumeClaim": "persistentvolumeclaims"}

_BOUND = b'"nodeName"'
_DEBUGGED = b'"ephemeralContainers"'
SECONDS_BETWEEN_LOOKS = 1.0

Named = tuple[str, str]
"""A resource and a name, in the namespace of the pod that names it."""


class _Bound(NamedTuple):
    """A pod on its node. `named` is shared by all pods that name the same."""

    uid: str
    generation: int
    node: str
    named: frozenset[Named]


class Relations(Followed):
    """The references of all pods that have a node."""

    def __init__(self, registry: Registry) -> None:
        super().__init__(registry, PODS)
        self._asked = asyncio.Event()
        self._forget()

    async def take_in(self, clock: Clock) -> None:
        """Now and then, until cancelled, so that news do not pile up while nobody asks.

        From the first question on: who has no nodes need not look at pods.
        """
        await self._asked.wait()
        while True:
            await clock.sleep(SECONDS_BETWEEN_LOOKS)
            self.catch_up()

    def are_there(self, node: str, namespace: str, named: Named) -> bool:
        """Whether a pod on the node names it."""
        if self.watch is None:
            self._asked.set()
        if self.watch is None or not self.watch.idle:
            self.catch_up()
        return (node, namespace, named) in self._counts

    def _forget(self) -> None:
        self._pods: dict[Key, _Bound] = {}
        self._counts: dict[tuple[str, str, Named], int] = {}
        self._shared: dict[frozenset[Named], frozenset[Named]] = {}

    def _note(self, item: WatchItem) -> None:
        record = item.record
        key = record.key
        known = self._pods.get(key)
        if item.type == "DELETED":
            self._let_go(key)
            return
        if (_BOUND if known is None else _DEBUGGED) not in record.value:
            return
        pod: core_v1.Pod = self._registry.decode(PODS, record)
        uid, generation = uid_of(pod), meta(pod).generation or 0
        if known is not None:
            if known.uid == uid and known.generation == generation:
                return
            self._let_go(key)
        if pod.spec is not None and pod.spec.nodeName:
            named = _named_by(pod)
            bound = _Bound(uid, generation, pod.spec.nodeName, self._shared.setdefault(named, named))
            self._pods[key] = bound
            for one in bound.named:
                place = (bound.node, key.namespace, one)
                self._counts[place] = self._counts.get(place, 0) + 1

    def _let_go(self, key: Key) -> None:
        bound = self._pods.pop(key, None)
        if bound is None:
            return
        for one in bound.named:
            place = (bound.node, key.namespace, one)
            self._counts[place] -= 1
            if not self._counts[place]:
                del self._counts[place]


def _named_by(pod: core_v1.Pod) -> frozenset[Named]:
    spec = pod.spec
    assert spec is not None
    named = {("serviceaccounts", spec.serviceAccountName or "default")}
    references = of_pod(pod)
    for added in spec.ephemeralContainers or ():
        references = references.union(of_environment(added))  # type: ignore[arg-type] # it has what a container has
    for reference in references:
        named.add((_RESOURCES[reference.kind], reference.name))
    for pull in spec.imagePullSecrets or ():
        if pull.name:
            named.add(("secrets", pull.name))
    return frozenset(named)
