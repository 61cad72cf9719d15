"""The streams of a container's own first process, for `kubectl attach`: conmon's socket beside the container.

conmon sends everything that the container says to whoever is connected, a byte before each packet telling which
stream it is of, and hands what it gets to the container's input. Leaving ends nothing but the connection.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

from petset.node.oci import processes

_STDOUT, _STDERR = 2, 3
_NUMBERS = {_STDOUT: 1, _STDERR: 2}
_PACKET_BYTES = 8192
_RESIZE = 1


class Attached:
    """`ExecStreams` of a running container. `control` is conmon's pipe for the terminal's size."""

    def __init__(self, connection: socket.socket, control: Path, *, stdin: bool) -> None:
        self._connection = connection
        self._reading = os.dup(connection.fileno())
        self._control = control
        self._stdin = stdin

    async def write_stdin(self, data: bytes) -> None:
        if not self._stdin:
            return
        with contextlib.suppress(OSError):  # the container has ended
            for start in range(0, len(data), _PACKET_BYTES):
                await processes.write_all(self._connection.fileno(), data[start : start + _PACKET_BYTES])

    async def close_stdin(self) -> None:
        if self._stdin:
            self._stdin = False
            with contextlib.suppress(OSError):
                self._connection.shutdown(socket.SHUT_WR)

    def resize(self, columns: int, rows: int) -> None:
        with contextlib.suppress(OSError):
            descriptor = os.open(self._control, os.O_WRONLY | os.O_NONBLOCK)
            try:
                os.write(descriptor, f"{_RESIZE} {rows} {columns}\n".encode())
            finally:
                os.close(descriptor)

    async def output(self) -> AsyncIterator[tuple[int, bytes]]:
        reading, self._reading = self._reading, -1
        async for _, packet in processes.chunks({reading: 0}):
            if packet[0] in _NUMBERS:
                yield _NUMBERS[packet[0]], packet[1:]

    async def wait(self) -> int:
        """Nought: how the container ended is in its pod's status, not here."""
        self._close()
        return 0

    async def kill(self) -> None:
        """Leave; the container goes on."""
        self._close()

    def _close(self) -> None:
        if self._reading >= 0:
            os.close(self._reading)
            self._reading = -1
        self._connection.close()


async def attach(place: Path, control: Path, *, stdin: bool) -> Attached:
    """Connect to conmon's socket. OSError where it is not there: the container has ended."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        await asyncio.to_thread(connection.connect, str(place))
        connection.setblocking(False)
        return Attached(connection, control, stdin=stdin)
    except BaseException:
        connection.close()
        raise
