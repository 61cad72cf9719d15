"""Reads a plain document into structs as a Go server would: leniently, and with Go's words where it cannot.

This is the slow way in, taken when the fast one refuses a document. Absent required fields get Go's zero value, so
that validation can name them (`spec.selector: Required value`); `null` is the same as absent; unknown fields are
passed over (`strict` finds them). A value of the wrong type raises `Mismatch`.
"""

import math
import typing
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from petset.api import quantity
from petset.api.canonical import base64_form, check_depth, empty
from petset.api.schema import Type, per_type, shape

Where = tuple[str, str]
"""The Go type that holds the field, and the field's path: (`StatefulSetSpec`, `spec.replicas`)."""


class Mismatch(ValueError):
    """A value that its field cannot take; the text is Go's."""


def read(model: type[Any], document: dict[str, Any]) -> Any:
    """The struct that a document describes. Raises Mismatch."""
    return _read_struct(model, document, "")


def read_at(model: type[Any], value: Any, path: str) -> Any:
    """The same for a part of a document, which stands at `path`. Raises Mismatch."""
    if not isinstance(value, dict):
        raise _mismatch(Type("struct", model=model), value, ("", path))
    return _read_struct(model, value, path)


def read_any(value: Any) -> Any:
    """A value that nobody knows the type of, as Go holds it: numbers of 64 bits, texts of whole characters.

    Raises Mismatch for numbers that no float holds either.
    """
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, dict):
        return {_clean(name): read_any(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [read_any(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise Mismatch(f"json: cannot unmarshal number {value} into Go value of type float64")
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        try:
            return float(value)
        except OverflowError as error:
            raise Mismatch("json: cannot unmarshal number into Go value of type float64") from error
    return value


def _read_struct(model: type[Any], document: dict[str, Any], path: str) -> Any:
    obj = empty(model)
    for name, field in shape(model).fields.items():
        value = document.get(name)
        if value is not None:
            inner = f"{path}.{name}" if path else name
            if field.attribute in _documents(model) and not isinstance(value, dict):
                raise _mismatch(_DOCUMENT, value, (model.__name__, inner))
            setattr(obj, field.attribute, _read(field.type, value, (model.__name__, inner)))
    return obj


_DOCUMENT = Type("map", of=Type("interface {}"))


@per_type
def _documents(model: type[Any]) -> frozenset[str]:
    """The free-form fields that hold an object if anything; the required ones are left to validation.

    Go would keep whatever stands there. Ours could not be read back from the store, so it is not let in.
    """
    return frozenset(
        field.name
        for field in msgspec.structs.fields(model)
        if field.encode_name in shape(model).fields
        and shape(model).fields[field.encode_name].type.name == "raw"
        and typing.Dict in typing.get_args(field.type)  # noqa: UP006 - as the models have it
    )


def _read(kind: Type, value: Any, where: Where) -> Any:
    if kind.model is not None:
        if not isinstance(value, dict):
            raise _mismatch(kind, value, where)
        return _read_struct(kind.model, value, where[1])
    if kind.name == "list":
        return _read_list(kind, value, where)
    if kind.name == "map":
        return _read_map(kind, value, where)
    return _READERS[kind.name](kind, value, where)


def _read_list(kind: Type, value: Any, where: Where) -> list[Any]:
    if not isinstance(value, list):
        raise _mismatch(kind, value, where)
    assert kind.of is not None
    return [_zero_of(kind.of) if item is None else _read(kind.of, item, where) for item in value]


def _read_map(kind: Type, value: Any, where: Where) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _mismatch(kind, value, where)
    assert kind.of is not None
    return {
        _clean(str(key)): _zero_of(kind.of) if item is None else _read(kind.of, item, where)
        for key, item in value.items()
    }


def _zero_of(kind: Type) -> Any:
    if kind.model is not None:
        return empty(kind.model)
    return {"int32": 0, "int64": 0, "bool": False, "Quantity": "0", "list": [], "map": {}}.get(kind.name, "")


def _mismatch(kind: Type, value: Any, where: Where) -> Mismatch:
    return Mismatch(
        f"json: cannot unmarshal {_json_name(value)} into Go struct field {where[0]}.{where[1]} of type {kind.go}"
    )


def _json_name(value: Any) -> str:
    names = {bool: "bool", str: "string", int: "number", float: "number", list: "array"}
    return names.get(type(value), "object")


def _read_string(kind: Type, value: Any, where: Where) -> str:
    if not isinstance(value, str):
        raise _mismatch(kind, value, where)
    return _clean(value)


def _clean(text: str) -> str:
    """Half a surrogate pair, which no UTF-8 can hold, becomes U+FFFD."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _read_bool(kind: Type, value: Any, where: Where) -> bool:
    if not isinstance(value, bool):
        raise _mismatch(kind, value, where)
    return value


def _read_int(kind: Type, value: Any, where: Where) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _mismatch(kind, value, where)
    bits = 31 if kind.name == "int32" else 63
    if not math.isfinite(value) or value != int(value) or not -(2**bits) <= value < 2**bits:
        raise Mismatch(
            f"json: cannot unmarshal number {value} into Go struct field {where[0]}.{where[1]} of type {kind.go}"
        )
    return int(value)


def _read_float(kind: Type, value: Any, where: Where) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _mismatch(kind, value, where)
    return float(value)


def _read_int_or_string(_kind: Type, value: Any, _where: Where) -> int | str:
    if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31):
        return value
    number = f"number {value}" if _json_name(value) == "number" else _json_name(value)
    raise Mismatch(f"json: cannot unmarshal {number} into Go value of type int32")


def _read_quantity(_kind: Type, value: Any, _where: Where) -> str:
    text = str(value).strip() if not isinstance(value, bool) else "true"
    try:
        return quantity.canonical(text)
    except ValueError as error:
        raise Mismatch(str(error)) from error


def _read_time(kind: Type, value: Any, where: Where) -> datetime:
    text = _read_string(Type("string"), value, where)
    try:
        time = msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        time = None
    if time is None or time.tzinfo is None:
        layout = "2006-01-02T15:04:05" + (".000000" if kind.name == "MicroTime" else "") + "Z07:00"
        part = text if time is None else ""
        raise Mismatch(
            f'parsing time "{text}" as "{layout}": cannot parse "{part}" as "{"Z07:00" if time else "2006"}"'
        )
    return time.astimezone(UTC)


def _read_bytes(kind: Type, value: Any, where: Where) -> str:
    if not isinstance(value, str):
        raise _mismatch(kind, value, where)
    try:
        return base64_form(value)
    except ValueError as error:
        raise Mismatch(str(error)) from error


def _read_raw(_kind: Type, value: Any, _where: Where) -> Any:
    return read_any(check_depth(value))


def _read_object(kind: Type, value: Any, where: Where) -> Any:
    if not isinstance(value, dict):
        raise _mismatch(kind, value, where)
    return _read_raw(kind, value, where)


_READERS: dict[str, Callable[[Type, Any, Where], Any]] = {
    "string": _read_string,
    "bool": _read_bool,
    "int32": _read_int,
    "int64": _read_int,
    "float64": _read_float,
    "IntOrString": _read_int_or_string,
    "Quantity": _read_quantity,
    "Time": _read_time,
    "MicroTime": _read_time,
    "bytes": _read_bytes,
    "raw": _read_raw,
    "object": _read_object,
    "FieldsV1": _read_object,
}
