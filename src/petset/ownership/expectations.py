"""Keeps the controller from acting on a cache that has not seen its own writes yet.

Without this a wake that comes between a write and its watch event makes the controller plan from the past: it would
create a pod again, or delete a second one although the first is already on its way out. Every write is remembered
with the version it made; every deletion with the object it was meant for. Until the caches show them all, a set is
left alone, because the events that wake it again are on the way.
"""

from typing import Any, Protocol

from petset.api.objects import is_terminating, meta, name_of, namespace_of, uid_of


class Cache(Protocol):
    """What of an informer matters here. `resource_version` is how far the cache has come."""

    @property
    def resource_version(self) -> str: ...

    def get(self, name: str, namespace: str = "") -> Any | None: ...


class Expectations:
    """Own writes, by the uid of the set they were made for, until the caches show them."""

    def __init__(self, caches: dict[type[Any], Cache]) -> None:
        self._caches = caches
        self._versions: dict[str, dict[type[Any], int]] = {}
        self._deletions: dict[str, list[Any]] = {}

    def wrote(self, set_uid: str, obj: Any) -> None:
        """The API answered a write with `obj`: the cache of its kind must come that far."""
        versions = self._versions.setdefault(set_uid, {})
        versions[type(obj)] = max(versions.get(type(obj), 0), int(meta(obj).resourceVersion or 0))

    def deleted(self, set_uid: str, obj: Any) -> None:
        """`obj` was asked to go: the cache must show it going, gone, or replaced."""
        self._deletions.setdefault(set_uid, []).append(obj)

    def met(self, set_uid: str) -> bool:
        """The caches show everything that was written for this set."""
        behind = {k: v for k, v in self._versions.pop(set_uid, {}).items() if self._version(k) < v}
        standing = [obj for obj in self._deletions.pop(set_uid, ()) if self._still_stands(obj)]
        if behind:
            self._versions[set_uid] = behind
        if standing:
            self._deletions[set_uid] = standing
        return not behind and not standing

    def forget(self, set_uid: str) -> None:
        """The set is gone; nothing of it will be looked at again."""
        self._versions.pop(set_uid, None)
        self._deletions.pop(set_uid, None)

    def _version(self, kind: type[Any]) -> int:
        return int(self._caches[kind].resource_version or 0)

    def _still_stands(self, obj: Any) -> bool:
        cached = self._caches[type(obj)].get(name_of(obj), namespace_of(obj))
        return cached is not None and uid_of(cached) == uid_of(obj) and not is_terminating(cached)
