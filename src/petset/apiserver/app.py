"""The ASGI application: one request from its first byte to its last, whatever happens in between.

In this order: find out who asks, read the body (at most 3 MiB), what they ask, whether they may, and answer. Every
refusal is an `ApiError` and leaves as a `Status`; anything else is a mistake of ours, is logged under an id, and
leaves as a 500 `Status` that names the id.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from petset.aio.clock import Clock
from petset.api.errors import ApiError
from petset.api.kinds import Kinds
from petset.apiserver import routes
from petset.apiserver.access import Access
from petset.apiserver.authenticate import Authenticator, User
from petset.apiserver.authorize import Rbac
from petset.apiserver.calls import (
    Call,
    HeaderList,
    Receive,
    Send,
    call_of,
    packed,
    read_body,
    refuse_websocket,
    send_reply,
    until_gone,
)
from petset.apiserver.discovery import Discovery
from petset.apiserver.gate import RulesGate
from petset.apiserver.handlers import Handlers, Reviews
from petset.apiserver.health import Check, Health
from petset.apiserver.messages import Joined, Reply, Stream, status_reply
from petset.apiserver.openapi import OpenApi
from petset.apiserver.race import race
from petset.apiserver.streams.forwards import Session
from petset.apiserver.streams.proxies import Relay
from petset.node.streams import NodeStreams
from petset.node.tokens import Tokens
from petset.registry.port import Registry

T = TypeVar("T")

_READS = ("GET", "HEAD")
_log = logging.getLogger("petset.apiserver")


class Page(Protocol):
    """Answers some paths that are no resources."""

    async def get(self, path: str, query_string: bytes, accept: str) -> Reply | None:
        """What is at the path, or None where this page has nothing there."""
        ...


@dataclass(frozen=True)
class Options:
    """What a composition root may choose beyond the defaults.

    `pages` are further paths to answer; `tokens` issues those of service accounts; `rules` are shared with others.
    """

    checks: tuple[Check, ...] = ()
    version: str = "0"
    pages: tuple[Page, ...] = ()
    tokens: Tokens | None = None
    rules: Rbac | None = None


def create_app(
    registry: Registry,
    streams: Mapping[str, NodeStreams],
    authenticator: Authenticator,
    clock: Clock,
    new_id: Callable[[], str],
    options: Options | None = None,
) -> "App":
    """The whole API as one ASGI application. `streams` finds a node's agent by the node's name."""
    options = options or Options()
    kinds = registry.kinds
    handlers = Handlers(registry, streams, clock, options.tokens)
    found = (Discovery(options.version, kinds), Health(options.checks), OpenApi(kinds))
    rules = options.rules or Rbac(registry)
    registry.judge_rights_by(rules.decide)
    gate = RulesGate(registry, rules, rules.nodes)
    site = Site(kinds, handlers, Reviews(authenticator, rules), (*found, *options.pages))
    return App(site, Access(authenticator, rules, gate), clock, new_id)


@dataclass(frozen=True)
class Site:
    """What there is to be asked for, and who answers."""

    kinds: Kinds
    handlers: Handlers
    reviews: Reviews
    pages: tuple[Page, ...]


class App:
    """The application. Made by `create_app`."""

    def __init__(self, site: Site, access: Access, clock: Clock, new_id: Callable[[], str]) -> None:
        self._kinds = site.kinds
        self._handlers = site.handlers
        self._reviews = site.reviews
        self._pages = site.pages
        self._access = access
        self._clock = clock
        self._new_id = new_id
        self._stopping = asyncio.Event()

    def begin_shutdown(self) -> None:
        """End every open watch and stream soon; plain requests still get their answer."""
        self._stopping.set()

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """ASGI."""
        call = call_of(scope, self._new_id(), self._clock.now())
        if scope["type"] == "websocket":
            await self._websocket(call, receive, send)
            return
        answer = await self._guarded(call, self._answer(call, receive))
        if isinstance(answer, Stream):
            await self._send_stream(call, answer, receive, send)
        elif isinstance(answer, Relay):
            await self._relay(call, answer, receive, send)
        else:
            await send_reply(call, answer, send)

    def at_once(self, scope: Any) -> tuple[int, HeaderList, bytes | Joined] | None:
        """Status, headers and body of a read that nothing has to be waited for; None for everything else."""
        if scope["method"] not in _READS or not routes.is_resource(scope["path"]):
            return None
        call = call_of(scope, self._new_id(), self._clock.now())
        try:
            user = self._access.who(call)
            request = self._access.check(user, self._request(call, user))
            reply = self._handlers.read(request)
        except Exception as error:
            reply = self._failure(call, error)
        return None if reply is None else (reply.status, *packed(call, reply))

    async def _guarded(self, call: Call, work: Awaitable[T]) -> T | Reply:
        """The work's answer, or its failure as a Status."""
        try:
            return await work
        except Exception as error:
            return self._failure(call, error)

    def _failure(self, call: Call, error: Exception) -> Reply:
        if isinstance(error, ApiError):
            return status_reply(error)
        _log.error("%s %s failed; audit id %s", call.method, call.path, call.id, exc_info=error)
        text = f"Internal error occurred: the server's log says more under the audit id {call.id}"
        return status_reply(ApiError(text))

    async def _answer(self, call: Call, receive: Receive) -> Reply | Stream | Relay:
        user = self._access.who(call)
        if not routes.is_resource(call.path):
            return await self._document(call, user)
        through = routes.proxied(call.path) is not None
        if call.method == "OPTIONS" and not through:
            allowed = ", ".join(routes.methods_at(self._kinds, call.path)).encode()
            return Reply(b"", 200, headers=((b"allow", allowed),))
        body = b"" if call.method in _READS or through else await read_body(receive)
        request = self._access.check(user, self._request(call, user, body))
        if request.kind.is_question:
            return self._reviews.answer(user, request)
        if through:
            return await self._handlers.open_proxy(request, call)
        return await self._handlers.handle(request)

    def _request(self, call: Call, user: User, body: bytes = b"") -> routes.Request:
        return routes.parse(
            self._kinds,
            call.method,
            call.path,
            call.scope["query_string"],
            content_type=call.header(b"content-type"),
            accept=call.header(b"accept"),
            user_agent=call.header(b"user-agent"),
            body=body,
            user=user,
        )

    async def _document(self, call: Call, user: User) -> Reply:
        self._access.check_path(user, call)
        for page in self._pages:
            reply = await page.get(call.path, call.scope["query_string"], call.header(b"accept"))
            if reply is not None and call.method in ("GET", "HEAD"):
                return reply
            if reply is not None:
                raise routes.no_such_method()
        raise routes.no_such_path()

    async def _send_stream(self, call: Call, stream: Stream, receive: Receive, send: Send) -> None:
        async def write(chunk: bytes) -> None:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})

        headers = call.common_headers(stream.content_type)
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await write(b"")  # the head goes out before there is anything to tell
        try:
            await race(stream.run(write), until_gone(receive), self._stopping.wait())
        except Exception:
            _log.exception("%s %s broke off; audit id %s", call.method, call.path, call.id)
        await send({"type": "http.response.body", "body": b""})

    async def _relay(self, call: Call, relay: Relay, receive: Receive, send: Send) -> None:
        """An answer that breaks off is left incomplete: the connection ends with it."""
        try:
            await race(relay.run(receive, send), self._stopping.wait())
        except Exception as error:
            _log.info("%s %s broke off: %s; audit id %s", call.method, call.path, error, call.id)

    async def _websocket(self, call: Call, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        answer = await self._guarded(call, self._open_websocket(call))
        if isinstance(answer, Reply):
            await refuse_websocket(call, answer, send)
            return
        try:
            await race(answer(receive, send), self._stopping.wait())
        except Exception:
            _log.exception("%s broke off; audit id %s", call.path, call.id)

    async def _open_websocket(self, call: Call) -> Session:
        user = self._access.who(call)
        if not routes.is_resource(call.path):
            raise routes.no_such_path()
        through = routes.proxied(call.path) is not None
        request = self._access.check(user, self._request(call, user), upgrade=not through)
        return await self._handlers.open_websocket(request, call)
