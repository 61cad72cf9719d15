"""Kubernetes' own JSONPath, as far as columns and selectable fields use it: where in a document a value is found.

    .spec.replicas      .metadata.labels['app.kubernetes.io/name']      .metadata.labels.app\\.kubernetes\\.io/name
    .spec.ports[0]      .spec.ports[-1]     .spec.ports[0:2]    .spec.ports[*].port     .spec..port
    .status.conditions[?(@.type=="Ready")].status

It is no standard's: dots are escaped, texts stand in either quotes, what is missing is nothing, not an error.
"""

import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

Step = Callable[[Any], Iterator[Any]]

_FIELD = re.compile(r"((?:\\.|[^.\[\]\\])+)")
_FILTER = re.compile(r"\?\(\s*(@[^=!<>]*?)\s*(?:(==|!=|<=|>=|<|>)\s*(.+?)\s*)?\)")
_SLICE = re.compile(r"(-?\d*):(-?\d*)(?::(\d+))?")
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge,
}  # fmt: skip


class Malformed(ValueError):
    """A text that is no path; the message says from where on."""


@dataclass(frozen=True)
class Path:
    """The steps from a document to what is found."""

    steps: tuple[Step, ...]

    def find(self, document: Any) -> list[Any]:
        """Everything at the path, in the document's order; empty where nothing is."""
        found = [document]
        for step in self.steps:
            found = [inner for each in found for inner in step(each)]
        return found


def compiled(text: str) -> Path:
    """The path that a text describes. Raises Malformed."""
    return Path(tuple(_steps(text)))


def _steps(text: str) -> Iterator[Step]:
    rest = text.removeprefix("$")
    while rest:
        if rest.startswith("["):
            inside, rest = _bracket(rest)
            yield _subscript(inside)
            continue
        if rest.startswith(".."):
            yield _all_below
            rest = rest[1:]
        if rest.startswith(".["):
            rest = rest[1:]
            continue
        match = _FIELD.match(rest, 1) if rest.startswith(".") else None
        if match is None:
            raise Malformed(f"invalid JSONPath {text!r}: {rest!r} is no step; a step is .name or [\u2026]")
        name = re.sub(r"\\(.)", r"\1", match[1])
        yield _members if name == "*" else partial(_field, name)
        rest = rest[match.end() :]


def _bracket(text: str) -> tuple[str, str]:
    """What stands in the brackets at the start, and what follows them."""
    quote, depth = "", 0
    for index, char in enumerate(text):
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in "[]":
            depth += 1 if char == "[" else -1
            if depth == 0:
                return text[1:index].strip(), text[index + 1 :]
    raise Malformed(f"invalid JSONPath: the bracket of {text!r} is never closed")


def _subscript(inside: str) -> Step:
    if inside == "*":
        return _members
    if inside[:1] in ("'", '"'):
        names = [part.strip()[1:-1] for part in re.findall(r"'[^']*'|\"[^\"]*\"", inside)]
        return lambda value: (found for name in names for found in _field(name, value))
    if inside.startswith("?"):
        return _filter(inside)
    sliced = _SLICE.fullmatch(inside)
    if sliced is not None:
        first, last, stride = (int(part) if part else None for part in sliced.groups())
        return lambda value: iter(value[first:last:stride]) if isinstance(value, list) else iter(())
    indexes = inside.split(",")
    if not all(re.fullmatch(r"-?\d+", index.strip()) for index in indexes):
        raise Malformed(f"invalid JSONPath: [{inside}] is no index, name, slice or filter")
    return lambda value: (found for index in indexes for found in _element(int(index), value))


def _filter(inside: str) -> Step:
    match = _FILTER.fullmatch(inside)
    if match is None:
        raise Malformed(f'invalid JSONPath: [{inside}] is no filter such as [?(@.type=="Ready")]')
    where, sign, operand = match.groups()
    path = compiled(where[1:])
    if sign is None:
        return lambda value: (each for each in _members(value) if path.find(each))
    wanted, compare = _literal(operand), _COMPARISONS[sign]
    return lambda value: (each for each in _members(value) if _holds(compare, path.find(each), wanted))


def _holds(compare: Callable[[Any, Any], bool], found: list[Any], wanted: Any) -> bool:
    try:
        return len(found) == 1 and compare(found[0], wanted)
    except TypeError:  # a text is neither more nor less than a number
        return False


def _literal(text: str) -> Any:
    if text[:1] in ("'", '"') and text[-1:] == text[:1]:
        return text[1:-1]
    if text in ("true", "false"):
        return text == "true"
    try:
        return float(text) if "." in text else int(text)
    except ValueError as error:
        raise Malformed(f"invalid JSONPath: {text} is no text, number or truth value") from error


def _field(name: str, value: Any) -> Iterator[Any]:
    if isinstance(value, dict) and name in value:
        yield value[name]


def _element(index: int, value: Any) -> Iterator[Any]:
    if isinstance(value, list) and -len(value) <= index < len(value):
        yield value[index]


def _members(value: Any) -> Iterator[Any]:
    yield from value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _all_below(value: Any) -> Iterator[Any]:
    yield value
    for each in _members(value):
        yield from _all_below(each)
