"""The listening server: who is let in, what is too much, and how it stops."""

import asyncio
import contextlib
import json
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from apiserver.asgi import CONFIG_MAPS, config_map
from apiserver.running import TOKEN, Running, running

from petset.apiserver.server import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("server")) as started:
        yield started


def connect(server: Running, *, certificate: bool = False, **how: ssl.TLSVersion) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=str(server.files.authority))
    if certificate:
        context.load_cert_chain(server.files.admin, server.files.admin_key)
    if how:
        context.maximum_version = how["newest"]
    raw = socket.create_connection(("127.0.0.1", server.server.port), timeout=10)
    try:
        return context.wrap_socket(raw, server_hostname="localhost")
    except BaseException:
        raw.close()
        raise


def head(method: str, path: str, *headers: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


def ask(connection: ssl.SSLSocket, request: bytes) -> tuple[int, bytes]:
    """The status and body of one answer, on a connection that stays open."""
    connection.sendall(request)
    reader = connection.makefile("rb")
    status = int(reader.readline().split()[1])
    length = 0
    while (line := reader.readline().strip()) != b"":
        name, _, value = line.partition(b":")
        length = int(value) if name.lower() == b"content-length" else length
    return status, reader.read(length)


def test_a_certificate_or_a_token_lets_a_client_in_and_nothing_else_does(server: Running) -> None:
    with connect(server, certificate=True) as known:
        assert ask(known, head("GET", CONFIG_MAPS))[0] == 200
    with connect(server) as unknown:
        status, body = ask(unknown, head("GET", CONFIG_MAPS))
        assert (status, json.loads(body)["reason"]) == (401, "Unauthorized")
        assert ask(unknown, head("GET", CONFIG_MAPS, f"Authorization: Bearer {TOKEN}"))[0] == 200
        assert ask(unknown, head("GET", "/readyz"))[0] == 200


def test_a_certificate_of_a_stranger_ends_the_handshake(
    server: Running, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with running(tmp_path_factory.mktemp("stranger")) as other:
        context = ssl.create_default_context(cafile=str(server.files.authority))
        context.load_cert_chain(other.files.admin, other.files.admin_key)
        raw = socket.create_connection(("127.0.0.1", server.server.port), timeout=10)
        with raw, pytest.raises((ssl.SSLError, ConnectionError)):
            greet(context, raw)


def greet(context: ssl.SSLContext, raw: socket.socket) -> None:
    """Handshake and read: with TLS 1.3 a client hears of a refusal at its first read."""
    with context.wrap_socket(raw, server_hostname="localhost") as connection:
        connection.sendall(head("GET", "/readyz"))
        if not connection.recv(1):
            raise ConnectionError("closed")


def test_an_old_tls_is_refused(server: Running) -> None:
    with connect(server, newest=ssl.TLSVersion.TLSv1_2) as current:
        assert current.version() == "TLSv1.2"
    with pytest.warns(DeprecationWarning, match="TLSv1_1"), pytest.raises((ssl.SSLError, ConnectionError)):
        connect(server, newest=ssl.TLSVersion.TLSv1_1)


def test_a_body_that_is_too_large_is_refused_before_it_has_all_come(server: Running) -> None:
    with connect(server, certificate=True) as client:
        client.sendall(head("POST", CONFIG_MAPS, "Content-Length: 50000000"))
        client.sendall(b" " * 3_300_000)
        status, body = ask(client, b"")
        assert (status, json.loads(body)["reason"]) == (413, "RequestEntityTooLarge")


def test_clients_that_stall_or_talk_nonsense_harm_nobody(server: Running) -> None:
    with (
        connect(server, certificate=True) as half_a_head,
        connect(server, certificate=True) as half_a_body,
        connect(server, certificate=True) as nonsense,
        connect(server, certificate=True) as deaf,
        connect(server, certificate=True) as well,
        socket.create_connection(("127.0.0.1", server.server.port)),
    ):
        half_a_head.sendall(b"GET /api/v1/pods HT")
        half_a_body.sendall(head("POST", CONFIG_MAPS, "Content-Length: 100") + b"{")
        nonsense.sendall(b"\x00\x01\x02 nonsense\r\n\r\n")
        deaf.sendall(head("GET", f"{CONFIG_MAPS}?watch=true"))
        for index in range(3):
            body = json.dumps(config_map(f"well-{index}", data={"k": "x" * 100_000})).encode()
            assert ask(well, head("POST", CONFIG_MAPS, f"Content-Length: {len(body)}") + body)[0] == 201
        assert ask(well, head("GET", "/readyz"))[0] == 200


def test_a_head_without_end_is_cut_off(server: Running) -> None:
    with connect(server) as client:
        client.sendall(b"GET / HTTP/1.1\r\nX: ")
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            for _ in range(40):
                client.sendall(b"x" * 65536)
        assert b"200 OK" not in ended(client)


def ended(client: ssl.SSLSocket) -> bytes:
    """What still came before the other side closed."""
    rest = b""
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while chunk := client.recv(65536):
            rest += chunk
    return rest


def test_requests_sent_together_are_answered_in_order(server: Running) -> None:
    with connect(server, certificate=True) as client:
        client.sendall(
            head("GET", "/version") + head("GET", "/livez") + head("GET", "/nothing", "Connection: close")
        )
        answers = b""
        while chunk := client.recv(65536):
            answers += chunk
        assert answers.index(b"gitVersion") < answers.index(b"\r\n\r\nok") < answers.index(b"404 Not Found")


def test_a_stop_does_not_wait_for_clients(tmp_path: Path) -> None:
    with running(tmp_path) as stopping:
        watches = [connect(stopping, certificate=True) for _ in range(3)]
        for watch in watches:
            watch.sendall(head("GET", f"{CONFIG_MAPS}?watch=true"))
            assert b"200 OK" in watch.recv(1000)
        idle = connect(stopping)
        half = connect(stopping, certificate=True)
        half.sendall(head("POST", CONFIG_MAPS, "Content-Length: 100") + b"{")
        stopping.call(asyncio.wait_for(stopping.server.stop(), 2))
        for client in (*watches, idle, half):
            with client:
                rest = ended(client)
                assert client not in watches or rest.endswith(b"0\r\n\r\n")
        with pytest.raises(ConnectionError):
            connect(stopping)


def test_a_port_that_is_taken_is_named(server: Running) -> None:
    async def again() -> None:
        async def app(scope: object, receive: object, send: object) -> None: ...

        with pytest.raises(OSError, match=str(server.server.port)):
            await Server(app, "127.0.0.1", server.server.port, None).start()  # type: ignore[arg-type]

    asyncio.run(again())
