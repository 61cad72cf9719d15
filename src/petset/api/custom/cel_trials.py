"""Compiled expressions, tried: what comes of one, or why nothing does, told in the words of Kubernetes' own CEL."""

import re
from typing import Any

from cel_expr_python import cel


class Untried(ValueError):
    """An expression that comes to nothing. The text says why."""


class OverBudget(Untried):
    """An expression that would go on for too long: CEL takes at most 10,000 steps in all loops of one together."""


def tried(expression: cel.Expression, data: dict[str, Any]) -> Any:
    """What an expression comes to, as a `cel.Value` that is no error. Raises Untried."""
    try:
        result = expression.eval(data=data)
    except RuntimeError as error:
        if "budget exceeded" in str(error):
            raise OverBudget("operation cancelled: actual cost limit exceeded") from error
        raise Untried(plain(str(error))) from error
    if result.type() == cel.Type.ERROR:
        text = told(str(result.value()))
        raise OverBudget(f"operation cancelled: {text}") if "cost limit exceeded" in text else Untried(text)
    return result


def check_plan(expression: cel.Expression) -> None:
    """Raises RuntimeError for an expression that compiles and yet can never be tried."""
    try:
        expression.eval(data={})
    except RuntimeError as error:
        if "resolve step" in str(error):
            raise


def plain(text: str) -> str:
    """An error of CEL without the names of its own error codes."""
    return re.sub(r"^[A-Z_]+: |\s*\[[A-Z_]+\]$", "", text)


def told(error: str) -> str:
    """What went wrong while a rule was tried, in the words of Kubernetes' own CEL where it has some."""
    missing = re.fullmatch(r'NOT_FOUND: Key not found in map : "?(.*?)"?', error)
    if missing is not None:
        return f"no such key: {missing[1]}"
    beyond = re.search(r"Index error: index=(-?\d+)", error)
    if beyond is not None:
        return f"index out of bounds: {beyond[1]}"
    overload = re.search(r"No matching overloads found", error)
    if overload is not None:
        return "'no such overload': call arguments did not match a supported operator, function or macro signature"
    return plain(error).replace("divide by zero", "division by zero")
