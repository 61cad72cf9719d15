"""Tells whether the caches have caught up with what we ourselves have written.

A controller writes an object and is woken a moment later by something else, while its cache still shows the
world as it was before. Acting on that would write again: a conflict at best, a second object at worst, where
the server completes the name. So what was written for a key is remembered until the caches show it; until then
the key is left alone. The events that are on the way wake it.
"""

from collections.abc import Hashable, Mapping
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from petset.aio.clock import Clock
from petset.api.objects import Object, meta, name_of, namespace_of

K = TypeVar("K", bound=Hashable)

PATIENCE_SECONDS = 5.0
"""After this an event is not late but lost (the object was deleted while the watch was down): look anew."""


class Cache(Protocol):
    """What is asked of an informer here."""

    def get(self, name: str, namespace: str) -> Any | None: ...


class _Write(NamedTuple):
    version: int
    at_seconds: float


class OwnWrites(Generic[K]):
    """The versions we wrote for each key, until the caches show them. Versions grow with each write."""

    def __init__(self, clock: Clock, caches: Mapping[type[Any], Cache]) -> None:
        self._clock = clock
        self._caches = caches
        self._unseen: dict[K, dict[tuple[type[Any], str, str], _Write]] = {}

    def note(self, key: K, written: Object) -> None:
        """Remember what the API answered to a write."""
        where = (type(written), namespace_of(written), name_of(written))
        self._unseen.setdefault(key, {})[where] = _Write(_version(written), self._clock.monotonic())

    def are_unseen(self, key: K) -> bool:
        """Whether some cache is behind a write for this key, and may still catch up."""
        left = {where: write for where, write in self._unseen.get(key, {}).items() if self._awaits(where, write)}
        if left:
            self._unseen[key] = left
        else:
            self._unseen.pop(key, None)
        return bool(left)

    def _awaits(self, where: tuple[type[Any], str, str], write: _Write) -> bool:
        kind, namespace, name = where
        cached = self._caches[kind].get(name, namespace)
        seen = cached is not None and _version(cached) >= write.version
        return not seen and self._clock.monotonic() < write.at_seconds + PATIENCE_SECONDS


def _version(obj: Object) -> int:
    return int(meta(obj).resourceVersion or "0")
