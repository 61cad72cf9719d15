"""One forwarded connection: between the client's stream and what listens in the pod.

What comes from the client waits in a short queue, so that a pod that does not read holds up its own connection
and, only once the queue is full, the others of the same client.
"""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from typing import Protocol

from petset.api.errors import ApiError
from petset.apiserver.race import race

MOST_WAITING = 32
CHUNK_BYTES = 32 * 1024

Dial = Callable[[int], Awaitable[socket.socket]]
"""Connects to a port of the pod. Raises ApiError."""


class Client(Protocol):
    """The client's end of a connection."""

    async def data(self, data: bytes) -> None:
        """Bytes from the pod."""
        ...

    async def end(self, error: str) -> None:
        """The pod sends no more; `error` says why it never will, empty where all went well."""
        ...


class Conduit:
    """Carries one connection to `port`, once run."""

    def __init__(self, dial: Dial, port: int, client: Client) -> None:
        self._dial = dial
        self._port = port
        self._client = client
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue(MOST_WAITING)

    async def feed(self, data: bytes) -> None:
        """Bytes from the client; none at all where it sends no more."""
        await self._waiting.put(data)

    async def run(self) -> None:
        """Until the pod sends no more. Never raises what the pod or the connection to it did."""
        error = ""
        try:
            await self._carry(await self._dial(self._port))
        except ApiError as refused:
            error = f"an error occurred forwarding {self._port}: {refused.message}"
        except OSError as broken:
            error = f"an error occurred forwarding {self._port}: {broken.strerror or broken}"
        await self._client.end(error)

    async def _carry(self, connection: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=connection, limit=CHUNK_BYTES)
        try:
            await race(self._from_pod(reader), self._to_pod(writer))
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _from_pod(self, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(CHUNK_BYTES):
            await self._client.data(data)

    async def _to_pod(self, writer: asyncio.StreamWriter) -> None:
        while data := await self._waiting.get():
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
        await asyncio.Event().wait()  # the pod may still have much to say
