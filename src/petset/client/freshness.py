"""Keeps a controller from acting on a cache that has not seen its own writes yet.

A controller writes an object and is woken a moment later by something else, while its cache still shows the world
as it was before. Acting on that would write again: a conflict at best, at worst a second object where the server
completes the name, or a second deletion although the first is under way. So every write is remembered with the
version it made, and every deletion with the object it was meant for, under the key they were made for. Until the
caches show them all, the key is left alone.

The events that wake it are on the way. One can be swallowed all the same: what was written and undone again while
the watch was down is in no list. So whoever leaves a key alone comes back to it by itself (`COME_BACK_SECONDS`).
"""

from collections.abc import Hashable, Mapping
from typing import Any, Generic, Protocol, TypeVar

from petset.api.objects import is_terminating, meta, name_of, namespace_of, uid_of

K = TypeVar("K", bound=Hashable)

COME_BACK_SECONDS = 5.0
"""When to look again at a key that was left alone, if no event comes first."""


class Cache(Protocol):
    """What of an informer matters here. `resource_version` is how far the cache has come."""

    @property
    def resource_version(self) -> str: ...

    def get(self, name: str, namespace: str = "") -> Any | None: ...


class OwnWrites(Generic[K]):
    """Own writes, by the key they were made for, until the caches show them. Versions grow with each write."""

    def __init__(self, caches: Mapping[type[Any], Cache]) -> None:
        self._caches = caches
        self._versions: dict[K, dict[type[Any], int]] = {}
        self._deletions: dict[K, list[Any]] = {}
        self._left_alone: set[K] = set()

    def wrote(self, key: K, obj: Any) -> None:
        """The API answered a write with `obj`: the cache of its kind must come that far."""
        versions = self._versions.setdefault(key, {})
        versions[type(obj)] = max(versions.get(type(obj), 0), int(meta(obj).resourceVersion or 0))

    def saw(self, key: K, obj: Any) -> bool:
        """The cache shows `obj`: True where the newest write for the key made that, and the key is not left alone.

        Then it is no news to who plans for the key, if a plan that was carried out leaves nothing to do.
        """
        versions = self._versions.get(key, {})
        if key in self._left_alone or str(versions.get(type(obj))) != meta(obj).resourceVersion:
            return False
        del versions[type(obj)]
        if not versions:
            del self._versions[key]
        return True

    def deleted(self, key: K, obj: Any) -> None:
        """`obj` was asked to go: the cache must show it going, gone, or replaced."""
        self._deletions.setdefault(key, []).append(obj)

    def are_seen(self, key: K) -> bool:
        """The caches show everything that was written for this key."""
        behind = {k: v for k, v in self._versions.pop(key, {}).items() if self._version(k) < v}
        standing = [obj for obj in self._deletions.pop(key, ()) if self._still_stands(obj)]
        if behind:
            self._versions[key] = behind
        if standing:
            self._deletions[key] = standing
        seen = not behind and not standing
        (self._left_alone.discard if seen else self._left_alone.add)(key)
        return seen

    def forget(self, key: K) -> None:
        """Nothing of this key will be looked at again."""
        self._versions.pop(key, None)
        self._deletions.pop(key, None)
        self._left_alone.discard(key)

    def _version(self, kind: type[Any]) -> int:
        return int(self._caches[kind].resource_version or 0)

    def _still_stands(self, obj: Any) -> bool:
        cached = self._caches[type(obj)].get(name_of(obj), namespace_of(obj))
        return cached is not None and uid_of(cached) == uid_of(obj) and not is_terminating(cached)
