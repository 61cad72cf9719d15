"""The verbs of the API on whole objects: what the HTTP server and the in-process client both call.

A write passes, in this order: fill in what the server owns (uid, generation, timestamps), defaults, admission,
validation, then one compare-and-swap on the store. A patch or an update without resource version that meets another
writer is tried again on what is there now. Errors are `petset.api.errors.ApiError`; nothing is ever half applied.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

import msgspec

from petset.api.kinds import Kind, Kinds
from petset.api.models import autoscaling_v1, meta_v1
from petset.storage.port import Record

if TYPE_CHECKING:
    from petset.api.rbac import Attributes, Decision


class User(msgspec.Struct, frozen=True):
    """A name and the groups it belongs to; `system:authenticated` is always among them for somebody known."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()


UNKNOWN = User("system:apiserver", ("system:masters", "system:authenticated"))
"""Nobody in particular: the server itself."""

Guard = Callable[[Any, Any], None]
"""Given what shall be stored (None for a deletion) and what is there (None for a creation); raises to refuse."""


class WriteOptions(msgspec.Struct, frozen=True, eq=False):
    """What a client may ask of any write, and who looks over its shoulder.

    `by` is the user; `admitted` says that no webhook shall be asked, as for what the server writes for itself.
    `field_manager` owns what the write changes, in objects whose fields have owners; `claims`
    says that those of a new object shall have them. `force` takes what others own. `field_validation` is Ignore,
    Warn or Strict (an unknown or repeated field is refused); `warnings` collects texts for the `Warning` header.
    `settled` says that the object handed in is in stored form, as `petset.api.decode` leaves it.
    """

    dry_run: bool = False
    field_manager: str = ""
    claims: bool = False
    force: bool = False
    field_validation: Literal["Ignore", "Warn", "Strict"] = "Ignore"
    warnings: list[str] = msgspec.field(default_factory=list)
    guard: Guard | None = None
    by: User = UNKNOWN
    admitted: bool = False
    settled: bool = False


@dataclass(frozen=True)
class ListOptions:
    """What a client may ask of a list or watch: selectors in their string form, paging, and versions."""

    labels: str = ""
    fields: str = ""
    limit: int = 0
    continue_token: str = ""
    resource_version: str = ""
    resource_version_match: str = ""


class Selected(NamedTuple):
    """A page of a list: the records in key order, and what a client needs to go on."""

    records: Sequence[Record]
    resource_version: str
    continue_token: str = ""
    remaining: int = 0


class WatchItem(msgspec.Struct, frozen=True, gc=False):
    """One line of a watch, as this watcher's selectors see it (leaving the selection is a DELETED)."""

    type: Literal["ADDED", "MODIFIED", "DELETED"]
    record: Record


class Watch(Protocol):
    """An open watch. `resource_version` is what a bookmark may say after the last batch.

    `idle`: `take` would return nothing, at the cost of a look.
    """

    @property
    def resource_version(self) -> str: ...

    @property
    def idle(self) -> bool: ...

    async def next(self) -> Sequence[WatchItem]:
        """The next items (may be empty when only the version moved on). Raises Expired: list again."""
        ...

    def take(self) -> Sequence[WatchItem]:
        """The items that are there already: whoever asks before each decision decides on what is stored now."""
        ...

    def close(self) -> None: ...


class Target(NamedTuple):
    """What of a kind is meant: an object, or one of its sub-resources."""

    namespace: str
    name: str
    subresource: str = ""


class Visit(NamedTuple):
    """A request on a sub-resource that is no write of the object: an Eviction, a Binding, an exec.

    `sent` is the document that comes with it, or its options where it connects (`CONNECT`).
    """

    operation: Literal["CREATE", "CONNECT"]
    kind: Kind
    target: Target
    sent: dict[str, Any]


