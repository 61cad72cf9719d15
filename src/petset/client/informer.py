"""A component's own picture of the objects of one kind: listed once, kept up by a watch, indexed as it likes.

The picture may be a moment old and is never wrong: it goes from one state of the store to a later one, never back.
When the watch is cut off (the server restarted, the component was too slow) it lists again and tells its listeners
only what differs, so that they need not know. What it holds is shared and immutable.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

from petset.aio.backoff import Backoff
from petset.aio.clock import Clock
from petset.api import objects
from petset.api.errors import ApiError, Expired
from petset.client.port import Client, ClientWatch, WatchEvent

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
        self._objects: dict[Key, T] = {}
        self._indexes = {name: _Index(values_of) for name, values_of in (indexes or {}).items()}
        self._listeners: list[Listener[T]] = []
        self._synced = asyncio.Event()
        self._version = ""

    def add_index(self, name: str, values_of: Callable[[T], Iterable[str]]) -> None:
        """One more index, over what is there and what will come; a name that is known keeps its function."""
        if name in self._indexes:
            return
        index = self._indexes[name] = _Index(values_of)
        for key, obj in self._objects.items():
            index.move(key, obj)

    @property
    def resource_version(self) -> str:
        """Everything that happened up to this version is in the picture; empty before the first list."""
        return self._version

    def on_change(self, listener: Listener[T]) -> None:
        """Call `listener(old, new)` for every change from now on, after the picture shows it. It must not block."""
        self._listeners.append(listener)

    def get(self, name: str, namespace: str = "") -> T | None:
        """The object of this name, or None."""
        return self._objects.get((namespace, name))

    def list(self) -> Sequence[T]:
        """Every object, in no particular order that means anything, but the same in every replay."""
        return list(self._objects.values())

    def by_index(self, index: str, value: str) -> Sequence[T]:
        """The objects that the index files under this value."""
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
        present = {_key(obj): obj for obj in listing.items}
        for key in [key for key in self._objects if key not in present]:
            self._put(key, None)
        for key, obj in present.items():
            if self._objects.get(key) is not obj:
                self._put(key, obj)
        self._version = listing.resource_version
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
        self._put(_key(event.object), None if event.type == "DELETED" else event.object)

    def _put(self, key: Key, new: T | None) -> None:
        old = self._objects.get(key)
        if old is None or new is None or _is_same(old, new):
            self._replace(key, old, new)
            return
        # Between two lists one object went and another of its name came: its listeners hear of both.
        self._replace(key, old, None)
        self._replace(key, None, new)

    def _replace(self, key: Key, old: T | None, new: T | None) -> None:
        if new is not None:
            self._objects[key] = new
        elif old is not None:
            del self._objects[key]
        if (old is None and new is None) or _is_unchanged(old, new):
            return
        for index in self._indexes.values():
            index.move(key, new)
        for listener in self._listeners:
            listener(old, new)


class _Index(Generic[T]):
    """Which keys are filed under which values. Keys keep the order in which they came: runs must replay."""

    def __init__(self, values_of: Callable[[T], Iterable[str]]) -> None:
        self._values_of = values_of
        self._filed: dict[str, dict[Key, None]] = {}
        self._values: dict[Key, tuple[str, ...]] = {}

    def keys(self, value: str) -> Iterator[Key]:
        return iter(self._filed.get(value, ()))

    def move(self, key: Key, new: T | None) -> None:
        before = self._values.get(key, ())
        after = tuple(self._values_of(new)) if new is not None else ()
        if before == after:
            return  # as with nearly every change
        for value in set(before).difference(after):
            keys = self._filed[value]
            del keys[key]
            if not keys:
                del self._filed[value]
        for value in after:
            self._filed.setdefault(value, {})[key] = None
        if after:
            self._values[key] = after
        else:
            del self._values[key]


def _key(obj: Any) -> Key:
    return objects.namespace_of(obj), objects.name_of(obj)


def _is_same(left: Any, right: Any) -> bool:
    return objects.uid_of(left) == objects.uid_of(right)


def _is_unchanged(old: Any, new: Any) -> bool:
    """Listed again, and nothing has happened to it."""
    if old is None or new is None:
        return False
    return objects.meta(old).resourceVersion == objects.meta(new).resourceVersion
