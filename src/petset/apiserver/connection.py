"""One connection of a client: its requests parsed by llhttp, answered one after the other, in the order they came.

Our own instead of uvicorn's, which took half of the time of a small answer (docs/decisions). What it must not let a
client do: keep us waiting for a head without end, fill our memory with what nobody asked for, or have its requests
overtake each other. A read that needs to wait for nothing is answered at once, without a task.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import unquote

import httptools

from petset.apiserver import wire
from petset.apiserver.authenticate import PEER, Peer
from petset.apiserver.exchange import Exchange
from petset.apiserver.messages import PIECE_BYTES, Joined
from petset.apiserver.tls import peer_of
from petset.apiserver.turns import Turns

MAX_HEAD_BYTES = 1024 * 1024
HEAD_SECONDS = 30.0
"""How long a client may take from connecting, or from a head's first byte, to its end (at most twice that)."""
KEEP_ALIVE_SECONDS = 180.0
_JOIN_BELOW_BYTES = 16 * 1024
"""What is smaller is copied behind its head, to be one TLS record with it."""
_MOST_WAITING = 16
"""So many requests may wait behind one that is being answered until the client is kept from sending more."""

_log = logging.getLogger("petset.apiserver")


class Application(Protocol):
    """An ASGI application that answers some requests at once, and can be told that the server is about to stop."""

    def __call__(self, scope: Any, receive: Any, send: Any) -> Coroutine[Any, Any, None]: ...

    def at_once(self, scope: Any) -> tuple[int, list[wire.Header], bytes | Joined] | None:
        """Status, headers and body of an answer that nothing has to be waited for; None for all others."""
        ...

    def begin_shutdown(self) -> None: ...


@dataclass
class Live:
    """What a server has going on: its open connections, and a task for each request that takes its time."""

    connections: set[Any] = field(default_factory=set)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    turns: Turns = field(default_factory=Turns)


