"""A node agent of a test: containers whose logs and commands are written down beforehand.

It refuses what cannot be: streams of a container that never ran, input into a command that takes none or has
closed it, a second end.
"""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from petset.api.errors import BadRequest
from petset.node.runtime import ExecStreams
from petset.node.streams import LogOptions


@dataclass
class WrittenContainer:
    """What a container has logged, (when, line) each, and whether it has exited."""

    lines: list[tuple[datetime, bytes]] = field(default_factory=list)
    exited: asyncio.Event = field(default_factory=asyncio.Event)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    followed: asyncio.Event = field(default_factory=asyncio.Event)

    def log(self, when: datetime, line: bytes) -> None:
        assert not self.exited.is_set(), "a line of a container that has exited"
        self.lines.append((when, line))
        self.changed.set()

    def exit(self) -> None:
        self.exited.set()
        self.changed.set()


Program = Callable[["WrittenExec"], Coroutine[Any, Any, int]]


class WrittenExec:
    """A command that is a coroutine of the test: it reads `input`, calls `say`, and returns its exit code."""

    def __init__(self, program: Program, *, stdin: bool) -> None:
        self.input: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.sizes: list[tuple[int, int]] = []
        self.killed = False
        self.reads = asyncio.Event()
        self.reads.set()
        self._takes_input, self._input_open = stdin, stdin
        self._said: asyncio.Queue[tuple[int, bytes] | None] = asyncio.Queue()
        self._task = asyncio.get_running_loop().create_task(self._run(program))

    async def _run(self, program: Program) -> int:
        try:
            return await program(self)
        finally:
            self._said.put_nowait(None)

    def say(self, channel: int, data: bytes) -> None:
        assert channel in (1, 2), "a command speaks on stdout or stderr"
        self._said.put_nowait((channel, data))

    async def write_stdin(self, data: bytes) -> None:
        assert self._input_open, "input into a command that takes none any more"
        await self.reads.wait()
        self.input.put_nowait(data)

    async def close_stdin(self) -> None:
        assert self._takes_input, "the end of an input that never was"
        if self._input_open:
            self._input_open = False
            self.input.put_nowait(None)

    def resize(self, columns: int, rows: int) -> None:
        assert columns > 0 and rows > 0
        self.sizes.append((columns, rows))

    async def output(self) -> AsyncIterator[tuple[int, bytes]]:
        while (said := await self._said.get()) is not None:
            yield said

    async def wait(self) -> int:
        return await asyncio.shield(self._task)

    async def kill(self) -> None:
        if not self._task.done():
            self.killed = True
            self._task.cancel()
            await asyncio.wait([self._task])


class WrittenServer:
    """A server in a pod: it keeps what it hears, and once that ends with `until` answers as the test wrote."""

    def __init__(self, answer: bytes, until: bytes) -> None:
        self.answer = answer
        self.until = until
        self._task: asyncio.Task[None] | None = None
        self.heard = b""

    async def connect(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        reader, writer = await asyncio.open_connection(sock=theirs)
        self._task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        return ours

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not self.heard.endswith(self.until) and (heard := await reader.read(65536)):
            self.heard += heard
        writer.write(self.answer)
        await writer.drain()
        writer.close()


class WrittenStreams:
    """`NodeStreams` over written containers and programs. `containers` is by (pod, container)."""

    def __init__(self, containers: dict[tuple[str, str], WrittenContainer], programs: dict[str, Program]) -> None:
        self._containers = containers
        self._programs = programs
        self.execs: list[WrittenExec] = []
        self.servers: dict[int, WrittenServer] = {}

    def forget(self, pod: str, container: str) -> None:
        """From now on it does not run."""
        del self._containers[pod, container]

    async def logs(self, namespace: str, pod: str, options: LogOptions) -> AsyncIterator[bytes]:
        container = self._containers.get((pod, options.container))
        if container is None or options.previous:
            what = "previous terminated container" if options.previous else "container"
            raise BadRequest(f'{what} "{options.container}" in pod "{pod}" not found')
        lines = [line for line in container.lines if options.since is None or line[0] >= options.since]
        if options.tail_lines is not None:
            lines = lines[max(len(lines) - options.tail_lines, 0) :]
        shown = 0
        for when, line in lines:
            yield when.isoformat().encode() + b" " + line if options.timestamps else line
        shown = len(container.lines)
        while options.follow:
            container.followed.set()
            await container.changed.wait()
            container.changed.clear()
            for _, line in container.lines[shown:]:
                yield line
            shown = len(container.lines)
            if container.exited.is_set():
                return

    def check(self, namespace: str, pod: str, container: str) -> None:
        if (pod, container) not in self._containers:
            raise BadRequest(f"container {container} of pod {pod} does not run")

    async def attach(self, namespace: str, pod: str, container: str, *, stdin: bool) -> ExecStreams:
        return await self.exec(namespace, pod, container, ["attach"], stdin=stdin, tty=False)

    async def dial(self, namespace: str, pod: str, port: int, *, loopback: bool = True) -> socket.socket:
        """A connection to a peer that answers in capitals until it is told the end; nobody listens below 1024.

        At the pod's address, the servers that a test has written listen.
        """
        if not loopback:
            if port not in self.servers:
                raise BadRequest("connect: connection refused")
            return await self.servers[port].connect()
        if port < 1024 and port != 80:
            raise BadRequest(f"failed to connect to localhost:{port} inside the pod: Connection refused")
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        threading.Thread(target=_shout, args=(theirs,), daemon=True).start()
        return ours

    async def exec(
        self, namespace: str, pod: str, container: str, command: Sequence[str], *, stdin: bool, tty: bool
    ) -> ExecStreams:
        self.check(namespace, pod, container)
        program = self._programs.get(command[0])
        if program is None:
            raise BadRequest(f"{command[0]}: no such program")
        running = WrittenExec(program, stdin=stdin)
        self.execs.append(running)
        return running


def _shout(connection: socket.socket) -> None:
    with connection:
        while data := connection.recv(65536):
            connection.sendall(data.upper())
