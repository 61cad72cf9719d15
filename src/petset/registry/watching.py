"""A watch as its watcher's selectors see it: an object that leaves the selection is gone, one that enters is new.

The store tells what was there before each change, so that nothing has to be remembered for each watcher.
"""

from collections.abc import Sequence

from petset.api import objects
from petset.api.encode import encode
from petset.api.errors import BadRequest
from petset.api.kinds import Kind, Kinds
from petset.registry import forms, refusals
from petset.registry.memo import Decoder
from petset.registry.paging import select, version_of
from petset.registry.port import ListOptions, WatchItem
from petset.registry.selection import Selection
from petset.storage.port import Event, Record, Store, StoreExpired, Subscription


class SelectedWatch:
    """The `Watch` over one subscription; `initial` comes first, as if it had just been added."""

    def __init__(
        self,
        kind: Kind,
        selection: Selection,
        decoder: Decoder,
        subscription: Subscription,
        initial: Sequence[Record],
    ) -> None:
        self._kind = kind
        self._selection = selection
        self._decoder = decoder
        self._subscription = subscription
        self._initial = initial

    @property
    def resource_version(self) -> str:
        return str(self._subscription.revision)

    @property
    def idle(self) -> bool:
        return self._subscription.idle and not self._initial

    async def next(self) -> Sequence[WatchItem]:
        if self._initial:
            return self._first()
        try:
            changes = await self._subscription.next()
        except StoreExpired as expired:
            raise refusals.watch_fell_behind(str(expired)) from expired
        return self._seen(changes)

    def take(self) -> Sequence[WatchItem]:
        if self._initial:
            return self._first()
        try:
            changes = self._subscription.take()
        except StoreExpired as expired:
            raise refusals.watch_fell_behind(str(expired)) from expired
        return self._seen(changes)

    def _first(self) -> Sequence[WatchItem]:
        initial, self._initial = self._initial, ()
        return [WatchItem("ADDED", record) for record in initial]

    def close(self) -> None:
        self._subscription.close()

    def _seen(self, changes: Sequence[Event]) -> Sequence[WatchItem]:
        if self._selection.everything:
            return list(map(_plain, changes))
        return [item for item in map(self._selected, changes) if item is not None]

    def _selected(self, change: Event) -> WatchItem | None:
        before = change.previous is not None and self._selection.matches(change.previous)
        if change.deleted:
            return WatchItem("DELETED", change.record) if before else None
        now = self._selection.matches(change.record)
        if before and not now:
            assert change.previous is not None
            return WatchItem("DELETED", self._as_of(change.previous, change.record.revision))
        if now:
            return WatchItem("MODIFIED" if before else "ADDED", change.record)
        return None

    def _as_of(self, record: Record, revision: int) -> Record:
        """The object as last seen in the selection, at the revision by which it left."""
        obj = objects.with_own_metadata(self._decoder.decode(forms.stored_kind(self._kind), record))
        obj.metadata.resourceVersion = str(revision)
        return Record(record.key, encode(obj), revision)


class WatchOfCustom:
    """A watch of a custom kind: it ends when the kind is gone, or its definition says something else of it.

    Whoever watched must list again: what is stored may look different now.
    """

    def __init__(self, watch: SelectedWatch, kinds: Kinds, kind: Kind) -> None:
        self._watch = watch
        self._kinds = kinds
        self._kind = kind

    @property
    def resource_version(self) -> str:
        return self._watch.resource_version

    @property
    def idle(self) -> bool:
        return False  # its definition may have changed

    async def next(self) -> Sequence[WatchItem]:
        items = await self._watch.next()
        self._require_same()
        return items

    def take(self) -> Sequence[WatchItem]:
        items = self._watch.take()
        self._require_same()
        return items

    def close(self) -> None:
        self._watch.close()

    def _require_same(self) -> None:
        kind = self._kind
        current = self._kinds.by_resource(kind.group, kind.version, kind.resource)
        if current is kind:
            return
        now = current.custom if current is not None else None
        if kind.custom is None or now is None or not now.says_the_same_as(kind.custom):
            raise refusals.watch_fell_behind(f"the definition of {kind.qualified} has changed")


def open_watch(store: Store, decoder: Decoder, kind: Kind, namespace: str, options: ListOptions) -> SelectedWatch:
    """From the given version on; with none, or "0", first everything that is there. Raises Expired, BadRequest."""
    selection = Selection(kind, decoder, options.labels, options.fields)
    try:
        after = version_of(options.resource_version)
    except BadRequest as error:
        raise refusals.no_version_to_watch_from(kind, options.resource_version) from error
    initial: Sequence[Record] = ()
    if not after:
        listed = select(store, decoder, kind, namespace, ListOptions(labels=options.labels, fields=options.fields))
        initial, after = listed.records, int(listed.resource_version)
    if after > store.revision:
        raise refusals.version_not_reached(after, store.revision)
    try:
        subscription = store.watch(kind.store_key, namespace, after=after)
    except StoreExpired as expired:
        raise refusals.watch_too_old(after, store.revision) from expired
    return SelectedWatch(kind, selection, decoder, subscription, initial)


def _plain(change: Event) -> WatchItem:
    if change.deleted:
        return WatchItem("DELETED", change.record)
    return WatchItem("ADDED" if change.previous is None else "MODIFIED", change.record)
