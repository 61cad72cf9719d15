"""A WebSocket carried to a pod by a proxy: message by message, so that each side keeps its own framing."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from petset.api.errors import Unavailable
from petset.apiserver.calls import Receive, Send
from petset.apiserver.race import race
from petset.apiserver.streams.proxies import CHUNK_BYTES, UNREACHED, Relay

if TYPE_CHECKING:
    from wsproto import WSConnection

_BROKEN_OFF = 1011
"""The code of a socket whose other end is gone without a word."""


class SocketRelay:
    """Made by `open_socket`: the pod has accepted. `serve` carries messages until one side ends it."""

    def __init__(
        self,
        talk: "WSConnection",
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        subprotocol: str | None,
    ) -> None:
        self._talk = talk
        self._reader, self._writer = streams
        self._subprotocol = subprotocol

    async def serve(self, receive: Receive, send: Send) -> None:
        try:
            await send({"type": "websocket.accept", "subprotocol": self._subprotocol})
            await race(self._to_pod(receive), self._from_pod(send))
        finally:
            await _let_go(self._writer)

    async def _to_pod(self, receive: Receive) -> None:
        from wsproto.events import BytesMessage, CloseConnection, TextMessage

        with contextlib.suppress(OSError):
            while (message := await receive())["type"] == "websocket.receive":
                text, data = message.get("text"), message.get("bytes")
                event = TextMessage(data=text) if text is not None else BytesMessage(data=data or b"")
                self._writer.write(self._talk.send(event))
                await self._writer.drain()
            self._writer.write(self._talk.send(CloseConnection(code=message.get("code", 1000))))
            await self._writer.drain()

    async def _from_pod(self, send: Send) -> None:
        from wsproto.events import BytesMessage, CloseConnection, Ping, TextMessage

        text, data = "", b""
        while True:
            for event in self._talk.events():
                if isinstance(event, Ping):
                    self._writer.write(self._talk.send(event.response()))
                elif isinstance(event, CloseConnection):
                    await send({"type": "websocket.close", "code": event.code, "reason": event.reason or ""})
                    return
                elif isinstance(event, TextMessage):
                    text += event.data
                    if event.message_finished:
                        await send({"type": "websocket.send", "text": text})
                        text = ""
                elif isinstance(event, BytesMessage):
                    data += event.data
                    if event.message_finished:
                        await send({"type": "websocket.send", "bytes": data})
                        data = b""
            chunk = await self._reader.read(CHUNK_BYTES)
            if not chunk:
                await send({"type": "websocket.close", "code": _BROKEN_OFF})
                return
            self._talk.receive_data(chunk)


async def open_socket(relay: Relay, subprotocols: Sequence[str]) -> SocketRelay:
    """Ask the pod for a WebSocket. Raises Unavailable where it wants none."""
    from wsproto import ConnectionType, WSConnection
    from wsproto.events import Request
    from wsproto.utilities import ProtocolError

    headers = [(name, value) for name, value in relay.headers() if not name.startswith(b"sec-websocket-")]
    host = dict(headers)[b"host"].decode("latin-1")
    talk = WSConnection(ConnectionType.CLIENT)
    try:
        reader, writer = await relay.opened()
    except OSError as error:
        raise Unavailable(f"{UNREACHED}: {error}") from error
    try:
        extra = [(name, value) for name, value in headers if name != b"host"]
        request = Request(host=host, target=relay.url(), subprotocols=list(subprotocols), extra_headers=extra)
        writer.write(talk.send(request))
        return SocketRelay(talk, (reader, writer), await _accepted(talk, reader))
    except (OSError, ProtocolError) as error:
        await _let_go(writer)
        raise Unavailable(f"{UNREACHED}: {error}") from error
    except BaseException:
        await _let_go(writer)
        raise


async def _accepted(talk: "WSConnection", reader: asyncio.StreamReader) -> str | None:
    """The subprotocol that the pod chose. Messages that came right behind stay with `talk`."""
    from wsproto.events import AcceptConnection, RejectConnection

    while True:
        chunk = await reader.read(CHUNK_BYTES)
        if not chunk:
            raise Unavailable(f"{UNREACHED}: EOF")
        talk.receive_data(chunk)
        for event in talk.events():
            if isinstance(event, AcceptConnection):
                return event.subprotocol
            if isinstance(event, RejectConnection):
                raise Unavailable(f"{UNREACHED}: it answered the upgrade with status {event.status_code}")


async def _let_go(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
