"""Structural schemas: the part of OpenAPI by which each place in a document has one schema, found by walking down.

Kubernetes requires this of every definition, so that pruning, defaulting and ownership can follow a document
without solving logic puzzles. What stands inside `allOf`, `anyOf`, `oneOf` and `not` only refuses values, and stays
a document here.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

_KUBERNETES = {
    "preserves": "x-kubernetes-preserve-unknown-fields",
    "embedded": "x-kubernetes-embedded-resource",
    "int_or_string": "x-kubernetes-int-or-string",
    "list_type": "x-kubernetes-list-type",
    "list_keys": "x-kubernetes-list-map-keys",
    "map_type": "x-kubernetes-map-type",
    "rules": "x-kubernetes-validations",
    "additional": "additionalProperties",
    "max_items": "maxItems",
    "max_length": "maxLength",
    "max_properties": "maxProperties",
}


class Rule(msgspec.Struct, frozen=True, rename="camel"):
    """One entry of `x-kubernetes-validations`."""

    rule: str
    message: str = ""
    message_expression: str = ""
    reason: str | None = None
    field_path: str = ""
    optional_old_self: bool | None = None


class Schema(msgspec.Struct, frozen=True, rename=_KUBERNETES):
    """What may be at one place. `default` is UNSET where there is none; `additional` is of a map's values."""

    type: str = ""
    format: str = ""
    properties: dict[str, "Schema"] = {}
    additional: "Schema | bool | None" = None
    items: "Schema | None" = None
    default: Any = msgspec.UNSET
    nullable: bool = False
    preserves: bool = False
    embedded: bool = False
    int_or_string: bool = False
    list_type: str = ""
    list_keys: tuple[str, ...] = ()
    map_type: str = ""
    rules: tuple[Rule, ...] = ()
    required: tuple[str, ...] = ()
    enum: tuple[Any, ...] = ()
    max_items: int | None = None
    max_length: int | None = None
    max_properties: int | None = None

    @property
    def has_default(self) -> bool:
        """Whether something is filled in where there is nothing."""
        return self.default is not msgspec.UNSET

    @property
    def values(self) -> "Schema | None":
        """The schema of values under keys that are no properties; None where there is none, or any will do."""
        return self.additional if isinstance(self.additional, Schema) else None

    def child(self, name: str) -> "Schema | None":
        """What a property or a key of a map leads to."""
        return self.properties.get(name) or self.values


def parse(document: dict[str, Any]) -> Schema:
    """The schema that a document describes. Raises msgspec.ValidationError for one that describes none."""
    return msgspec.convert(document, Schema)


def rules_of(schema: Schema) -> Iterator[Rule]:
    """All rules, wherever they stand."""
    yield from schema.rules
    for inner in (*schema.properties.values(), schema.values, schema.items):
        if inner is not None:
            yield from rules_of(inner)


def is_misplaced_null(value: Any, schema: Schema) -> bool:
    """A null where none may be: as good as no value."""
    return value is None and not schema.nullable
