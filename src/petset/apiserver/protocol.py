"""uvicorn's HTTP protocol with three things it lacks: who is at the other end, and an end to patience and to room.

The parser keeps whatever a client sends until the head of a request is complete. A client that never completes it
would keep its connection, and fill our memory, before anybody has asked who it is.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from petset.apiserver.authenticate import PEER
from petset.apiserver.tls import peer_of

MAX_HEAD_BYTES = 1024 * 1024
HEAD_SECONDS = 30.0
"""How long a client may take from connecting, or from a head's first byte, to the head's end."""


class PeerProtocol(HttpToolsProtocol):
    """One connection. A WebSocket upgrade inherits the peer with the application's state."""

    _head_timer: asyncio.TimerHandle | None = None
    _head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Note the peer, and start to wait for a request."""
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        self.app_state = {PEER: peer_of(tls.getpeercert()) if tls is not None else None}
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._head_is_here()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse, and cut off a head that is too long."""
        super().data_received(data)
        if self._head_timer is not None:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._head_is_here()
                self.send_400_response("The head of the request is too long.")

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._expect_head()

    def on_headers_complete(self) -> None:
        """Its head is complete; how long its body may take is the application's affair."""
        self._head_is_here()
        super().on_headers_complete()

    def _expect_head(self) -> None:
        if self._head_timer is None:
            self._head_bytes = 0
            self._head_timer = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _head_is_here(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _give_up(self) -> None:
        self._head_timer = None
        self.transport.close()


def websocket(**upgrade: Any) -> asyncio.Protocol:
    """The protocol of an upgraded connection, loaded by the first: 20 ms that a start does not spend."""
    from uvicorn.protocols.websockets.wsproto_impl import WSProtocol
    from wsproto.utilities import LocalProtocolError

    class WebSocket(WSProtocol):
        """One that the client has just closed may be told to shut down, too."""

        def shutdown(self) -> None:
            try:
                super().shutdown()
            except LocalProtocolError:
                self.transport.close()

    return WebSocket(**upgrade)
