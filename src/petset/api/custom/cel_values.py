"""Documents as CEL sees them: fields under names that can be written, numbers and times of their schema's type.

A rule on a field that holds a time compares times, not texts; a field called `max-age` is `self.max__dash__age`.
What a schema does not list is not there for rules, and of an object's metadata there are name and prefix alone.
"""

import re
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from petset.api.custom.structural import Schema

_IDENTIFIER = re.compile(r"[a-zA-Z_.\-/][a-zA-Z0-9_.\-/]*")
_RESERVED = frozenset((
    "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import",
    "let", "loop", "package", "namespace", "return", "var", "void", "while",
))  # fmt: skip
_ESCAPES = (("__", "__underscores__"), (".", "__dot__"), ("-", "__dash__"), ("/", "__slash__"))
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}
_NAMED = Schema(type="object", properties={"name": Schema(type="string"), "generateName": Schema(type="string")})
OBJECT_FIELDS = {"apiVersion": Schema(type="string"), "kind": Schema(type="string"), "metadata": _NAMED}
"""What rules see of the fields that every object has."""


def escaped(name: str) -> str | None:
    """A property's name in rules, or None where it cannot be named."""
    if name in _RESERVED:
        return f"__{name}__"
    if not _IDENTIFIER.fullmatch(name):
        return None
    for found, written in _ESCAPES:
        name = name.replace(found, written)
    return name


def fields_in_rules(schema: Schema) -> dict[str, tuple[str, Schema]]:
    """The fields of an object by their names in rules, each with its own name and schema."""
    own = {**schema.properties, **OBJECT_FIELDS} if schema.embedded else schema.properties
    named = ((escaped(name), name, inner) for name, inner in own.items())
    return {written: (name, inner) for written, name, inner in named if written is not None}


def to_cel(schema: Schema, value: Any) -> Any:
    """The value of a place with this schema."""
    if isinstance(value, dict):
        return _object(schema, value)
    if isinstance(value, list):
        return [to_cel(schema.items, each) if schema.items is not None else each for each in value]
    if schema.type == "number" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if schema.type == "integer" and isinstance(value, float):
        return int(value)
    return _text(schema.format, value) if isinstance(value, str) and schema.format else value


def _object(schema: Schema, value: dict[str, Any]) -> dict[str, Any]:
    if schema.values is not None and not schema.properties:
        return {name: to_cel(schema.values, each) for name, each in value.items()}
    fields = fields_in_rules(schema)
    return {written: to_cel(inner, value[name]) for written, (name, inner) in fields.items() if name in value}


def _text(form: str, text: str) -> Any:
    """A text of a format that CEL has a type for; one that is malformed stays as it is: validation refuses it."""
    try:
        match form:
            case "date-time" | "date":
                return _timestamp(datetime.fromisoformat(text))
            case "duration":
                return _duration(text)
            case "byte":
                return b64decode(text)
    except ValueError:
        return text
    return text


def _timestamp(time: datetime) -> Timestamp:
    found = Timestamp()
    found.FromDatetime(time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC))
    return found


def _duration(text: str) -> Duration:
    """Go's form: `1h30m`, `-1.5s`."""
    parts = re.findall(r"(\d+(?:\.\d*)?|\.\d+)\s*([a-zµ]+)", text)
    seconds = sum(float(number) * _UNITS.get(unit, 1) for number, unit in parts)
    found = Duration()
    found.FromTimedelta(timedelta(seconds=-seconds if text.startswith("-") else seconds))
    return found
