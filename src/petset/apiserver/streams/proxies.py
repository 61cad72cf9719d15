"""The `proxy` sub-resources: one HTTP request carried to a port of a pod, and its answer carried back.

Bodies flow both ways as they come, of any length. What belongs to the connection with the API stays here: the
client's credentials, whom it acts as, and the headers of each hop.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from posixpath import normpath
from typing import TYPE_CHECKING
from urllib.parse import quote

from petset.api.errors import ApiError, Unavailable
from petset.api.objects import name_of
from petset.apiserver.calls import Call, HeaderList, Receive, Send, send_reply, until_gone
from petset.apiserver.messages import Reply, status_reply
from petset.apiserver.race import race
from petset.apiserver.routes import Request, proxied
from petset.apiserver.streams import pods
from petset.apiserver.streams.links import Links, Page
from petset.apiserver.streams.targets import Target, target_of
from petset.node.streams import NodeStreams
from petset.registry.port import Registry

if TYPE_CHECKING:
    import h11

CHUNK_BYTES = 64 * 1024
_OF_ONE_HOP = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding "
    b"upgrade".split()
)
_FOR_US = frozenset((b"authorization", b"expect"))
UNREACHED = "error trying to reach service"
_SAFE = "$&+,/:;=@"


class _Broken(Exception):
    """The pod ended the conversation before its answer was whole."""


async def open_proxy(
    request: Request, call: Call, registry: Registry, streams: Mapping[str, NodeStreams], turns: Iterator[int]
) -> "Relay":
    """The request, ready to be carried. Raises ApiError."""
    target = target_of(request, registry, turns)
    place = proxied(call.path)
    assert place is not None, "the path of a proxy"
    path = _clean(place["tail"])
    agent = pods.agent_of(target.pod, streams)
    name = name_of(target.pod)
    try:
        connection = await agent.dial(request.namespace, name, target.port, loopback=False)
    except ApiError as refused:
        why = f"{UNREACHED}: dial tcp {target.address}: {refused.message}"
        raise Unavailable(why) from refused
    prefix = call.path.removesuffix(place["tail"])
    return Relay(call, target, connection, _Place(quote(path or "/", safe=_SAFE), quote(prefix, safe=_SAFE)))


def to_the_root(call: Call) -> Reply | None:
    """Whoever asks for the root without a slash is led to the one with it: relative links depend on that."""
    place = proxied(call.path)
    if place is None or place["tail"] or call.method not in ("GET", "HEAD"):
        return None
    query = call.scope["query_string"]
    location = quote(call.path, safe=_SAFE).encode() + b"/" + (b"?" + query if query else b"")
    return Reply(b"", 301, headers=((b"location", location),))


def _clean(tail: str) -> str:
    """The path behind `/proxy`, without `.` and `..`; empty only where there is none."""
    if not tail:
        return ""
    clean = "/" + normpath(tail).lstrip("/")
    return clean + "/" if tail.endswith("/") and clean != "/" else clean


@dataclass(frozen=True)
class _Place:
    """Where in the pod's server, and behind which path of ours."""

    path: str
    prefix: str


