"""The DNS server: UDP and TCP on given addresses.

What the zone knows is answered right where the datagram comes in, without a task; only a question that others must
be asked for gets one.
"""

import asyncio
import contextlib
import errno
import logging
from typing import cast

from petset.aio.tasks import Supervisor
from petset.dns import wire
from petset.dns.resolver import Resolver

_MOST_FORWARDED = 1000
_IDLE_SECONDS = 10.0
_log = logging.getLogger(__name__)


class _TakenForTcp(Exception):
    """The port that was free for UDP is not for TCP: try the next free one."""


class DnsServer:
    """Serves `resolver`, usable as `async with`."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._tasks = Supervisor("dns")
        self._forwarded = 0
        self._datagrams: list[_Datagrams] = []
        self._listeners: list[asyncio.Server] = []

    async def listen(self, address: str, port: int = 53) -> int:
        """Serve on one more address, over UDP and TCP; port 0 takes a free one. The port taken is returned.

        Raises OSError where the address is not the machine's or the port is in use.
        """
        while True:
            try:
                return await self._listen(address, port)
            except _TakenForTcp:
                continue

    async def _listen(self, address: str, port: int) -> int:
        loop = asyncio.get_running_loop()
        _, datagrams = await loop.create_datagram_endpoint(lambda: _Datagrams(self), local_addr=(address, port))
        try:
            listener = await asyncio.start_server(self._accept, address, datagrams.port)
        except OSError as error:
            await datagrams.close()
            if port == 0 and error.errno == errno.EADDRINUSE:
                raise _TakenForTcp from error
            raise
        self._datagrams.append(datagrams)
        self._listeners.append(listener)
        return datagrams.port

    async def close(self) -> None:
        """Stop serving and let go of the ports."""
        for datagrams in self._datagrams:
            await datagrams.close()
        for listener in self._listeners:
            listener.close()
        await self._tasks.stop()

    async def __aenter__(self) -> "DnsServer":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def take_datagram(self, query: bytes, transport: asyncio.DatagramTransport, peer: tuple[str, int]) -> None:
        """Reply to a datagram, now or when others have been asked. What is no question gets no reply."""
        request = wire.read(query)
        if request is None:
            return
        at_once = self._resolver.reply_at_once(request)
        if at_once is not None:
            transport.sendto(wire.pack(request, at_once, over_udp=True), peer)
        elif self._forwarded < _MOST_FORWARDED:
            self._tasks.start("forwarded", self._forward(query, transport, peer))

    async def _forward(self, query: bytes, transport: asyncio.DatagramTransport, peer: tuple[str, int]) -> None:
        self._forwarded += 1
        try:
            reply = await self._reply(query, over_udp=True)
        finally:
            self._forwarded -= 1
        if reply and not transport.is_closing():
            transport.sendto(reply, peer)

    async def _reply(self, query: bytes, *, over_udp: bool) -> bytes | None:
        request = wire.read(query)
        if request is None:
            return None
        try:
            at_once = self._resolver.reply_at_once(request)
            if at_once is not None:
                return wire.pack(request, at_once, over_udp=over_udp)
            return await self._resolver.reply(request, query, over_udp=over_udp)
        except Exception:
            # One question that we cannot cope with must not end the service for all others.
            _log.exception("cannot answer %s", request.q)
            return wire.pack(request, wire.failure(request, "SERVFAIL"), over_udp=over_udp)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.start("connection", self._serve(reader, writer))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Replies in turn to the questions of one connection, until it ends or says nothing for a while."""
        try:
            with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
                while reply := await self._reply(await _next_query(reader), over_udp=False):
                    writer.write(len(reply).to_bytes(2, "big") + reply)
                    await writer.drain()
        finally:
            writer.close()


async def _next_query(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(_IDLE_SECONDS):
        size = int.from_bytes(await reader.readexactly(2), "big")
        return await reader.readexactly(size)


class _Datagrams(asyncio.DatagramProtocol):
    """One UDP socket."""

    def __init__(self, server: DnsServer) -> None:
        self._server = server
        self._closed = asyncio.Event()

    @property
    def port(self) -> int:
        return int(self._transport.get_extra_info("sockname")[1])

    async def close(self) -> None:
        """Return once the port is free again."""
        self._transport.close()
        await self._closed.wait()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        # The loop closes the socket right after this call, before anybody who waits can run.
        self._closed.set()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        try:
            self._server.take_datagram(data, self._transport, addr)
        except Exception:
            _log.exception("cannot answer a question of %s", addr[0])
