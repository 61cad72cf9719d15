"""Whether a schema is one that a definition may have: structural, as Kubernetes calls it, and good for its objects.

Structural means that one walk down the schema finds the type of every place: types stand outside of `allOf`,
`anyOf`, `oneOf` and `not`, which may only narrow what is there. Beyond that, patterns and rules must compile,
defaults must fit their own schema, and lists with keys must have them.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from petset.api.custom import structural
from petset.api.custom.pruning import pruned
from petset.api.custom.structure_of_choices import CHOICES, check_choice, check_pattern
from petset.api.custom.structure_of_lists import check_list, mapping
from petset.api.custom.structure_of_rules import check_rules
from petset.api.custom.validating import Validator
from petset.api.validation.fields import AsWritten, Faults

Document = dict[str, Any]

_TYPES = ("array", "boolean", "integer", "number", "object", "string")
_UNSUPPORTED = ("$ref", "additionalItems", "definitions", "dependencies", "id", "patternProperties", "$schema")
_INT_OR_STRING = [{"type": "integer"}, {"type": "string"}]
_EITHER = (*_INT_OR_STRING, {"anyOf": _INT_OR_STRING})
"""The types that may stand inside of alternatives: those of an `int-or-string`."""


class _Place(NamedTuple):
    """A schema, where it stands, and what it is of: the `root`, a `field` or an `item`."""

    schema: Document
    path: str
    level: str


class _Keywords(msgspec.Struct, rename={"all_of": "allOf", "any_of": "anyOf", "one_of": "oneOf", "not_": "not"}):
    """The form of what a schema may say; what else its words mean is looked at one by one."""

    properties: dict[str, "_Keywords"] | None = None
    items: "_Keywords | list[_Keywords] | None" = None
    additionalProperties: "_Keywords | bool | None" = None
    all_of: list["_Keywords"] | None = None
    any_of: list["_Keywords"] | None = None
    one_of: list["_Keywords"] | None = None
    not_: "_Keywords | None" = None
    required: list[str] | None = None
    enum: list[Any] | None = None
    type: str | None = None
    format: str | None = None
    pattern: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    multipleOf: float | None = None
    exclusiveMinimum: bool | None = None
    exclusiveMaximum: bool | None = None
    minLength: int | None = None
    maxLength: int | None = None
    minItems: int | None = None
    maxItems: int | None = None
    minProperties: int | None = None
    maxProperties: int | None = None
    uniqueItems: bool | None = None
    nullable: bool | None = None


def check_schema(schema: Document, path: str, faults: Faults) -> None:
    """Add what is wrong with the schema of a version."""
    before = len(faults.causes)
    try:
        msgspec.convert(schema, _Keywords)
        structural.parse(schema)
    except (msgspec.ValidationError, RecursionError) as error:
        faults.invalid(path, AsWritten({}), f"must be a schema: {error}".partition("\n")[0])
        return
    for place in _places(_Place(schema, path, "root")):
        _check_place(place, faults)
    if len(faults.causes) > before:
        return
    parsed = structural.parse(schema)
    try:
        Validator(schema)
    except ValueError as error:
        faults.invalid(path, AsWritten({}), f"must be a schema: {error}".partition("\n")[0])
        return
    _check_defaults(parsed, schema, path, faults)
    check_rules(msgspec.structs.replace(parsed, embedded=True), path, faults)


def _places(place: _Place) -> Iterator[_Place]:
    """The schema and all below it that have a place of their own in documents."""
    yield place
    schema, path, _ = place
    for name, inner in mapping(schema.get("properties")).items():
        if isinstance(inner, dict):
            yield from _places(_Place(inner, f"{path}.properties[{name}]", "field"))
    for name, level in (("items", "item"), ("additionalProperties", "field")):
        if isinstance(schema.get(name), dict):
            yield from _places(_Place(schema[name], f"{path}.{name}", level))


def _check_place(place: _Place, faults: Faults) -> None:
    schema, path, level = place
    _check_type(place, faults)
    _check_words(schema, path, faults)
    check_list(schema, path, faults)
    if schema.get("x-kubernetes-map-type") is not None:
        faults.one_of(f"{path}.x-kubernetes-map-type", schema["x-kubernetes-map-type"], ("atomic", "granular"))
        if schema.get("type") != "object":
            faults.invalid(
                f"{path}.type", schema.get("type", ""), "must be object if x-kubernetes-map-type is specified"
            )
    if level == "root":
        if schema.get("nullable"):
            faults.forbidden(f"{path}.nullable", "nullable cannot be true at the root")
        _check_metadata(schema, path, faults)
    for name in CHOICES:
        for index, inner in enumerate(schema.get(name) or ()):
            if not (schema.get("x-kubernetes-int-or-string") and inner in _EITHER):
                check_choice(inner, f"{path}.{name}[{index}]", schema, path, faults)
    if isinstance(schema.get("not"), dict):
        check_choice(schema["not"], f"{path}.not", schema, path, faults)


def _check_type(place: _Place, faults: Faults) -> None:
    schema, path, level = place
    kind, where = schema.get("type", ""), f"{place.path}.type"
    untyped = schema.get("x-kubernetes-int-or-string") or schema.get("x-kubernetes-preserve-unknown-fields")
    if kind and kind not in _TYPES:
        faults.not_supported(where, kind, _TYPES)
    elif level == "root" and kind != "object":
        if kind:
            faults.invalid(where, kind, "must be object at the root")
        else:
            faults.required(where, "must not be empty at the root")
    elif not kind and not untyped:
        of = "array items" if level == "item" else "object fields"
        faults.required(where, f"must not be empty for specified {of}")
    if schema.get("x-kubernetes-int-or-string") and kind:
        faults.invalid(where, kind, "must be empty if x-kubernetes-int-or-string is true")
    if kind == "array" and schema.get("items") is None:
        faults.required(f"{path}.items", "must be specified")
    if schema.get("x-kubernetes-embedded-resource"):
        if kind != "object":
            faults.invalid(where, kind, "must be object if x-kubernetes-embedded-resource is true")
        if not schema.get("x-kubernetes-preserve-unknown-fields") and not schema.get("properties"):
            faults.required(
                f"{path}.properties",
                "must not be empty if x-kubernetes-embedded-resource is true without "
                "x-kubernetes-preserve-unknown-fields",
            )


def _check_words(schema: Document, path: str, faults: Faults) -> None:
    """Keywords that may not be used, or not together, wherever they stand."""
    for name in _UNSUPPORTED:
        if schema.get(name):
            faults.forbidden(f"{path}.{name}", f"{name} is not supported")
    if schema.get("uniqueItems"):
        why = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        faults.forbidden(f"{path}.uniqueItems", why)
    if isinstance(schema.get("items"), list):
        faults.forbidden(f"{path}.items", "items must be a schema object and not an array")
    if schema.get("additionalProperties") is False:
        faults.forbidden(f"{path}.additionalProperties", "additionalProperties cannot be set to false")
    elif schema.get("additionalProperties") and schema.get("properties"):
        why = "additionalProperties and properties are mutual exclusive"
        faults.forbidden(f"{path}.additionalProperties", why)
    if schema.get("x-kubernetes-preserve-unknown-fields") is False:
        faults.invalid(f"{path}.x-kubernetes-preserve-unknown-fields", False, "must be true or undefined")
    if schema.get("pattern"):
        check_pattern(schema["pattern"], f"{path}.pattern", faults)


def _check_metadata(schema: Document, path: str, faults: Faults) -> None:
    """Of an object's metadata a schema may narrow names alone."""
    found = mapping(mapping(schema.get("properties")).get("metadata"))
    others = set(mapping(found.get("properties"))) - {"name", "generateName"}
    if others:
        faults.forbidden(
            f"{path}.properties[metadata]",
            "must not specify anything other than name and generateName, but metadata is implicitly specified",
        )


def _check_defaults(parsed: structural.Schema, schema: Document, path: str, faults: Faults) -> None:
    """A default must fit its own schema, and hold nothing that would be dropped at once."""
    if parsed.default is not msgspec.UNSET:
        where, dropped = f"{path}.default", list[str]()
        pruned(parsed, parsed.default, "", dropped)
        if dropped:
            faults.invalid(where, parsed.default, f"must not have unknown fields: {', '.join(dropped)}")
        Validator(schema, where).check(parsed.default, faults)
    for name, inner in parsed.properties.items():
        _check_defaults(inner, schema["properties"][name], f"{path}.properties[{name}]", faults)
    if parsed.items is not None:
        _check_defaults(parsed.items, schema["items"], f"{path}.items", faults)
    if parsed.values is not None:
        _check_defaults(parsed.values, schema["additionalProperties"], f"{path}.additionalProperties", faults)
