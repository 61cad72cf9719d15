"""One request and its answer, as the application sees them: the `receive` and `send` of ASGI.

What is known whole is written whole, head and body in one piece: one TLS record and one call of the kernel where
the separate messages would take two of each.
"""

import asyncio
from typing import TYPE_CHECKING, Any

from petset.apiserver import wire

if TYPE_CHECKING:
    from petset.apiserver.connection import Connection

HIGH_WATER_BYTES = 64 * 1024
"""So much of a body may wait for the application until the client is kept from sending more."""


class Exchange:
    """Belongs to one connection, which feeds it the request's body and writes what it sends."""

    def __init__(
        self, connection: "Connection", scope: dict[str, Any], *, keep_alive: bool, expected: bool
    ) -> None:
        """`expected`: the client sends its body only once told to go on."""
        self.scope = scope
        self.keep_alive = keep_alive
        self.complete = False
        """The answer has been handed to the connection, or nobody is there to take it."""
        self.whole = False
        """The request has been received to its end."""
        self._connection = connection
        self._expected = expected
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._delivered = False
        self._wakeup: asyncio.Future[None] | None = None
        self._start: Any = None
        self._chunked = False

    def feed(self, body: bytes) -> None:
        """More of the request's body."""
        if self.complete:
            return
        self._body.append(body)
        self._body_bytes += len(body)
        if self._body_bytes > HIGH_WATER_BYTES:
            self._connection.hold()
        self._wake()

    def end(self) -> None:
        """The request is whole."""
        self.whole = True
        self._wake()

    def disconnect(self) -> None:
        """The client has gone. Whoever still holds on to the exchange does not hold on to its connection."""
        self.complete = True
        self._wake()
        del self._connection

    async def receive(self) -> Any:
        """ASGI: what there is of the body, then, once the answer is out or the client gone, the disconnect."""
        if self._expected and not self.complete and self._start is None:
            self._expected = False
            self._connection.write(wire.CONTINUE)
        while not self.complete and (self._delivered or not (self._body or self.whole)):
            self._wakeup = asyncio.get_running_loop().create_future()
            try:
                await self._wakeup
            finally:
                self._wakeup = None
        if self.complete:
            return {"type": "http.disconnect"}
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        self._body.clear()
        self._body_bytes = 0
        self._delivered = self.whole
        self._connection.go_on()
        return {"type": "http.request", "body": body, "more_body": not self.whole}

    async def send(self, message: Any) -> None:
        """ASGI. Returns once the connection takes more; what follows a disconnect is dropped."""
        if self.complete:
            return
        if message["type"] == "http.response.start":
            self._start = message
            return
        await self._connection.drained()
        if self.complete:
            return
        body, more = message.get("body", b""), message.get("more_body", False)
        head = b""
        if self._start is not None:
            head, self._start = self._head(self._start), None
        if self.scope["method"] == "HEAD":
            body = b""
        elif self._chunked:
            body = wire.chunk(body) if more else wire.chunk(body) + wire.LAST_CHUNK
        self._connection.write(head, body)
        if more:
            await self._connection.drained()
        else:
            self.answered()

    def answered(self) -> None:
        """The answer is whole: on with the next request, if the client is still there."""
        if self.complete:
            return
        self.complete = True
        self._wake()
        self._connection.answered(self)

    def _head(self, start: Any) -> bytes:
        headers = [*start["headers"]]
        if wire.CLOSE in headers:
            self.keep_alive = False
        names = [name for name, _ in headers]
        sized = b"content-length" in names
        if not sized and self.scope["http_version"] == "1.1":
            self._chunked = True
            headers.append(wire.CHUNKED)
        elif not sized:
            self.keep_alive = False  # the end of the connection is the end of the answer
        if not self.keep_alive and wire.CLOSE not in headers:
            headers.append(wire.CLOSE)
        return wire.head(start["status"], headers)

    def _wake(self) -> None:
        if self._wakeup is not None and not self._wakeup.done():
            self._wakeup.set_result(None)
