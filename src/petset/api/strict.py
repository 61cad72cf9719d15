"""Finds what a lenient reader passes over: unknown fields and repeated keys, worded as Kubernetes words them."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

import msgspec

from petset.api.schema import Type, shape

_MOST = 100
"""Kubernetes gathers no more complaints about one document either."""


class Repeating(dict[str, Any]):
    """A JSON object in which some keys came more than once; the last value counts."""

    repeated: tuple[str, ...] = ()


def parse(text: bytes | str) -> Any:
    """JSON, with objects that remember their repeated keys. Raises ValueError."""
    found = _parse_compact(text)
    return found if found is not None else _parse_slowly(text)


def _parse_compact(text: bytes | str) -> Any:
    """What is the same when written anew has no key twice; None where only the slow way can tell.

    So are the bodies of most clients, who write no spaces and no needless escapes.
    """
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    given = text if isinstance(text, bytes) else text.encode(errors="surrogatepass")
    return found if msgspec.json.encode(found) == given.rstrip() else None


def _parse_slowly(text: bytes | str) -> Any:
    return json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    seen: set[str] = set()
    repeated: dict[str, None] = {}
    for key, _ in pairs:
        if key in seen:
            repeated[key] = None
        seen.add(key)
    repeating = Repeating(found)
    repeating.repeated = tuple(repeated)
    return repeating


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"invalid character '{name[0]}' looking for beginning of value")


def complaints(model: type[Any], document: dict[str, Any], path: str = "") -> list[str]:
    """`unknown field "spec.foo"`, `duplicate field "spec.replicas"`: the first hundred, in the document's order.

    `path` is put before each: empty, or one that ends in a dot.
    """
    return list(islice(_in_struct(model, document, path), _MOST))


def duplicates(value: Any, path: str = "") -> list[str]:
    """`duplicate field "spec.replicas"` for the first hundred repeated keys of a document, whatever its type."""
    return list(islice(_repeated_in(value, path), _MOST))


def _repeated_in(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        yield from _duplicates(value, path)
        for name, inner in value.items():
            yield from _repeated_in(inner, f"{path}{name}.")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _repeated_in(inner, f"{path.removesuffix('.')}[{index}].")


def _in_struct(model: type[Any], document: dict[str, Any], path: str) -> Iterator[str]:
    fields = shape(model).fields
    yield from _duplicates(document, path)
    for name, value in document.items():
        field = fields.get(name)
        if field is None:
            yield f'unknown field "{path}{name}"'
        elif value.__class__ is dict or isinstance(value, dict | list):
            yield from _in_value(field.type, value, f"{path}{name}")


def _duplicates(document: dict[str, Any], path: str) -> Iterator[str]:
    if isinstance(document, Repeating):
        for key in document.repeated:
            yield f'duplicate field "{path}{key}"'


def _in_value(kind: Type, value: Any, path: str) -> Iterator[str]:
    if kind.model is not None:
        if isinstance(value, dict):
            yield from _in_struct(kind.model, value, f"{path}.")
    elif kind.name == "list" and kind.of is not None and kind.of.model is not None:
        for index, item in enumerate(value if isinstance(value, list) else ()):
            if isinstance(item, dict):
                yield from _in_struct(kind.of.model, item, f"{path}[{index}].")
    elif isinstance(value, Repeating) and kind.name == "map":
        yield from _duplicates(value, f"{path}.")
