"""All objects of interest as they are, and as they were a moment ago.

Whoever judges an action must know what its author could know. A controller's picture of the world may be late by a
known time, so an action is right if it was right in some state that held within that time. Here stands every object
with the states it had in that window.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from petset.api.kinds import by_model
from petset.api.models import core_v1
from petset.api.objects import controller_of, uid_of
from petset.storage.port import Key

T = TypeVar("T")


class Picture:
    """Objects by kind and name, now and within the last `stale_seconds`. `now` gives seconds."""

    def __init__(self, now: Callable[[], float], stale_seconds: float) -> None:
        self._now = now
        self._stale_seconds = stale_seconds
        self._present: dict[type[Any], dict[Key, Any]] = {}
        self._past: dict[Key, deque[tuple[float, Any]]] = {}

    def take(self, kind: type[Any], key: Key, new: Any | None) -> Any | None:
        """Here is the object's new state, None where it is gone. Returns the one before."""
        objects = self._present.setdefault(kind, {})
        old = objects.get(key)
        self._past.setdefault(key, deque()).append((self._now(), old))
        if new is None:
            objects.pop(key, None)
        else:
            objects[key] = new
        return old

    def get(self, kind: type[T], name: str, namespace: str = "") -> T | None:
        """The object as it is."""
        return self._present.get(kind, {}).get(_key(kind, name, namespace))

    def every(self, kind: type[T]) -> list[T]:
        """All objects of the kind as they are."""
        return list(self._present.get(kind, {}).values())

    def lately(self, kind: type[T], name: str, namespace: str = "") -> Sequence[T | None]:
        """The object as it is, then as it was, newest first, as far back as a late picture may reach."""
        key = _key(kind, name, namespace)
        past = self._past.get(key, deque())
        earliest = self._now() - self._stale_seconds
        while past and past[0][0] < earliest:
            past.popleft()
        return [self._present.get(kind, {}).get(key), *(state for _, state in reversed(past))]

    def lately_of(self, kind: type[T], name: str, namespace: str, uid: str) -> list[T]:
        """The same, but only the states of the object with this uid."""
        states: Sequence[Any] = self.lately(kind, name, namespace)
        return [state for state in states if state is not None and uid_of(state) == uid]

    def owned_by(self, uid: str) -> Iterator[core_v1.Pod]:
        """The pods whose controller has this uid."""
        for pod in self.every(core_v1.Pod):
            owner = controller_of(pod)
            if owner is not None and owner.uid == uid:
                yield pod


def _key(kind: type[Any], name: str, namespace: str) -> Key:
    return Key(by_model(kind).store_key, namespace, name)
