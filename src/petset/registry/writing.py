"""How a write passes, step by step, until the store has it or it is refused.

Between reading what is stored and handing the new version to the store nothing waits, so each decision is made on
the very state that the compare-and-swap then checks. A write that loses against another decides anew on what is
there now; only a client that named a version is told of the conflict. Webhooks are the one thing that is waited
for: what they have seen may be older than what is there when they have answered, and then the write starts again.
An object whose versions only a webhook can tell apart is read by it first, and stored by it last.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from random import Random  # noqa: TID251 - the type of an argument
from typing import TYPE_CHECKING, Any

from petset.api import objects
from petset.api.defaults import fill_defaults
from petset.api.encode import encode
from petset.api.errors import Cause
from petset.api.gates import DEFAULT, Gates
from petset.api.kinds import Kind, Kinds
from petset.api.models import certificates_v1, core_v1, meta_v1
from petset.api.ownership.owners import same_but_for_times
from petset.api.validation import check_create, check_status_update, check_update
from petset.registry import deletion, metadata, ownership, refusals, signing_requests
from petset.registry.admission import Admission
from petset.registry.changes import Change
from petset.registry.gated import drop_disabled
from petset.registry.memo import Decoder, Memo
from petset.registry.ownership import Author
from petset.registry.port import WriteOptions
from petset.registry.quotas import FREE, Quotas
from petset.registry.reviewers import Means, Reviewers, Write
from petset.registry.services import ServiceAddresses
from petset.registry.strategy import BINDING, prepare_create, prepare_update, strategy_of
from petset.registry.webhooks.port import Caller, Nobody
from petset.storage.port import Key, Record, Store, StoreConflict, StoreFailed

if TYPE_CHECKING:
    from petset.registry.conversion.converting import Conversions
    from petset.registry.webhooks.rights import Decide

_VERSION = "metadata.resourceVersion"
_ANY_VERSION = (None, "", "0")


@dataclass(frozen=True)
class Sources:
    """What must not come from inside: the time, ids and randomness, which features are on, and how webhooks are
    reached."""

    now: Callable[[], datetime]
    new_uid: Callable[[], str]
    random: Random
    gates: Gates = DEFAULT
    caller: Caller = field(default_factory=Nobody)


class Writer:
    """Creates, changes and deletes objects in their stored form. Events are core/v1 by the time they get here."""

    def __init__(self, store: Store, decoder: Decoder, kinds: Kinds, sources: Sources) -> None:
        self._store = store
        self._decoder = decoder
        self._sources = sources
        self._admission = Admission(store, decoder)
        self._quotas = Quotas(store, decoder)
        self._addresses = ServiceAddresses(store, decoder, sources.random)
        self.decide: Decide | None = None
        self._means = Means(sources.caller, sources.new_uid, sources.gates, lambda: self.decide)
        self.reviewers = Reviewers(store, decoder, kinds, self._means)

    async def create(self, kind: Kind, namespace: str, obj: Any, author: Author, options: WriteOptions) -> Record:
        """Store a new object, settled. Raises AlreadyExists, Invalid, Forbidden, NotFound (of its namespace) …"""
        meta = obj.metadata = obj.metadata or meta_v1.ObjectMeta()
        prefix = "" if meta.name else meta.generateName or ""
        now = self.now()
        metadata.prepare_new(kind, namespace, meta, now, self._sources.new_uid)
        if kind.model is certificates_v1.CertificateSigningRequest:
            signing_requests.note_requester(obj, options.by)
        for _ in range(metadata.GENERATE_ATTEMPTS if prefix else 1):
            if prefix:
                meta.name = metadata.generated_name(prefix, self._sources.random)
            self._complete(kind, namespace, obj, author)
            alone = options.admitted or self.reviewers.none
            new = obj if alone else await self._reviewed(kind, obj, author, options)
            self._check(kind, new, options, now)
            if not alone:
                await self.reviewers.check(Write(kind, new, None, author, options))
            try:
                key = Key(kind.store_key, new.metadata.namespace or "", new.metadata.name or "")
                with self._holding_addresses(kind, new, None), self._quotas.charged(kind, "", new, None):
                    return await self._put(kind, key, new, 0, dry_run=options.dry_run)
            except StoreConflict:
                meta.resourceVersion = None
        raise refusals.already_exists(kind, meta.name or "", generated=bool(prefix))

    async def rewrite(self, kind: Kind, key: Key, change: Change, author: Author, options: WriteOptions) -> Record:
        """Make of a stored object what `change` says. Raises NotFound, Conflict, Invalid …"""
        subresource = author.subresource
        while True:
            now, current = self.now(), self.stored(kind, key)
            seen = current if kind.custom is None else await self._seen(kind, current)
            old = self._decoder.decode(kind, seen)
            new = change(old)
            _check_version(kind, new.metadata, old.metadata)
            metadata.carry_over(new.metadata, old.metadata)
            ownership.note_update(kind, old, new, author, now)
            alone = options.admitted or subresource == BINDING or self.reviewers.none
            if not alone:
                new = await self.reviewers.change(Write(kind, new, old, author, options), _as_it_is)
            drop_disabled(kind, new, old, self._sources.gates)
            prepare_update(kind, subresource, new, old, now)
            with self._holding_addresses(kind, new, old):
                if subresource == "status":
                    check_status_update(kind, new, old)
                elif subresource != BINDING:
                    self._admission.admit_update(kind, new, old)
                    check_update(kind, new, old, self._sources.gates, subresource)
                    self._admission.check(kind, new, old, options.warnings, subresource)
                if not alone:
                    await self.reviewers.check(Write(kind, new, old, author, options))
                if _says_the_same(kind, new, old, seen):
                    return current
                gone = deletion.ends_with_update(kind, new, old)
                try:
                    with self._quotas.charged(kind, subresource, new, old):
                        return await self._put(kind, key, new, current.revision, gone=gone, dry_run=options.dry_run)
                except StoreConflict:
                    continue

    async def delete(
        self, kind: Kind, key: Key, delete: meta_v1.DeleteOptions, options: WriteOptions
    ) -> tuple[Record, bool]:
        """Delete an object or mark it; the last state, and whether it is gone. Raises NotFound, Conflict …"""
        options.warnings.extend(deletion.warnings(kind, delete))
        while True:
            current = self.stored(kind, key)
            old = self._decoder.decode(kind, current if kind.custom is None else await self._seen(kind, current))
            if options.guard is not None:
                options.guard(None, old)
            decision = deletion.decide(kind, old, delete, self.now())
            if isinstance(decision, deletion.Unchanged):
                return current, False
            if not options.admitted and not self.reviewers.none:
                await self.reviewers.check_deletion(kind, old, delete, options)
            gone, dry_run = isinstance(decision, deletion.Gone), bool(delete.dryRun)
            try:
                last = await self._put(kind, key, decision.obj, current.revision, gone=gone, dry_run=dry_run)
                return last, gone
            except StoreConflict:
                continue

    def stored(self, kind: Kind, key: Key) -> Record:
        """What is there now. Raises NotFound."""
        record = self._store.get(key)
        if record is None:
            raise refusals.not_found(kind, key.name)
        return record

    def now(self) -> datetime:
        """The time in whole seconds, as objects carry it."""
        return self._sources.now().replace(microsecond=0)

    def _complete(self, kind: Kind, namespace: str, obj: Any, author: Author) -> None:
        """Fill in what the client left to us."""
        fill_defaults(kind, obj, self._sources.gates)
        ownership.note_create(kind, obj, author, obj.metadata.creationTimestamp)
        drop_disabled(kind, obj, None, self._sources.gates)
        self._admission.admit(kind, namespace, obj)

    async def _reviewed(self, kind: Kind, obj: Any, author: Author, options: WriteOptions) -> Any:
        """A new object as webhooks leave it."""

        def complete(changed: Any) -> Any:
            self._admission.admit(kind, objects.namespace_of(changed), changed)
            return changed

        return await self.reviewers.change(Write(kind, obj, None, author, options), complete)

    def _check(self, kind: Kind, obj: Any, options: WriteOptions, now: datetime) -> None:
        """Whether a new object may be stored."""
        prepare_create(kind, obj, now)
        check_create(kind, obj, self._sources.gates)
        self._admission.check(kind, obj, None, options.warnings)

    async def _put(
        self, kind: Kind, key: Key, obj: Any, expected: int, *, dry_run: bool, gone: bool = False
    ) -> Record:
        """The next version of an object, which may be its first (0 is `expected`) or, if `gone`, its last."""
        if kind.custom is not None and kind.converts:
            obj = await self.conversions.stored(kind, obj)
        if dry_run:
            current = self._store.get(key)
            if (current.revision if current is not None else 0) != expected:
                raise StoreConflict(key, current)
            return Record(key, encode(obj), expected)
        write = self._store.delete if gone else self._store.put
        try:
            return await write(key, self._draft(kind, obj), expected)
        except StoreFailed as failed:
            raise refusals.disk_failed(failed) from failed

    async def _seen(self, kind: Kind, record: Record) -> Record:
        """The record of a custom object as this kind shows it, where that takes a webhook."""
        if not kind.converts:
            return record
        (seen,) = await self.conversions.shown(kind, [record])
        return seen

    @cached_property
    def conversions(self) -> "Conversions":
        """Asks webhooks for versions. Raises nothing before it is asked to."""
        from petset.registry.conversion.converting import Conversions  # only where a definition names a webhook

        return Conversions(self._store, self._decoder, self._means)

    def _draft(self, kind: Kind, obj: Any) -> Callable[[int], tuple[bytes, Memo]]:
        def draft(revision: int) -> tuple[bytes, Memo]:
            obj.metadata.resourceVersion = str(revision)
            stored = _as_stored(kind, obj)
            value = encode(stored)
            return value, self._decoder.remember(kind, stored, len(value))

        return draft

    def _holding_addresses(self, kind: Kind, new: Any, old: Any) -> AbstractContextManager[None]:
        if kind.model is core_v1.Service and (old is None or new.spec is not old.spec):
            return self._addresses.given_to(new, old)
        return FREE


def _as_it_is(obj: Any) -> Any:
    return obj


def _as_stored(kind: Kind, obj: Any) -> Any:
    """The object in the version that the store holds."""
    return obj if kind.custom is None else kind.custom.as_stored(obj)


def _says_the_same(kind: Kind, new: Any, old: Any, current: Record) -> bool:
    """Whether there is nothing to write: nothing but the times of ownership has changed."""
    noted, before = new.metadata.managedFields, old.metadata.managedFields
    only_times = noted != before and same_but_for_times(noted, before)
    if only_times:
        new.metadata.managedFields = before
    # Equal structs may still be written differently; most writes change something, and need not be encoded for it.
    same = bool(new == old) and encode(_as_stored(kind, new)) == current.value
    if only_times and not same:
        new.metadata.managedFields = noted
    return same


def _check_version(kind: Kind, new: meta_v1.ObjectMeta, old: meta_v1.ObjectMeta) -> None:
    """Raises Conflict unless the client means this object, in this version where it names one."""
    name = old.name or ""
    if new.uid and new.uid != old.uid:
        why = f"Precondition failed: UID in precondition: {new.uid}, UID in object meta: {old.uid}"
        raise refusals.conflict(kind, name, why)
    if new.resourceVersion in _ANY_VERSION:
        if not strategy_of(kind).unconditional_update:
            missing = Cause("FieldValueInvalid", 'Invalid value: "": must be specified for an update', _VERSION)
            raise refusals.invalid(kind, name, (missing,))
        new.resourceVersion = old.resourceVersion
    elif new.resourceVersion != old.resourceVersion:
        raise refusals.conflict(kind, name)
