"""CEL expressions about a write: the conditions of webhooks and policies, compiled once and tried at each write.

An expression sees documents as they are (`object`, `oldObject`, `request`, …), without types: what is not there is
`no such key` when it is asked for, and `has(…)` tells. CEL itself is read when there is an expression.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cel_expr_python import cel

NAMES = ("object", "oldObject", "request", "namespaceObject", "params", "variables")
"""What an expression may speak of."""
Scope = Mapping[str, Any]


class ExpressionError(ValueError):
    """An expression that does not compile, or that comes to nothing on a write."""


@lru_cache(maxsize=1024)
def compiled(text: str) -> "cel.Expression":
    """The expression, ready to be tried. Raises ExpressionError."""
    from petset.api.custom import cel_library as library

    try:
        return _environment().compile(text)
    except RuntimeError as error:
        raise ExpressionError(f"compilation failed: {library.plain(str(error))}") from error


def evaluate(text: str, scope: Scope) -> Any:
    """What the expression comes to. Raises ExpressionError."""
    from petset.api.custom import cel_library as library

    result = compiled(text).eval(data={name: scope.get(name) for name in NAMES})
    if result.type() == library.T.ERROR:
        raise ExpressionError(f"expression '{text}' resulted in error: {library.told(str(result.value()))}")
    return result.value()


def fault(text: str, returns: str) -> str:
    """What is wrong with an expression; empty where nothing is.

    It `returns` a `bool`, a `string`, or (empty) anything.
    """
    from petset.api.custom import cel_library as library

    wanted = {"bool": library.T.BOOL, "string": library.T.STRING}.get(returns)
    try:
        found = compiled(text).return_type()
    except ExpressionError as error:
        return str(error)
    return "" if wanted is None or found in (wanted, library.T.DYN) else f"must evaluate to {returns}"


@lru_cache(maxsize=1)
def _environment() -> "cel.Env":
    from cel_expr_python import cel

    from petset.api.custom import cel_library as library

    variables = dict.fromkeys(NAMES, library.T.DYN)
    return cel.NewEnv(variables=variables, extensions=library.EXTENSIONS, functions=library.FUNCTIONS)
