"""YAML as kubectl understands it: 1.1 booleans (a bare `y` is true), every date a string, no key twice.

PyYAML leaves `y` and `n` alone, reads `12:30` as a number to base sixty and `2026-01-02` as a date; the YAML
library under kubectl does the opposite in each case, so the implicit types are stated here one by one.
"""

import math
import re
from collections.abc import Hashable, Iterator
from typing import Any

import yaml
from yaml.constructor import ConstructorError

_BOOLEAN = re.compile(r"^(?:y|Y|yes|Yes|YES|on|On|ON|true|True|TRUE|n|N|no|No|NO|off|Off|OFF|false|False|FALSE)$")
_NULL = re.compile(r"^(?:~|null|Null|NULL|)$")
_INTEGER = re.compile(r"^[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*)$")
_FLOAT = re.compile(r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$")
_TRUE = {"y", "yes", "on", "true"}
DEEPEST = 100
"""Levels of nesting; the deepest manifests there are have about fifty."""
LARGEST = 100_000
"""Values that aliases may add to those that the text spells out."""


class _Loader(yaml.CSafeLoader):
    """The safe loader with kubectl's implicit types. Subclassing keeps PyYAML's own loader as it is."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own protocol

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Refuse a key that stands twice in one mapping, then build it with string keys, as JSON has."""
        seen: set[str] = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            key = _as_key(self.construct_object(key_node, deep=True), key_node)
            if key in seen:
                raise ConstructorError(None, None, f'key "{key}" is set twice in one mapping', key_node.start_mark)
            seen.add(key)
        self.flatten_mapping(node)
        return {
            _as_key(self.construct_object(key, deep=True), key): self.construct_object(value, deep=True)
            for key, value in node.value
        }


def _as_key(key: Any, node: yaml.Node) -> str:
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, str | int | float):
        return str(key)
    raise ConstructorError(None, None, "a key must be a plain value", node.start_mark)


def _boolean(loader: _Loader, node: yaml.ScalarNode) -> bool:
    return str(loader.construct_scalar(node)).lower() in _TRUE


def _integer(loader: _Loader, node: yaml.ScalarNode) -> int:
    text = str(loader.construct_scalar(node)).replace("_", "")
    digits = text.lstrip("+-")
    if len(digits) > 1 and digits[0] == "0" and digits[1].isdigit():
        text = text.replace("0", "0o", 1)
    try:
        return int(text, 0)
    except ValueError as error:
        raise ConstructorError(None, None, f"no whole number that can be held: {error}", node.start_mark) from error


def _float(loader: _Loader, node: yaml.ScalarNode) -> float | int:
    number = float(str(loader.construct_scalar(node)))
    return int(number) if math.isfinite(number) and number == int(number) else number


for _tag, _pattern, _first in (
    ("bool", _BOOLEAN, list("yYnNtTfFoO")),
    ("int", _INTEGER, list("-+0123456789")),
    ("float", _FLOAT, list("-+0123456789.")),
    ("null", _NULL, ["~", "n", "N", ""]),
    ("merge", re.compile("^<<$"), ["<"]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", _pattern, _first)
_Loader.add_constructor("tag:yaml.org,2002:bool", _boolean)
_Loader.add_constructor("tag:yaml.org,2002:int", _integer)
_Loader.add_constructor("tag:yaml.org,2002:float", _float)


def _check_size(text: str) -> None:
    """Refuse, before anything is built, what nests too deeply or grows beyond measure through its aliases.

    The builder calls itself in C and would end the process; aliases of aliases would keep it busy for ever.
    """
    sizes: dict[str, int] = {}  # of each anchor's value, aliases written out
    open_values: list[tuple[str | None, int]] = []  # anchor, and size so far
    size = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            open_values.append((event.anchor, size))
            size = 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_values.pop()
            if anchor is not None:
                sizes[anchor] = size
            size += before
        elif isinstance(event, yaml.AliasEvent):
            size += sizes.get(event.anchor or "", 1)  # unknown, or inside its own anchor: refused by the builder
        elif isinstance(event, yaml.ScalarEvent):
            size += 1
        if size > LARGEST + len(text):
            raise _too_much(event, "grows without bounds through its aliases")
        if len(open_values) > DEEPEST:
            raise _too_much(event, f"is nested more than {DEEPEST} levels deep")


def _too_much(event: Any, why: str) -> ConstructorError:
    return ConstructorError(None, None, f"the document {why}", event.start_mark)


def documents(text: str) -> Iterator[tuple[int, Any]]:
    """Each document with the line it starts on, empty ones left out. Raises yaml.MarkedYAMLError."""
    _check_size(text)
    loader = _Loader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            assert node is not None, "check_node said there is one"
            value = loader.construct_document(node)
            if value is not None:
                yield node.start_mark.line + 1, value
    finally:
        loader.dispose()
