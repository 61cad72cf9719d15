"""Records as answers: the kept bytes where they are what the client wants, a table or bare metadata where asked.

Lists are put together from bytes; nothing is decoded unless a table's cells need it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from petset.api.kinds import Kind
from petset.api.objects import meta
from petset.apiserver.messages import Headers, Joined, Reply, warning_headers, written
from petset.apiserver.negotiate import JSON, LISTED, SINGLE, Form, answer
from petset.apiserver.routes import Request
from petset.apiserver.tables.rendering import Source, partial, table
from petset.registry.forms import stored_kind
from petset.registry.port import Registry, Selected
from petset.storage.port import Record


@dataclass(frozen=True)
class Renderer:
    """Writes what the registry gives in the form a request asks for, as seen at `now`."""

    registry: Registry
    now: datetime

    def one(self, request: Request, record: Record, *, status: int = 200, headers: Headers = ()) -> Reply:
        """A single object."""
        form = answer(request.accept, SINGLE)
        body = self.shaped(request, form, record)
        return _reply(request, form, body, status, headers)

    def shaped(self, request: Request, form: Form, record: Record, *, with_columns: bool = True) -> bytes:
        """One object in the form's shape, as JSON."""
        if form.shape == "Table":
            return table(
                request.kind,
                [self._source(request.kind, record)],
                self.now,
                list_metadata={"resourceVersion": str(record.revision)},
                include_object=request.query.include_object,
                with_columns=with_columns,
            )
        value = self.value(request.kind, record)
        return msgspec.json.encode(partial(value)) if form.shape else value

    def many(self, request: Request, selected: Selected, *, headers: Headers = ()) -> Reply:
        """A list."""
        form = answer(request.accept, LISTED)
        metadata = _list_metadata(selected)
        kind = request.kind
        body: bytes | Joined
        if form.shape == "Table":
            sources = (self._source(kind, record) for record in selected.records)
            include = request.query.include_object
            body = table(kind, sources, self.now, list_metadata=metadata, include_object=include)
        elif form.shape:
            items = [msgspec.json.encode(partial(self.value(kind, record))) for record in selected.records]
            body = _list("PartialObjectMetadataList", "meta.k8s.io/v1", metadata, items)
        else:
            items = self.registry.render_all(kind, selected.records)
            body = _list(kind.list_name, kind.api_version, metadata, items)
        return _reply(request, form, body, 200, headers)

    def view(self, request: Request, kind: Kind, obj: Any, *, headers: Headers = ()) -> Reply:
        """An object worked out from a stored one, such as a Scale: whole, as a table or as bare metadata."""
        form, value = answer(request.accept, SINGLE), msgspec.json.encode(obj)
        if form.shape == "Table":
            version = {"resourceVersion": meta(obj).resourceVersion}
            include = request.query.include_object
            value = table(kind, [Source(obj, value)], self.now, list_metadata=version, include_object=include)
        elif form.shape:
            value = msgspec.json.encode(partial(value))
        return _reply(request, form, value, 200, headers)

    def value(self, kind: Kind, record: Record) -> bytes:
        """The object's JSON."""
        return self.registry.render(kind, record)

    def _source(self, kind: Kind, record: Record) -> Source:
        """Cells are made of what is stored, whichever kind shows it."""
        return Source(self.registry.decode(stored_kind(kind), record), self.value(kind, record))


def document(request: Request, obj: Any, *, status: int = 200, headers: Headers = ()) -> Reply:
    """A document that is no stored object, such as a Status."""
    form = answer(request.accept, frozenset())
    return _reply(request, form, msgspec.json.encode(obj), status, headers)


def _list(kind: str, api_version: str, metadata: dict[str, Any], items: list[bytes]) -> Joined:
    head = msgspec.json.encode({"kind": kind, "apiVersion": api_version, "metadata": metadata})
    return Joined(head[:-1] + b',"items":[', items, b"]}")


def _list_metadata(selected: Selected) -> dict[str, Any]:
    metadata: dict[str, Any] = {"resourceVersion": selected.resource_version}
    if selected.continue_token:
        metadata["continue"] = selected.continue_token
    if selected.remaining:
        metadata["remainingItemCount"] = selected.remaining
    return metadata


def _reply(request: Request, form: Form, body: bytes | Joined, status: int, headers: Headers) -> Reply:
    kind = request.kind
    told = kind.deprecation if kind.custom is None else kind.custom.deprecation(kind)
    if told:
        headers = (*headers, *warning_headers([told]))
    if isinstance(body, Joined) and (form.media_type != JSON or request.query.pretty):
        body = body.whole()
    if isinstance(body, bytes):
        body = written(body, form.media_type, pretty=request.query.pretty)
    return Reply(body, status, form.media_type, headers)
