"""The client for components in the server's own process: the real verbs, without HTTP and without JSON text.

What it hands out is what the registry holds: shared by everyone, immutable to everyone. What it is given it copies,
so that a component may keep building on its own objects.

A client acts as an account and is let through what that may do; only the server's own may do everything.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from petset.api import objects
from petset.api.canonical import settle
from petset.api.decode import decoder
from petset.api.defaults.siblings import own_pod
from petset.api.encode import encode
from petset.api.field_selectors import parse_fields
from petset.api.kinds import Kind, Kinds, by_model
from petset.api.models import autoscaling_v1, core_v1, meta_v1
from petset.api.rbac import Attributes, node_of
from petset.api.untyped import Untyped
from petset.client.accounts import API_SERVER, Account
from petset.client.gate import Gate, Sight
from petset.client.port import ClientWatch, Listing, WatchEvent
from petset.registry.port import Guard, ListOptions, Patch, Registry, Watch, WatchItem, WriteOptions
from petset.storage.port import Record

T = TypeVar("T")
_PODS = by_model(core_v1.Pod)


class LocalClient:
    """The `Client` port on a registry, as one account. Without a gate everybody may do everything."""

    def __init__(self, registry: Registry, account: Account = API_SERVER, gate: Gate | None = None) -> None:
        self._registry = registry
        self._account = account
        self._gate = None if account == API_SERVER else gate
        self._shared_gate = gate
        self._granted = gate.granted(account.user) if gate is not None else frozenset()
        self._guards: dict[tuple[str, str], Guard | None] = {}
        self._is_node = node_of(account.user.name, account.user.groups) is not None

    def acting_as(self, account: Account) -> "LocalClient":
        return LocalClient(self._registry, account, self._shared_gate)

    @property
    def kinds(self) -> Kinds:
        return self._registry.kinds

    async def get(self, kind: type[T], name: str, namespace: str = "") -> T:
        row = self._registry.kinds.by_model(kind)
        if self._gate is not None and ("get", row.group, row.resource, "", namespace) not in self._granted:
            self._require("get", row, namespace, name)
        obj: T = self._registry.decode(row, self._registry.get(row, namespace, name))
        return obj

    async def get_scale(self, kind: type[Any], name: str, namespace: str = "") -> autoscaling_v1.Scale:
        row = self._registry.kinds.by_model(kind)
        if self._gate is not None and ("get", row.group, row.resource, "scale", namespace) not in self._granted:
            self._require("get", row, namespace, name, "scale")
        return self._registry.get_scale(row, namespace, name)

    async def list(self, kind: type[T], namespace: str = "", *, labels: str = "", fields: str = "") -> Listing[T]:
        row = self._registry.kinds.by_model(kind)
        shows = self._sight("list", row, namespace, fields)
        selected = self._registry.list(row, namespace, ListOptions(labels=labels, fields=fields))
        records = selected.records if shows is None else [r for r in selected.records if shows(r.key)]
        kept = [_Kept(self._registry.decode, row, record) for record in records]
        return Listing(kept, selected.resource_version)

    def watch(
        self, kind: type[T], namespace: str = "", *, resource_version: str, labels: str = "", fields: str = ""
    ) -> ClientWatch[T]:
        row = self._registry.kinds.by_model(kind)
        shows = self._sight("watch", row, namespace, fields)
        options = ListOptions(labels=labels, fields=fields, resource_version=resource_version)
        return _LocalWatch(self._registry, row, self._registry.watch(row, namespace, options), shows)

    async def create(self, obj: T) -> T:
        row, own = self._own_pod(obj) if isinstance(obj, core_v1.Pod) else self._own(obj)
        namespace = own.metadata.namespace or ""
        options = self._options("create", row, namespace)
        record = await self._registry.create(row, namespace, own, options)
        created: T = self._registry.decode(row, record)
        return created

    async def update(self, obj: T, subresource: str = "") -> T:
        typed_status = subresource == "status" and not isinstance(obj, Untyped)
        row, own = self._own_status(obj) if typed_status else self._own(obj)
        namespace, name = objects.namespace_of(own), objects.name_of(own)
        options = self._options("update", row, namespace, name, subresource)
        record = await self._registry.update(row, namespace, name, own, options, subresource)
        updated: T = self._registry.decode(row, record)
        return updated

    async def patch(self, kind: type[T], name: str, namespace: str, patch: Patch, subresource: str = "") -> T:
        row = self._registry.kinds.by_model(kind)
        options = self._options("patch", row, namespace, name, subresource)
        record = await self._registry.patch(row, namespace, name, patch, options, subresource)
        return self._typed(kind, record)

    async def delete(
        self, kind: type[Any], name: str, namespace: str = "", options: meta_v1.DeleteOptions | None = None
    ) -> None:
        delete, row = options or meta_v1.DeleteOptions(), self._registry.kinds.by_model(kind)
        await self._registry.delete(row, namespace, name, delete, self._options("delete", row, namespace, name))

    async def bind(self, namespace: str, pod: str, node: str) -> None:
        options = self._options("create", _PODS, namespace, pod, "binding")
        await self._registry.bind(namespace, pod, node, options)

    def _options(
        self, verb: str, kind: Kind, namespace: str, name: str = "", subresource: str = ""
    ) -> WriteOptions:
        """How this account makes a write that it may make. Raises Forbidden."""
        guard = None
        if self._gate is not None:
            if (verb, kind.group, kind.resource, subresource, namespace) not in self._granted:
                self._require(verb, kind, namespace, name, subresource)
            guard = self._guard(kind, subresource) if self._is_node else None
        account, settled = self._account, subresource != "status"  # as `_own` and `_own_status` leave objects
        return WriteOptions(field_manager=account.manager, by=account.user, guard=guard, settled=settled)

    def _guard(self, kind: Kind, subresource: str) -> Guard | None:
        """Who looks at what this account writes, found once for each part of a kind."""
        assert self._gate is not None
        key = (kind.store_key, subresource)
        if key not in self._guards:
            self._guards[key] = self._gate.guard(self._account.user, kind, subresource)
        return self._guards[key]

    def _require(self, verb: str, kind: Kind, namespace: str, name: str = "", subresource: str = "") -> None:
        """Raises Forbidden unless this account may do it."""
        assert self._gate is not None
        asked = Attributes(verb, kind.group, kind.resource, subresource, namespace, name)
        # Who may only patch sends here the whole object, with the version that it read: the same change.
        self._gate.require(self._account.user, asked, "patch" if verb == "update" else "")

    def _sight(self, verb: str, kind: Kind, namespace: str, fields: str) -> Sight | None:
        """What a list or watch shows, None for all. Raises Forbidden."""
        if self._gate is None:
            return None
        shows = self._gate.sight(self._account.user, kind)
        if shows is None:
            name = parse_fields(kind, fields).exactly("metadata.name") or ""
            asked = Attributes(verb, kind.group, kind.resource, "", namespace, name, fields=fields)
            self._gate.require(self._account.user, asked)
        return shows

    def _own(self, obj: Any) -> tuple[Kind, Any]:
        """The object's kind, and a copy in stored form that the registry may take over."""
        own = settle(_copy(obj))
        own.metadata = own.metadata or meta_v1.ObjectMeta()
        return self._registry.kinds.by_model(type(obj)), own

    def _own_pod(self, pod: core_v1.Pod) -> tuple[Kind, Any]:
        """The same for a new pod, which may share what it has in common with others."""
        own = own_pod(pod)
        own.metadata = own.metadata or meta_v1.ObjectMeta()
        return self._registry.kinds.by_model(core_v1.Pod), own

    def _own_status(self, obj: Any) -> tuple[Kind, Any]:
        """The same for a write of the status, which takes nothing else over: the rest stays shared."""
        metadata = objects.replace(obj.metadata) if obj.metadata is not None else meta_v1.ObjectMeta()
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

    __slots__ = ("_decode", "_kind", "_record")

    def __init__(self, decode: Callable[[Kind, Record], Any], kind: Kind, record: Record) -> None:
        self._decode = decode
        self._kind = kind
        self._record = record

    @property
    def namespace(self) -> str:
        return self._record.key.namespace

    @property
    def name(self) -> str:
        return self._record.key.name

    @property
    def key(self) -> tuple[str, str]:
        key = self._record.key
        return key.namespace, key.name

    @property
    def revision(self) -> int:
        return self._record.revision

    def typed(self) -> Any:
        return self._decode(self._kind, self._record)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Kept) and other._record is self._record

    def __hash__(self) -> int:
        return id(self._record)


class _LocalWatch:
    """A registry's watch, whose records are decoded when somebody looks at them; `shows` may hold some back."""

    def __init__(self, registry: Registry, kind: Kind, watch: Watch, shows: Sight | None) -> None:
        self._decode = registry.decode
        self._kind = kind
        self._watch = watch
        self._shows = shows

    @property
    def resource_version(self) -> str:
        return self._watch.resource_version

    async def next(self) -> Sequence[WatchEvent[Any]]:
        items: Sequence[WatchItem] = await self._watch.next()
        if self._shows is not None:
            items = [item for item in items if self._shows(item.record.key)]
        return [WatchEvent(item.type, _Kept(self._decode, self._kind, item.record)) for item in items]

    def close(self) -> None:
        self._watch.close()
