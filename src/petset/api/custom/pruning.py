"""Drops from a document what its schema does not know, and tells what that was.

`x-kubernetes-preserve-unknown-fields` keeps what is unknown at its place; what is known is pruned inside as
everywhere. Objects inside of objects (`x-kubernetes-embedded-resource`) keep their type and metadata, as the object
itself does.
"""

from typing import Any

from petset.api.custom.structural import Schema
from petset.api.untyped import METADATA


def pruned(schema: Schema | None, value: Any, path: str, dropped: list[str]) -> Any:
    """A copy of the value with what the schema knows; the paths of all else are added to `dropped`.

    Without a schema there is nothing known: objects come out empty.
    """
    if isinstance(value, dict):
        if schema is not None and schema.preserves:
            return {name: _kept(schema, name, inner, path, dropped) for name, inner in value.items()}
        return _members(schema, value, path, dropped)
    if isinstance(value, list):
        if schema is not None and schema.preserves:
            return [_preserved(schema.items, each, f"{path}[{i}]", dropped) for i, each in enumerate(value)]
        items = schema.items if schema is not None else None
        return [pruned(items, each, f"{path}[{i}]", dropped) for i, each in enumerate(value)]
    return value


def _members(schema: Schema | None, value: dict[str, Any], path: str, dropped: list[str]) -> dict[str, Any]:
    kept = {}
    for name, inner in value.items():
        below = f"{path}.{name}" if path else name
        if schema is not None and schema.embedded and name in METADATA:
            kept[name] = inner
        elif schema is not None and name in schema.properties:
            kept[name] = pruned(schema.properties[name], inner, below, dropped)
        elif schema is not None and schema.additional:
            kept[name] = pruned(schema.values, inner, below, dropped)
        else:
            dropped.append(below)
    return kept


def _kept(schema: Schema, name: str, value: Any, path: str, dropped: list[str]) -> Any:
    """A member of an object that keeps what it does not know."""
    below = f"{path}.{name}" if path else name
    if schema.embedded and name in METADATA:
        return value
    if name in schema.properties:
        return pruned(schema.properties[name], value, below, dropped)
    return pruned(schema.values, value, below, dropped) if schema.additional else value


def _preserved(items: Schema | None, value: Any, path: str, dropped: list[str]) -> Any:
    """An element of a list that keeps what it does not know, unless its own schema says what there is."""
    if items is None:
        return value
    if isinstance(value, dict):
        return {name: _kept(items, name, inner, path, dropped) for name, inner in value.items()}
    return pruned(items, value, path, dropped)
