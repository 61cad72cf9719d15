"""The store as everyone above sees it: keys, bytes, one revision that counts every write.

Guarantees, held by one contract suite on every implementation:

- **Durable before known.** `put` and `delete` return, readers see the change and watchers hear of it only once it
  would survive a crash. Nobody ever acts on something that can still be lost.
- **One order.** Each write takes the next revision; events arrive in that order, each exactly once.
- **Compare and swap.** A write names the revision it has seen; if another came in between, it changes nothing.
- **Nobody waits for a slow watcher.** One that falls behind the window gets `Expired` and must list again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import msgspec


class Key(NamedTuple):
    """Where an object lives. `namespace` is empty for objects that have none."""

    resource: str
    namespace: str
    name: str


class Record(msgspec.Struct, eq=False, gc=False):
    """One stored version of an object: immutable bytes, and a memo that the layer above may hang on it.

    The memo (an index, say) is never stored; after a restart it is None and is made again on demand. It must not
    lead back here: Python's collector does not look at records, which are the many.
    """

    key: Key
    value: bytes
    revision: int
    memo: Any = None

    def __repr__(self) -> str:
        return f"Record({'/'.join(self.key)} @{self.revision}, {len(self.value)} bytes)"


Draft = Callable[[int], tuple[bytes, Any]]
"""Given the revision that a write gets: the bytes to store (they carry that revision) and the record's memo."""


class Event(msgspec.Struct, frozen=True, eq=False, gc=False):
    """One change. `record` is what is there now, or for a deletion the last state, at the deletion's revision.

    `previous` is the record before, None for a creation: a filtered watch needs it to tell whether an object
    came into or went out of its sight.
    """

    record: Record
    previous: Record | None
    deleted: bool


@dataclass(frozen=True)
class Listing:
    """Records in key order as of `revision`. `remaining` counts those beyond the limit."""

    records: Sequence[Record]
    revision: int
    remaining: int = 0


class StoreConflict(Exception):
    """The key is not at the expected revision. `current` is what is there, None where nothing is."""

    def __init__(self, key: Key, current: Record | None) -> None:
        super().__init__(f"{'/'.join(key)} is at revision {current.revision if current else 0}")
        self.key = key
        self.current = current


class StoreExpired(Exception):
    """The revision asked for is older than what is kept, or the watcher fell behind: list again."""


class StoreFailed(Exception):
    """The disk refused a write (full, read-only). Nothing of it was kept; the store goes on reading."""


class StoreUnusable(Exception):
    """The data directory cannot be opened: in use, not ours, or of a newer version. The message says what to do."""


class Subscription(Protocol):
    """The changes under one prefix, in order, from a given revision on.

    `idle`: nothing waits, so that `take` would return nothing. Whoever looks before each decision looks at this.
    """

    idle: bool

    @property
    def revision(self) -> int:
        """Every event up to this revision has been handed out: what a bookmark tells the client."""
        ...

    async def next(self) -> Sequence[Event]:
        """The next events, at least one, all that wait. Raises StoreExpired where the watcher fell behind."""
        ...

    def take(self) -> Sequence[Event]:
        """The events that `next` would return at once, none where it would wait. Raises StoreExpired as it does."""
        ...

    def close(self) -> None:
        """Stop; a `next` that waits raises StoreExpired."""
        ...


class Store(Protocol):
    """Key → bytes with revisions. All methods are called on the event loop's thread."""

    @property
    def revision(self) -> int:
        """The revision of the last durable write; 0 for an empty store."""
        ...

    def get(self, key: Key) -> Record | None:
        """What is durably there now."""
        ...

    def list(
        self, resource: str, namespace: str = "", *, after: Key | None = None, limit: int = 0, revision: int = 0
    ) -> Listing:
        """Records of a resource in key order, of one namespace or of all (empty), after the key `after`.

        `limit` 0 means all. `revision` 0 means now; an earlier one lists what was there then, or raises
        StoreExpired where the window does not reach back that far.
        """
        ...

    async def put(self, key: Key, draft: Draft, expected: int) -> Record:
        """Write the draft if the key is at revision `expected` (0: if nothing is there), else StoreConflict.

        `draft` is called at most once, with the revision the write gets, and must not block. It is called at once,
        except where another write of the key is still on its way to the disk: whether that is a conflict is known,
        and told, only when it has arrived. A caller that is cancelled does not know what became of its write.
        """
        ...

    async def delete(self, key: Key, draft: Draft, expected: int) -> Record:
        """Remove the key if it is at revision `expected`, else StoreConflict. The draft is the last state."""
        ...

    def watch(self, resource: str, namespace: str = "", *, after: int) -> Subscription:
        """Every change with a revision greater than `after`. Raises StoreExpired where the window is past it."""
        ...

    async def close(self) -> None:
        """Finish what was accepted, end every watch, let go of the files."""
        ...
