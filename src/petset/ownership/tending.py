"""Which changes wake which owner, and when it is looked at: the same for every kind of owner.

A change of an owner wakes it. A change of a child wakes the owner that its controller reference names, before the
change and after it; a change of an orphan wakes every owner whose selector means it. An owner is left alone until
the caches show what was written for it.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from petset.aio.clock import Clock
from petset.aio.reconciler import Reconciler
from petset.api.objects import controller_of, meta, name_of, namespace_of, uid_of
from petset.api.selectors import Selector
from petset.client.audience import METADATA
from petset.client.events import EventRecorder
from petset.client.freshness import COME_BACK_SECONDS, OwnWrites
from petset.client.informer import Informer
from petset.client.pool import InformerPool
from petset.client.port import Client
from petset.ownership.hand import Hand

O = TypeVar("O")  # noqa: E741 - an owner
T = TypeVar("T")


class OwnerKey(NamedTuple):
    """An owner to look at."""

    namespace: str
    name: str


class Bench(NamedTuple):
    """What a controller works with."""

    client: Client
    clock: Clock
    pool: InformerPool
    events: EventRecorder


def controller_uid(obj: Any) -> Iterable[str]:
    """Index: the uid of the managing owner."""
    owner = controller_of(obj)
    return () if owner is None else (owner.uid,)


def orphan_namespace(obj: Any) -> Iterable[str]:
    """Index: the namespace of an object that nobody manages."""
    return (namespace_of(obj),) if controller_of(obj) is None else ()


INDEXES: dict[str, Callable[[Any], Iterable[str]]] = {
    "controller-uid": controller_uid,
    "orphan-namespace": orphan_namespace,
}


class Tending(Generic[O]):
    """Calls `tend(owner, hand)` for every owner of a kind that may need something.

    `tend` returns None, or the seconds after which to look again.
    """

    def __init__(
        self,
        bench: Bench,
        owner: type[O],
        children: Sequence[type[Any]],
        tend: Callable[[O, Hand], Awaitable[float | None]],
    ) -> None:
        self._bench = bench
        self._kind = owner
        self._tend = tend
        self.owners: Informer[O] = bench.pool.informer(owner)
        self._children: dict[type[Any], Informer[Any]] = {
            k: bench.pool.informer(k, INDEXES, METADATA) for k in children
        }
        self._writes: OwnWrites[str] = OwnWrites({owner: self.owners, **self._children})
        self._work: Reconciler[OwnerKey] = Reconciler(owner.__name__.lower(), bench.clock, self._sync)
        self.owners.on_change(self._owner_changed)
        for informer in self._children.values():
            informer.on_change(self._child_changed, owner=owner.__name__)

    async def run(self) -> None:
        """Work until cancelled."""
        await self._work.run()

    def wake(self, owner: O) -> None:
        """Look at this owner soon."""
        self._work.wake(_key(owner))

    def candidates(self, kind: type[T], owner: O) -> tuple[T, ...]:
        """The children of a kind that the owner owns, and the orphans beside it."""
        informer = self._children[kind]
        return (*self.children(kind, owner), *informer.by_index("orphan-namespace", namespace_of(owner)))  # type: ignore[arg-type]

    def children(self, kind: type[T], owner: Any) -> Sequence[T]:
        """The children of a kind that the owner owns."""
        return self._children[kind].by_index("controller-uid", uid_of(owner))

    async def _sync(self, key: OwnerKey) -> float | None:
        owner = self.owners.get(key.name, key.namespace)
        if owner is None:
            return None
        if not self._writes.are_seen(uid_of(owner)):  # type: ignore[arg-type]
            return COME_BACK_SECONDS
        return await self._tend(owner, Hand(self._bench.client, self._writes, owner))

    def _owner_changed(self, old: O | None, new: O | None) -> None:
        changed: Any = new or old
        if old is not None and (new is None or uid_of(new) != uid_of(old)):  # type: ignore[arg-type]
            self._writes.forget(uid_of(old))  # type: ignore[arg-type]
        self.wake(changed)

    def _child_changed(self, old: Any | None, new: Any | None) -> None:
        for child in (old, new):
            if child is not None:
                self._wake_for(child)

    def _wake_for(self, child: Any) -> None:
        reference = controller_of(child)
        if reference is None:
            self._wake_adopters(child)
        elif reference.kind == self._kind.__name__:
            self._work.wake(OwnerKey(namespace_of(child), reference.name))

    def _wake_adopters(self, orphan: Any) -> None:
        labels = meta(orphan).labels
        if not labels:
            return
        for owner in self.owners.list():
            selector = getattr(owner.spec, "selector", None)  # type: ignore[attr-defined]
            if selector is None or namespace_of(owner) != namespace_of(orphan):  # type: ignore[arg-type]
                continue
            if Selector.from_struct(selector).matches(labels):
                self.wake(owner)


def _key(owner: Any) -> OwnerKey:
    return OwnerKey(namespace_of(owner), name_of(owner))
