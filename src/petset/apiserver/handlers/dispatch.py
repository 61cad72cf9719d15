"""Which handler answers which request: a table by verb and sub-resource."""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import count

from petset.aio.clock import Clock
from petset.api.errors import ApiError, BadRequest
from petset.api.models import core_v1
from petset.apiserver import routes
from petset.apiserver.bodies import write_options
from petset.apiserver.calls import Call
from petset.apiserver.fanout import Fanout
from petset.apiserver.handlers import components, evictions, nodes, objects, subresources
from petset.apiserver.handlers.connections import connection
from petset.apiserver.handlers.tokens import create_token
from petset.apiserver.messages import Reply, Stream
from petset.apiserver.render import Renderer
from petset.apiserver.routes import Request
from petset.apiserver.streams import pods
from petset.apiserver.streams.execs import find_container, open_attach, open_exec, serve_exec
from petset.apiserver.streams.forwards import Session, open_forward
from petset.apiserver.streams.logs import open_logs
from petset.apiserver.streams.proxies import Relay, open_proxy, to_the_root
from petset.apiserver.streams.sockets import open_socket
from petset.apiserver.watching import open_watch
from petset.node.streams import NodeStreams
from petset.node.tokens import Tokens
from petset.registry.port import Registry

_WRITES = {
    ("create", ""): objects.create,
    ("update", ""): objects.update,
    ("patch", ""): objects.patch,
    ("delete", ""): objects.delete,
    ("deletecollection", ""): objects.delete_collection,
    ("update", "status"): objects.update,
    ("patch", "status"): objects.patch,
    ("update", "ephemeralcontainers"): objects.update,
    ("patch", "ephemeralcontainers"): objects.patch,
    ("update", "approval"): objects.update,
    ("patch", "approval"): objects.patch,
    ("update", "resize"): objects.update,
    ("patch", "resize"): objects.patch,
    ("update", "finalize"): objects.update,
    ("update", "scale"): subresources.update_scale,
    ("patch", "scale"): subresources.patch_scale,
    ("create", "binding"): subresources.bind,
    ("create", "eviction"): evictions.evict,
}


class Handlers:
    """Every verb over one registry."""

    def __init__(
        self, registry: Registry, streams: Mapping[str, NodeStreams], clock: Clock, tokens: Tokens | None = None
    ) -> None:
        self._registry = registry
        self._streams = streams
        self._clock = clock
        self._tokens = tokens
        self._fanout = Fanout()
        self._turns = count()

    def read(self, request: Request) -> Reply | None:
        """Answer a read of objects, which waits for nothing; None for any other request. Raises ApiError."""
        if request.kind.converts:
            return None
        if not request.kind.is_kept:
            return components.answer(request, Renderer(self._registry, self._clock.now()))
        match request.verb, request.subresource:
            case "get", "" | "status" | "ephemeralcontainers" | "resize" | "approval":
                record = self._registry.get(request.kind, request.namespace, request.name)
                return Renderer(self._registry, self._clock.now()).one(request, record)
            case "list", _:
                return objects.list_(request, Renderer(self._registry, self._clock.now()))
        return None

    async def handle(self, request: Request) -> Reply | Stream:
        """Answer a request that is allowed. Raises ApiError."""
        reply = self.read(request)
        if reply is not None:
            return reply
        renderer = Renderer(self._registry, self._clock.now())
        match request.verb, request.subresource:
            case "get", "" | "status" if request.kind.converts:
                return await objects.get_converted(request, renderer)
            case "list", _:
                return await objects.list_converted(request, renderer)
            case "watch", _:
                return open_watch(request, self._registry, self._clock, self._fanout)
            case "get", "scale":
                return await subresources.get_scale(request, renderer)
            case "get", "log":
                return await open_logs(request, self._registry, self._streams, self._clock)
            case "create", "token" if self._tokens is not None:
                return await create_token(request, self._registry, self._tokens)
            case _, "exec" | "attach" | "portforward":
                raise await self._why_not(request)
        write = _WRITES.get((request.verb, request.subresource))
        if write is None:
            raise routes.no_such_path()
        return await write(request, renderer)

    async def _why_not(self, request: Request) -> ApiError:
        """What to tell kubectl, which asks over SPDY where its WebSocket was refused, and shows what it hears then.

        Raises whatever it was refused for, if that still stands.
        """
        await self._registry.review(connection(request), write_options(request))
        if request.subresource == "portforward":
            pods.agent_of(pods.load(request, self._registry), self._streams)
        else:
            agent, container, _ = find_container(request, self._registry, self._streams)
            agent.check(request.namespace, request.name, container)
        return BadRequest(
            f"Upgrade request required: {request.subresource} is spoken over WebSocket, not over SPDY alone"
        )

    async def open_proxy(self, request: Request, call: Call) -> Relay | Reply:
        """A request that goes on to a pod, or the answer of a node. Raises ApiError."""
        await self._registry.review(connection(request), write_options(request))
        if request.kind.model is core_v1.Node:
            return nodes.answer(request, call, self._registry)
        return to_the_root(call) or await self._relay(request, call)

    async def _relay(self, request: Request, call: Call) -> Relay:
        return await open_proxy(request, call, self._registry, self._streams, self._turns)

    async def open_websocket(self, request: Request, call: Call) -> Session:
        """What shall be carried over a WebSocket, ready to begin. Raises ApiError."""
        await self._registry.review(connection(request), write_options(request))
        subprotocols: Sequence[str] = call.scope["subprotocols"]
        match request.subresource:
            case "exec":
                channel = await open_exec(request, subprotocols, self._registry, self._streams)
                return partial(serve_exec, channel)
            case "attach":
                channel = await open_attach(request, subprotocols, self._registry, self._streams)
                return partial(serve_exec, channel)
            case "portforward":
                return open_forward(request, subprotocols, self._registry, self._streams)
            case "proxy" if request.kind.model is not core_v1.Node:
                return (await open_socket(await self._relay(request, call), subprotocols)).serve
        raise BadRequest("only exec, attach, portforward and proxy speak WebSocket, and no node's proxy")
