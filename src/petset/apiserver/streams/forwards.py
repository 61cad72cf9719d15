"""Ports of a pod, reached through the API: `kubectl port-forward`.

Two protocols carry them over a WebSocket. kubectl speaks SPDY inside it, with a pair of streams for each connection
and as many connections as it likes. The Python clients' channels are simpler: two for each port named in the query,
one connection each, and the port's number as the first two bytes of both. Who offers no protocol means these.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any

from petset.aio.tasks import Supervisor
from petset.api.errors import BadRequest
from petset.apiserver.query import Parameters
from petset.apiserver.race import race
from petset.apiserver.routes import Request
from petset.apiserver.streams import channels, pods, spdy
from petset.apiserver.streams.conduits import Conduit, Dial
from petset.node.streams import NodeStreams
from petset.registry.port import Registry

TUNNEL = "SPDY/3.1+portforward.k8s.io"
MOST_PORTS = 64

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
Session = Callable[[Receive, Send], Coroutine[Any, Any, None]]
"""Carries something over a WebSocket from its acceptance to its end."""


def open_forward(
    request: Request, subprotocols: Sequence[str], registry: Registry, streams: Mapping[str, NodeStreams]
) -> Session:
    """The session in the best protocol both sides speak. Raises ApiError."""
    pod = pods.load(request, registry)
    dial = partial(pods.agent_of(pod, streams).dial, request.namespace, request.name)
    if TUNNEL in subprotocols:
        return _Tunnel(dial).serve
    if channels.V4 in subprotocols or not subprotocols:
        return _Channels(dial, _ports(request.raw_query), channels.V4 if subprotocols else None).serve
    spoken = [TUNNEL, channels.V4]
    raise BadRequest(f"unable to upgrade: offered protocols {list(subprotocols)}, this server speaks {spoken}")


def _ports(query_string: bytes) -> list[int]:
    """`ports=80&ports=81`, or `ports=80,81`. Raises BadRequest."""
    texts = [text for value in Parameters(query_string).texts("ports") for text in value.split(",")]
    if not texts or len(texts) > MOST_PORTS:
        raise BadRequest(f'query parameter "ports" must name from one to {MOST_PORTS} ports')
    return [port_of(text) for text in texts]


def port_of(text: str) -> int:
    """Raises BadRequest for what is no port."""
    if not (text.isascii() and text.isdigit() and 0 < int(text[:6]) < 65536):
        raise BadRequest(f"unable to parse {text!r} as a port: it must be a number from 1 to 65535")
    return int(text)


async def _messages(receive: Receive, take: Callable[[bytes], Awaitable[None]]) -> None:
    """Hand on each message until the client is gone."""
    while (message := await receive())["type"] != "websocket.disconnect":
        await take(message.get("bytes") or (message.get("text") or "").encode())


class _Channels:
    """One connection for each port: channel 2n carries its bytes, 2n+1 what went wrong."""

    def __init__(self, dial: Dial, ports: Sequence[int], protocol: str | None) -> None:
        self._protocol = protocol
        self._ports = ports
        self._dial = dial
        self._conduits: list[Conduit] = []

    async def serve(self, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept", "subprotocol": self._protocol})
        for number, port in enumerate(self._ports):
            for channel in (2 * number, 2 * number + 1):
                await send(_message(channels.frame(channel, port.to_bytes(2, "little"))))
            self._conduits.append(Conduit(self._dial, port, _ChannelPair(send, 2 * number)))
        await race(_messages(receive, self._take), self._run_all(send))

    async def _run_all(self, send: Send) -> None:
        async with Supervisor("port-forward") as tasks:
            running = [tasks.start("connection", conduit.run()) for conduit in self._conduits]
            await asyncio.wait(running)
        await send({"type": "websocket.close", "code": 1000})

    async def _take(self, data: bytes) -> None:
        if len(data) > 1 and not data[0] % 2 and data[0] // 2 < len(self._conduits):
            await self._conduits[data[0] // 2].feed(data[1:])


class _ChannelPair:
    """The client's end of one port."""

    def __init__(self, send: Send, channel: int) -> None:
        self._send = send
        self._channel = channel

    async def data(self, data: bytes) -> None:
        await self._send(_message(channels.frame(self._channel, data)))

    async def end(self, error: str) -> None:
        if error:
            await self._send(_message(channels.frame(self._channel + 1, error.encode())))


class _Tunnel:
    """SPDY inside the WebSocket. A connection is an error stream and then a data stream of one request id."""

    def __init__(self, dial: Dial) -> None:
        self._dial = dial
        self._spdy = spdy.Spdy()
        self._errors: dict[str, int] = {}
        self._conduits: dict[int, Conduit] = {}
        self._tasks = Supervisor("port-forward")

    async def serve(self, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept", "subprotocol": TUNNEL})
        async with self._tasks:
            await _messages(receive, partial(self._take, send))

    async def _take(self, send: Send, data: bytes) -> None:
        for event in self._spdy.receive(data):
            match event:
                case spdy.Opened(stream, headers):
                    await self._open(send, stream, headers)
                case spdy.Data(stream, chunk, ended) if stream in self._conduits:
                    if chunk:
                        await self._conduits[stream].feed(chunk)
                    if ended:
                        await self._conduits[stream].feed(b"")
                case spdy.Reset(stream):
                    self._conduits.pop(stream, None)
                case spdy.Ping(frame):
                    await send(_message(frame))

    async def _open(self, send: Send, stream: int, headers: Mapping[str, str]) -> None:
        request, kind = headers.get("requestid", ""), headers.get("streamtype", "")
        if kind == "error":
            self._errors[request] = stream
        elif kind != "data" or request not in self._errors:
            await send(_message(self._spdy.reset(stream)))
            return
        await send(_message(self._spdy.reply(stream)))
        if kind == "data":
            pair = _StreamPair(self._spdy, send, stream, self._errors.pop(request))
            conduit = self._conduits[stream] = Conduit(self._dial, port_of(headers.get("port", "")), pair)
            self._tasks.start(f"connection {request}", self._run(stream, conduit))

    async def _run(self, stream: int, conduit: Conduit) -> None:
        try:
            await conduit.run()
        finally:
            self._conduits.pop(stream, None)


class _StreamPair:
    """The client's end of one connection."""

    def __init__(self, framer: spdy.Spdy, send: Send, stream: int, error_stream: int) -> None:
        self._spdy = framer
        self._send = send
        self._stream = stream
        self._error_stream = error_stream

    async def data(self, data: bytes) -> None:
        await self._send(_message(self._spdy.data(self._stream, data)))

    async def end(self, error: str) -> None:
        await self._send(_message(self._spdy.data(self._error_stream, error.encode(), ended=True)))
        await self._send(_message(self._spdy.data(self._stream, b"", ended=True)))


def _message(data: bytes) -> dict[str, Any]:
    return {"type": "websocket.send", "bytes": data}
