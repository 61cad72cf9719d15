"""HTTP as clients speak it: several requests at once, bodies in pieces, old versions, upgrades not ours."""

import gc
import json
import ssl
import weakref
from collections.abc import Iterator

import pytest
from apiserver.asgi import CONFIG_MAPS, config_map
from apiserver.running import Running, running
from apiserver.test_server import ask, connect, ended, head

from petset.aio.tasks import give_way
from petset.apiserver import wire
from petset.apiserver.connection import Connection
from petset.apiserver.messages import Joined


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("connection")) as started:
        yield started


@pytest.fixture
def client(server: Running) -> Iterator[ssl.SSLSocket]:
    with connect(server, certificate=True) as connection:
        yield connection


def creation(name: str, *headers: str) -> bytes:
    body = json.dumps(config_map(name)).encode()
    return head("POST", CONFIG_MAPS, f"Content-Length: {len(body)}", *headers) + body


def test_reads_never_overtake_the_writes_before_them(client: ssl.SSLSocket) -> None:
    asked = b"".join(creation(f"first-{n}") + head("GET", f"{CONFIG_MAPS}/first-{n}") for n in range(40))
    client.sendall(asked + head("GET", "/livez", "Connection: close"))
    answers = ended(client)
    assert (answers.count(b"201 Created"), answers.count(b"200 OK"), answers.count(b"404")) == (40, 41, 0)
    assert answers.index(b"201 Created") < answers.index(b"200 OK") and answers.endswith(b"ok")


def test_what_follows_a_request_that_closes_the_connection_is_not_answered(client: ssl.SSLSocket) -> None:
    client.sendall(head("GET", CONFIG_MAPS, "Connection: close") + head("GET", "/livez"))
    assert ended(client).count(b"HTTP/1.1 ") == 1


def test_a_body_may_come_in_pieces_and_in_chunks(client: ssl.SSLSocket) -> None:
    for byte in creation("pieces"):
        client.sendall(bytes([byte]))
    assert ask(client, b"")[0] == 201
    body = json.dumps(config_map("chunks")).encode()
    chunked = wire.chunk(body[:7]) + wire.chunk(body[7:]) + wire.LAST_CHUNK
    assert ask(client, head("POST", CONFIG_MAPS, "Transfer-Encoding: chunked") + chunked)[0] == 201
    assert ask(client, head("GET", f"{CONFIG_MAPS}/chunks"))[0] == 200


def test_a_client_that_asks_first_is_told_to_go_on(client: ssl.SSLSocket) -> None:
    body = json.dumps(config_map("polite")).encode()
    client.sendall(head("POST", CONFIG_MAPS, f"Content-Length: {len(body)}", "Expect: 100-continue"))
    assert client.recv(len(wire.CONTINUE)) == wire.CONTINUE
    assert ask(client, body)[0] == 201


def test_a_client_that_asks_first_and_may_not_is_not_told_to_go_on(server: Running) -> None:
    with connect(server) as stranger:
        stranger.sendall(head("POST", CONFIG_MAPS, "Content-Length: 100", "Expect: 100-continue"))
        assert ask(stranger, b"")[0] == 401


def test_an_answer_before_the_body_is_whole_does_not_end_the_connection(server: Running) -> None:
    with connect(server) as stranger:
        assert ask(stranger, head("POST", CONFIG_MAPS, "Content-Length: 10") + b"01234")[0] == 401
        assert ask(stranger, b"56789" + head("GET", "/livez"))[0] == 200


def test_a_head_is_answered_without_a_body(client: ssl.SSLSocket) -> None:
    client.sendall(head("HEAD", CONFIG_MAPS) + head("HEAD", "/livez", "Connection: close"))
    answers = ended(client)
    assert answers.count(b"200 OK") == 2 and answers.endswith(b"\r\n\r\n")


def test_a_client_of_http_1_0_gets_one_answer_and_no_chunks(client: ssl.SSLSocket) -> None:
    client.sendall(f"GET {CONFIG_MAPS}?watch=1&timeoutSeconds=1 HTTP/1.0\r\n\r\n".encode())
    answer = ended(client)
    assert b"transfer-encoding" not in answer and json.loads(answer.splitlines()[-1])["object"]


def test_an_upgrade_that_we_do_not_speak_is_not_made(client: ssl.SSLSocket) -> None:
    status, _ = ask(client, head("GET", "/livez", "Connection: Upgrade", "Upgrade: h2c"))
    assert (status, ask(client, head("GET", "/livez"))[0]) == (200, 200)


