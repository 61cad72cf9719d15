"""OpenAPI schemas of the kinds: fields, types and how lists merge, from the facts by which we decode and patch.

There are no descriptions; Kubernetes' own are a megabyte of prose.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from petset.api.custom.publishing import of_custom
from petset.api.kinds import Kind
from petset.api.models import meta_v1
from petset.api.schema import Field, Type, shape

Schema = dict[str, Any]

_SCALARS: dict[str, Schema] = {
    "string": {"type": "string"},
    "bool": {"type": "boolean"},
    "int32": {"type": "integer", "format": "int32"},
    "int64": {"type": "integer", "format": "int64"},
    "float64": {"type": "number", "format": "double"},
    "bytes": {"type": "string", "format": "byte"},
    "Time": {"type": "string", "format": "date-time"},
    "MicroTime": {"type": "string", "format": "date-time"},
    "Quantity": {"type": "string"},
    "raw": {"type": "object"},
}
_INT_OR_STRING: dict[bool, Schema] = {
    True: {"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]},
    False: {"type": "string", "format": "int-or-string"},
}


def schemas(kinds: Iterable[Kind], root: str) -> dict[str, Schema]:
    """Every type that the kinds reach, by name. `root` is where references point: `#/components/schemas/` for
    OpenAPI 3, `#/definitions/` for 2."""
    found: dict[str, Schema] = {}
    for kind in kinds:
        if kind.custom is None:
            _collect(kind.model, root, found)
        else:
            _collect(meta_v1.ObjectMeta, root, found)
            found[name_of_kind(kind)] = of_custom(kind.custom, root + name_of(meta_v1.ObjectMeta))
        found[name_of_kind(kind)]["x-kubernetes-group-version-kind"] = [type_of(kind)]
    return found


def name_of_kind(kind: Kind) -> str:
    """The name of a kind's schema; the group of a custom kind stands in it backwards: `com.example.v1.Widget`."""
    if kind.custom is None:
        return name_of(kind.model)
    return ".".join((*reversed(kind.group.split(".")), kind.version, kind.name))


def name_of(model: type[Any]) -> str:
    """`io.k8s.api.apps.v1.StatefulSet`, as Kubernetes names its types."""
    group, _, version = model.__module__.rpartition(".")[2].partition("_")
    package = "io.k8s.apimachinery.pkg.apis" if group == "meta" else "io.k8s.api"
    return f"{package}.{group}.{version}.{model.__name__}"


def type_of(kind: Kind) -> dict[str, str]:
    """The kind as the `x-kubernetes-group-version-kind` of paths and schemas has it."""
    return {"group": kind.group, "version": kind.version, "kind": kind.name}


def _collect(model: type[Any], root: str, found: dict[str, Schema]) -> None:
    if name_of(model) in found:
        return
    fields = shape(model).fields
    required = sorted(f.encode_name for f in msgspec.structs.fields(model) if f.required)
    schema: Schema = {"type": "object", "properties": {name: _property(f, root) for name, f in fields.items()}}
    if required:
        schema["required"] = required
    found[name_of(model)] = schema
    for field in fields.values():
        inner = _struct_in(field.type)
        if inner is not None:
            _collect(inner, root, found)


def _struct_in(of: Type) -> type[Any] | None:
    while of.of is not None:
        of = of.of
    return of.model


def _property(field: Field, root: str) -> Schema:
    found = dict(_type(field.type, root))
    if field.strategies:
        found["x-kubernetes-patch-strategy"] = ",".join(sorted(field.strategies))
    if field.merge_key:
        found["x-kubernetes-patch-merge-key"] = field.merge_key
    if field.list_type:
        found["x-kubernetes-list-type"] = field.list_type
    if field.list_keys:
        found["x-kubernetes-list-map-keys"] = list(field.list_keys)
    return found


def _type(of: Type, root: str) -> Schema:
    if of.model is not None:
        return {"allOf": [{"$ref": root + name_of(of.model)}]}
    if of.of is not None:
        inner = _type(of.of, root)
        if of.name == "list":
            return {"type": "array", "items": inner}
        return {"type": "object", "additionalProperties": inner}
    if of.name == "IntOrString":
        return _INT_OR_STRING[root.startswith("#/components")]
    return _SCALARS[of.name]
