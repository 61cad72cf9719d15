"""Whether a document fits its schema, told in Kubernetes' words.

The work is done by `jsonschema-rs`, which needs a schema in the words of JSON Schema: a null is a type there, and
`int-or-string` two of them. What it finds is told as field errors, in the order in which Kubernetes would.
"""

from collections.abc import Iterator
from typing import Any

import jsonschema_rs

from petset.api.custom.formats import FORMATS
from petset.api.validation.fields import Faults

Document = dict[str, Any]
Error = jsonschema_rs.ValidationError

_KEPT = (
    "type", "required", "enum", "pattern", "minLength", "maxLength", "minItems", "maxItems", "minProperties",
    "maxProperties", "minimum", "maximum", "multipleOf", "uniqueItems",
)  # fmt: skip
_BLOCKING = frozenset(
    (
        "FieldValueNotSupported",
        "FieldValueRequired",
        "FieldValueTooLong",
        "FieldValueTooMany",
        "FieldValueTypeInvalid",
    )
)
NOWHERE = "<nil>"
"""The path of what concerns no field in particular."""


class Validator:
    """Checks documents by one schema. `path` is where in the object the documents stand."""

    def __init__(self, schema: Document, path: str = "") -> None:
        """Raises ValueError for a schema that is none."""
        self._path = path
        self._validator = jsonschema_rs.Draft7Validator(
            json_schema(schema),
            validate_formats=True,
            formats=dict(FORMATS),
            pattern_options=jsonschema_rs.RegexOptions(),
        )

    def check(self, document: Any, faults: Faults) -> None:
        """Add what is wrong with a document."""
        if self._validator.is_valid(document):
            return
        told: set[str] = set()
        for error in sorted(self._validator.iter_errors(document), key=_order):
            _tell(error, self._path, faults, told)


def is_blocking(faults: Faults) -> bool:
    """Whether what is wrong makes it pointless to try rules."""
    return any(cause.reason in _BLOCKING for cause in faults.causes)


def json_schema(schema: Document) -> Document:
    """A schema in the words of JSON Schema, with what decides about values alone."""
    found: Document = {name: schema[name] for name in _KEPT if name in schema}
    nullable = bool(schema.get("nullable"))
    if schema.get("x-kubernetes-int-or-string"):
        found["type"] = ["integer", "string"]
    if nullable and "type" in found:
        types = found["type"] if isinstance(found["type"], list) else [found["type"]]
        found["type"] = [*types, "null"]
    if nullable and "enum" in found:
        found["enum"] = [*found["enum"], None]
    if schema.get("format") in FORMATS:
        found["format"] = schema["format"]
    for name in ("minimum", "maximum"):
        exclusive = f"exclusive{name.title()}"
        if schema.get(exclusive) and name in found:
            found[exclusive] = found.pop(name)
    for name in ("allOf", "anyOf", "oneOf"):
        if name in schema:
            found[name] = [json_schema(each) for each in schema[name]]
    for name in ("not", "items", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            found[name] = json_schema(schema[name])
    if "properties" in schema:
        found["properties"] = {name: json_schema(inner) for name, inner in schema["properties"].items()}
    return found


def _order(error: Error) -> tuple[str, ...]:
    return tuple(map(str, error.instance_path))


def _tell(error: Error, root: str, faults: Faults, told: set[str]) -> None:
    """One error as field errors; of alternatives that all fail also what the nearest of them lacks."""
    path = path_text(error.instance_path, root)
    kind = error.kind
    if "allOf" in error.schema_path and f"{path} allOf" not in told:
        told.add(f"{path} allOf")
        _add(faults, NOWHERE, "", f'"{path}" must validate all the schemas (allOf)')
    match kind.name:
        case "anyOf":
            _add(faults, NOWHERE, "", f'"{path}" must validate at least one schema (anyOf)')
        case "oneOf":
            several = isinstance(kind, jsonschema_rs.ValidationErrorKind.OneOfMultipleValid)
            number = "Found 2 valid alternatives" if several else "Found none valid"
            _add(faults, NOWHERE, "", f'"{path}" must validate one and only one schema (oneOf). {number}')
        case "not":
            _add(faults, NOWHERE, "", f'"{path}" must not validate the schema (not)')
        case _:
            _tell_plainly(error, path, faults)
            return
    alternatives: list[list[Error]] = getattr(kind, "context", [])
    for inner in min((each for each in alternatives if each), key=len, default=[]):
        _tell(inner, root, faults, told)


def _tell_plainly(error: Error, path: str, faults: Faults) -> None:
    kind: Any = error.kind  # the attributes differ from kind to kind
    value: Any = error.instance
    match kind.name:
        case "required":
            faults.required(f"{path}.{kind.property}" if path else kind.property)
        case "enum":
            faults.not_supported(path, value, (each for each in map(_enum_text, kind.options) if each is not None))
        case "maxLength":
            faults.too_long(path, kind.limit)
        case "maxItems" | "maxProperties":
            faults.too_many(path, len(value), kind.limit)
        case "type":
            wanted = next(each for each in kind.types if each != "null")
            found = _type_name(value)
            faults.type_invalid(path, found, f'{path} in body must be of type {wanted}: "{found}"')
        case "format":
            faults.type_invalid(path, value, f'{path} in body must be of type {kind.format}: "{value}"')
        case _:
            _add(faults, path, _shown_value(kind, value), f"{path} in body {_complaint(kind)}")


def _shown_value(kind: Any, value: Any) -> Any:
    if kind.name == "minItems":
        return len(value)
    return kind.limit if kind.name == "minProperties" else value


def _complaint(kind: Any) -> str:
    match kind.name:
        case "minimum":
            return f"should be greater than or equal to {number_text(kind.limit)}"
        case "exclusiveMinimum":
            return f"should be greater than {number_text(kind.limit)}"
        case "maximum":
            return f"should be less than or equal to {number_text(kind.limit)}"
        case "exclusiveMaximum":
            return f"should be less than {number_text(kind.limit)}"
        case "multipleOf":
            return f"should be a multiple of {number_text(kind.multiple_of)}"
        case "minLength":
            return f"should be at least {kind.limit} chars long"
        case "minItems":
            return f"should have at least {kind.limit} items"
        case "minProperties":
            return f"should have at least {kind.limit} properties"
        case "pattern":
            return f"should match '{kind.pattern}'"
        case "uniqueItems":
            return "shouldn't contain duplicates"
    return f"is refused by the schema ({kind.name})"


def _add(faults: Faults, path: str, value: Any, detail: str) -> None:
    faults.invalid(path or NOWHERE, value, detail)


def number_text(number: float) -> str:
    """A number as Go prints it."""
    return str(int(number)) if number == int(number) and abs(number) < 1e21 else str(number)


def _enum_text(value: Any) -> str | None:
    """An allowed value; the null that `nullable` allows is not one of them."""
    if value is None or isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)


def _type_name(value: Any) -> str:
    names = {bool: "boolean", str: "string", int: "integer", float: "number", list: "array", dict: "object"}
    return names.get(type(value), "null")


def path_text(path: list[Any], root: str = "") -> str:
    """`spec.users[0].name`."""
    return "".join(_steps(path, root))


def _steps(path: list[Any], root: str) -> Iterator[str]:
    yield root
    first = not root
    for step in path:
        yield f"[{step}]" if isinstance(step, int) else step if first else f".{step}"
        first = False
