"""Typed objects out as JSON: field names as Kubernetes writes them, times with a `Z`.

An object in stored form (`petset.api.canonical`) encodes in one pass. The one thing the encoder cannot know is that
a `MicroTime` has six digits even when they are zeros; the few kinds that have one (Event, Lease) are seen to here.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

import msgspec

from petset.api.embedded import plain
from petset.api.schema import Type, per_type, shape
from petset.api.untyped import Untyped

_encoder = msgspec.json.Encoder()
Path = tuple[str, ...]


def encode(obj: Any) -> bytes:
    """JSON bytes of a struct."""
    return _writer(type(obj))(obj)


@per_type
def _writer(model: type[Any]) -> Callable[[Any], bytes]:
    if issubclass(model, Untyped):
        return lambda obj: _encoder.encode(dict(obj.fields()))
    paths = _micro_times(model)
    if not paths:
        return _encoder.encode
    outermost = [path[0] for path in paths]
    times = attrgetter(*outermost, *outermost[:1])  # always a tuple

    def write(obj: Any) -> bytes:
        found = times(obj)
        if found.count(None) == len(found):
            return _encoder.encode(obj)  # as with nearly every event
        return _encoder.encode(to_document(obj))

    return write


def to_document(obj: Any) -> dict[str, Any]:
    """The struct as a plain document of dicts, lists, strings, numbers and booleans; times are strings."""
    if isinstance(obj, Untyped):
        return {name: plain(value) for name, value in obj.fields()}
    document: dict[str, Any] = plain(obj)
    for path in _micro_times(type(obj)):
        _widen(document, path)
    return document


@per_type
def _micro_times(model: type[Any]) -> tuple[Path, ...]:
    """Where a struct holds times with six digits: (`spec`, `renewTime`). None lies in a list."""
    try:
        return tuple(_find(Type("struct", model=model), (), frozenset()))
    except KeyError:
        return ()  # a struct that is no served object, such as Status: it has none


def _find(kind: Type, path: Path, above: frozenset[Any]) -> list[Path]:
    if kind.name == "MicroTime":
        return [path]
    if kind.model is None or kind.model in above:
        return []
    fields = shape(kind.model).fields.values()
    return [found for f in fields for found in _find(f.type, (*path, f.json), above | {kind.model})]


def _widen(document: dict[str, Any], path: Path) -> None:
    """Give the time at a path its zeros."""
    *outer, name = path
    for part in outer:
        document = document.get(part) or {}
    text = document.get(name)
    if text and "." not in text:
        document[name] = text.removesuffix("Z") + ".000000Z"
