"""OpenAPI schemas of the kinds: fields, types and how lists merge, from the facts by which we decode and patch.

What a type or field is for comes from `descriptions`, in our own words.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from petset.api.custom.publishing import of_custom
from petset.api.kinds import Kind
from petset.api.models import core_v1, meta_v1
from petset.api.schema import Field, Type, shape
from petset.apiserver.descriptions import Description, description_of

Schema = dict[str, Any]

_SCALARS: dict[str, Schema] = {
    "string": {"type": "string"},
    "bool": {"type": "boolean"},
    "int32": {"type": "integer", "format": "int32"},
    "int64": {"type": "integer", "format": "int64"},
    "float64": {"type": "number", "format": "double"},
    "bytes": {"type": "string", "format": "byte"},
    "raw": {"type": "object"},
    "object": {"type": "object"},
    "FieldsV1": {"type": "object"},
}
_MACHINERY = "io.k8s.apimachinery.pkg"
_NAMED = {
    "Time": f"{_MACHINERY}.apis.meta.v1.Time",
    "MicroTime": f"{_MACHINERY}.apis.meta.v1.MicroTime",
    "Quantity": f"{_MACHINERY}.api.resource.Quantity",
    "IntOrString": f"{_MACHINERY}.util.intstr.IntOrString",
}
"""Scalars that have a type of their own, whose name `kubectl explain` shows."""
_PACKAGES = {
    "meta": f"{_MACHINERY}.apis",
    "apiextensions": "io.k8s.apiextensions-apiserver.pkg.apis",
    "apiregistration": "io.k8s.kube-aggregator.pkg.apis",
}
_DEFINITIONS = "#/definitions/"


def _named(name: str, root: str) -> Schema:
    match name:
        case "IntOrString" if root != _DEFINITIONS:
            return {"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]}
        case "IntOrString":
            return {"type": "string", "format": "int-or-string"}
        case "Quantity" if root != _DEFINITIONS:
            return {"oneOf": [{"type": "string"}, {"type": "number"}]}
        case "Quantity":
            return {"type": "string"}
        case _:
            return {"type": "string", "format": "date-time"}


def schemas(kinds: Iterable[Kind], root: str) -> dict[str, Schema]:
    """Every type that the kinds reach, by name. `root` is where references point: `#/components/schemas/` for
    OpenAPI 3, `#/definitions/` for 2."""
    found: dict[str, Schema] = {}
    for kind in kinds:
        if kind.custom is None:
            _collect(kind.model, root, found)
        else:
            _collect(meta_v1.ObjectMeta, root, found)
            found[name_of_kind(kind)] = of_custom(kind.custom, _every_object(root), older=root == _DEFINITIONS)
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
    return f"{_PACKAGES.get(group, 'io.k8s.api')}.{group}.{version}.{model.__name__}"


def reference(name: str, root: str) -> Schema:
    """How a type is named where it is used: beside a reference OpenAPI 3 allows nothing else, so it is wrapped."""
    return {"$ref": root + name} if root == _DEFINITIONS else {"allOf": [{"$ref": root + name}]}


def type_of(kind: Kind) -> dict[str, str]:
    """The kind as the `x-kubernetes-group-version-kind` of paths and schemas has it."""
    return {"group": kind.group, "version": kind.version, "kind": kind.name}


def _collect(model: type[Any], root: str, found: dict[str, Schema]) -> None:
    if name_of(model) in found:
        return
    fields, described = shape(model).fields, description_of(model)
    required = sorted(_required(model))
    properties = {name: _property(field, described, root) for name, field in fields.items()}
    schema: Schema = {"type": "object", "properties": properties}
    if described.about:
        schema["description"] = described.about
    if required:
        schema["required"] = required
    found[name_of(model)] = schema
    for field in fields.values():
        inner = _innermost(field.type)
        if inner.model is not None:
            _collect(inner.model, root, found)
        elif inner.name in _NAMED:
            found[_NAMED[inner.name]] = _named(inner.name, root)


def _required(model: type[Any]) -> Iterator[str]:
    """The fields without a default. `msgspec.structs.fields` knows them too, and takes 0.1 s for all types."""
    names, defaults = model.__struct_encode_fields__, model.__struct_defaults__
    without = len(names) - len(defaults)
    yield from names[:without]
    for name, default in zip(names[without:], defaults, strict=True):
        if default is msgspec.NODEFAULT:
            yield name


def _every_object(root: str) -> dict[str, Schema]:
    """The fields that every object has, as custom kinds are shown with them."""
    fields, described = shape(core_v1.ConfigMap).fields, description_of(core_v1.ConfigMap)
    return {name: _property(fields[name], described, root) for name in ("apiVersion", "kind", "metadata")}


def _innermost(of: Type) -> Type:
    while of.of is not None:
        of = of.of
    return of


def _property(field: Field, described: Description, root: str) -> Schema:
    found = dict(_type(field.type, root))
    if field.json in described.fields:
        found["description"] = described.fields[field.json]
    if field.json in described.values:
        found.get("items", found)["enum"] = described.values[field.json]
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
        return reference(name_of(of.model), root)
    if of.of is not None:
        inner = dict(_type(of.of, root))
        if of.name == "list":
            return {"type": "array", "items": inner}
        return {"type": "object", "additionalProperties": inner}
    if of.name in _NAMED:
        return reference(_NAMED[of.name], root)
    return _SCALARS[of.name]
