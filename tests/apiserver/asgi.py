"""A client of the application without sockets: the messages that a server would exchange with it, by hand."""

import asyncio
import inspect
import itertools
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any

import msgspec

from petset.apiserver.app import App, Options, create_app
from petset.apiserver.authenticate import PEER, CertificatesAndTokens, Peer, User, admin
from petset.node.streams import NodeStreams
from petset.registry.roles import ensure_roles
from petset.testing.loop import run
from petset.testing.plane import Plane, plane

ADMIN = Peer("kubernetes-admin", ("system:masters",))
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
MERGE = "application/merge-patch+json"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class Exchange:
    """One request that goes on: what the application sends is read message by message."""

    def __init__(self, app: App, scope: dict[str, Any]) -> None:
        self._inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._outbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._app, self._scope = app, scope
        self._rest = b""

    async def run(self) -> None:
        await self._app(self._scope, self._inbox.get, self._outbox.put)

    def tell(self, **message: Any) -> None:
        self._inbox.put_nowait(message)

    async def hear(self) -> dict[str, Any]:
        """The next message that says something: an empty piece only sends the head of a stream on its way."""
        while True:
            message = await self._outbox.get()
            if message.get("body") != b"" or not message.get("more_body"):
                return message

    async def line(self) -> Any:
        """The next line of a stream of JSON lines; None at its end."""
        while b"\n" not in self._rest:
            message = await self.hear()
            if message["type"] == "http.response.start":
                assert message["status"] == 200, message
            self._rest += message.get("body", b"")
            if message["type"] == "http.response.body" and not message.get("more_body"):
                return None
        line, _, self._rest = self._rest.partition(b"\n")
        return msgspec.json.decode(line)


class Site:
    """The application over a plane's registry."""

    def __init__(
        self,
        plane: Plane,
        streams: Mapping[str, NodeStreams] | None = None,
        options: Options | None = None,
    ) -> None:
        self.plane = plane
        ids = itertools.count(1)
        known = CertificatesAndTokens({"admin-token": admin(), "jane-token": User("jane")})
        self.app = create_app(
            plane.registry, streams or {}, known, plane.clock, lambda: f"audit-{next(ids)}", options
        )

    async def ask(
        self,
        method: str,
        url: str,
        body: Any = None,
        *,
        peer: Peer | None = ADMIN,
        **headers: str,
    ) -> Answer:
        sent = body if isinstance(body, bytes) else b"" if body is None else msgspec.json.encode(body)
        exchange = Exchange(self.app, scope_of(method, url, peer, headers))
        exchange.tell(type="http.request", body=sent, more_body=False)
        await exchange.run()
        start = await exchange.hear()
        end = await exchange.hear()
        heads = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
        return Answer(start["status"], heads, end["body"])

    async def get(self, url: str, **headers: str) -> Any:
        answer = await self.ask("GET", url, **headers)
        assert answer.status == 200, answer
        return answer.json

    async def made(self, url: str, body: Any) -> Any:
        answer = await self.ask("POST", url, body)
        assert answer.status == 201, answer
        return answer.json

    @asynccontextmanager
    async def opened(
        self, url: str, *, kind: str = "http", peer: Peer | None = ADMIN, **headers: str
    ) -> AsyncIterator[Exchange]:
        scope = scope_of("GET", url, peer, headers)
        if kind == "websocket":
            scope |= {"type": kind, "subprotocols": headers.get("subprotocols", "").split()}
        exchange = Exchange(self.app, scope)
        if kind == "websocket":
            exchange.tell(type="websocket.connect")
        async with asyncio.TaskGroup() as group:
            running = group.create_task(exchange.run())
            yield exchange
            exchange.tell(type=f"{kind}.disconnect")
            await running


def scope_of(method: str, url: str, peer: Peer | None, headers: Mapping[str, str]) -> dict[str, Any]:
    path, _, query = url.partition("?")
    return {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()],
        "state": {PEER: peer},
    }


def on_a_plane(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run a test that takes a `Site` first in simulated time on a plane of its own."""

    @wraps(test)
    def sync(*args: Any, **kwargs: Any) -> None:
        async def body() -> None:
            async with plane() as p:
                await ensure_roles(p.registry)
                await test(Site(p), *args, **kwargs)

        run(body())

    signature = inspect.signature(test)
    sync.__signature__ = signature.replace(parameters=list(signature.parameters.values())[1:])  # type: ignore[attr-defined]
    return sync


def config_map(name: str, **more: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"k": "v"}, **more}


def pod(name: str, *containers: str, **spec: Any) -> dict[str, Any]:
    listed = [{"name": c, "image": "redis:7.0"} for c in containers or ("c",)]
    metadata = {"name": name, "labels": {"app": "web"}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": listed, **spec}}


def stateful_set(name: str, replicas: int = 3) -> dict[str, Any]:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "redis:7.0"}]}}
    spec = {"replicas": replicas, "serviceName": name, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": name}, "spec": spec}


CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
PODS = "/api/v1/namespaces/default/pods"
SETS = "/apis/apps/v1/namespaces/default/statefulsets"
