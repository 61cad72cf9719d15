"""A server on loopback with TLS, in a thread of its own, for clients that are programs.

The clients (kubectl, the official Python client, sockets by hand) run in the test's thread and block; the server
has its own event loop. `call` runs a coroutine there, to look at or change what the server serves.
"""

import asyncio
import itertools
import os
import random  # noqa: TID251 - a fixed seed
import subprocess
import sys
import threading
import uuid
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import uvloop

from petset.apiserver import certificates, kubeconfig
from petset.apiserver.app import create_app
from petset.apiserver.authenticate import CertificatesAndTokens, admin
from petset.apiserver.server import Server
from petset.apiserver.tls import server_context
from petset.apiserver.webhooks import HttpsCaller
from petset.daemons.clock import SystemClock
from petset.node.streams import NodeStreams
from petset.registry.bootstrap import bootstrap
from petset.registry.registry import Registry
from petset.registry.roles import ensure_roles
from petset.storage.memory import MemoryStore

T = TypeVar("T")
KUBECTL = Path(sys.executable).with_name("kubectl")
TOKEN = "the-token"


@dataclass
class Running:
    """A server that serves. `files` are its certificates."""

    loop: asyncio.AbstractEventLoop
    registry: Registry
    server: Server
    caller: HttpsCaller
    files: certificates.CertificateFiles
    home: Path

    @property
    def kubeconfig(self) -> Path:
        return self.home / "kubeconfig"

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout=10)

    def kubectl(self, *arguments: str, stdin: str = "", status: int = 0) -> str:
        """What kubectl prints, errors too; its exit status must be the one expected."""
        command = [str(KUBECTL), "--kubeconfig", str(self.kubeconfig), *arguments]
        done = subprocess.run(
            command, input=stdin, env=self.environment, capture_output=True, text=True, timeout=30, check=False
        )
        assert done.returncode == status, done.stderr + done.stdout
        return done.stdout + done.stderr

    @property
    def environment(self) -> dict[str, str]:
        return {"HOME": str(self.home), "KUBECONFIG": str(self.kubeconfig), "PATH": os.environ["PATH"]}


@contextmanager
def running(home: Path, streams: Mapping[str, NodeStreams] | None = None) -> Iterator[Running]:
    """Start a server on a free port, and stop it afterwards."""
    clock = SystemClock()
    files = certificates.ensure(home / "pki", [], clock.now())
    loop = uvloop.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="server")
    thread.start()

    async def start() -> Running:
        store, source, ids = MemoryStore(), random.Random(1), itertools.count()
        caller = HttpsCaller()
        registry = Registry(store, clock.now, lambda: str(uuid.UUID(int=next(ids))), source, caller=caller)
        await bootstrap(registry)
        await ensure_roles(registry)
        known = CertificatesAndTokens({TOKEN: admin()})
        app = create_app(registry, streams or {}, known, clock, lambda: f"audit-{next(ids)}")
        server = Server(app, "127.0.0.1", 0, server_context(files))
        await server.start()
        return Running(loop, registry, server, caller, files, home)

    try:
        started = asyncio.run_coroutine_threadsafe(start(), loop).result(timeout=10)
        kubeconfig.write(started.kubeconfig, kubeconfig.server_url("127.0.0.1", started.server.port), files)
        try:
            yield started
        finally:  # a server with connections would not let its loop end
            started.call(started.server.stop())
            started.call(started.caller.close())
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
