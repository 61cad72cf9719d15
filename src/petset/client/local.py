"""The client for components in the server's own process: the real verbs, without HTTP and without JSON text.

What it hands out is what the registry holds: shared by everyone, immutable to everyone. What it is given it copies,
so that a component may keep building on its own objects.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

from petset.api import objects
from petset.api.decode import decoder
from petset.api.encode import encode
from petset.api.kinds import Kind, Kinds
from petset.api.models import meta_v1
from petset.api.untyped import Untyped
from petset.client.port import ClientWatch, Listing, WatchEvent
from petset.registry.port import ListOptions, Patch, Registry, User, Watch, WriteOptions
from petset.storage.port import Record

T = TypeVar("T")


class LocalClient:
    """The `Client` port on a registry. Writes are recorded as made by `field_manager`."""

    def __init__(self, registry: Registry, field_manager: str = "kube-controller-manager") -> None:
        self._registry = registry
        self._manager = field_manager
        self._user = User(f"system:{field_manager}", ("system:authenticated",))

    @property
    def kinds(self) -> Kinds:
        return self._registry.kinds

    async def get(self, kind: type[T], name: str, namespace: str = "") -> T:
        row = self._registry.kinds.by_model(kind)
        return self._typed(kind, self._registry.get(row, namespace, name))

    async def list(self, kind: type[T], namespace: str = "", *, labels: str = "", fields: str = "") -> Listing[T]:
        row = self._registry.kinds.by_model(kind)
        selected = self._registry.list(row, namespace, ListOptions(labels=labels, fields=fields))
        kept = [_Kept(self._registry, row, record) for record in selected.records]
        return Listing(kept, selected.resource_version)

    def watch(
        self, kind: type[T], namespace: str = "", *, resource_version: str, labels: str = "", fields: str = ""
    ) -> ClientWatch[T]:
        row = self._registry.kinds.by_model(kind)
        options = ListOptions(labels=labels, fields=fields, resource_version=resource_version)
        return _LocalWatch(self._registry, row, self._registry.watch(row, namespace, options))

    async def create(self, obj: T) -> T:
        row, own = self._own(obj)
        record = await self._registry.create(row, own.metadata.namespace or "", own, self._options())
        created: T = self._registry.decode(row, record)
        return created

    async def update(self, obj: T, subresource: str = "") -> T:
        typed_status = subresource == "status" and not isinstance(obj, Untyped)
        row, own = self._own_status(obj) if typed_status else self._own(obj)
        namespace, name = objects.namespace_of(own), objects.name_of(own)
        record = await self._registry.update(row, namespace, name, own, self._options(), subresource)
        updated: T = self._registry.decode(row, record)
        return updated

    async def patch(self, kind: type[T], name: str, namespace: str, patch: Patch, subresource: str = "") -> T:
        options = self._options()
        record = await self._registry.patch(
            self._registry.kinds.by_model(kind), namespace, name, patch, options, subresource
        )
        return self._typed(kind, record)

    async def delete(
        self, kind: type[Any], name: str, namespace: str = "", options: meta_v1.DeleteOptions | None = None
    ) -> None:
        delete = options or meta_v1.DeleteOptions()
        await self._registry.delete(self._registry.kinds.by_model(kind), namespace, name, delete, self._options())

    async def bind(self, namespace: str, pod: str, node: str) -> None:
        await self._registry.bind(namespace, pod, node, self._options())

    def _options(self) -> WriteOptions:
        return WriteOptions(field_manager=self._manager, by=self._user)

    def _own(self, obj: Any) -> tuple[Kind, Any]:
        """The object's kind, and a copy that the registry may take over."""
        own = _copy(obj)
        own.metadata = own.metadata or meta_v1.ObjectMeta()
        return self._registry.kinds.by_model(type(obj)), own

    def _own_status(self, obj: Any) -> tuple[Kind, Any]:
        """The same for a write of the status, which takes nothing else over: the rest stays shared."""
        metadata = _copy(obj.metadata) if obj.metadata is not None else meta_v1.ObjectMeta()
        status = _copy(obj.status) if obj.status is not None else None
        own = objects.replace(obj, metadata=metadata, status=status)
        return self._registry.kinds.by_model(type(obj)), own

    def _typed(self, kind: type[T], record: Any) -> T:
        obj: T = self._registry.decode(self._registry.kinds.by_model(kind), record)
        return obj


def _copy(value: Any) -> Any:
    """Through JSON: the fastest deep copy."""
    return decoder(type(value)).decode(encode(value))


class _Kept:
    """A record, decoded when somebody looks at it; the registry remembers the most recent looks."""

    __slots__ = ("_kind", "_record", "_registry")

    def __init__(self, registry: Registry, kind: Kind, record: Record) -> None:
        self._registry = registry
        self._kind = kind
        self._record = record

    @property
    def namespace(self) -> str:
        return self._record.key.namespace

    @property
    def name(self) -> str:
        return self._record.key.name

    @property
    def revision(self) -> int:
        return self._record.revision

    def typed(self) -> Any:
        return self._registry.decode(self._kind, self._record)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Kept) and other._record is self._record

    def __hash__(self) -> int:
        return id(self._record)


class _LocalWatch:
    """A registry's watch, whose records are decoded when somebody looks at them."""

    def __init__(self, registry: Registry, kind: Kind, watch: Watch) -> None:
        self._registry = registry
        self._kind = kind
        self._watch = watch

    @property
    def resource_version(self) -> str:
        return self._watch.resource_version

    async def next(self) -> Sequence[WatchEvent[Any]]:
        items = await self._watch.next()
        return [WatchEvent(item.type, _Kept(self._registry, self._kind, item.record)) for item in items]

    def close(self) -> None:
        self._watch.close()
