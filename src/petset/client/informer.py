"""A component's own picture of the objects of one kind: listed once, kept up by a watch, indexed as it likes.

It keeps the bytes that the store has anyway, and an object is made of them for whoever looks. So a component's
picture of fifty thousand pods costs little more than their names.

The picture may be a moment old and is never wrong: it goes from one state of the store to a later one, never back.
When the watch is cut off (the server restarted, the component was too slow) it lists again and tells its listeners
only what differs, so that they need not know. What it holds is shared and immutable.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from petset.aio.backoff import Backoff
from petset.aio.clock import Clock
from petset.api.errors import ApiError, Expired
from petset.client.audience import EVERYTHING, Audience, Parts, comparison
from petset.client.port import Client, ClientWatch, Kept, WatchEvent

T = TypeVar("T")
Key = tuple[str, str]
"""Namespace (empty for kinds without) and name."""

Listener = Callable[[T | None, T | None], None]
"""Called with what was there and what is there now; None where there is nothing."""

_BACKOFF = Backoff(first_seconds=0.8, factor=2, most_seconds=30)
_log = logging.getLogger(__name__)


class Informer(Generic[T]):
    """The objects of `kind` in `namespace` (empty: all) that the selectors match, and indexes over them.

    An index is a function from an object to the values it is found under.
    """

    def __init__(  # noqa: PLR0913 - each one narrows or orders what is kept, and is named at the call
        self,
        client: Client,
        clock: Clock,
        kind: type[T],
        namespace: str = "",
        *,
        indexes: Mapping[str, Callable[[T], Iterable[str]]] | None = None,
        labels: str = "",
        fields: str = "",
    ) -> None:
        self._client = client
        self._clock = clock
        self._kind = kind
        self._namespace = namespace
        self._labels = labels
        self._fields = fields
        self._objects: dict[Key, Kept[T]] = {}
        self._indexes: dict[str, _Index[T]] = {}
        self._filing: Audience[_Index[T]] = Audience()
        self._listeners: Audience[Listener[T]] = Audience()
        self._compare = comparison(kind, self._listeners.owners)
        self._synced = asyncio.Event()
        self._version = ""
        self._newest = 0
        for name, values_of in (indexes or {}).items():
            self.add_index(name, values_of)

    def add_index(self, name: str, values_of: Callable[[T], Iterable[str]], looks_at: Parts = EVERYTHING) -> None:
        """One more index, over what is there and what will come; a name that is known keeps its function.

        `looks_at`: the parts of an object that decide where it is filed.
        """
        if name in self._indexes:
            return
        index = self._indexes[name] = _Index(values_of)
        self._filing.add(index, looks_at)
        for key, kept in self._objects.items():
            index.move(key, None, kept.typed())

    @property
    def resource_version(self) -> str:
        """Everything that happened up to this version is in the picture; empty before the first list."""
        return self._version

    def on_change(self, listener: Listener[T], looks_at: Parts = EVERYTHING, owner: str = "") -> None:
        """Call `listener(old, new)` for every change from now on, after the picture shows it. It must not block.

        Whoever says which parts of an object it looks at hears of what comes and goes, and of changes in these;
        with an `owner` (a kind) of what such owners manage, and of what nobody does.
        """
        self._listeners.add(listener, looks_at, owner)

    def get(self, name: str, namespace: str = "") -> T | None:
        """The object of this name, or None."""
        kept = self._objects.get((namespace, name))
        return kept.typed() if kept is not None else None

    def list(self) -> Sequence[T]:
        """Every object, in no particular order that means anything, but the same in every replay."""
        return [kept.typed() for kept in self._objects.values()]

    def by_index(self, index: str, value: str) -> Sequence[T]:
        """The objects that the index files under this value."""
        return [self._objects[key].typed() for key in self._indexes[index].keys(value)]

    def kept_by_index(self, index: str, value: str) -> Sequence[Kept[T]]:
        """The same, each made only for who looks at it: for those who remember what they found of a version."""
        return [self._objects[key] for key in self._indexes[index].keys(value)]

    async def synced(self) -> None:
        """Wait until the first list is in the picture."""
        await self._synced.wait()

    async def run(self) -> None:
        """Keep the picture up until cancelled. What the server refuses is tried again, ever more slowly."""
        failures = 0
        while True:
            try:
                await self._list()
                failures = 0
                await self._follow()
            except Expired:
                continue
            except ApiError as error:
                failures += 1
                delay = _BACKOFF.delay(failures)
                _log.warning("cannot follow %s, again in %.1f s: %s", self._kind.__name__, delay, error)
                await self._clock.sleep(delay)

    def forget(self) -> None:
        """Everything is gone: listeners hear of each object. For a kind that is no longer served."""
        for key in list(self._objects):
            self._put(key, None)

    async def _list(self) -> None:
        listing = await self._client.list(self._kind, self._namespace, labels=self._labels, fields=self._fields)
        present = {kept.key: kept for kept in listing.kept}
        for key in [key for key in self._objects if key not in present]:
            self._put(key, None)
        for key, kept in present.items():
            known = self._objects.get(key)
            if known is None or known.revision != kept.revision:
                self._put(key, kept)
        self._version = listing.resource_version
        self._newest = int(listing.resource_version)
        self._synced.set()

    async def _follow(self) -> None:
        watch: ClientWatch[T] = self._client.watch(
            self._kind, self._namespace, resource_version=self._version, labels=self._labels, fields=self._fields
        )
        try:
            while True:
                for event in await watch.next():
                    self._take(event)
                self._version = watch.resource_version
        finally:
            watch.close()

    def _take(self, event: WatchEvent[T]) -> None:
        kept = event.kept
        revision = kept.revision
        if revision <= self._newest:
            return  # told again: to take an end twice would end what has come of that name since
        self._newest = revision
        self._put(kept.key, None if event.type == "DELETED" else kept)

    def _put(self, key: Key, kept: Kept[T] | None) -> None:
        known = self._objects.get(key)
        old = known.typed() if known is not None else None
        new = kept.typed() if kept is not None else None
        if old is not None and new is not None and not _is_same(old, new):
            # Between two lists one object went and another of its name came: its listeners hear of both.
            del self._objects[key]
            self._tell(key, old, None)
            old = None
        if kept is not None:
            self._objects[key] = kept
        else:
            self._objects.pop(key, None)
        self._tell(key, old, new)

    def _tell(self, key: Key, old: T | None, new: T | None) -> None:
        if old is None and new is None:
            return
        change = self._compare(old, new)
        for index in self._filing.minding(change):
            index.move(key, old, new)
        for listener in self._listeners.minding(change):
            listener(old, new)


class _Index(Generic[T]):
    """Which keys are filed under which values. Keys keep the order in which they came: runs must replay.

    Where an object is filed is found anew from the object itself, which is cheaper than to remember it for each.
    """

    def __init__(self, values_of: Callable[[T], Iterable[str]]) -> None:
        self._values_of = values_of
        self._filed: dict[str, dict[Key, None]] = {}

    def keys(self, value: str) -> Collection[Key]:
        return self._filed.get(value, ())

    def move(self, key: Key, old: T | None, new: T | None) -> None:
        before = tuple(self._values_of(old)) if old is not None else ()
        after = tuple(self._values_of(new)) if new is not None else ()
        if before == after:
            return  # as with nearly every change
        if before:
            for value in set(before).difference(after):
                keys = self._filed[value]
                del keys[key]
                if not keys:
                    del self._filed[value]
        for value in after:
            self._filed.setdefault(value, {})[key] = None


def _is_same(left: Any, right: Any) -> bool:
    return bool(left.metadata.uid == right.metadata.uid)
