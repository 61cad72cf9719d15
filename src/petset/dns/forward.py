"""Names that are not ours: asked of the resolvers that the machine itself uses."""

import asyncio
from collections.abc import Sequence
from pathlib import Path


def read_nameservers(resolv_conf: Path) -> Sequence[str]:
    """The addresses in a resolv.conf; none where there is no such file."""
    try:
        lines = resolv_conf.read_text(errors="replace").splitlines()
    except OSError:
        return []
    words = [line.split() for line in lines]
    return [parts[1] for parts in words if len(parts) > 1 and parts[0] == "nameserver"]


class Forwarder:
    """Asks each name server of `resolv_conf` in turn, but never one of `ourselves`.

    The file is read for every question, since machines move between networks. A server that says nothing for
    `patience_seconds` is passed over.
    """

    def __init__(
        self, resolv_conf: Path, ourselves: Sequence[str] = (), port: int = 53, patience_seconds: float = 2.0
    ) -> None:
        self._resolv_conf = resolv_conf
        self._ourselves = frozenset(ourselves)
        self._port = port
        self._patience_seconds = patience_seconds

    async def ask(self, query: bytes, *, over_udp: bool) -> bytes | None:
        """The reply to the query as it came, or None where nobody gives one in time."""
        ask = _ask_over_udp if over_udp else _ask_over_tcp
        for server in read_nameservers(self._resolv_conf):
            if server in self._ourselves:
                continue
            try:
                async with asyncio.timeout(self._patience_seconds):
                    return await ask(server, self._port, query)
            except (OSError, TimeoutError, asyncio.IncompleteReadError):
                continue
        return None


class _OneReply(asyncio.DatagramProtocol):
    """Waits for the reply that carries the query's id."""

    def __init__(self, query: bytes) -> None:
        self._id = query[:2]
        self.reply: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: object) -> None:
        if data[:2] == self._id and not self.reply.done():
            self.reply.set_result(data)

    def error_received(self, exc: Exception) -> None:
        if not self.reply.done():
            self.reply.set_exception(exc)


async def _ask_over_udp(server: str, port: int, query: bytes) -> bytes:
    # The socket is connected, so that nobody but the server can reply, and bound to a new random port.
    transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _OneReply(query), remote_addr=(server, port)
    )
    try:
        transport.sendto(query)
        return await protocol.reply
    finally:
        transport.close()


async def _ask_over_tcp(server: str, port: int, query: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(server, port)
    try:
        writer.write(len(query).to_bytes(2, "big") + query)
        return await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
    finally:
        writer.close()
