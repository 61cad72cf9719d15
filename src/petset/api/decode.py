"""Documents in, typed objects out: JSON bytes or a parsed document become the kind's struct, in stored form.

Nearly every body is right and takes the fast way: one typed decode. Only when that refuses does the slow reader
find out what a Go server would have made of it: zero values that validation then names, or an error in Go's words.
"""

import json
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from petset.api import kinds, reading, strict
from petset.api.canonical import TOO_DEEP, Misfit, settle
from petset.api.embedded import convert
from petset.api.errors import BadRequest
from petset.api.kinds import Kind
from petset.api.schema import per_type
from petset.api.untyped import Decoder, Untyped

FieldValidation = Literal["Ignore", "Warn", "Strict"]


@dataclass(frozen=True)
class Decoded:
    """An object of the kind's struct, and warnings for the client."""

    obj: Any
    warnings: tuple[str, ...] = ()


class _TypeMeta(msgspec.Struct):
    apiVersion: str | None = None
    kind: str | None = None


_read_type_meta = msgspec.json.Decoder(_TypeMeta)


@per_type
def decoder(model: type[Any]) -> "msgspec.json.Decoder[Any] | Decoder":
    """The fast decoder of a struct, for bytes that were checked before, as those in the store."""
    return Decoder(model) if issubclass(model, Untyped) else msgspec.json.Decoder(model)


def decode(kind: Kind, body: bytes | dict[str, Any], *, field_validation: FieldValidation = "Ignore") -> Decoded:
    """Read a body as an object of this kind. Raises BadRequest.

    Unknown and repeated fields are dropped (Ignore), dropped with a warning (Warn), or refused (Strict).
    """
    if kind.custom is not None:
        return _decode_custom(kind, body, field_validation)
    document: Any = body
    found: list[str] = []
    if isinstance(body, bytes):
        obj = _decode_fast(kind, body)
        if obj is not None and field_validation == "Ignore":
            return Decoded(obj)
        document = _parse(kind, body)
    else:
        obj = _convert_fast(kind, body)
    _check_type(kind, document)
    if obj is None:
        obj = _read_slowly(kind, document)
    if field_validation != "Ignore":
        found = strict.complaints(kind.model, document)
    if found and field_validation == "Strict":
        raise _unfit(kind, document, f"strict decoding error: {', '.join(found)}")
    return Decoded(obj, tuple(found))


def _decode_custom(kind: Kind, body: bytes | dict[str, Any], field_validation: FieldValidation) -> Decoded:
    """What no struct describes is read by its own schema: what that does not know is dropped, or complained of."""
    assert kind.custom is not None
    document = _parse(kind, body) if isinstance(body, bytes) else body
    _check_type(kind, document)
    try:
        obj, found = kind.custom.read(kind, document)
    except (reading.Mismatch, Misfit) as error:
        raise _unfit(kind, document, str(error)) from error
    except RecursionError as error:
        raise _unfit(kind, document, TOO_DEEP) from error
    if found and field_validation == "Strict":
        raise _unfit(kind, document, f"strict decoding error: {', '.join(found)}")
    return Decoded(obj, tuple(found) if field_validation == "Warn" else ())


def _decode_fast(kind: Kind, body: bytes) -> Any:
    """The object, or None where only the slow way can tell."""
    try:
        type_meta = _read_type_meta.decode(body)
        if (type_meta.apiVersion or kind.api_version, type_meta.kind or kind.name) != (kind.api_version, kind.name):
            return None
        return settle(decoder(kind.model).decode(body))
    except RecursionError as error:
        raise _unreadable(kind, body, TOO_DEEP) from error
    except (msgspec.DecodeError, Misfit, UnicodeDecodeError):
        return None


def _convert_fast(kind: Kind, document: dict[str, Any]) -> Any:
    """The same for a document that was parsed already."""
    try:
        return settle(convert(document, kind.model))
    except RecursionError as error:
        raise _unfit(kind, document, TOO_DEEP) from error
    except (msgspec.ValidationError, Misfit):
        return None


def _parse(kind: Kind, body: bytes) -> dict[str, Any]:
    try:
        document = strict.parse(body)
    except RecursionError as error:
        raise _unreadable(kind, body, TOO_DEEP) from error
    except ValueError as error:
        raise _unreadable(kind, body, _go_syntax_error(body, error)) from error
    if not isinstance(document, dict):
        raise _unreadable(kind, body, "json: cannot unmarshal the body into an object")
    return document


def _go_syntax_error(body: bytes, error: Exception) -> str:
    """Go's two most frequent complaints about JSON, and Python's own for the rest."""
    if isinstance(error, json.JSONDecodeError):
        if error.pos >= len(error.doc.rstrip()):
            return "unexpected end of JSON input"
        return f"invalid character {_go_quoted(error.doc[error.pos])} at line {error.lineno} column {error.colno}"
    return str(error)


def _go_quoted(char: str) -> str:
    return f"'{char}'" if char != "'" else r"'\''"


def _unreadable(kind: Kind, body: bytes, why: str) -> BadRequest:
    text = body[:30].decode(errors="replace")
    summary = "<empty>" if not body else f"{text} ..." if len(body) > 30 else text
    return BadRequest(
        f"the object provided is unrecognized (must be of type {kind.name}): "
        f"couldn't get version/kind; json parse error: {why} ({summary})"
    )


def _check_type(kind: Kind, document: dict[str, Any]) -> None:
    """`apiVersion` and `kind` may be absent; present, they must be what the URL says."""
    api_version, name = _type_of(kind, document)
    if (api_version, name) == (kind.api_version, kind.name):
        return
    other = kinds.by_type(api_version, name)
    if other is None and (kind.custom is None or name != kind.name):
        raise _unfit(
            kind, document, f'no kind "{name}" is registered for version "{api_version}" in scheme "petset"'
        )
    if name == kind.name:
        raise BadRequest(
            f"the API version in the data ({api_version}) does not match "
            f"the expected API version ({kind.api_version})"
        )
    assert other is not None
    package = kind.group.partition(".")[0] or "core"  # of Go's internal types
    raise _unfit(
        kind, document, f"converting ({other.version}.{name}) to ({package}.{kind.name}): unknown conversion"
    )


def _type_of(kind: Kind, document: dict[str, Any]) -> tuple[str, str]:
    api_version, name = document.get("apiVersion") or kind.api_version, document.get("kind") or kind.name
    return str(api_version), str(name)


@dataclass(eq=False)
class Unfit(BadRequest):
    """The document is none of this kind; `why` is the part of the message that says so, all that patches show."""

    why: str = ""


def _unfit(kind: Kind, document: dict[str, Any], why: str) -> Unfit:
    api_version, name = _type_of(kind, document)
    version = api_version.rpartition("/")[2]
    return Unfit(f'{name} in version "{version}" cannot be handled as a {kind.name}: {why}', why=why)


def _read_slowly(kind: Kind, document: dict[str, Any]) -> Any:
    try:
        return settle(reading.read(kind.model, document))
    except (reading.Mismatch, Misfit) as error:
        raise _unfit(kind, document, str(error)) from error
