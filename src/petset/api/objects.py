"""What every API object has in common: a type, metadata, an owner."""

from collections.abc import Callable
from copy import copy as _shallow_copy
from datetime import datetime
from operator import attrgetter
from typing import Any, Protocol, TypeVar

import msgspec

from petset.api.models import meta_v1


class Object(Protocol):
    """Any Kubernetes object: one of the structs of `petset.api.models` that carries metadata."""

    apiVersion: str | None
    kind: str | None
    metadata: meta_v1.ObjectMeta | None


T = TypeVar("T")
_SHARED = frozenset((str, int, bool, float, datetime))


def copy(value: T) -> T:
    """A deep copy that may be changed freely. Structs, lists and dicts are new; strings and times are shared."""
    if isinstance(value, msgspec.Struct):
        twin = _shallow_copy(value)
        for name in value.__struct_fields__:
            item = getattr(value, name)
            if item is not None and type(item) not in _SHARED:
                setattr(twin, name, copy(item))
        return twin
    if isinstance(value, dict):
        return {key: item if type(item) is str else copy(item) for key, item in value.items()}  # type: ignore[return-value]
    if isinstance(value, list):
        return [copy(item) for item in value]  # type: ignore[return-value]
    return value


def replace(value: T, **changes: Any) -> T:
    """The same value with some fields changed; everything else is shared with it, so none of it may be changed."""
    return msgspec.structs.replace(value, **changes)  # type: ignore[type-var]


def given(*names: str) -> Callable[[Any], list[str]]:
    """A function that tells which of these fields (two at least) a struct has values in, in their order."""
    read = attrgetter(*names)

    def of(value: Any) -> list[str]:
        found = read(value)
        if found.count(None) == len(found):
            return []
        return [name for name, each in zip(names, found, strict=True) if each is not None]

    return of


def with_own_metadata(obj: T) -> T:
    """The same object with a metadata of its own, whose fields may be set; everything else is shared."""
    return replace(obj, metadata=replace(obj.metadata))  # type: ignore[attr-defined]


def meta(obj: Object) -> meta_v1.ObjectMeta:
    """The object's metadata; an object that came from the API always has it."""
    assert obj.metadata is not None, "an API object without metadata"
    return obj.metadata


def name_of(obj: Object) -> str:
    """`metadata.name`, empty while it has none."""
    assert obj.metadata is not None  # asked for so often that a call of `meta` would show
    return obj.metadata.name or ""


def namespace_of(obj: Object) -> str:
    """`metadata.namespace`, empty for objects that have none."""
    assert obj.metadata is not None
    return obj.metadata.namespace or ""


def uid_of(obj: Object) -> str:
    """`metadata.uid`, empty before the object is created."""
    assert obj.metadata is not None
    return obj.metadata.uid or ""


def is_terminating(obj: Object) -> bool:
    """Deletion was asked for, and a grace period or a finalizer still holds the object."""
    assert obj.metadata is not None
    return obj.metadata.deletionTimestamp is not None


def controller_of(obj: Object) -> meta_v1.OwnerReference | None:
    """The owner that manages this object: the one reference with `controller: true`, or none."""
    assert obj.metadata is not None
    for reference in obj.metadata.ownerReferences or ():
        if reference.controller:
            return reference
    return None


def owner_reference(owner: Object, *, block: bool = True) -> meta_v1.OwnerReference:
    """A reference that makes `owner` the managing controller of another object."""
    assert owner.apiVersion and owner.kind
    return meta_v1.OwnerReference(
        apiVersion=owner.apiVersion,
        kind=owner.kind,
        name=name_of(owner),
        uid=uid_of(owner),
        controller=True,
        blockOwnerDeletion=block,
    )