class Registry(Protocol):
    """Every verb. `subresource` is empty or one of the kind's; objects are the kind's structs.

    Objects handed in are taken over and changed: the caller keeps no part of them. Bodies that come from outside
    as bytes are read by `petset.api.decode` before they get here. To `scale` a client writes an
    `autoscaling_v1.Scale`, or a patch of one; the record that comes back is the whole object's.
    """

    @property
    def kinds(self) -> Kinds:
        """What is served at the moment."""
        ...

    def judge_rights_by(self, decide: "Callable[[User, Attributes], Decision]") -> None:
        """Answer the expressions of webhooks and policies that ask about rights in this way."""
        ...

    def decode(self, kind: Kind, record: Record) -> Any:
        """A record's typed object. Many callers may get the same one: it is immutable to them."""
        ...

    def render(self, kind: Kind, record: Record) -> bytes:
        """A record as JSON of this kind: the stored bytes, but for the Event that is stored as the other kind."""
        ...

    def render_all(self, kind: Kind, records: Sequence[Record]) -> list[bytes]:
        """Each of them so, at the cost of looking it up."""
        ...

    async def shown(self, kind: Kind, records: Sequence[Record]) -> Sequence[Record]:
        """Records as this kind shows them, for kinds of which `converts` says that a webhook is asked about them;
        others as they are. What `get`, `list` and watches give of such a kind goes through here before anybody
        outside sees it; what writes give has done so. Raises ApiError."""
        ...

    def get(self, kind: Kind, namespace: str, name: str) -> Record: ...

    def get_scale(self, kind: Kind, namespace: str, name: str) -> autoscaling_v1.Scale: ...

    def list(self, kind: Kind, namespace: str, options: ListOptions) -> Selected: ...

    def watch(self, kind: Kind, namespace: str, options: ListOptions) -> Watch:
        """From `options.resource_version` on; with none, first an ADDED for everything that is there."""
        ...

    async def create(self, kind: Kind, namespace: str, obj: Any, options: WriteOptions) -> Record: ...

    async def update(
        self, kind: Kind, namespace: str, name: str, obj: Any, options: WriteOptions, subresource: str = ""
    ) -> Record: ...

    async def patch(
        self, kind: Kind, namespace: str, name: str, patch: "Patch", options: WriteOptions, subresource: str = ""
    ) -> Record: ...

    async def apply(
        self,
        kind: Kind,
        target: Target,
        config: dict[str, Any],
        options: WriteOptions,
    ) -> tuple[Record, bool]:
        """Server-side apply; the second value says whether the object is new. Raises Conflict with the owners."""
        ...

    async def delete(
        self,
        kind: Kind,
        namespace: str,
        name: str,
        delete: meta_v1.DeleteOptions,
        options: WriteOptions | None = None,
    ) -> tuple[Record, bool]:
        """The last state, and whether the object is gone already (False: a grace period or finalizer holds it)."""
        ...

    async def delete_collection(
        self,
        kind: Kind,
        namespace: str,
        selection: ListOptions,
        delete: meta_v1.DeleteOptions,
        options: WriteOptions | None = None,
    ) -> Selected: ...

    async def bind(
        self,
        namespace: str,
        name: str,
        node_name: str,
        options: WriteOptions | None = None,
        said: meta_v1.ObjectMeta | None = None,
    ) -> None:
        """The `binding` sub-resource of a pod: give it a node, once, and what the Binding says of labels."""
        ...

    async def review(self, visit: Visit, options: WriteOptions) -> None:
        """Ask webhooks about a request on a sub-resource that writes no object. Raises ApiError."""
        ...


Find = Callable[[Kind, str, str], Any]
"""An object by kind, namespace and name. Raises NotFound."""


def finder(registry: Registry) -> Find:
    """Looks objects up as they are at the moment of the look."""
    return lambda kind, namespace, name: registry.decode(kind, registry.get(kind, namespace, name))


class Patch(NamedTuple):
    """A patch document and how it is meant. `content_type` is the HTTP media type."""

    content_type: Literal[
        "application/json-patch+json",
        "application/merge-patch+json",
        "application/strategic-merge-patch+json",
    ]
    document: Any
