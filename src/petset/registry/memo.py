"""What the registry hangs on a stored record: its labels for selectors, and for a while the typed object itself.

Bytes are the truth and all that is kept for long. Labels are read by a decoder that knows only them and skips the
rest; after a restart nothing is read before somebody asks.

Typed objects are shared: the writer's object and the one that every informer gets are the same. A bounded number of
the most recent ones is kept, so that a cluster of any size needs memory for its bytes alone.
"""

from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from petset.api.decode import decoder
from petset.api.kinds import Kind
from petset.registry import events
from petset.storage.port import Record

if TYPE_CHECKING:
    from petset.api.custom.definition import Custom


class _Meta(msgspec.Struct, gc=False):
    labels: dict[str, str] | None = None


class _Head(msgspec.Struct, gc=False):
    metadata: _Meta


_head = msgspec.json.Decoder(_Head)


class Memo:
    """An object's labels; `typed` is the object while it is among the recent ones, else None.

    `checked` is what a definition says that the bytes are known to agree with; None for all but custom objects.
    """

    __slots__ = ("checked", "labels", "typed")

    def __init__(self, labels: Mapping[str, str] | None, typed: Any = None) -> None:
        self.labels: Mapping[str, str] = labels or {}
        self.typed = typed
        self.checked: Custom | None = None


def memo_of(record: Record) -> Memo:
    """The record's memo, read from its bytes where it has none yet."""
    memo: Memo | None = record.memo
    if memo is None:
        memo = record.memo = Memo(_head.decode(record.value).metadata.labels)
    return memo


class Decoder:
    """Typed objects of records, each made once while it is among the `limit` most recent."""

    def __init__(self, limit: int = 4096) -> None:
        self._limit = limit
        self._holding: deque[Memo] = deque()

    def remember(self, kind: Kind, obj: Any) -> Memo:
        """The memo of an object about to be stored, which keeps the object itself at hand."""
        memo = Memo(obj.metadata.labels, obj)
        if kind.custom is not None and kind.api_version == obj.apiVersion:
            memo.checked = kind.custom
        self._hold(memo)
        return memo

    def decode(self, kind: Kind, record: Record) -> Any:
        """The record as an object of `kind`: shared, immutable to whoever gets it."""
        memo = memo_of(record)
        typed = memo.typed
        if typed is None:
            typed = memo.typed = decoder(events.stored_kind(kind).model).decode(record.value)
            self._hold(memo)
        if kind.custom is None:
            return events.from_stored(kind, typed)
        if memo.checked is kind.custom:
            return typed
        shown = kind.custom.shown(kind, typed)
        if shown is typed:
            memo.checked = kind.custom
        return shown

    def is_as_stored(self, kind: Kind, record: Record) -> bool:
        """Whether the stored bytes are what this kind shows of a custom object."""
        self.decode(kind, record)
        return memo_of(record).checked is kind.custom

    def _hold(self, memo: Memo) -> None:
        self._holding.append(memo)
        if len(self._holding) > self._limit:
            self._holding.popleft().typed = None
