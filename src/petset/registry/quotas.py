"""Whether a namespace has room for what a write asks, by its quotas: decided on what is stored and under way.

What is used is counted from the stored objects themselves, kept up from the store's news for as long as there is a
quota. A write that has been let through holds what it asked for until the store has it or it has failed, so that
however many come at once never get more together than there is. Nothing needs to be corrected afterwards; the
numbers in a quota's status are a controller's, for people to read.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Final, NamedTuple

from petset.api import objects
from petset.api.kinds import Kind, by_model
from petset.api.models import core_v1
from petset.api.quantity import Quantity
from petset.api.quotas.charging import NOTHING, Tally, above, charge, excess, hard_of, in_scope
from petset.api.quotas.names import CLAIMS, PODS, SERVICES, resource_of, tracked
from petset.api.quotas.usage import NONE, Usage, unsaid
from petset.registry import refusals
from petset.registry.following import Following, Kept
from petset.registry.memo import Decoder
from petset.storage.port import Key, Record, Store

FREE: Final[AbstractContextManager[None]] = nullcontext()
"""What holds nothing."""
_READ = {
    PODS: by_model(core_v1.Pod),
    CLAIMS: by_model(core_v1.PersistentVolumeClaim),
    SERVICES: by_model(core_v1.Service),
}
"""Resources whose objects say how much they use; all others are counted without being looked at."""
_CHANGING = {SERVICES: "", CLAIMS: "", PODS: "resize"}
"""Resources that an update can make larger, and the sub-resource by which it does."""
_UNCOUNTED = "events"


class _Held(NamedTuple):
    """What an object will use of a quota once its write is through."""

    quota: Key
    key: Key
    usage: Usage


class Quotas:
    """The quotas of all namespaces, and what is used of them."""

    def __init__(self, store: Store, decoder: Decoder) -> None:
        self._store = store
        self._decoder = decoder
        self._quotas = Kept(store, decoder, core_v1.ResourceQuota, self._forget)
        self._books: dict[Key, _Book] = {}
        self._under_way: list[_Held] = []

    def charged(self, kind: Kind, subresource: str, new: Any, old: Any) -> AbstractContextManager[None]:
        """Within the block the write holds what it needs. Raises Forbidden where there is no room for it.

        `old` is None for a new object.
        """
        if not self._quotas.now() or not kind.namespaced or kind.store_key == _UNCOUNTED:
            return FREE
        quotas = self._quotas.in_namespace(objects.namespace_of(new))
        if not quotas:
            return FREE
        if old is not None and _CHANGING.get(kind.store_key) != subresource:
            self._read_news(quotas)
            return FREE
        return self._charge(quotas, kind, new, old)

    @contextmanager
    def _charge(self, quotas: list[core_v1.ResourceQuota], kind: Kind, new: Any, old: Any) -> Iterator[None]:
        resource = kind.store_key
        key = Key(resource, objects.namespace_of(new), objects.name_of(new))
        held = []
        for quota in quotas:
            self._require_words(kind, new, quota)
            usage = charge(quota, resource, new)
            more = above(usage, charge(quota, resource, old) if old is not None else NOTHING)
            over = excess(quota, self._used(quota), more) if more else ""
            if over:
                raise refusals.forbidden(kind, objects.name_of(new), over)
            held.append(_Held(_key(quota), key, usage))
        self._under_way += held
        try:
            yield
        finally:
            for each in held:
                self._under_way.remove(each)

    def _require_words(self, kind: Kind, new: Any, quota: core_v1.ResourceQuota) -> None:
        """Raises Forbidden for a pod that does not say what a quota counts."""
        if kind.store_key == PODS and in_scope(quota, PODS, new):
            missing = unsaid(new, tracked(hard_of(quota), PODS))
            if missing:
                why = f"failed quota: {objects.name_of(quota)}: must specify {missing}"
                raise refusals.forbidden(kind, objects.name_of(new), why)

    def _read_news(self, quotas: list[core_v1.ResourceQuota]) -> None:
        """A namespace in which nothing is created for long does not pile up its news."""
        for quota in quotas:
            book = self._books.get(_key(quota))
            if book is not None:
                book.now()

    def _forget(self, quota: Key) -> None:
        book = self._books.pop(quota, None)
        if book is not None:
            book.close()

    def _used(self, quota: core_v1.ResourceQuota) -> Usage:
        """By what is stored, and on top what writes under way will add to it."""
        key = _key(quota)
        book = self._books.get(key)
        if book is None or book.quota.spec != quota.spec:
            self._forget(key)
            book = self._books[key] = _Book(self._store, self._decoder, quota)
        stored = book.now()
        used = dict(stored.used)
        for more in self._coming(key, stored).values():
            for name, amount in more.items():
                used[name] = used.get(name, NONE) + amount
        return used

    def _coming(self, quota: Key, stored: Tally) -> dict[Key, dict[str, Quantity]]:
        """For each object that is being written, what it will use more than it does; of two writes the larger."""
        coming: dict[Key, dict[str, Quantity]] = {}
        for held in self._under_way:
            if held.quota == quota:
                most = coming.setdefault(held.key, {})
                for name, amount in above(held.usage, stored.of(held.key)).items():
                    most[name] = max(amount, most.get(name, NONE))
        return coming


class _Book:
    """What the stored objects of a namespace use of one quota."""

    def __init__(self, store: Store, decoder: Decoder, quota: core_v1.ResourceQuota) -> None:
        self.quota = quota
        self._decoder = decoder
        self._tally = Tally()
        resources = dict.fromkeys(resource_of(name) for name in sorted(hard_of(quota)))
        namespace = objects.namespace_of(quota)
        self._news = [Following(store, resource, namespace, self._note) for resource in resources if resource]

    def now(self) -> Tally:
        """As of this moment."""
        for news in self._news:
            news.catch_up()
        return self._tally

    def close(self) -> None:
        """Count no more."""
        for news in self._news:
            news.close()

    def _note(self, key: Key, record: Record | None) -> None:
        if record is None:
            self._tally.put(key, NOTHING)
            return
        kind = _READ.get(key.resource)
        obj = None if kind is None else self._decoder.decode(kind, record)
        self._tally.put(key, charge(self.quota, key.resource, obj))


def _key(quota: core_v1.ResourceQuota) -> Key:
    return Key("resourcequotas", objects.namespace_of(quota), objects.name_of(quota))