class Relay:
    """One request on its way. `connection` is to the pod, and ends with it."""

    def __init__(self, call: Call, target: Target, connection: socket.socket, place: _Place) -> None:
        self._call = call
        self._target = target
        self._connection = connection
        self._place = place
        self._links = Links(place.prefix, target.address, call.header(b"host"))
        self._begun = False

    async def run(self, receive: Receive, send: Send) -> None:
        """Until the answer is whole or the client has gone. Raises where the pod breaks off in the middle of it."""
        try:
            reader, writer = await self.opened()
        except OSError as error:
            await self._refuse(f"{UNREACHED}: {error}", send)
            return
        try:
            await self._converse(reader, writer, receive, send)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def opened(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Whoever may ask for a proxy trusts the pod: certificates are not verified, as on Kubernetes."""
        if self._target.scheme == "http":
            return await asyncio.open_connection(sock=self._connection)
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return await asyncio.open_connection(sock=self._connection, ssl=context, server_hostname="")

    async def _converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, receive: Receive, send: Send
    ) -> None:
        import h11  # only for those who ask for a proxy

        talk = h11.Connection(h11.CLIENT)
        try:
            head = h11.Request(method=self._call.method, target=self.url(), headers=self.headers())
            writer.write(talk.send(head) or b"")
            await race(self._to_pod(talk, writer, receive), self._from_pod(talk, reader, send))
        except (OSError, h11.ProtocolError, _Broken) as error:
            if self._begun:
                raise
            await self._refuse(f"{UNREACHED}: {error}", send)

    def url(self) -> str:
        """Path and query, as the pod's server is asked."""
        query = self._call.scope["query_string"].decode("latin-1")
        return f"{self._place.path}?{query}" if query else self._place.path

    def headers(self) -> HeaderList:
        """The client's, without what is for this hop, and with where it came in."""
        named = self._call.header(b"connection").lower().encode().replace(b",", b" ").split()
        dropped = _OF_ONE_HOP | _FOR_US | set(named)
        headers = [
            (name, value)
            for name, value in self._call.scope["headers"]
            if name not in dropped and not name.startswith(b"impersonate-")
        ]
        if b"host" not in self._call.headers:
            headers.append((b"host", self._target.address.encode()))
        if b"transfer-encoding" in self._call.headers:
            headers.append((b"transfer-encoding", b"chunked"))
        path = self._place.path if self._place.path != "/" or self._call.path.endswith("/") else ""
        return [*headers, (b"x-forwarded-uri", (self._place.prefix + path).encode())]

    async def _to_pod(self, talk: "h11.Connection", writer: asyncio.StreamWriter, receive: Receive) -> None:
        """Hand on the body, then wait for the client to go: the answer may take its time."""
        import h11

        with contextlib.suppress(OSError):  # the pod takes no more, and may have said why
            more = True
            while more:
                message = await receive()
                if message["type"] != "http.request":
                    return
                more = message.get("more_body", False)
                if message["body"]:
                    writer.write(talk.send(h11.Data(data=message["body"])) or b"")
                    await writer.drain()
            writer.write(talk.send(h11.EndOfMessage()) or b"")
        await until_gone(receive)

    async def _from_pod(self, talk: "h11.Connection", reader: asyncio.StreamReader, send: Send) -> None:
        import h11

        page: Page | None = None
        while True:
            event = talk.next_event()
            if event is h11.NEED_DATA:
                data = await reader.read(CHUNK_BYTES)
                if not data and not self._begun:
                    raise _Broken("EOF")
                talk.receive_data(data)
            elif isinstance(event, h11.Response):
                page = await self._begin(event, send)
            elif isinstance(event, h11.Data):
                await self._body(page.feed(bytes(event.data)) if page else bytes(event.data), send)
            elif isinstance(event, h11.EndOfMessage):
                await send({"type": "http.response.body", "body": page.end() if page else b""})
                return
            elif not isinstance(event, h11.InformationalResponse):
                raise _Broken("EOF")

    async def _body(self, data: bytes, send: Send) -> None:
        await send({"type": "http.response.body", "body": data, "more_body": True})

    async def _begin(self, answer: "h11.Response", send: Send) -> Page | None:
        """Send the head; the page whose links are to be led through here, where it is one."""
        given = {bytes(name): bytes(value) for name, value in answer.headers}
        moved = b"location" in given
        html = given.get(b"content-type", b"").split(b";")[0].strip().lower() == b"text/html" and not moved
        packed = given.get(b"content-encoding", b"")
        page = Page(self._links, gzipped=packed == b"gzip") if html and packed in (b"", b"gzip") else None
        dropped = _OF_ONE_HOP | ({b"content-length", b"content-encoding"} if page else set())
        headers = [
            (bytes(name), self._value(bytes(name), bytes(value)))
            for name, value in answer.headers
            if bytes(name) not in dropped and not bytes(name).startswith(b"access-control-")
        ]
        headers.append((b"audit-id", self._call.id.encode()))
        self._begun = True
        await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
        return page

    def _value(self, name: bytes, value: bytes) -> bytes:
        return self._links.through(value.decode("latin-1")).encode("latin-1") if name == b"location" else value

    async def _refuse(self, why: str, send: Send) -> None:
        await send_reply(self._call, status_reply(Unavailable(why)), send)
