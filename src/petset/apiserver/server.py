"""The listening server: sockets, TLS, and a protocol for each connection; stopped within a second.

A stop never waits for a client: open watches and streams end because the app is told so, idle connections close,
and whatever is left after `GRACE_SECONDS` is cut.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Collection
from typing import Any

from petset.aio.tasks import give_way
from petset.apiserver.connection import Application, Connection, Live
from petset.apiserver.upgrade import upgrading

GRACE_SECONDS = 0.7
HANDSHAKE_SECONDS = 10.0
GOODBYE_SECONDS = 5.0
"""How long a client may take over the TLS handshake, and over taking its leave."""
BACKLOG = 2048
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared with
TURNS_TO_CLOSE = 3
"""Turns of the event loop until a connection that was cut is closed, its TLS layer included."""


class Server:
    """Serves an application on one host and port; port 0 picks a free one, told by `port` after `start`."""

    def __init__(self, app: Application, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        self._app = app
        self._host = host
        self._tls = tls
        self._wanted_port = port
        self._live = Live()
        self._upgrade = upgrading(app, self._live)
        self._listeners: list[asyncio.Server] = []
        self.port = 0

    async def start(self) -> None:
        """Listen. OSError names the address where it is taken."""
        listening = _bind(self._host, self._wanted_port)
        self.port = listening.getsockname()[1]
        await self._listen(listening)

    async def listen_also(self, host: str) -> None:
        """Serve at one more address of this machine, on the same port. OSError where that is taken."""
        if self._host not in EVERYWHERE and self._host != host:
            await self._listen(_bind(host, self.port))

    async def _listen(self, listening: socket.socket) -> None:
        secure = self._tls is not None
        listener = await asyncio.get_running_loop().create_server(
            lambda: Connection(self._app, self._live, self._upgrade),
            sock=listening,
            ssl=self._tls,
            backlog=BACKLOG,
            ssl_handshake_timeout=HANDSHAKE_SECONDS if secure else None,
            ssl_shutdown_timeout=GOODBYE_SECONDS if secure else None,
        )
        self._listeners.append(listener)

    @property
    def connections(self) -> Collection[Any]:
        """Those that are open."""
        return self._live.connections

    async def stop(self) -> None:
        """Stop listening, let requests that run end, and cut what does not end by itself."""
        if not self._listeners:
            return
        for listener in self._listeners:
            listener.close()
        self._listeners.clear()
        self._app.begin_shutdown()
        for connection in list(self._live.connections):
            connection.shutdown()
        if self._live.tasks:
            await asyncio.wait(list(self._live.tasks), timeout=GRACE_SECONDS)
        for task in list(self._live.tasks):
            task.cancel()
        for connection in list(self._live.connections):
            connection.transport.abort()
        if self._live.tasks:
            await asyncio.wait(list(self._live.tasks), timeout=GRACE_SECONDS)
        for _ in range(TURNS_TO_CLOSE):
            await give_way()

    async def __aenter__(self) -> "Server":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # A peer that vanished without a word is found out by the kernel; accepted sockets inherit this.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        with contextlib.suppress(AttributeError):
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30)
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 15)
        listening.bind((host, port))
        listening.setblocking(False)
    except OSError as error:
        listening.close()
        why = f"cannot listen on {host}:{port}: {error.strerror}; choose another port or address"
        raise OSError(error.errno, why) from error
    return listening
