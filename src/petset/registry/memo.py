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
from petset.registry import forms
from petset.storage.port import Record

if TYPE_CHECKING:
    from petset.api.custom.definition import Custom


class _Meta(msgspec.Struct, gc=False):
    labels: dict[str, str] | None = None


class _Head(msgspec.Struct, gc=False):
    metadata: _Meta


_head = msgspec.json.Decoder(_Head)


class Memo(msgspec.Struct, eq=False, gc=False):
    """An object's labels; `typed` is the object while it is among the recent ones, else None.

    `checked` is what a definition says that the bytes are known to agree with; None for all but custom objects.
    """

    labels: Mapping[str, str]
    typed: Any = None
    checked: "Custom | None" = None


NO_LABELS: Mapping[str, str] = {}
_known_labels: dict[tuple[tuple[str, str], ...], Mapping[str, str]] = {}
_MOST_KNOWN = 4096


def _shared(labels: Mapping[str, str] | None) -> Mapping[str, str]:
    """The same labels, in one place for all who carry them: what a set's or a chart's objects have in common."""
    if not labels:
        return NO_LABELS
    if len(_known_labels) >= _MOST_KNOWN:
        _known_labels.clear()
    return _known_labels.setdefault(tuple(labels.items()), labels)


def memo_of(record: Record) -> Memo:
    """The record's memo, read from its bytes where it has none yet."""
    memo: Memo | None = record.memo
    if memo is None:
        memo = record.memo = Memo(_shared(_head.decode(record.value).metadata.labels))
    return memo


class Decoder:
    """Typed objects of records, each made once while it is among the most recent ones.

    A typed object takes some four times as much room as its bytes. So many of those (`most_bytes`) the recent ones
    may have, whether they are many small objects or a few large ones.
    """

    def __init__(self, most_bytes: int = 2 << 20) -> None:
        self._most_bytes = most_bytes
        self._held_bytes = 0
        self._holding: deque[tuple[Memo, int]] = deque()

    def remember(self, kind: Kind, obj: Any, size_bytes: int) -> Memo:
        """The memo of an object about to be stored in so many bytes, which keeps the object itself at hand."""
        memo = Memo(_shared(obj.metadata.labels), obj)
        if kind.custom is not None and kind.api_version == obj.apiVersion:
            memo.checked = kind.custom
        self._hold(memo, size_bytes)
        return memo

    def decode(self, kind: Kind, record: Record) -> Any:
        """The record as an object of `kind`: shared, immutable to whoever gets it."""
        memo: Memo = record.memo or memo_of(record)
        typed = memo.typed
        if typed is None:
            typed = memo.typed = decoder(forms.stored_kind(kind).model).decode(record.value)
            self._hold(memo, len(record.value))
        if kind.custom is None:
            return forms.from_stored(kind, typed) if kind.stored_as else typed
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

    def _hold(self, memo: Memo, size_bytes: int) -> None:
        self._holding.append((memo, size_bytes))
        self._held_bytes += size_bytes
        while self._held_bytes > self._most_bytes and len(self._holding) > 1:
            oldest, bytes_ = self._holding.popleft()
            self._held_bytes -= bytes_
            oldest.typed = None
