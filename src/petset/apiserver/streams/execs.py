"""A command inside a container, or its own process, joined to a WebSocket: `kubectl exec` and `attach`.

The command is started before the WebSocket is accepted, so that a refusal (no such container, not running) is an
ordinary HTTP answer. It ends the connection when it exits; a client that goes away ends the command.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from petset.api.errors import ApiError, BadRequest
from petset.apiserver.query import Parameters
from petset.apiserver.race import race
from petset.apiserver.routes import Request
from petset.apiserver.streams import channels, pods
from petset.node.runtime import ExecStreams, RuntimeFailure
from petset.node.streams import NodeStreams
from petset.registry.port import Registry

MOST_WAITING_BYTES = 1024 * 1024
"""How much input is kept for a command that does not read. Beyond it the client has to wait."""

_log = logging.getLogger("petset.apiserver")


@dataclass(frozen=True)
class ExecOptions:
    """What the client wants run, and which streams it wants to see."""

    container: str
    command: Sequence[str]
    stdin: bool
    stdout: bool
    stderr: bool
    tty: bool


@dataclass(frozen=True)
class ExecChannel:
    """A command that runs, and the protocol in which its streams will be told."""

    streams: ExecStreams
    options: ExecOptions
    protocol: str


async def open_exec(
    request: Request, subprotocols: Sequence[str], registry: Registry, streams: Mapping[str, NodeStreams]
) -> ExecChannel:
    """Start the command. Raises ApiError."""
    protocol = channels.choose(list(subprotocols))
    agent, container, options = find_container(request, registry, streams)
    running = await agent.exec(
        request.namespace, request.name, container, options.command, stdin=options.stdin, tty=options.tty
    )
    return ExecChannel(running, options, protocol)


async def open_attach(
    request: Request, subprotocols: Sequence[str], registry: Registry, streams: Mapping[str, NodeStreams]
) -> ExecChannel:
    """The streams of a container's own process: `kubectl attach`. Raises ApiError."""
    protocol = channels.choose(list(subprotocols))
    agent, container, options = find_container(request, registry, streams)
    running = await agent.attach(request.namespace, request.name, container, stdin=options.stdin)
    return ExecChannel(running, options, protocol)


def find_container(
    request: Request, registry: Registry, streams: Mapping[str, NodeStreams]
) -> tuple[NodeStreams, str, ExecOptions]:
    """Who runs the container that `exec` or `attach` is about, its name, and what is wanted. Raises ApiError."""
    pod = pods.load(request, registry)
    options = read_options(request.raw_query, needs_command=request.subresource == "exec")
    container = pods.choose_container(pod, options.container)
    return pods.agent_of(pod, streams), container, options


def read_options(query_string: bytes, *, needs_command: bool) -> ExecOptions:
    """The query of `kubectl exec` or `attach`. Raises BadRequest."""
    raw = Parameters(query_string)
    options = ExecOptions(
        container=raw.text("container"),
        command=tuple(raw.texts("command")),
        stdin=bool(raw.flag("stdin")),
        stdout=bool(raw.flag("stdout")),
        stderr=bool(raw.flag("stderr")),
        tty=bool(raw.flag("tty")),
    )
    if needs_command and not options.command:
        raise BadRequest("you must specify at least one command for the container")
    if not (options.stdin or options.stdout or options.stderr):
        raise BadRequest("you must specify at least one of stdin, stdout, stderr")
    return options


async def serve_exec(
    channel: ExecChannel, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
) -> None:
    """Carry the streams until the command or the client ends; the command never outlives this."""
    session = _Session(channel, receive, send)
    try:
        await send({"type": "websocket.accept", "subprotocol": channel.protocol})
        await race(session.carry_in(), session.hand_in(), session.carry_out())
    except OSError:
        pass  # the client is gone
    finally:
        await asyncio.shield(channel.streams.kill())


class _Session:
    """Both directions of one connection."""

    def __init__(
        self,
        channel: ExecChannel,
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[Any], Awaitable[None]],
    ) -> None:
        self._streams = channel.streams
        self._options = channel.options
        self._receive = receive
        self._send_message = send
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue()
        self._waiting_bytes = 0
        self._room = asyncio.Event()

    async def carry_in(self) -> None:
        """From the client, until it is gone: found out even while the command reads nothing, up to a limit."""
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                return
            data: bytes = message.get("bytes") or (message.get("text") or "").encode()
            if data:
                self._waiting.put_nowait(data)
                self._waiting_bytes += len(data)
            while self._waiting_bytes > MOST_WAITING_BYTES:
                self._room.clear()
                await self._room.wait()

    async def hand_in(self) -> None:
        """What has come, on to the command."""
        while True:
            data = await self._waiting.get()
            await self._take(data[0], data[1:])
            self._waiting_bytes -= len(data)
            self._room.set()

    async def _take(self, channel: int, data: bytes) -> None:
        if channel == channels.STDIN and data and self._options.stdin:
            await self._streams.write_stdin(data)
        elif channel == channels.RESIZE:
            size = channels.read_size(data)
            if size is not None and size.Width > 0 and size.Height > 0:
                self._streams.resize(size.Width, size.Height)
        elif channel == channels.CLOSE and data[:1] == bytes((channels.STDIN,)):
            await self._streams.close_stdin()

    async def carry_out(self) -> None:
        """From the command to the client: its output, then how it ended."""
        # An empty message tells the client at once that it is connected, before the command says anything.
        await self._send(channels.STDOUT if self._options.stdout else channels.ERROR)
        await self._send(channels.ERROR, await self._run())
        await self._send_message({"type": "websocket.close", "code": 1000})

    async def _run(self) -> bytes:
        wanted = {channels.STDOUT: self._options.stdout, channels.STDERR: self._options.stderr}
        try:
            async for channel, data in self._streams.output():
                if wanted.get(channel) and data:
                    await self._send(channel, data)
            return channels.exit_status(await self._streams.wait())
        except (ApiError, RuntimeFailure) as error:
            return channels.failure_status(str(error))

    async def _send(self, channel: int, data: bytes = b"") -> None:
        await self._send_message({"type": "websocket.send", "bytes": channels.frame(channel, data)})
