"""Runs the garbage collector: one graph over all kinds, and a look at an object whenever its fate may have changed.

An object is looked at when it comes with an owner that nobody has seen, when its owners change, when an owner
goes or starts to wait for it, and when it is itself told to wait for its dependents or to let them go.
"""

from functools import partial

from petset.aio.clock import Clock
from petset.aio.reconciler import Reconciler
from petset.api.kinds import KINDS, Kind, Kinds
from petset.api.objects import Object, meta, uid_of
from petset.client.audience import METADATA
from petset.client.pool import InformerPool
from petset.client.port import Client
from petset.controllers.garbage import invariants
from petset.controllers.garbage.apply import apply, find
from petset.controllers.garbage.graph import Graph, is_same_node, node_of
from petset.controllers.garbage.model import Identity, Node, OwnerState, Reference, Snapshot
from petset.controllers.garbage.plan import plan

COLLECTED = tuple(kind for kind in KINDS if kind.is_kept and kind.name != "Event" and not kind.stored_as)
"""Every kind once. Events own nothing, and nothing owns them: they go by age."""


class GarbageCollector:
    """Deletes what has lost all of its owners, and finishes foreground and orphaning deletions."""

    def __init__(self, client: Client, clock: Clock, pool: InformerPool) -> None:
        self._client = client
        self._graph = Graph()
        self._work = Reconciler("garbage", clock, self._reconcile)
        for kind in COLLECTED:
            pool.informer(kind.model).on_change(partial(self._changed, kind), METADATA)
        pool.on_custom_kind(lambda kind, informer: informer.on_change(partial(self._changed, kind), METADATA))

    async def run(self) -> None:
        """Work until cancelled."""
        await self._work.run()

    async def _reconcile(self, uid: str) -> None:
        known = self._graph.get(uid)
        if known is None:
            return
        snapshot = await self._look(known)
        if snapshot is None:
            return
        decided = plan(snapshot)
        assert invariants.is_safe(snapshot, decided)
        for action in decided.actions:
            await apply(self._client, action)

    async def _look(self, known: Node) -> Snapshot | None:
        """The object as the API has it now, for a deletion cannot be taken back; the graph for the rest."""
        found = await find(self._client, known.identity)
        kind = self._client.kinds.by_type(known.identity.api_version, known.identity.kind)
        if found is None or kind is None:
            return None
        node = node_of(kind, found, meta(found).resourceVersion or "")
        owners = [(reference, await self._state(node, reference)) for reference in node.owners]
        return Snapshot(node, owners, list(self._graph.dependents(node.identity.uid)))

    async def _state(self, node: Node, reference: Reference) -> OwnerState:
        owner = _identity(self._client.kinds, node, reference)
        if owner is None:
            return self._state_of_unserved(reference)
        known = self._graph.get(owner.uid)
        if known is None and self._graph.is_buried(owner.uid):
            return OwnerState.GONE
        if known is None or known.identity != owner:
            kind = self._client.kinds.by_type(owner.api_version, owner.kind)
            found = await find(self._client, owner)
            if kind is None or found is None:
                return OwnerState.GONE
            known = node_of(kind, found)
        return OwnerState.WAITING if known.deletes_dependents else OwnerState.SOLID

    def _state_of_unserved(self, reference: Reference) -> OwnerState:
        """An owner whose kind went with it, as custom kinds do, is gone if it was seen to go; else nobody knows."""
        served = self._client.kinds.by_type(reference.api_version, reference.kind) is not None
        seen_to_go = self._graph.get(reference.uid) is None and self._graph.is_buried(reference.uid)
        return OwnerState.GONE if seen_to_go and not served else OwnerState.UNKNOWN

    def _changed(self, kind: Kind, old: Object | None, new: Object | None) -> None:
        if new is None:
            assert old
            self._gone(uid_of(old))
            return
        if old is not None and is_same_node(old, new):
            return  # as with nearly every change
        node = node_of(kind, new)
        before = self._graph.get(node.identity.uid)
        self._graph.put(node)
        if before is None or before.owners != node.owners:
            self._owners_changed(before, node)
        if node.deletes_dependents or node.orphans_dependents:
            self._work.wake(node.identity.uid)
        if node.deletes_dependents and not (before and before.deletes_dependents):
            self._wake_dependents(node.identity.uid)  # also where its user wanted them orphaned at first

    def _gone(self, uid: str) -> None:
        node = self._graph.get(uid)
        self._graph.remove(uid)
        self._wake_dependents(uid)
        self._wake_waiting_owners(node)

    def _owners_changed(self, before: Node | None, node: Node) -> None:
        known = [self._graph.get(reference.uid) for reference in node.owners]
        if before is not None or any(owner is None or owner.deletes_dependents for owner in known):
            self._work.wake(node.identity.uid)
        self._wake_waiting_owners(before)

    def _wake_dependents(self, uid: str) -> None:
        for dependent in self._graph.dependents(uid):
            self._work.wake(dependent.identity.uid)

    def _wake_waiting_owners(self, node: Node | None) -> None:
        for reference in node.owners if node else ():
            owner = self._graph.get(reference.uid)
            if owner is not None and owner.deletes_dependents:
                self._work.wake(reference.uid)


def _identity(kinds: Kinds, node: Node, reference: Reference) -> Identity | None:
    """Where the owner must be: in the dependent's own namespace, or in none. None where nobody can tell.

    An object without a namespace cannot have an owner in one: such a reference means nothing, and deletes nothing.
    """
    kind = kinds.by_type(reference.api_version, reference.kind)
    if kind is None or (kind.namespaced and not node.identity.namespace):
        return None
    namespace = node.identity.namespace if kind.namespaced else ""
    return Identity(reference.api_version, reference.kind, namespace, reference.name, reference.uid)
