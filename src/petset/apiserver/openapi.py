"""OpenAPI, as far as kubectl needs it: which kinds there are, and that the server validates fields itself.

Before `kubectl apply` or `create` sends anything, kubectl asks `/openapi/v3` whether a kind's PATCH takes
`fieldValidation`; if so it leaves validation to the server. Each group version has its own document, found
through an index whose addresses carry a hash, so that clients keep them for ever.

Patches are typed as apply, merge and JSON patches: kubectl then works out its strategic merge patches from the
types it was built with. The documents are made when they are first asked for.
"""

import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import msgspec

from petset.api.kinds import KINDS, Kind, Kinds
from petset.apiserver.discovery import group_versions
from petset.apiserver.messages import Headers, Reply, written
from petset.apiserver.negotiate import NO_SHAPES, answer
from petset.apiserver.schemas import name_of_kind, schemas, type_of

_INFO = {"title": "Petset", "version": "v1.37.0"}
COMPONENTS = "#/components/schemas/"
_PATCH_TYPES = ("application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json")
_QUERY = ("dryRun", "fieldManager", "fieldValidation", "force", "pretty")
_FOR_EVER: Headers = ((b"cache-control", b"public, immutable"),)


class OpenApi:
    """Answers `/openapi/v3`, each document below it, and `/openapi/v2`."""

    def __init__(self, kinds: Kinds) -> None:
        self._kinds = kinds
        self._written = -1
        self._documents: dict[str, bytes] = {}
        self._index = self._swagger = b""

    async def get(self, path: str, query_string: bytes, accept: str) -> Reply | None:
        """The document at a path, or None. Raises NotAcceptable where only protobuf would do."""
        if not path.startswith("/openapi/"):
            return None
        self._write()
        if path == "/openapi/v3":
            return _reply(self._index, accept)
        if path == "/openapi/v2":
            return self._older(accept)
        document = self._documents.get(path.removeprefix("/openapi/v3/"))
        if document is None:
            return None
        return _reply(document, accept, _FOR_EVER if b"hash=" in query_string else ())

    def _older(self, accept: str) -> Reply:
        from petset.apiserver import swagger_protobuf  # only where somebody asks for the older form

        if swagger_protobuf.is_asked(accept):
            body = swagger_protobuf.encoded(_swagger(self._kinds.every()))
            return Reply(body, content_type=swagger_protobuf.MEDIA_TYPE)
        self._swagger = self._swagger or msgspec.json.encode(_swagger(self._kinds.every()))
        return _reply(self._swagger, accept)

    def _write(self) -> None:
        """Bring the documents up to what is served now; those of built-in groups are written once."""
        if self._written == self._kinds.version:
            return
        self._written, every = self._kinds.version, self._kinds.every()
        added = {kind.group for kind in self._kinds.custom()}
        self._documents = dict(_built_in()) if added.isdisjoint(kind.group for kind in KINDS) else {}
        self._documents |= _documents([kind for kind in every if kind.group in added or not self._documents])
        self._index = _index(self._documents)
        self._swagger = b""  # few ask for it


def _reply(document: bytes, accept: str, headers: Headers = ()) -> Reply:
    form = answer(accept, NO_SHAPES)
    return Reply(written(document, form.media_type), content_type=form.media_type, headers=headers)


@cache
def _built_in() -> dict[str, bytes]:
    return _documents(KINDS)


def _documents(every: Iterable[Kind]) -> dict[str, bytes]:
    """By what stands in the path behind `/openapi/v3/`: `api/v1`, `apis/apps/v1`."""
    found = {}
    for group, version, kinds in group_versions(every):
        where = f"apis/{group}/{version}" if group else f"api/{version}"
        found[where] = msgspec.json.encode(_group_version(where, kinds))
    return found


def _index(documents: Mapping[str, bytes]) -> bytes:
    paths = {
        where: {"serverRelativeURL": f"/openapi/v3/{where}?hash={hashlib.sha256(document).hexdigest().upper()}"}
        for where, document in documents.items()
    }
    return msgspec.json.encode({"paths": paths})


def _swagger(kinds: Iterable[Kind]) -> dict[str, Any]:
    return {"swagger": "2.0", "info": _INFO, "paths": {}, "definitions": schemas(kinds, "#/definitions/")}


def _group_version(where: str, kinds: list[Kind]) -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for kind in kinds:
        collection = (
            f"/{where}/namespaces/{{namespace}}/{kind.resource}" if kind.namespaced else f"/{where}/{kind.resource}"
        )
        where_it_is = [_path_parameter("namespace")] if kind.namespaced else []
        paths[collection] = {
            "parameters": where_it_is,
            "get": _operation(kind, "list"),
            "post": _operation(kind, "post", body=True),
        }
        paths[f"{collection}/{{name}}"] = {
            "parameters": [*where_it_is, _path_parameter("name")],
            "get": _operation(kind, "get"),
            "put": _operation(kind, "put", body=True),
            "patch": _operation(kind, "patch", body=True),
            "delete": _operation(kind, "delete"),
        }
    components = {"schemas": schemas(kinds, COMPONENTS)}
    return {"openapi": "3.0.0", "info": _INFO, "paths": paths, "components": components}


def _path_parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "uniqueItems": True}}


def _operation(kind: Kind, action: str, *, body: bool = False) -> dict[str, Any]:
    reference = {"$ref": COMPONENTS + name_of_kind(kind)}
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
