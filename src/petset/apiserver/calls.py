"""One HTTP exchange at the level of ASGI messages: what came in, and how an answer goes out."""

import asyncio
import gzip
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec

from petset.api.errors import BadRequest, Timeout, TooLarge
from petset.apiserver.messages import Joined, Reply

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
HeaderList = list[tuple[bytes, bytes]]

MAX_BODY_BYTES = 3 * 1024 * 1024
BODY_SECONDS = 60
"""How long a client may take to send its body."""
COMPRESS_FROM_BYTES = 128 * 1024


class Call(msgspec.Struct, frozen=True):
    """A request as it stands after its headers. `id` names it in the log and in the `Audit-Id` header."""

    id: str
    at: datetime
    method: str
    path: str
    headers: Mapping[bytes, bytes]
    scope: Any

    def header(self, name: bytes) -> str:
        """The header's value, empty where there is none."""
        return self.headers.get(name, b"").decode("latin-1")

    def common_headers(self, content_type: str) -> HeaderList:
        """What every answer carries."""
        return [
            (b"content-type", content_type.encode()),
            (b"audit-id", self.id.encode()),
            (b"cache-control", b"no-cache, private"),
            (b"date", _date(self.at.replace(microsecond=0))),
        ]


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@lru_cache(maxsize=2)
def _date(second: datetime) -> bytes:
    """`Sun, 06 Nov 1994 08:49:37 GMT`. The email package would do it, for a third of a megabyte."""
    day, month = _DAYS[second.weekday()], _MONTHS[second.month - 1]
    return f"{day}, {second.day:02} {month} {second.year:04} {second:%H:%M:%S} GMT".encode()


def call_of(scope: Any, id_: str, at: datetime) -> Call:
    """The call behind an ASGI scope; a WebSocket begins as a GET."""
    return Call(id_, at, scope.get("method", "GET"), scope["path"], dict(scope["headers"]), scope)


async def send_reply(call: Call, reply: Reply, send: Send) -> None:
    """A whole answer."""
    headers, body = packed(call, reply)
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    whole = body if isinstance(body, bytes) else body.whole()
    await send({"type": "http.response.body", "body": b"" if call.method == "HEAD" else whole})


def packed(call: Call, reply: Reply) -> tuple[HeaderList, bytes | Joined]:
    """Headers and body of a whole answer, compressed where it is long and the client takes that."""
    body, headers = reply.body, call.common_headers(reply.content_type)
    headers += reply.headers
    size = len(body) if isinstance(body, bytes) else body.size_bytes
    if size >= COMPRESS_FROM_BYTES and "gzip" in call.header(b"accept-encoding"):
        body = gzip.compress(body if isinstance(body, bytes) else body.whole(), compresslevel=1, mtime=0)
        size = len(body)
        headers += [(b"content-encoding", b"gzip"), (b"vary", b"Accept-Encoding")]
    headers.append((b"content-length", b"%d" % size))
    if reply.status == TooLarge.code:
        headers.append((b"connection", b"close"))  # the rest of the body is on its way, and unwanted
    return headers, body


async def refuse_websocket(call: Call, reply: Reply, send: Send) -> None:
    """An ordinary answer instead of a WebSocket."""
    assert isinstance(reply.body, bytes), "a refusal is short"
    headers = [*call.common_headers(reply.content_type), (b"content-length", b"%d" % len(reply.body))]
    await send({"type": "websocket.http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": reply.body})


async def until_gone(receive: Receive) -> None:
    """Return when the client has closed the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def read_body(receive: Receive) -> bytes:
    """The whole body. Raises TooLarge or, for a client that does not get on with it, Timeout."""
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        body: bytes = message["body"]
        _check_size(len(body))
        return body
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _read_rest(message, receive)
    except TimeoutError as error:
        raise Timeout(f"the request's body did not arrive within {BODY_SECONDS} seconds") from error


async def _read_rest(message: Any, receive: Receive) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        if message["type"] != "http.request":
            raise BadRequest("the connection was closed before the body was complete")
        parts.append(message["body"])
        size += len(message["body"])
        _check_size(size)
        if not message.get("more_body"):
            return b"".join(parts)
        message = await receive()


def _check_size(size: int) -> None:
    if size > MAX_BODY_BYTES:
        raise TooLarge(f"Request entity too large: limit is {MAX_BODY_BYTES}")
