"""Expressions that say how an object shall be changed: `Object{spec: Object.spec{replicas: 2}}`, `JSONPatch{…}`.

CEL as we have it makes messages only of types that somebody compiled, so what is made of these two is rewritten to
maps before it is compiled: `{"spec": {"replicas": 2}}`. Their names are checked on the way: what stands at `spec`
must be called `Object.spec`.
"""

import re
from functools import lru_cache
from typing import Any, NamedTuple

from petset.api import expressions
from petset.api.expressions import ExpressionError, Scope

_TOKEN = re.compile(
    r"""
    (?P<skipped>
        //[^\n]*
        | [bB]?[rR][bB]?(?:\"{3}.*?\"{3} | '{3}.*?'{3} | "[^"\n]*" | '[^'\n]*')
        | [bB]?(?:\"{3}(?:\\.|[^\\])*?\"{3} | '{3}(?:\\.|[^\\])*?'{3} | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*')
    )
    | (?P<type>(?:Object(?:\.\w+)*|JSONPatch)(?=\s*\{))\s*\{
    | (?P<name>[A-Za-z_]\w* | `[^`]*`)
    | (?P<mark>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_ROOT = "Object"


class Rewritten(NamedTuple):
    """An expression without types of its own, and what is wrong with the names of those that it had."""

    text: str
    mismatch: str = ""


class _Open:
    """A bracket that is open; `type` is empty for one that makes no object."""

    def __init__(self, type_: str = "") -> None:
        self.type = type_
        self.field = ""
        self.awaits_name = bool(type_)


def applied(text: str, scope: Scope) -> Any:
    """What an apply configuration comes to: a part of the object. Raises ExpressionError."""
    return _evaluated(text, scope)


def patched(text: str, scope: Scope) -> Any:
    """What a JSON patch comes to: a list of operations. Raises ExpressionError."""
    return _evaluated(text, scope)


def fault(text: str, returns: str) -> str:
    """What is wrong with an expression that `returns` an `Object` or a list of `JSONPatch`; empty if nothing is."""
    found = expressions.fault(rewritten(text).text, "map" if returns == _ROOT else "list")
    return found if found.startswith("compilation") or not found else f"must evaluate to {returns}"


def _evaluated(text: str, scope: Scope) -> Any:
    source = rewritten(text)
    if source.mismatch:
        raise ExpressionError(f"type mismatch: {source.mismatch}")
    return expressions.evaluate_plain(source.text, scope)


@lru_cache(maxsize=256)
def rewritten(text: str) -> Rewritten:
    """The expression with maps for objects."""
    written: list[str] = []
    around: list[_Open] = []
    mismatch = ""
    for token in _TOKEN.finditer(text):
        inner = around[-1] if around else None
        if token["type"] is not None:
            mismatch = mismatch or _mismatch(token["type"], around)
            around.append(_Open(token["type"]))
            written.append("{")
        elif token["name"] is not None and inner is not None and inner.awaits_name:
            inner.field, inner.awaits_name = token["name"].strip("`"), False
            written.append(f'"{inner.field}"')
        else:
            _follow(token[0], around)
            written.append(token[0])
    return Rewritten("".join(written), mismatch)


def _follow(mark: str, around: list[_Open]) -> None:
    if mark in "([{":
        around.append(_Open())
    elif mark in ")]}" and around:
        around.pop()
    elif mark == "," and around:
        around[-1].awaits_name = bool(around[-1].type)


def _mismatch(name: str, around: list[_Open]) -> str:
    """What is wrong with a type of this name here, inside of what is open."""
    outer = next((each for each in reversed(around) if each.type), None)
    if outer is None or not outer.type.startswith(_ROOT):
        return ""
    expected = f"{outer.type}.{outer.field}"
    if name == expected:
        return ""
    return (
        f'unexpected type name "{name}", expected "{expected}", which matches field name path from root Object type'
    )
