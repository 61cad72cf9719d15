"""Paths and methods become requests, and what is not served is refused as Kubernetes refuses it."""

import pytest

from petset.api.errors import ApiError, BadRequest, Invalid, MethodNotAllowed, NotFound
from petset.api.kinds import BuiltIn
from petset.apiserver import query, routes

READ = [
    ("GET", "/api/v1/pods", b"", ("list", "pods", "", "", "")),
    ("GET", "/api/v1/pods", b"watch=true", ("watch", "pods", "", "", "")),
    ("GET", "/api/v1/namespaces/default/pods/web-0", b"", ("get", "pods", "default", "web-0", "")),
    ("PUT", "/api/v1/namespaces/default/pods/web-0/status", b"", ("update", "pods", "default", "web-0", "status")),
    (
        "GET",
        "/api/v1/namespaces/default/pods/web-0/log",
        b"tailLines=1",
        ("get", "pods", "default", "web-0", "log"),
    ),
    (
        "POST",
        "/api/v1/namespaces/default/pods/web-0/eviction",
        b"",
        ("create", "pods", "default", "web-0", "eviction"),
    ),
    ("GET", "/api/v1/namespaces", b"", ("list", "namespaces", "", "", "")),
    ("DELETE", "/api/v1/namespaces/blue", b"", ("delete", "namespaces", "", "blue", "")),
    ("PUT", "/api/v1/namespaces/blue/finalize", b"", ("update", "namespaces", "", "blue", "finalize")),
    ("GET", "/api/v1/namespaces/blue/status", b"", ("get", "namespaces", "", "blue", "status")),
    ("POST", "/apis/apps/v1/namespaces/default/statefulsets", b"", ("create", "statefulsets", "default", "", "")),
    ("PATCH", "/apis/apps/v1/namespaces/d/statefulsets/w/scale", b"", ("patch", "statefulsets", "d", "w", "scale")),
    ("DELETE", "/api/v1/namespaces/default/pods", b"", ("deletecollection", "pods", "default", "", "")),
    ("PUT", "/api/v1/nodes/node-1", b"", ("update", "nodes", "", "node-1", "")),
]


@pytest.mark.parametrize(
    ("method", "path", "params", "expected"), READ, ids=lambda v: v if isinstance(v, str) else ""
)
def test_a_path_and_a_method_say_what_is_asked(
    method: str, path: str, params: bytes, expected: tuple[str, ...]
) -> None:
    request = routes.parse(BuiltIn(), method, path, params)
    found = (request.verb, request.kind.resource, request.namespace, request.name, request.subresource)
    assert found == expected


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/ponies",
        "/api/v2/pods",
        "/apis/apps/v1/pods",
        "/api/v1/pods/web-0",
        "/api/v1/namespaces/default/nodes",
        "/api/v1/namespaces/default/pods/web-0/scale",
        "/api/v1/namespaces/default/pods/web-0/log/more",
        "/api/v1/namespaces//pods",
    ],
)
def test_a_path_that_means_nothing_is_not_found(path: str) -> None:
    with pytest.raises(NotFound, match="the server could not find the requested resource"):
        routes.parse(BuiltIn(), "GET", path, b"")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/pods"),
        ("DELETE", "/api/v1/pods"),
        ("PUT", "/api/v1/namespaces/default/pods"),
        ("POST", "/api/v1/namespaces/default/pods/web-0"),
        ("DELETE", "/api/v1/namespaces"),
        ("DELETE", "/apis/apps/v1/namespaces/default/statefulsets/web/scale"),
        ("TRACE", "/api/v1/pods"),
    ],
)
def test_a_method_that_a_resource_lacks_is_refused(method: str, path: str) -> None:
    with pytest.raises(MethodNotAllowed, match="the server does not allow this method on the requested resource"):
        routes.parse(BuiltIn(), method, path, b"")


@pytest.mark.parametrize(
    "path", ["/api", "/api/v1", "/api/v1/", "/apis", "/apis/apps", "/apis/apps/v1", "/version"]
)
def test_discovery_documents_are_no_resources(path: str) -> None:
    assert not routes.is_resource(path)


def test_every_parameter_has_its_place() -> None:
    parsed = query.parse(
        b"limit=5&continue=abc&labelSelector=app%3Dweb&fieldSelector=metadata.name%3Dx&resourceVersion=7"
        b"&timeoutSeconds=30&allowWatchBookmarks=true&dryRun=All&fieldManager=me&fieldValidation=Strict"
        b"&propagationPolicy=Orphan&gracePeriodSeconds=0&pretty=true&unknown=1"
    )
    assert parsed == query.Query(
        limit=5,
        continue_token="abc",
        labels="app=web",
        fields="metadata.name=x",
        resource_version="7",
        timeout_seconds=30,
        bookmarks=True,
        dry_run=True,
        field_manager="me",
        field_validation="Strict",
        propagation_policy="Orphan",
        grace_period_seconds=0,
        pretty=True,
    )


NOT_OLDER = "resourceVersionMatch=NotOlderThan"


@pytest.mark.parametrize(
    ("params", "error", "says"),
    [
        ("limit=many", BadRequest, '"limit"'),
        ("limit=-1", BadRequest, '"limit"'),
        (f"limit={2**63}", BadRequest, "64 bits"),
        ("watch=perhaps", BadRequest, '"watch"'),
        ("dryRun=Some", Invalid, 'dryRun: Unsupported value: ["Some"]'),
        ("fieldValidation=Lax", Invalid, 'fieldValidation: Unsupported value: "Lax"'),
        (NOT_OLDER, Invalid, "resourceVersionMatch is forbidden unless resourceVersion is provided"),
        ("resourceVersion=0&resourceVersionMatch=Exact", Invalid, '"exact" is forbidden for resourceVersion "0"'),
        (f"resourceVersion=1&continue=x&{NOT_OLDER}", Invalid, "forbidden when continue is provided"),
        ("sendInitialEvents=true", Invalid, "sendInitialEvents is forbidden for list"),
        ("watch=1&sendInitialEvents=true", Invalid, "requires setting resourceVersionMatch to NotOlderThan"),
        (f"watch=1&{NOT_OLDER}", Invalid, "forbidden for watch unless sendInitialEvents is provided"),
        ("limit=%ff", BadRequest, "query string"),
    ],
)
def test_a_parameter_that_cannot_be_meant_is_named(params: str, error: type[ApiError], says: str) -> None:
    with pytest.raises(error) as refused:
        query.parse(params.encode())
    assert says in refused.value.message
