"""OpenAPI, as far as kubectl needs it: which kinds there are, and that the server validates fields itself.

Before `kubectl apply` or `create` sends anything, kubectl asks `/openapi/v3` whether a kind's PATCH takes
`fieldValidation`; if so it leaves validation to the server. Each group version has its own document, found
through an index whose addresses carry a hash, so that clients keep them for ever.

Patches are typed as apply, merge and JSON patches: kubectl then works out its strategic merge patches from the
types it was built with. The documents are made when they are first asked for.
"""

import hashlib
from functools import cache
from typing import Any

import msgspec

from petset.api.kinds import KINDS, Kind
from petset.apiserver.discovery import group_versions
from petset.apiserver.messages import Headers, Reply, written
from petset.apiserver.negotiate import NO_SHAPES, answer
from petset.apiserver.schemas import name_of, schemas, type_of

_INFO = {"title": "Petset", "version": "v1.37.0"}
COMPONENTS = "#/components/schemas/"
_PATCH_TYPES = ("application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json")
_QUERY = ("dryRun", "fieldManager", "fieldValidation", "force", "pretty")
_FOR_EVER: Headers = ((b"cache-control", b"public, immutable"),)


class OpenApi:
    """Answers `/openapi/v3`, each document below it, and `/openapi/v2`."""

    async def get(self, path: str, query_string: bytes, accept: str) -> Reply | None:
        """The document at a path, or None. Raises NotAcceptable where only protobuf would do."""
        if path == "/openapi/v3":
            return _reply(_index(), accept)
        if path == "/openapi/v2":
            return _reply(_swagger(), accept)
        document = _documents().get(path.removeprefix("/openapi/v3/")) if path.startswith("/openapi/v3/") else None
        if document is None:
            return None
        return _reply(document, accept, _FOR_EVER if b"hash=" in query_string else ())


def _reply(document: bytes, accept: str, headers: Headers = ()) -> Reply:
    form = answer(accept, NO_SHAPES)
    return Reply(written(document, form.media_type), content_type=form.media_type, headers=headers)


@cache
def _documents() -> dict[str, bytes]:
    """By what stands in the path behind `/openapi/v3/`: `api/v1`, `apis/apps/v1`."""
    found = {}
    for group, version, kinds in group_versions():
        where = f"apis/{group}/{version}" if group else f"api/{version}"
        found[where] = msgspec.json.encode(_group_version(where, kinds))
    return found


@cache
def _index() -> bytes:
    paths = {
        where: {"serverRelativeURL": f"/openapi/v3/{where}?hash={hashlib.sha256(document).hexdigest().upper()}"}
        for where, document in _documents().items()
    }
    return msgspec.json.encode({"paths": paths})


@cache
def _swagger() -> bytes:
    definitions = schemas(KINDS, "#/definitions/")
    document = {"swagger": "2.0", "info": _INFO, "paths": {}, "definitions": definitions}
    return msgspec.json.encode(document)


def _group_version(where: str, kinds: list[Kind]) -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for kind in kinds:
        collection = (
            f"/{where}/namespaces/{{namespace}}/{kind.resource}" if kind.namespaced else f"/{where}/{kind.resource}"
        )
        paths[collection] = {"get": _operation(kind, "list"), "post": _operation(kind, "post", body=True)}
        paths[f"{collection}/{{name}}"] = {
            "get": _operation(kind, "get"),
            "put": _operation(kind, "put", body=True),
            "patch": _operation(kind, "patch", body=True),
            "delete": _operation(kind, "delete"),
        }
    components = {"schemas": schemas(kinds, COMPONENTS)}
    return {"openapi": "3.0.0", "info": _INFO, "paths": paths, "components": components}


def _operation(kind: Kind, action: str, *, body: bool = False) -> dict[str, Any]:
    reference = {"$ref": COMPONENTS + name_of(kind.model)}
    operation: dict[str, Any] = {
        "parameters": [_parameter(name) for name in _QUERY] if body else [],
        "responses": {"200": {"description": "OK", "content": {"application/json": {"schema": reference}}}},
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": type_of(kind),
    }
    if action == "patch":
        operation["requestBody"] = {"content": {media: {"schema": {"type": "object"}} for media in _PATCH_TYPES}}
    elif body:
        operation["requestBody"] = {"content": {"application/json": {"schema": reference}}}
    return operation


def _parameter(name: str) -> dict[str, Any]:
    schema = {"type": "boolean" if name == "force" else "string", "uniqueItems": True}
    return {"name": name, "in": "query", "schema": schema}
