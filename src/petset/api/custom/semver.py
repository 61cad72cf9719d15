"""Semantic versions, as rules compare them: `1.10.0` comes after `1.9.3`, and `1.10.0-rc.1` before it."""

import re
from typing import Any

_NUMBER = r"(0|[1-9]\d*)"
_IDENTIFIER = r"(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)"
_VERSION = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-({_IDENTIFIER}(?:\.{_IDENTIFIER})*))?(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?"
)


def read(text: str) -> str:
    """The version itself. Raises ValueError for a text that is none."""
    if _VERSION.fullmatch(text) is None:
        raise ValueError(f"No Major.Minor.Patch elements found: {text}"[:200])
    return text


def normalized(text: str) -> str:
    """What people write, in full: `v01.2` is `1.2.0`."""
    core, mark, rest = re.fullmatch(r"([^-+]*)([-+]?)(.*)", text.strip().removeprefix("v"), re.DOTALL).groups()  # type: ignore[union-attr]
    parts = [part.lstrip("0") or "0" if part else part for part in core.split(".")]
    return ".".join([*parts, *["0"] * (3 - len(parts))]) + mark + rest


def numbers(version: str) -> tuple[int, int, int]:
    """Major, minor and patch."""
    found = _VERSION.fullmatch(version)
    assert found is not None
    return int(found[1]), int(found[2]), int(found[3])


def precedence(version: str) -> tuple[Any, ...]:
    """By what versions are sorted. A release comes after what led to it; what follows a `+` does not count."""
    found = _VERSION.fullmatch(version)
    assert found is not None
    if found[4] is None:
        return (*numbers(version), 1)
    before = [(0, int(each), "") if each.isdecimal() else (1, 0, each) for each in found[4].split(".")]
    return (*numbers(version), 0, before)
