"""Reading Kubernetes' binary format: what Go clients, kubectl's own verbs among them, send instead of JSON.

A message is a document with numbers instead of names. `protobuf_data.json` (written by
`tools/generate_protobuf.py`) says which number is which field; what a field holds is known from the schema. The
result is the same document that JSON would have been, and goes the same way from there.
"""

import struct
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from petset.api.schema import Type, key_of, shape
from petset.api.untyped import Untyped

MAGIC = b"k8s\x00"
_VARINT, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DIGITS_BITS = 64

Value = int | bytes
Table = dict[str, Any]


class Unreadable(ValueError):
    """Bytes that are no such message."""


def read(model: type[Any], body: bytes) -> dict[str, Any]:
    """The document in a body, with `apiVersion` and `kind` as the sender gave them. Raises Unreadable."""
    if not body.startswith(MAGIC):
        raise Unreadable("the body does not begin as Kubernetes' protobuf does")
    envelope = dict(fields_of(body[len(MAGIC) :]))
    kinds = dict(fields_of(_bytes(envelope.get(1, b""))))
    document = _message(model, _bytes(envelope.get(2, b"")))
    for number, name in ((1, "apiVersion"), (2, "kind")):
        text = _text(kinds.get(number, b""))
        if text:
            document[name] = text
    return document


def is_known(model: type[Any]) -> bool:
    """Whether there is a binary form of this type: custom objects and their definitions have none here."""
    return not issubclass(model, Untyped) and key_of(model) in _tables()


@cache
def _tables() -> dict[str, Table]:
    data = Path(__file__).with_name("protobuf_data.json").read_bytes()
    found: dict[str, Table] = msgspec.json.decode(data)
    return found


def _message(model: type[Any], data: bytes) -> dict[str, Any]:
    found: dict[str, Any] = {}
    _fill(found, model, _tables()[key_of(model)], data)
    return found


def _fill(found: dict[str, Any], model: type[Any], table: Table, data: bytes) -> None:
    """Put the fields of a message into a document. An unknown number is a field of a newer client."""
    known = shape(model).fields
    for number, value in fields_of(data):
        name = table.get(str(number))
        if isinstance(name, dict):
            _fill(found, model, name, _bytes(value))
        elif name in known:
            _put(found, name, known[name].type, value)


def _put(found: dict[str, Any], name: str, of: Type, value: Value) -> None:
    if of.name == "list":
        assert of.of is not None
        found.setdefault(name, []).append(_value(of.of, value))
    elif of.name == "map":
        assert of.of is not None
        pair = dict(fields_of(_bytes(value)))
        found.setdefault(name, {})[_text(pair.get(1, b""))] = _of_map(of.of, pair.get(2, b""))
    else:
        read_ = _value(of, value)
        if read_ is not None:
            found[name] = read_


def _of_map(of: Type, value: Value) -> Any:
    """A map's value; lists in a map are messages of their own."""
    if of.name == "list":
        assert of.of is not None
        return [_value(of.of, item) for number, item in fields_of(_bytes(value)) if number == 1]
    return _value(of, value)


def _value(of: Type, value: Value) -> Any:
    """One value. None is a time that was never set."""
    if of.model is not None:
        return _message(of.model, _bytes(value))
    match of.name:
        case "bool":
            return bool(_number(value))
        case "int32" | "int64":
            return _number(value)
        case "float64":
            return _float(_bytes(value))
        case "bytes":
            return b64encode(_bytes(value)).decode()
        case "Time" | "MicroTime":
            return _time(dict(fields_of(_bytes(value))))
        case "Quantity":
            return _text(dict(fields_of(_bytes(value))).get(1, b""))
        case "IntOrString":
            parts = dict(fields_of(_bytes(value)))
            return _text(parts.get(3, b"")) if parts.get(1) else _number(parts.get(2, 0))
        case "raw" | "object" | "FieldsV1":
            return _json(_bytes(dict(fields_of(_bytes(value))).get(1, b"")))
    return _text(value)


def _time(parts: dict[int, Value]) -> str | None:
    if not parts:
        return None
    try:
        moment = _EPOCH + timedelta(seconds=_number(parts.get(1, 0)), microseconds=_number(parts.get(2, 0)) // 1000)
    except OverflowError as error:
        raise Unreadable("a time beyond the calendar") from error
    return moment.isoformat().replace("+00:00", "Z")


def _json(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data) if data else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"embedded JSON: {error}") from error


def fields_of(data: bytes) -> Iterator[tuple[int, Value]]:
    """Number and value of each field, in their order."""
    at = 0
    while at < len(data):
        head, at = _varint(data, at)
        number, form = head >> 3, head & 7
        if form == _VARINT:
            value, at = _varint(data, at)
            yield number, value
            continue
        if form == _BYTES:
            length, at = _varint(data, at)
        elif form in (_EIGHT_BYTES, _FOUR_BYTES):
            length = 8 if form == _EIGHT_BYTES else 4
        else:
            raise Unreadable(f"wire type {form}")
        if length > len(data) - at:
            raise Unreadable("unexpected EOF")
        yield number, data[at : at + length]
        at += length


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of up to 64 bits, and where it ends."""
    value = shift = 0
    while shift < _DIGITS_BITS:
        if at >= len(data):
            raise Unreadable("unexpected EOF")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise Unreadable("a number of more than 64 bits")


def _number(value: Value) -> int:
    """Signed, as Kubernetes' numbers all are."""
    if not isinstance(value, int):
        raise Unreadable("bytes where a number belongs")
    value &= (1 << _DIGITS_BITS) - 1
    return value - (1 << _DIGITS_BITS) if value >> (_DIGITS_BITS - 1) else value


def _float(data: bytes) -> float:
    if len(data) != struct.calcsize("<d"):
        raise Unreadable("a fraction that is not eight bytes long")
    fraction: float = struct.unpack("<d", data)[0]
    return fraction


def _bytes(value: Value) -> bytes:
    if isinstance(value, int):
        raise Unreadable("a number where bytes belong")
    return value


def _text(value: Value) -> str:
    try:
        return _bytes(value).decode()
    except UnicodeDecodeError as error:
        raise Unreadable("text that is not UTF-8") from error
