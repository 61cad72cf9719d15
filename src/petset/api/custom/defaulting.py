"""Fills in what a schema says of fields that are not there. A null that may not be counts as not there."""

from typing import Any

import msgspec

from petset.api.custom.structural import Schema, is_misplaced_null
from petset.api.objects import copy


def fill(schema: Schema, value: Any) -> None:
    """Put defaults into a document, in place. Doing it twice changes nothing."""
    if isinstance(value, dict):
        for name, inner in schema.properties.items():
            if inner.default is not msgspec.UNSET and _is_missing(inner, value, name):
                value[name] = copy(inner.default)
        for name, each in value.items():
            inner_schema = schema.child(name)
            if inner_schema is not None:
                value[name] = _filled(inner_schema, each)
    elif isinstance(value, list) and schema.items is not None:
        for index, each in enumerate(value):
            value[index] = _filled(schema.items, each)


def _is_missing(schema: Schema, value: dict[str, Any], name: str) -> bool:
    return name not in value or is_misplaced_null(value[name], schema)


def _filled(schema: Schema, value: Any) -> Any:
    if is_misplaced_null(value, schema) and schema.default is not msgspec.UNSET:
        return copy(schema.default)
    fill(schema, value)
    return value


def drop_nulls(schema: Schema, value: Any) -> None:
    """Take away, in place, the nulls that may not be and that no default has replaced."""
    if isinstance(value, dict):
        for name in list(value):
            inner = schema.child(name)
            if inner is None:
                continue
            if is_misplaced_null(value[name], inner):
                del value[name]
            else:
                drop_nulls(inner, value[name])
    elif isinstance(value, list) and schema.items is not None:
        for each in value:
            drop_nulls(schema.items, each)
