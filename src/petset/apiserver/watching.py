"""A watch as it goes over the wire: one JSON line per event, in a response that never ends by itself.

It ends when the client goes, the server stops, `timeoutSeconds` is over, or the client has fallen so far behind
that it must list again, which it is told by a last `ERROR` line with a 410 Status.

Bookmarks say how far the watch has come. They go out about once a minute, so that a client that resumes after a
quiet hour does not start from a version that is long forgotten, and once after the initial events where
`sendInitialEvents` asked for that.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from petset.aio.clock import Clock
from petset.api.errors import ApiError
from petset.apiserver.fanout import Fanout
from petset.apiserver.messages import Stream, Write
from petset.apiserver.negotiate import SINGLE, Form, answer
from petset.apiserver.race import race
from petset.apiserver.render import Renderer
from petset.apiserver.routes import Request
from petset.registry.port import ListOptions, Registry, Watch, WatchItem
from petset.storage.port import Record

BOOKMARK_SECONDS = 60.0
INITIAL_AT_ONCE = 100
"""So many objects leave together at the beginning: a whole collection would be copied as a whole."""
INITIAL_EVENTS_END = "k8s.io/initial-events-end"


def open_watch(request: Request, registry: Registry, clock: Clock, fanout: Fanout) -> Stream:
    """Open the watch now, so that a version that is too old is refused at once; stream it later."""
    form = answer(request.accept, SINGLE, yaml=False)
    initial, version = _initial(request, registry)
    options = ListOptions(labels=request.query.labels, fields=request.query.fields, resource_version=version)
    watch = registry.watch(request.kind, request.namespace, options)
    return Stream(_Session(request, registry, clock, fanout, form, watch, initial, version).run)


def _initial(request: Request, registry: Registry) -> tuple[Sequence[Record], str]:
    """What is there already where the client wants it first, and the version to watch from."""
    query = request.query
    wants_all = query.resource_version in ("", "0") if query.initial_events is None else query.initial_events
    if not wants_all and query.resource_version not in ("", "0"):
        return (), query.resource_version
    match = "NotOlderThan" if query.initial_events and query.resource_version else ""
    options = ListOptions(
        labels=query.labels,
        fields=query.fields,
        limit=0 if wants_all else 1,
        resource_version=query.resource_version if match else "",
        resource_version_match=match,
    )
    selected = registry.list(request.kind, request.namespace, options)
    return (selected.records if wants_all else ()), selected.resource_version


@dataclass
class _Session:
    """One open watch. Lines go out one at a time: a bookmark never overtakes the events it speaks for."""

    request: Request
    registry: Registry
    clock: Clock
    fanout: Fanout
    form: Form
    watch: Watch
    initial: Sequence[Record]
    version: str
    delivered: str = ""
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)
    _columns_sent: bool = False

    async def run(self, write: Write) -> None:
        """Send until something ends it."""
        contestants: list[Coroutine[Any, Any, None]] = [self._pump(write)]
        if self.request.query.bookmarks:
            contestants.append(self._bookmarks(write))
        if self.request.query.timeout_seconds is not None:
            contestants.append(self.clock.sleep(self.request.query.timeout_seconds))
        try:
            with self.fanout.one_more():
                await race(*contestants)
        finally:
            self.watch.close()

    async def _pump(self, write: Write) -> None:
        try:
            await self._send_initial(write)
            while True:
                items = await self._shown(await self.watch.next())
                version = self.watch.resource_version
                await self._send(write, self._lines(items), version)
                await self.clock.sleep(self.fanout.rest_seconds)
        except ApiError as error:  # it must list again, or a webhook does not say what it sees
            await write(_error_line(error))

    async def _shown(self, items: Sequence[WatchItem]) -> Sequence[WatchItem]:
        kind = self.request.kind
        if not (items and kind.converts):
            return items
        records = await self.registry.shown(kind, [item.record for item in items])
        return [WatchItem(item.type, record) for item, record in zip(items, records, strict=True)]

    async def _send_initial(self, write: Write) -> None:
        initial, self.initial = self.initial, ()
        for start in range(0, len(initial), INITIAL_AT_ONCE):
            part = await self.registry.shown(self.request.kind, initial[start : start + INITIAL_AT_ONCE])
            await self._send(write, b"".join([self._line(WatchItem("ADDED", each)) for each in part]), "")
        end = b""
        if self.request.query.initial_events and self.request.query.bookmarks:
            end = self._bookmark(self.version, {INITIAL_EVENTS_END: "true"})
        await self._send(write, end, self.version)

    def _lines(self, items: Sequence[WatchItem]) -> bytes:
        if self.form.shape:
            return b"".join(map(self._line, items))
        query = self.request.query
        kind = self.request.kind
        selection = (kind.group, kind.version, kind.resource, self.request.namespace, query.labels, query.fields)
        return self.fanout.piece(selection, items, self._line)

    async def _send(self, write: Write, lines: bytes, version: str) -> None:
        """`version` is what a bookmark may say from now on; empty as long as it may say nothing."""
        async with self._one_at_a_time:
            if lines:
                await write(lines)
            self.delivered = version

    async def _bookmarks(self, write: Write) -> None:
        while True:
            await self.clock.sleep(BOOKMARK_SECONDS)
            async with self._one_at_a_time:
                if self.delivered:
                    await write(self._bookmark(self.delivered, {}))

    def _line(self, item: WatchItem) -> bytes:
        record = item.record
        value = self._shaped(record) if self.form.shape else self.registry.render(self.request.kind, record)
        return b"".join((b'{"type":"', item.type.encode(), b'","object":', value, b"}\n"))

    def _shaped(self, record: Record) -> bytes:
        """The object as a row or as bare metadata; columns go with the first row alone."""
        renderer = Renderer(self.registry, self.clock.now())
        with_columns, self._columns_sent = not self._columns_sent, True
        return renderer.shaped(self.request, self.form, record, with_columns=with_columns)

    def _bookmark(self, version: str, annotations: dict[str, str]) -> bytes:
        metadata: dict[str, Any] = {"resourceVersion": version, "creationTimestamp": None}
        if annotations:
            metadata["annotations"] = annotations
        kind = self.request.kind
        if not self.form.shape:
            value = _object(kind.name, kind.api_version, metadata)
        else:
            value = _object("PartialObjectMetadata", "meta.k8s.io/v1", metadata)
        if self.form.shape == "Table":
            value = self._one_row(version, value)
        return b'{"type":"BOOKMARK","object":' + value + b"}\n"

    def _one_row(self, version: str, value: bytes) -> bytes:
        """A table whose only row has no cells to show, just the metadata that carries the bookmark."""
        return msgspec.json.encode(
            {
                "kind": "Table",
                "apiVersion": "meta.k8s.io/v1",
                "metadata": {"resourceVersion": version},
                "columnDefinitions": None,
                "rows": [{"cells": [], "object": msgspec.Raw(value)}],
            }
        )


def _object(kind: str, api_version: str, metadata: dict[str, Any]) -> bytes:
    return msgspec.json.encode({"kind": kind, "apiVersion": api_version, "metadata": metadata})


def _error_line(error: ApiError) -> bytes:
    return b'{"type":"ERROR","object":' + msgspec.json.encode(error.status()) + b"}\n"
