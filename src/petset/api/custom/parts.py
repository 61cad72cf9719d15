"""A definition's schema as field ownership sees it: what merges field by field, and what only as a whole."""

from typing import Any

import msgspec

from petset.api.custom.structural import Schema
from petset.api.models import meta_v1
from petset.api.ownership.parts import LEAF, RAW, Part, root

_SCALARS = ("string", "integer", "number", "boolean")
_TYPE = {"apiVersion": LEAF, "kind": LEAF, "metadata": root(meta_v1.ObjectMeta)}


def part_of(schema: Schema) -> Part:
    """An object as a whole."""
    return _struct(schema, _TYPE)


def _part(schema: Schema) -> Part:
    if schema.int_or_string or schema.type in _SCALARS:
        return LEAF
    if schema.type == "array":
        return _list(schema)
    if schema.type != "object":
        return RAW
    if schema.map_type == "atomic":
        return LEAF
    if schema.embedded:
        return _struct(schema, _TYPE)
    if schema.values is not None:
        return Part("map", of=_part(schema.values))
    if not schema.properties:
        return RAW
    return _struct(schema, {})


def _struct(schema: Schema, own: dict[str, Part]) -> Part:
    fields = {name: _part(inner) for name, inner in schema.properties.items()}
    return Part("struct", of=RAW if schema.preserves else None, fields={**fields, **own})


def _list(schema: Schema) -> Part:
    if schema.list_type == "set":
        return Part("set", of=LEAF)
    if schema.list_type != "map" or schema.items is None:
        return LEAF
    items = schema.items
    keys = tuple((name, _default_of(items, name)) for name in sorted(schema.list_keys))
    return Part("list", of=_part(items), keys=keys)


def _default_of(items: Schema, name: str) -> Any:
    found = items.properties.get(name)
    return None if found is None or found.default is msgspec.UNSET else found.default
