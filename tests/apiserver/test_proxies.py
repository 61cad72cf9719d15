"""HTTP requests carried to pods: what the pod is told, what the client is answered, and what is refused."""

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from apiserver.asgi import ADMIN, PODS, Exchange, Site, scope_of
from apiserver.containers import WrittenServer, WrittenStreams
from hypothesis import given
from hypothesis import strategies as st
from wsproto import ConnectionType, WSConnection, events

from petset.api.models import core_v1, meta_v1
from petset.api.objects import copy
from petset.apiserver.streams.links import Links, Page
from petset.registry.roles import ensure_roles
from petset.testing.plane import plane

UNREACHED = "error trying to reach service"
PARTS = [b"<a href=", b'"/x"', b">", b"text ", b"<", b"</a>", b"'", b" src=/y "]
SERVICES = "/api/v1/namespaces/default/services"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nserver: mine\r\n\r\nhello"


Told = tuple[int, dict[str, str], bytes]


class Proxy:
    """A pod `web-0` at 10.0.0.7 on a node whose streams are written by the test."""

    def __init__(self, site: Site, streams: WrittenStreams) -> None:
        self.site = site
        self.streams = streams

    def serve(self, port: int, answer: bytes, until: bytes = b"\r\n\r\n") -> WrittenServer:
        self.streams.servers[port] = WrittenServer(answer, until)
        return self.streams.servers[port]

    async def ask(
        self, method: str, url: str, body: bytes = b"", **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        scope = scope_of(method, url, ADMIN, {name.replace("_", "-"): value for name, value in headers.items()})
        exchange = Exchange(self.site.app, scope)
        exchange.tell(type="http.request", body=body[:3], more_body=len(body) > 3)
        if len(body) > 3:
            exchange.tell(type="http.request", body=body[3:], more_body=False)
        await exchange.run()
        start = await exchange.hear()
        answer, more = b"", True
        while more:
            message = await exchange.hear()
            answer, more = answer + message.get("body", b""), message.get("more_body", False)
        return start["status"], {k.decode(): v.decode() for k, v in start["headers"]}, answer


def with_a_pod(story: Callable[[Proxy], Awaitable[None]]) -> Callable[[], None]:
    """In real time: there are sockets."""

    async def told(site: Site, streams: WrittenStreams) -> None:
        spec = {"containers": [{"name": "c", "image": "x", "ports": [{"containerPort": 8080}]}], "nodeName": "n1"}
        metadata = {"name": "web-0", "labels": {"app": "web"}}
        await site.made(PODS, {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
        pod = copy(await site.plane.client.get(core_v1.Pod, "web-0", "default"))
        pod.status = core_v1.PodStatus(phase="Running", podIP="10.0.0.7")
        await site.plane.client.update(pod, "status")
        await story(Proxy(site, streams))

    async def body() -> None:
        streams = WrittenStreams({}, {})
        async with plane() as p:
            await ensure_roles(p.registry)
            await told(Site(p, {"n1": streams}), streams)

    def test() -> None:
        asyncio.run(body())

    return test


@with_a_pod
async def test_a_request_reaches_the_pod_and_its_answer_comes_back(p: Proxy) -> None:
    server = p.serve(8080, OK)
    status, headers, body = await p.ask(
        "GET", f"{PODS}/web-0/proxy/a b/?x=1&y", host="api:6443", authorization="Bearer admin-token", x_mine="yes"
    )
    assert (status, body, headers.get("server")) == (200, b"hello", "mine") and headers["audit-id"]
    head = server.heard.decode().lower()
    assert head.startswith("get /a%20b/?x=1&y http/1.1\r\n")
    assert "host: api:6443\r\n" in head and "x-mine: yes\r\n" in head and "authorization" not in head
    assert "x-forwarded-uri: /api/v1/namespaces/default/pods/web-0/proxy/a%20b/\r\n" in head


@with_a_pod
async def test_every_method_takes_its_body_along(p: Proxy) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        server = p.serve(9000, OK, b"b=2")
        status, _, _ = await p.ask(method, f"{PODS}/web-0:9000/proxy/form", b"a=1&b=2", content_length="7")
        assert status == 200
        assert server.heard.startswith(method.encode()) and server.heard.endswith(b"\r\n\r\na=1&b=2")
    server = p.serve(9000, OK, b"0\r\n\r\n")
    await p.ask("POST", f"{PODS}/web-0:9000/proxy/form", b"a=1&b=2", transfer_encoding="chunked")
    assert server.heard.endswith(b"3\r\na=1\r\n4\r\n&b=2\r\n0\r\n\r\n")


@with_a_pod
async def test_a_head_has_no_body_and_codes_of_the_pods_own_are_passed_on(p: Proxy) -> None:
    p.serve(8080, b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n")
    status, headers, body = await p.ask("HEAD", f"{PODS}/web-0/proxy/")
    assert (status, headers["content-length"], body) == (200, "5", b"")
    p.serve(8080, b"HTTP/1.1 599 Odd\r\naccess-control-allow-origin: *\r\nconnection: close\r\n\r\nlong tale")
    status, headers, body = await p.ask("GET", f"{PODS}/web-0/proxy/")
    assert (status, body) == (599, b"long tale") and "access-control-allow-origin" not in headers


@with_a_pod
async def test_the_root_without_a_slash_is_led_to_the_one_with(p: Proxy) -> None:
    status, headers, _ = await p.ask("GET", f"{PODS}/web-0/proxy?x=1")
    assert (status, headers["location"]) == (301, f"{PODS}/web-0/proxy/?x=1")


@with_a_pod
async def test_a_path_never_climbs_out_of_the_pods_server(p: Proxy) -> None:
    server = p.serve(8080, OK)
    await p.ask("GET", f"{PODS}/web-0/proxy/a/../../../.well-known//x")
    assert server.heard.startswith(b"GET /.well-known/x HTTP/1.1")


@with_a_pod
async def test_links_from_the_root_lead_through_the_proxy(p: Proxy) -> None:
    page = b'<a href="/x">x</a> <img src=\'/y.png\'> <a href="z">z</a> <a href="https://other/">o</a>'
    wanted = page.replace(b'"/x', f'"{PODS}/web-0/proxy/x'.encode()).replace(
        b"'/y", f"'{PODS}/web-0/proxy/y".encode()
    )
    kinds = {b"text/html": wanted, b"text/html; charset=utf-8": wanted, b"text/plain": page}
    for kind, expected in kinds.items():
        head = b"HTTP/1.1 200 OK\r\ncontent-type: %s\r\ncontent-length: %d\r\n\r\n" % (kind, len(page))
        p.serve(8080, head + page)
        assert (await p.ask("GET", f"{PODS}/web-0/proxy/"))[2] == expected
    packed = gzip.compress(page)
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n"
    p.serve(8080, head % len(packed) + packed)
    _, headers, body = await p.ask("GET", f"{PODS}/web-0/proxy/")
    assert body == wanted and "content-encoding" not in headers
    p.serve(8080, b"HTTP/1.1 302 Found\r\nlocation: http://10.0.0.7:8080/login\r\ncontent-length: 0\r\n\r\n")
    assert (await p.ask("GET", f"{PODS}/web-0/proxy/"))[1]["location"] == f"{PODS}/web-0/proxy/login"


@pytest.mark.parametrize(
    ("url", "code", "message"),
    [
        (f"{PODS}/ftp:web-0:80/proxy/", 400, 'invalid pod request "ftp:web-0:80"'),
        (f"{PODS}/web-0:http/proxy/", 400, "unable to parse 'http' as a port"),
        (f"{PODS}/web-1/proxy/", 404, 'pods "web-1" not found'),
        (
            f"{PODS}/web-0:81/proxy/",
            503,
            "error trying to reach service: dial tcp 10.0.0.7:81: connect: connection ref",
        ),
        (f"{PODS}/web-0:9001/proxy/", 503, UNREACHED),
        (f"{PODS}/web-0:9002/proxy/", 503, f"{UNREACHED}: EOF"),
        (f"{SERVICES}/none/proxy/", 404, 'services "none" not found'),
        (f"{SERVICES}/web:81/proxy/", 503, 'no service port 81 found for service "web"'),
        (f"{SERVICES}/web:other/proxy/", 503, 'no endpoints available for service "web"'),
        ("/api/v1/nodes/none/proxy/healthz", 404, 'nodes "none" not found'),
    ],
)
def test_what_cannot_be_reached_is_told(url: str, code: int, message: str) -> None:
    @with_a_pod
    async def story(p: Proxy) -> None:
        await p.site.made(SERVICES, SERVICE)
        p.serve(9001, b"no HTTP at all\r\n\r\n")
        p.serve(9002, b"")
        status, _, body = await p.ask("GET", url)
        assert status == code and message in body.decode().replace('\\"', '"')

    story()


SERVICE: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web"},
    "spec": {"selector": {"app": "web"}, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]},
}


@with_a_pod
async def test_a_service_is_asked_by_the_number_or_the_name_of_its_port(p: Proxy) -> None:
    await p.site.made(SERVICES, SERVICE)
    address = core_v1.EndpointAddress(ip="10.0.0.7", targetRef=core_v1.ObjectReference(kind="Pod", name="web-0"))
    subset = core_v1.EndpointSubset(addresses=[address], ports=[core_v1.EndpointPort(port=8080, name="http")])
    metadata = meta_v1.ObjectMeta(name="web", namespace="default")
    await p.site.plane.client.create(core_v1.Endpoints(metadata=metadata, subsets=[subset]))
    for name in ("web:80", "web:http", "http:web:http"):
        p.serve(8080, OK)
        assert (await p.ask("GET", f"{SERVICES}/{name}/proxy/"))[2] == b"hello"


@with_a_pod
async def test_a_node_says_that_it_is_well_and_which_pods_it_has(p: Proxy) -> None:
    await p.site.made("/api/v1/nodes", {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}})
    assert (await p.ask("GET", "/api/v1/nodes/n1/proxy/healthz"))[2] == b"ok"
    status, _, body = await p.ask("GET", "/api/v1/nodes/n1/proxy/pods")
    assert status == 200 and b'"web-0"' in body
    assert (await p.ask("GET", "/api/v1/nodes/n1/proxy/run"))[0] == 404


@with_a_pod
async def test_who_may_not_is_not_let_through(p: Proxy) -> None:
    server = p.serve(8080, OK)
    scope = scope_of("GET", f"{PODS}/web-0/proxy/", None, {"authorization": "Bearer jane-token"})
    exchange = Exchange(p.site.app, scope)
    await exchange.run()
    assert (await exchange.hear())["status"] == 403 and not server.heard


@given(st.lists(st.sampled_from(PARTS), max_size=12), st.lists(st.integers(0, 60), max_size=4))
def test_a_page_is_the_same_however_its_bytes_arrive(parts: list[bytes], cuts: list[int]) -> None:
    whole = b"".join(parts)
    at_once, in_pieces = Page(Links("/p"), gzipped=False), Page(Links("/p"), gzipped=False)
    places = sorted(min(cut, len(whole)) for cut in cuts)
    pieces = [whole[a:b] for a, b in zip([0, *places], [*places, len(whole)], strict=True)]
    assert b"".join(map(in_pieces.feed, pieces)) + in_pieces.end() == at_once.feed(whole) + at_once.end()


@given(st.text(max_size=40))
def test_no_link_is_led_elsewhere_and_none_is_led_twice(url: str) -> None:
    links = Links("/p/proxy", "host")
    once = links.through(url)
    assert links.through(once) == once or not once.startswith("/p/proxy")


class Echo(WrittenServer):
    """A WebSocket server that answers in capitals, says goodbye to `bye`, and takes only who speaks `shout`."""

    def __init__(self) -> None:
        super().__init__(b"", b"")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = WSConnection(ConnectionType.SERVER)
        while data := await reader.read(65536):
            self.heard += data
            talk.receive_data(data)
            for event in talk.events():
                for answer in self._answers(event):
                    writer.write(talk.send(answer))
        writer.close()

    def _answers(self, event: events.Event) -> list[events.Event]:
        if isinstance(event, events.Request):
            ping = [events.Ping(b"?")]
            if "shout" in event.subprotocols:
                return [events.AcceptConnection(subprotocol="shout"), *ping]
            return [events.RejectConnection(status_code=403)]
        if isinstance(event, events.TextMessage):
            return [events.CloseConnection(4001, "bye")] if event.data == "bye" else [_shouted(event)]
        if isinstance(event, events.BytesMessage):
            return [events.BytesMessage(event.data.upper(), message_finished=event.message_finished)]
        return []


def _shouted(event: events.TextMessage) -> events.TextMessage:
    return events.TextMessage(event.data.upper())


@with_a_pod
async def test_a_websocket_is_carried_message_by_message_until_one_side_ends_it(p: Proxy) -> None:
    server = p.streams.servers[8080] = Echo()
    url = f"{PODS}/web-0/proxy/live?x=1"
    async with p.site.opened(
        url, kind="websocket", subprotocols="shout", host="api", authorization="Bearer x"
    ) as ws:
        assert await ws.hear() == {"type": "websocket.accept", "subprotocol": "shout"}
        ws.tell(type="websocket.receive", text="hello")
        assert (await ws.hear())["text"] == "HELLO"
        ws.tell(type="websocket.receive", bytes=b"x" * 100_000)
        assert (await ws.hear())["bytes"] == b"X" * 100_000
        ws.tell(type="websocket.receive", text="bye")
        assert await ws.hear() == {"type": "websocket.close", "code": 4001, "reason": "bye"}
    assert server.heard.startswith(b"GET /live?x=1 HTTP/1.1") and b"Bearer" not in server.heard


@with_a_pod
async def test_a_websocket_that_the_pod_does_not_want_is_refused(p: Proxy) -> None:
    p.streams.servers[8080] = Echo()
    p.serve(9000, b"")
    for port, says in ((8080, b"answered the upgrade with status 403"), (9000, b"EOF"), (81, b"refused")):
        url = f"{PODS}/web-0:{port}/proxy/"
        async with p.site.opened(url, kind="websocket", subprotocols="", host="api") as ws:
            assert (await ws.hear())["status"] == 503
            assert says in (await ws.hear())["body"]