class Connection(asyncio.Protocol):
    """An asyncio protocol. `upgrade` makes the one that takes over a connection that becomes a WebSocket."""

    def __init__(self, app: Application, live: Live, upgrade: Callable[[Any], Any]) -> None:
        self._app = app
        self._live = live
        self._upgrade = upgrade
        self._loop = asyncio.get_running_loop()
        self.transport: asyncio.Transport
        self._parser: httptools.HttpRequestParser
        self._state: dict[str, Peer | None] = {}
        self._waiting: deque[Exchange] = deque()
        self._current: Exchange | None = None
        self._held = False
        self._drained: asyncio.Future[None] | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._since = 0.0
        self._in_head = True
        self._head_bytes = 0
        self._receiving: Exchange | None = None
        self._url = b""
        self._headers: list[wire.Header] = []

    # What the transport calls.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Note the peer, and start to wait for a request."""
        self.transport = transport
        self._parser = httptools.HttpRequestParser(self)
        self._live.connections.add(self)
        tls = transport.get_extra_info("ssl_object")
        self._state = {PEER: peer_of(tls.getpeercert()) if tls is not None else None}
        self._since = self._loop.time()
        self._patience = self._loop.call_later(HEAD_SECONDS, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever still answers is told that nobody listens."""
        for exchange in (self._current, self._receiving, *self._waiting):
            if exchange is not None and not exchange.complete:
                exchange.disconnect()
        self._let_go()
        self.resume_writing()

    def data_received(self, data: bytes) -> None:
        """Parse, and cut off a head that is too long."""
        if self._in_head:
            self._head_bytes += len(data)
        while data:
            try:
                self._parser.feed_data(data)
                break
            except httptools.HttpParserUpgrade as upgrade:
                if self._is_websocket():
                    self._become_websocket()
                    return
                data = data[upgrade.args[0] :]  # an upgrade to what we do not speak is answered as if not asked for
            except httptools.HttpParserError:
                self._refuse("Invalid HTTP request received.")
                return
        if self._in_head and self._head_bytes > MAX_HEAD_BYTES:
            self._refuse("The head of the request is too long.")

    def pause_writing(self) -> None:
        """The client does not read as fast as we write."""
        if self._drained is None:
            self._drained = self._loop.create_future()

    def resume_writing(self) -> None:
        """It has caught up, or is gone."""
        drained, self._drained = self._drained, None
        if drained is not None and not drained.done():
            drained.set_result(None)

    # What the parser calls.

    def on_message_begin(self) -> None:
        """A request begins."""
        self._url, self._headers = b"", []
        self._since = self._loop.time()
        self._in_head = True

    def on_url(self, url: bytes) -> None:
        """Its target, maybe in pieces."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """The head is here; how long the body may take is the application's affair."""
        self._in_head, self._head_bytes = False, 0
        version = self._parser.get_http_version()
        path, query = _target(self._url)
        scope = {
            "type": "http",
            "http_version": version,
            "method": self._parser.get_method().decode("ascii"),
            "path": path,
            "query_string": query,
            "headers": self._headers,
            "state": self._state,
        }
        expected = (b"expect", b"100-continue") in self._headers
        keep_alive = version != "1.0" and self._parser.should_keep_alive()
        self._receiving = Exchange(self, scope, keep_alive=keep_alive, expected=expected)
        if expected:
            self._take(self._receiving)  # the body comes once the application asks for it

    def on_body(self, body: bytes) -> None:
        """A part of the body: the application may begin, and refuse the rest."""
        exchange = self._receiving
        if exchange is not None and not exchange.complete:
            exchange.feed(body)
            self._take(exchange)

    def on_message_complete(self) -> None:
        """The request is whole."""
        exchange, self._receiving = self._receiving, None
        if exchange is None or exchange.complete or self.transport.is_closing():
            return
        if self._parser.should_upgrade() and self._is_websocket():
            return
        exchange.end()
        # Whoever asks on without reading the answers has to wait until they are taken.
        if self._current is not None or self._drained is not None or not self._answer_at_once(exchange):
            self._take(exchange)

    # What the exchanges call.

    def write(self, head: bytes, body: bytes = b"") -> None:
        """Send, in one piece where that costs little."""
        if len(body) < _JOIN_BELOW_BYTES:
            self.transport.write(head + body if head else body)
        elif head:
            self.transport.writelines((head, body))
        else:
            self.transport.write(body)

    async def drained(self) -> None:
        """Return once the client has taken most of what was written."""
        if self._drained is not None:
            await asyncio.shield(self._drained)

    def hold(self) -> None:
        """Keep the client from sending more."""
        if not self._held:
            self._held = True
            self.transport.pause_reading()

    def go_on(self) -> None:
        """Let the client send again."""
        if self._held and len(self._waiting) < _MOST_WAITING:
            self._held = False
            self.transport.resume_reading()

    def answered(self, exchange: Exchange) -> None:
        """The current request has its answer: on with the next, or wait for one."""
        if self.transport.is_closing():
            return
        if not exchange.keep_alive:
            self.transport.close()
            return
        self._since = self._loop.time()
        self._current = None
        if self._waiting:
            self._begin(self._waiting.popleft())
        self.go_on()

    def shutdown(self) -> None:
        """Close as soon as the current request has its answer."""
        if self._current is None:
            self.transport.close()
        else:
            self._current.keep_alive = False

    # How it goes on.

    def _answer_at_once(self, exchange: Exchange) -> bool:
        answer = self._app.at_once(exchange.scope)
        if answer is None:
            return False
        status, headers, body = answer
        if not exchange.keep_alive:
            headers.append(wire.CLOSE)
        head = wire.head(status, headers)
        if exchange.scope["method"] == "HEAD":
            body = b""
        elif isinstance(body, Joined) and body.size_bytes > PIECE_BYTES:
            self._begin(exchange, self._send_pieces(exchange, head, body))
            return True
        self.write(head, body if isinstance(body, bytes) else body.whole())
        exchange.answered()
        return True

    async def _send_pieces(self, exchange: Exchange, head: bytes, body: Joined) -> None:
        await self._live.turns.take()
        for piece in body.pieces():
            if exchange.complete:
                return
            self.write(head, piece)
            head = b""
            await self.drained()
        exchange.answered()

    def _take(self, exchange: Exchange) -> None:
        """Answer the request now, or after those that came before it; one that is taken already stays so."""
        if self._current is None:
            self._begin(exchange)
        elif exchange is not self._current and exchange not in self._waiting:
            self._waiting.append(exchange)
            if len(self._waiting) >= _MOST_WAITING:
                self.hold()

    def _begin(self, exchange: Exchange, work: Coroutine[Any, Any, None] | None = None) -> None:
        self._current = exchange
        work = work or self._app(exchange.scope, exchange.receive, exchange.send)
        task = self._loop.create_task(self._run(exchange, work), name="request")
        self._live.tasks.add(task)
        task.add_done_callback(self._live.tasks.discard)

    async def _run(self, exchange: Exchange, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception:
            _log.exception("%s %s was not answered", exchange.scope["method"], exchange.scope["path"])
        finally:
            if not exchange.complete:
                self.transport.close()

    def _refuse(self, why: str) -> None:
        self._in_head = False
        if not self.transport.is_closing():
            self.transport.write(wire.refusal(why))
            self.transport.close()

    def _is_websocket(self) -> bool:
        headers = dict(self._headers)
        options = [option.strip().lower() for option in headers.get(b"connection", b"").split(b",")]
        return b"upgrade" in options and headers.get(b"upgrade", b"").lower() == b"websocket"

    def _become_websocket(self) -> None:
        """Hand the connection over, beginning with the request as it came."""
        self._let_go()
        lines = [b"GET " + self._url + b" HTTP/1.1", *(b": ".join(header) for header in self._headers)]
        protocol = self._upgrade(self._state)
        protocol.connection_made(self.transport)
        protocol.data_received(b"\r\n".join([*lines, b"", b""]))
        self.transport.set_protocol(protocol)

    def _look(self) -> None:
        """Whether the client has kept us waiting for too long. One timer a connection, not one a request."""
        now = self._loop.time()
        busy = self._current is not None
        patience = HEAD_SECONDS if self._in_head or self._receiving is not None else KEEP_ALIVE_SECONDS
        if not busy and now - self._since >= patience:
            self.transport.close()
            return
        self._patience = self._loop.call_later(HEAD_SECONDS, self._look)

    def _let_go(self) -> None:
        """Nothing more comes from the client. With what leads back here gone, counting references frees the rest.

        That is a quarter of a megabyte of TLS buffers, which would else wait for Python's collector.
        """
        self._live.connections.discard(self)
        if self._patience is not None:
            self._patience.cancel()
        self._waiting.clear()
        self._patience = self._current = self._receiving = None
        del self._parser


def _target(url: bytes) -> tuple[str, bytes]:
    """Path and query of a request's target, which may be a whole URL. Raises ValueError, told as a bad request."""
    if url.startswith(b"/"):
        raw, _, query = url.partition(b"?")
        query = query.partition(b"#")[0]
    else:
        parsed = httptools.parse_url(url)
        raw, query = parsed.path or b"/", parsed.query or b""
    path = raw.decode("ascii")
    return (unquote(path) if "%" in path else path), query
