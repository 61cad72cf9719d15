"""What is stored under a resource, as it is right now, for rules that are looked up at each write.

A write must see a rule that was stored the moment before it, and must not pay for rules that nobody has made. So
nothing runs in the background and nothing is listed twice: the store's own news wait in a subscription and are
taken in when somebody looks; where there are none, a look costs a function call.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar

from petset.api.kinds import by_model
from petset.registry.memo import Decoder
from petset.storage.port import Event, Key, Record, Store, StoreExpired, Subscription

T = TypeVar("T")


class Following:
    """Tells `heard(key, record)` of every record under a prefix (None: it is gone), once for each state of it."""

    def __init__(
        self, store: Store, resource: str, namespace: str, heard: Callable[[Key, Record | None], None]
    ) -> None:
        self._store = store
        self._scope = (resource, namespace)
        self._heard = heard
        self._present: dict[Key, None] = {}
        self._news: Subscription | None = None

    def catch_up(self) -> None:
        """Tell of all that has happened since the last time."""
        if self._news is not None:
            if self._news.idle:
                return
            try:
                events: Iterable[Event] = self._news.take()
            except StoreExpired:  # nobody has looked for so long that the news are no longer kept
                self._news = None
            else:
                for event in events:
                    self._tell(event.record.key, None if event.deleted else event.record)
                return
        self._start()

    def close(self) -> None:
        """Hear of nothing more."""
        if self._news is not None:
            self._news.close()

    def _start(self) -> None:
        listing = self._store.list(*self._scope)
        self._news = self._store.watch(*self._scope, after=listing.revision)
        present = {record.key: record for record in listing.records}
        for key in [key for key in self._present if key not in present]:
            self._tell(key, None)
        for key, record in present.items():
            self._tell(key, record)

    def _tell(self, key: Key, record: Record | None) -> None:
        if record is None:
            self._present.pop(key, None)
        else:
            self._present[key] = None
        self._heard(key, record)


class Kept(Following, Generic[T]):
    """The objects of one kind, decoded, by namespace and name. They are shared: immutable to whoever gets them."""

    def __init__(
        self, store: Store, decoder: Decoder, model: type[T], gone: Callable[[Key], None] | None = None
    ) -> None:
        """`gone` is told of those that are deleted."""
        self._kind = by_model(model)
        self._decoder = decoder
        self._gone = gone
        self._filed: dict[str, dict[str, T]] = {}
        super().__init__(store, self._kind.store_key, "", self._file)

    def now(self) -> Mapping[str, Mapping[str, T]]:
        """All of them, filed by namespace; false where there are none."""
        if self._news is None or not self._news.idle:
            self.catch_up()
        return self._filed

    def in_namespace(self, namespace: str) -> list[T]:
        """Those of a namespace (empty for kinds without), in the order of their names."""
        filed = self.now().get(namespace)
        return [filed[name] for name in sorted(filed)] if filed else []

    def _file(self, key: Key, record: Record | None) -> None:
        if record is not None:
            typed: Any = self._decoder.decode(self._kind, record)
            self._filed.setdefault(key.namespace, {})[key.name] = typed
            return
        filed = self._filed.get(key.namespace, {})
        filed.pop(key.name, None)
        if not filed:
            self._filed.pop(key.namespace, None)
        if self._gone is not None:
            self._gone(key)
