"""`authorizer` in expressions: may whoever makes this request do something else, too?

`authorizer.group("apps").resource("deployments").namespace("default").check("create").allowed()` puts a question
together word by word; only `check` asks it. Whom it asks is set for as long as an expression is tried.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from cel_expr_python import cel

from petset.api.rbac import Attributes, Decision

T = cel.Type
_MAP = T.Map(T.STRING, T.DYN)
Ask = Callable[[str, Attributes], Decision]
"""The decision about a user: the one who makes the request, where the name is empty."""
_ACCOUNT = "account"
_PLACE = ("group", "resource", "subresource", "namespace", "name", "path")
_WORDS = ("resource", "subresource", "namespace", "name", "fieldSelector", "labelSelector")
_asked: ContextVar[Ask] = ContextVar("asked")


@contextmanager
def asking(ask: Ask) -> Iterator[None]:
    """While an expression is tried that may ask."""
    token = _asked.set(ask)
    try:
        yield
    finally:
        _asked.reset(token)


def _with(word: str) -> Callable[[dict[str, Any], str], dict[str, Any]]:
    return lambda question, text: {**question, word: text}


def _new(word: str) -> Callable[[dict[str, Any], str], dict[str, Any]]:
    return lambda authorizer, text: {_ACCOUNT: authorizer.get(_ACCOUNT, ""), word: text}


def _account(_: dict[str, Any], namespace: str, name: str) -> dict[str, Any]:
    return {_ACCOUNT: f"system:serviceaccount:{namespace}:{name}"}


def _check(question: dict[str, Any], verb: str) -> dict[str, Any]:
    said = {
        word: question.get(word, "") for word in ("group", "resource", "subresource", "namespace", "name", "path")
    }
    fields = question.get("fieldSelector", "")
    decision = _asked.get()(question.get(_ACCOUNT, ""), Attributes(verb=verb, fields=fields, **said))
    return {"allowed": decision.allowed, "reason": decision.reason}


def _declared(
    name: str, returns: cel.Type, parameters: list[cel.Type], call: Callable[..., Any]
) -> cel.FunctionDecl:
    return cel.FunctionDecl(name, [cel.Overload(f"authorizer_{name}", returns, [_MAP, *parameters], True, call)])


FUNCTIONS = [
    _declared("path", _MAP, [T.STRING], _new("path")),
    _declared("group", _MAP, [T.STRING], _new("group")),
    _declared("serviceAccount", _MAP, [T.STRING, T.STRING], _account),
    *(_declared(word, _MAP, [T.STRING], _with(word)) for word in _WORDS),
    _declared("check", _MAP, [T.STRING], _check),
    _declared("allowed", T.BOOL, [], lambda decision: decision["allowed"]),
    _declared("reason", T.STRING, [], lambda decision: decision["reason"]),
    _declared("errored", T.BOOL, [], lambda _: False),
    _declared("error", T.STRING, [], lambda _: ""),
]
"""As an environment takes them. No question about rights is ever without an answer here."""