def test_a_whole_url_is_understood_as_proxies_write_it(client: ssl.SSLSocket) -> None:
    assert ask(client, head("GET", "https://localhost/livez?verbose"))[0] == 200


@pytest.mark.parametrize("target", ["livez", "//", "/%", "/a b", "/\xff", "*"])
def test_a_target_that_cannot_be_read_is_refused(server: Running, target: str) -> None:
    with connect(server, certificate=True) as client:
        client.sendall(f"GET {target} HTTP/1.1\r\nConnection: close\r\n\r\n".encode("latin-1"))
        assert ended(client)[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 404")


def test_a_header_of_ours_cannot_begin_another_one() -> None:
    with pytest.raises(ValueError, match="line break"):
        wire.head(200, [(b"warning", b"299 - nice\r\nx: y")])


@pytest.mark.parametrize("items", [[], [b"1"], [b"1", b"22"], [b"x" * 70_000] * 3, [b"y" * 10] * 20_000])
def test_a_body_in_pieces_is_the_same_body(items: list[bytes]) -> None:
    body = Joined(b'{"items":[', items, b"]}")
    assert b"".join(body.pieces()) == body.whole()
    assert body.size_bytes == len(body.whole())
    assert all(len(piece) < 2 * 70_000 for piece in body.pieces())


def test_a_long_list_reaches_a_client_that_reads_slowly(server: Running) -> None:
    with connect(server, certificate=True) as client:
        for number in range(8):
            body = json.dumps(config_map(f"long-{number}", data={"k": "x" * 900_000})).encode()
            assert ask(client, head("POST", CONFIG_MAPS, f"Content-Length: {len(body)}") + body)[0] == 201
        with connect(server, certificate=True) as gone:
            gone.sendall(head("GET", CONFIG_MAPS))
            gone.recv(10_000)
        client.sendall(head("GET", CONFIG_MAPS))
        with connect(server, certificate=True) as other:
            assert ask(other, head("GET", "/livez"))[0] == 200
        status, answer = ask(client, head("GET", "/livez", "Connection: close"))
        assert status == 200 and len([m for m in json.loads(answer)["items"] if len(m["data"]["k"]) > 9]) == 8
        assert ended(client).endswith(b"ok")


def test_a_client_that_asks_on_without_reading_fills_no_memory(server: Running) -> None:
    async def waiting_bytes() -> int:
        return sum(each.transport.get_write_buffer_size() for each in server.server.connections)

    with connect(server, certificate=True) as client, connect(server, certificate=True) as other:
        body = json.dumps(config_map("large", data={"k": "x" * 900_000})).encode()
        assert ask(client, head("POST", CONFIG_MAPS, f"Content-Length: {len(body)}") + body)[0] == 201
        asked = head("GET", f"{CONFIG_MAPS}/large") * 60
        client.sendall(asked + head("GET", "/livez", "Connection: close"))
        for _ in range(20):
            assert ask(other, head("GET", "/livez"))[0] == 200
        assert server.call(waiting_bytes()) < 8_000_000
        answers = bytearray()
        while chunk := client.recv(1 << 20):
            answers += chunk
        assert answers.count(b"HTTP/1.1 200 OK") == 61 and answers.endswith(b"ok")


LEAVING = {
    "without a request": b"",
    "after an answer": head("GET", "/livez"),
    "before the answer to a write": creation("left"),
    "in the middle of a body": head("POST", CONFIG_MAPS, "Content-Length: 100") + b"{",
    "from a watch": head("GET", f"{CONFIG_MAPS}?watch=1"),
}


@pytest.mark.parametrize("asked", LEAVING.values(), ids=LEAVING)
def test_a_connection_that_is_gone_needs_no_collector_to_be_freed(server: Running, asked: bytes) -> None:
    async def open_ones() -> list[weakref.ref[Connection]]:
        return [weakref.ref(each) for each in server.server.connections]

    async def are_freed(connections: list[weakref.ref[Connection]]) -> None:
        while any(each() is not None for each in connections):
            await give_way()

    gc.disable()
    try:
        with connect(server, certificate=True) as client:
            client.sendall(asked)
            left = server.call(open_ones())
        server.call(are_freed(left))
        assert left
    finally:
        gc.enable()
