"""The verbs of the API over a store: the one thing that the HTTP server and the in-process client both call.

Here stands only which verb does what; reading is in `paging` and `watching`, the way of a write in `writing`, what
differs from kind to kind in `strategy`, `admission` and `deletion`.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from operator import attrgetter
from random import Random  # noqa: TID251 - the type of an argument
from typing import TYPE_CHECKING, Any

from petset.api.canonical import settle
from petset.api.encode import encode
from petset.api.errors import AlreadyExists, NotFound
from petset.api.gates import DEFAULT, Gates
from petset.api.kinds import Kind, Kinds, by_model
from petset.api.models import autoscaling_v1, core_v1, meta_v1
from petset.registry import binding, changes, scale
from petset.registry.accounts import default_account
from petset.registry.forms import stored_kind, to_stored
from petset.registry.memo import Decoder
from petset.registry.ownership import Author
from petset.registry.paging import select
from petset.registry.port import ListOptions, Patch, Selected, Target, Visit, Watch, WriteOptions
from petset.registry.served import ServedKinds
from petset.registry.strategy import BINDING, strategy_of
from petset.registry.watching import WatchOfCustom, open_watch
from petset.registry.webhooks.port import Caller, Nobody
from petset.registry.writing import Sources, Writer
from petset.storage.port import Key, Record, Store

if TYPE_CHECKING:
    from petset.registry.webhooks.rights import Decide

_PODS = by_model(core_v1.Pod)
_value = attrgetter("value")


class Registry:
    """The `Registry` port. Objects handed in are taken over: the caller lets go of them.

    `now` gives the time in UTC, `new_uid` a fresh UUID; `source` is drawn from for names and addresses.
    """

    def __init__(
        self,
        store: Store,
        now: Callable[[], datetime],
        new_uid: Callable[[], str],
        source: Random,
        gates: Gates = DEFAULT,
        caller: Caller | None = None,
    ) -> None:
        self._store = store
        self._decoder = Decoder()
        self.decode = self._decoder.decode
        self._kinds = ServedKinds(store, self._decoder)
        sources = Sources(now, new_uid, source, gates, caller or Nobody())
        self._writer = Writer(store, self._decoder, self._kinds, sources)
        self._gates = gates

    @property
    def kinds(self) -> Kinds:
        return self._kinds

    def judge_rights_by(self, decide: "Decide") -> None:
        self._writer.decide = decide

    def render(self, kind: Kind, record: Record) -> bytes:
        same = kind is stored_kind(kind) if kind.custom is None else self._decoder.is_as_stored(kind, record)
        return record.value if same else encode(self.decode(kind, record))

    def render_all(self, kind: Kind, records: Sequence[Record]) -> list[bytes]:
        if kind.custom is None and kind is stored_kind(kind):
            return list(map(_value, records))
        return [self.render(kind, record) for record in records]

    def get(self, kind: Kind, namespace: str, name: str) -> Record:
        return self._writer.stored(kind, _key(kind, namespace, name))

    def get_scale(self, kind: Kind, namespace: str, name: str) -> autoscaling_v1.Scale:
        return scale.scale_of(kind, self.decode(kind, self.get(kind, namespace, name)))

    def list(self, kind: Kind, namespace: str, options: ListOptions) -> Selected:
        return select(self._store, self._decoder, kind, namespace, options)

    def watch(self, kind: Kind, namespace: str, options: ListOptions) -> Watch:
        watch = open_watch(self._store, self._decoder, kind, namespace, options)
        return watch if kind.custom is None else WatchOfCustom(watch, self._kinds, kind)

    async def shown(self, kind: Kind, records: Sequence[Record]) -> Sequence[Record]:
        return await self._writer.conversions.shown(kind, records) if kind.converts else records

    async def _one_shown(self, kind: Kind, record: Record) -> Record:
        return (await self.shown(kind, [record]))[0] if kind.converts else record

    async def create(self, kind: Kind, namespace: str, obj: Any, options: WriteOptions) -> Record:
        stored = to_stored(kind, obj)
        if options.guard is not None:
            options.guard(stored, None)
        if not options.settled or stored is not obj:
            settle(stored)
        author = Author(options.field_manager, claims=options.claims)
        record = await self._writer.create(stored_kind(kind), namespace, stored, author, options)
        if kind.model is core_v1.Namespace:
            await self._furnish(record, options)
        return record if kind.custom is None else await self._one_shown(kind, record)

    async def update(
        self, kind: Kind, namespace: str, name: str, obj: Any, options: WriteOptions, subresource: str = ""
    ) -> Record:
        change = changes.replaced(
            kind, namespace, name, obj, changes.Way(subresource, self._gates, options.settled)
        )
        try:
            author = Author(options.field_manager, subresource)
            return await self._rewrite(kind, _key(kind, namespace, name), change, author, options)
        except NotFound:
            # Whoever names a version or a uid means an object that was there: it must not come back to life.
            meant = obj.metadata.resourceVersion or obj.metadata.uid
            if meant or subresource or not strategy_of(stored_kind(kind)).create_on_update:
                raise
        return await self.create(kind, namespace, obj, options)

    async def patch(
        self, kind: Kind, namespace: str, name: str, patch: Patch, options: WriteOptions, subresource: str = ""
    ) -> Record:
        change = changes.patched(kind, patch, options, changes.Way(subresource, self._gates))
        author = Author(options.field_manager, subresource, patches=True)
        return await self._rewrite(kind, _key(kind, namespace, name), change, author, options)

    async def apply(
        self, kind: Kind, target: Target, config: dict[str, Any], options: WriteOptions
    ) -> tuple[Record, bool]:
        author = Author(options.field_manager, target.subresource, applies=True)
        terms = changes.Terms(self._writer.now(), options.force, self._gates)
        change = changes.applied(kind, target, config, author, terms)
        kind = stored_kind(kind)
        if options.guard is not None:
            change = changes.guarded(change, options.guard)
        key = _key(kind, target.namespace, target.name)
        while True:
            try:
                record = await self._writer.rewrite(kind, key, change, author, options)
                return await self._one_shown(kind, record), False
            except NotFound:
                if target.subresource:
                    raise
            with suppress(AlreadyExists):  # somebody else was faster: then it is there to be changed
                new = change(None)
                record = await self._writer.create(kind, target.namespace, new, author, options)
                if kind.model is core_v1.Namespace:
                    await self._furnish(record, options)
                return await self._one_shown(kind, record), True

    async def delete(
        self,
        kind: Kind,
        namespace: str,
        name: str,
        delete: meta_v1.DeleteOptions,
        options: WriteOptions | None = None,
    ) -> tuple[Record, bool]:
        key = _key(kind, namespace, name)
        record, gone = await self._writer.delete(stored_kind(kind), key, delete, options or WriteOptions())
        return await self._one_shown(kind, record), gone

    async def delete_collection(
        self,
        kind: Kind,
        namespace: str,
        selection: ListOptions,
        delete: meta_v1.DeleteOptions,
        options: WriteOptions | None = None,
    ) -> Selected:
        selected = self.list(kind, namespace, selection)
        deleted = []
        for record in selected.records:
            try:
                last, _ = await self.delete(kind, record.key.namespace, record.key.name, delete, options)
            except NotFound:
                continue  # somebody else was faster
            deleted.append(last)
        return selected._replace(records=deleted)

    async def bind(
        self,
        namespace: str,
        name: str,
        node_name: str,
        options: WriteOptions | None = None,
        said: meta_v1.ObjectMeta | None = None,
    ) -> None:
        options, said = options or WriteOptions(), said or meta_v1.ObjectMeta()
        binding.told_place(said, binding.place_of(self._store, node_name))
        binding.check(_PODS, name, said)
        if not self._writer.reviewers.none:
            await self.review(binding.asked(_PODS, Target(namespace, name, BINDING), node_name, said), options)
        change = binding.bound(_PODS, node_name, said, self._writer.now())
        author = Author(options.field_manager, BINDING)
        await self._rewrite(_PODS, _key(_PODS, namespace, name), change, author, options)

    async def review(self, visit: Visit, options: WriteOptions) -> None:
        if not self._writer.reviewers.none:
            await self._writer.reviewers.check_visit(visit, options)

    async def _furnish(self, record: Record, options: WriteOptions) -> None:
        """A namespace comes with its account."""
        if not options.dry_run:
            await default_account(self, record.key.name)

    async def _rewrite(
        self, kind: Kind, key: Key, change: changes.Change, author: Author, options: WriteOptions
    ) -> Record:
        if options.guard is not None:
            change = changes.guarded(change, options.guard)
        record = await self._writer.rewrite(stored_kind(kind), key, change, author, options)
        return record if kind.custom is None else await self._one_shown(kind, record)


def _key(kind: Kind, namespace: str, name: str) -> Key:
    return Key(kind.store_key, namespace if kind.namespaced else "", name)
