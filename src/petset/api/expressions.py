"""CEL expressions about a write: the conditions of webhooks and policies, compiled once and tried at each write.

An expression sees documents as they are (`object`, `oldObject`, `request`, …), without types: what is not there is
`no such key` when it is asked for, and `has(…)` tells. CEL itself is read when there is an expression.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from cel_expr_python import cel

    from petset.api.custom.cel_authorizer import Ask

NAMES = ("object", "oldObject", "request", "namespaceObject", "params", "variables", "authorizer")
"""What an expression may speak of."""
Scope = Mapping[str, Any]


class Rights(NamedTuple):
    """What stands for `authorizer` in a scope: who answers, and the resource that the request itself is about."""

    ask: "Ask"
    request_resource: dict[str, str]


class ExpressionError(ValueError):
    """An expression that does not compile, or that comes to nothing on a write."""


@lru_cache(maxsize=1024)
def compiled(text: str) -> "cel.Expression":
    """The expression, ready to be tried. Raises ExpressionError."""
    from petset.api.custom import cel_numbers
    from petset.api.custom import cel_trials as trials

    try:
        found, _ = cel_numbers.compiled(_environment(), text)
        trials.check_plan(found)
        return found
    except RuntimeError as error:
        raise ExpressionError(f"compilation failed: {trials.plain(str(error))}") from error


def evaluate(text: str, scope: Scope) -> Any:
    """What the expression comes to. Raises ExpressionError."""
    return _tried(text, scope).value()


def evaluate_plain(text: str, scope: Scope) -> Any:
    """The same as a document: lists, maps, texts, numbers. Raises ExpressionError."""
    return _tried(text, scope).plain_value()


def _tried(text: str, scope: Scope) -> Any:
    from petset.api.custom import cel_trials as trials
    from petset.api.custom.cel_authorizer import asking

    data = {name: scope.get(name) for name in NAMES}
    rights = data["authorizer"]
    try:
        if not isinstance(rights, Rights):
            return trials.tried(compiled(text), data)
        data["authorizer"] = {"requestResource": rights.request_resource}
        with asking(rights.ask):
            return trials.tried(compiled(text), data)
    except trials.Untried as error:
        raise ExpressionError(f"expression '{text}' resulted in error: {error}") from error


def fault(text: str, *returns: str) -> str:
    """What is wrong with an expression; empty where nothing is.

    It `returns` one of `bool`, `string`, `null_type`, `map`, `list`, or anything where none is named.
    """
    from petset.api.custom import cel_library as library

    try:
        found = compiled(text).return_type()
    except ExpressionError as error:
        return str(error)
    name = found.name().partition("<")[0].lower()
    if not returns or found == library.T.DYN or ("null_type" if name == "null" else name) in returns:
        return ""
    several = " ".join(returns)
    return f"must evaluate to {several}" if len(returns) == 1 else f"must evaluate to one of [{several}]"


@lru_cache(maxsize=1)
def _environment() -> "cel.Env":
    from cel_expr_python import cel

    from petset.api.custom import cel_authorizer
    from petset.api.custom import cel_library as library

    variables = dict.fromkeys(NAMES, library.T.DYN)
    functions = [*library.FUNCTIONS, *cel_authorizer.FUNCTIONS]
    return cel.NewEnv(
        config=library.CONFIG, variables=variables, extensions=library.EXTENSIONS, functions=functions
    )
