"""Compiles expressions that compare numbers of different types: `self.ratio < 1`, as Kubernetes' CEL may.

The checker of the CEL that we have knows no such comparison, although it can be tried. Where that is what it
complains of, the literal beside the operator is made a value of any type, and the expression is compiled once more.
Calls of named formats are rewritten first.
"""

import re

from cel_expr_python import cel

from petset.api.custom.cel_formats import rewritten

_MIXED = re.compile(
    r"ERROR: <input>:(\d+):(\d+): found no matching overload for '_(?:<|<=|>|>=)_' applied to "
    r"'\((?:int|double), (?:int|double)\)'"
)
_BEFORE = re.compile(r"(?<![\w.)\]])(-?\d+(?:\.\d+)?)(\s*)$")
_AFTER = re.compile(r"(<=|>=|<|>)(\s*)(-?\d+(?:\.\d+)?)(?![\w.(\[])")
_MOST = 100
"""So many comparisons of one expression are looked at."""


def compiled(env: cel.Env, text: str) -> tuple[cel.Expression, str]:
    """The expression, and the text that was compiled in the end. Raises RuntimeError, about the text as it came."""
    first: RuntimeError | None = None
    loosened: str | None = rewritten(text)
    for _ in range(_MOST):
        try:
            return env.compile(loosened), loosened or ""
        except RuntimeError as error:
            first = first or error
            loosened = _loosened(loosened or "", str(error))
            if loosened is None:
                break
    assert first is not None
    raise first


def _loosened(text: str, complaint: str) -> str | None:
    """The text with one literal more that may be compared with anything; None where there is none."""
    for found in _MIXED.finditer(complaint):
        at = sum(len(line) for line in text.splitlines(keepends=True)[: int(found[1]) - 1]) + int(found[2]) - 1
        after = _AFTER.match(text, at)
        if after is not None:
            return f"{text[:at]}{after[1]}{after[2]}dyn({after[3]}){text[after.end() :]}"
        before = _BEFORE.search(text, 0, at)
        if before is not None:
            return f"{text[: before.start()]}dyn({before[1]}){before[2]}{text[at:]}"
    return None
