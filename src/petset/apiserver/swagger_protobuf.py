"""OpenAPI 2 in its binary form, the only one that Go clients ask for.

`kubectl explain --output=plaintext-openapiv2` does, and kubectls of before 1.27 whenever they explain or validate.

The numbers are those of the published `openapi.v2` messages. What has no field of its own there (enumerated
values, `x-…`) is carried as YAML, of which JSON is a part.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

MEDIA_TYPE = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
_ASKED = (MEDIA_TYPE, MEDIA_TYPE.replace(".v1.0", "@v1.0"))

_SWAGGER, _INFO, _PATHS, _DEFINITIONS = 1, 2, 8, 9
_TITLE, _VERSION = 1, 2
_TEXTS = {"$ref": 1, "format": 2, "title": 3, "description": 4, "pattern": 13}
_REQUIRED, _ENUM, _ADDITIONAL, _TYPE, _ITEMS, _PROPERTIES, _EXTENSION = 19, 20, 21, 22, 23, 25, 31
_BYTES = 2


def is_asked(accept: str) -> bool:
    """Whether an `Accept` header names this form."""
    return any(name in accept for name in _ASKED)


def encoded(document: Mapping[str, Any]) -> bytes:
    """A document of ours (`swagger`, `info`, `definitions`) as an `openapi.v2.Document`."""
    info = _field(_TITLE, document["info"]["title"]) + _field(_VERSION, document["info"]["version"])
    parts = ((_SWAGGER, document["swagger"]), (_INFO, info), (_PATHS, b""))
    return _fields(parts) + _field(_DEFINITIONS, _named(document["definitions"]))


def _named(schemas: Mapping[str, Any]) -> bytes:
    """A map of schemas, entry by entry."""
    return _fields((1, _field(1, name) + _field(2, _schema(schema))) for name, schema in schemas.items())


def _schema(schema: Mapping[str, Any]) -> bytes:
    parts: list[tuple[int, str | bytes]] = [(_TEXTS[name], schema[name]) for name in _TEXTS if name in schema]
    parts += [(_REQUIRED, name) for name in schema.get("required", ())]
    parts += [(_ENUM, _any(value)) for value in schema.get("enum", ())]
    if isinstance(schema.get("additionalProperties"), Mapping):
        parts.append((_ADDITIONAL, _field(1, _schema(schema["additionalProperties"]))))
    if "type" in schema:
        parts.append((_TYPE, _field(1, schema["type"])))
    if isinstance(schema.get("items"), Mapping):
        parts.append((_ITEMS, _field(1, _schema(schema["items"]))))
    if "properties" in schema:
        parts.append((_PROPERTIES, _named(schema["properties"])))
    extensions = (name for name in schema if name.startswith("x-"))
    parts += [(_EXTENSION, _field(1, name) + _field(2, _any(schema[name]))) for name in extensions]
    return _fields(parts)


def _any(value: Any) -> bytes:
    """A value of any kind, as YAML."""
    return _field(2, msgspec.json.encode(value))


def _fields(parts: Iterable[tuple[int, str | bytes]]) -> bytes:
    return b"".join(_field(number, value) for number, value in parts)


def _field(number: int, value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | _BYTES) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    found = bytearray()
    while value >= 0x80:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*found, value))
