"""From a method and a path to what is asked: the table of routes, worked out from the table of kinds.

A resource path is `/api/v1/…` or `/apis/<group>/<version>/…`, then `[namespaces/<ns>/]<resource>[/<name>[/<sub>]]`.
"""

import re
from typing import Any

import msgspec

from petset.api.errors import MethodNotAllowed, NotFound
from petset.api.kinds import Kind, Kinds
from petset.apiserver import query as queries
from petset.apiserver.query import Query
from petset.registry.port import UNKNOWN, Guard, User

_COLLECTION = {"GET": "list", "HEAD": "list", "POST": "create", "DELETE": "deletecollection"}
_OBJECT = {"GET": "get", "HEAD": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_READ_AND_WRITE = {"GET": "get", "HEAD": "get", "PUT": "update", "PATCH": "patch"}
SUBRESOURCES = {
    "status": _READ_AND_WRITE,
    "scale": _READ_AND_WRITE,
    "finalize": {"PUT": "update"},
    "binding": {"POST": "create"},
    "eviction": {"POST": "create"},
    "ephemeralcontainers": _READ_AND_WRITE,
    "resize": _READ_AND_WRITE,
    "approval": _READ_AND_WRITE,
    "token": {"POST": "create"},
    "log": {"GET": "get"},
    "exec": {"GET": "get", "POST": "create"},
    "attach": {"GET": "get", "POST": "create"},
    "portforward": {"GET": "get", "POST": "create"},
    "proxy": {
        **_READ_AND_WRITE,
        "POST": "create",
        "DELETE": "delete",
        "OPTIONS": "options",
    },
}
"""The methods of each sub-resource, and the verb that each stands for."""
STREAMS = frozenset({"log", "exec", "attach", "portforward", "proxy"})
_OF_A_NAMESPACE = ("status", "finalize")
_PROXY = re.compile(
    r"/api/v1/(?:namespaces/(?P<namespace>[^/]+)/(?P<kind>pods|services)|(?P<node>nodes))/(?P<name>[^/]+)"
    r"/proxy(?P<tail>(?:/.*)?)",
    re.DOTALL,
)


class Address(msgspec.Struct, frozen=True):
    """The resource that a path names, before the method is looked at."""

    kind: Kind
    namespace: str = ""
    name: str = ""
    subresource: str = ""


class Request(msgspec.Struct, frozen=True):
    """One request on a resource: everything a handler needs, but for the body."""

    verb: str
    kind: Kind
    namespace: str
    name: str
    subresource: str
    query: Query
    raw_query: bytes = b""
    content_type: str = ""
    accept: str = ""
    user_agent: str = ""
    body: bytes = b""
    guard: Guard | None = None
    user: User = UNKNOWN


def no_such_path() -> NotFound:
    """The answer for a path that means nothing here."""
    return NotFound("the server could not find the requested resource")


def no_such_method() -> MethodNotAllowed:
    """The answer for a method that what is at the path does not have."""
    return MethodNotAllowed("the server does not allow this method on the requested resource")


def is_resource(path: str) -> bool:
    """Whether the path lies where resources are; discovery documents are no resources."""
    if path.startswith("/api/"):
        return path.count("/") >= 3 and path != "/api/v1/"
    return path.startswith("/apis/") and path.count("/") >= 4 and bool(path.rsplit("/", 1)[1])


def proxied(path: str) -> re.Match[str] | None:
    """The parts of a path that leads through a proxy: `tail` is what is behind it, such as `/index.html`."""
    return _PROXY.fullmatch(path) if "/proxy" in path else None


def address(kinds: Kinds, path: str) -> Address:
    """What a resource path names. Raises NotFound for what is not served."""
    through = proxied(path)
    if through is not None:
        kind = kinds.by_resource("", "v1", through["kind"] or through["node"])
        assert kind is not None, "a kind with a proxy"
        return Address(kind, through["namespace"] or "", through["name"], "proxy")
    parts = path.split("/")[1:]
    group, version, rest = ("", parts[1], parts[2:]) if parts[0] == "api" else (parts[1], parts[2], parts[3:])
    if not all(rest):
        raise no_such_path()
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2 and not (len(rest) == 3 and rest[2] in _OF_A_NAMESPACE):
        namespace, rest = rest[1], rest[2:]
    kind = kinds.by_resource(group, version, rest[0])
    if kind is None or len(rest) > 3:
        raise no_such_path()
    name, subresource = (*rest[1:], "", "")[:2]
    _check_place(kind, namespace, name, subresource)
    return Address(kind, namespace, name, subresource)


def _check_place(kind: Kind, namespace: str, name: str, subresource: str) -> None:
    misplaced = bool(namespace) and not kind.namespaced
    homeless = bool(name) and kind.namespaced and not namespace
    unknown = bool(subresource) and subresource not in kind.subresources
    if misplaced or homeless or unknown:
        raise no_such_path()


def verb_of(method: str, where: Address, *, watch: bool) -> str:
    """The API's word for a method at an address. Raises MethodNotAllowed."""
    verb = _methods(where).get(method)
    if verb == "list" and watch and method == "GET":  # a HEAD has nothing to wait for
        verb = "watch"
    known = where.subresource or (verb in where.kind.verbs)
    if verb is None or not known:
        raise no_such_method()
    return verb


def _methods(where: Address) -> dict[str, str]:
    if where.subresource:
        return SUBRESOURCES[where.subresource]
    if where.name:
        return _OBJECT
    if where.kind.namespaced and not where.namespace:
        return {"GET": "list", "HEAD": "list"}
    return _COLLECTION


def methods_at(kinds: Kinds, path: str) -> list[str]:
    """What `Allow` says about a resource path."""
    return sorted(_methods(address(kinds, path)))


def parse(kinds: Kinds, method: str, path: str, query_string: bytes, **message: Any) -> Request:
    """The request that a method, a path and a query make; `message` is what the HTTP message adds to it."""
    where = address(kinds, path)
    # A stream's parameters are its own (`follow`, `command` …): its handler reads them.
    query = queries.NOTHING if where.subresource in STREAMS else queries.parse(query_string, method)
    verb = verb_of(method, where, watch=query.watch)
    return Request(verb, where.kind, where.namespace, where.name, where.subresource, query, query_string, **message)
