"""Bodies that no honest client sends, on a real connection: a clear refusal, and the server unharmed."""

import json
import socket
import ssl
from collections.abc import Iterator

import pytest
from apiserver.asgi import CONFIG_MAPS, config_map
from apiserver.running import Running, running
from apiserver.test_server import ask, connect, ended, head

JSON, YAML = "application/json", "application/yaml"
PATCHES = ("application/merge-patch+json", "application/strategic-merge-patch+json", "application/json-patch+json")
APPLY = "application/apply-patch+yaml"
DEEP = {
    "lists": b'{"metadata":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "objects": b'{"data":' * 100_000 + b"1" + b"}" * 100_000,
    "unclosed": b'{"data":' * 100_000,
    "flow": b"data: " + b"[" * 20_000,
}
ODD = {
    "empty": b"",
    "null": b"null",
    "a number": b"17",
    "not UTF-8": b'{"metadata":{"name":"\xff\xfe"}}',
    "half of a pair": b'{"metadata":{"name":"\\ud800"}}',
    "a huge number": b'{"metadata":{"generation":' + b"9" * 10_000 + b"}}",
    "many keys": b"{" + b",".join(b'"k%d":1' % n for n in range(100_000)) + b"}",
    "one key many times": b"{" + b",".join([b'"kind":"x"'] * 100_000) + b"}",
    "a patch of the whole": b'[{"op":"replace","path":"","value":1}]',
    "NUL": b'{"metadata":{"name":"a\\u0000b"}}',
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("hostile")) as started:
        with connect(started, certificate=True) as client:
            body = json.dumps(config_map("there")).encode()
            assert ask(client, head("POST", CONFIG_MAPS, f"Content-Length: {len(body)}") + body)[0] == 201
        yield started


@pytest.fixture
def client(server: Running) -> Iterator[ssl.SSLSocket]:
    with connect(server, certificate=True) as connection:
        yield connection


def send(client: ssl.SSLSocket, method: str, path: str, media: str, body: bytes) -> tuple[int, bytes]:
    return ask(client, head(method, path, f"Content-Type: {media}", f"Content-Length: {len(body)}") + body)


@pytest.mark.parametrize("media", [JSON, YAML, *PATCHES, APPLY])
@pytest.mark.parametrize("body", [*DEEP.values(), *ODD.values()], ids=[*DEEP, *ODD])
def test_a_body_that_makes_no_sense_is_refused(client: ssl.SSLSocket, media: str, body: bytes) -> None:
    method = "POST" if media in (JSON, YAML) else "PATCH"
    path = CONFIG_MAPS if method == "POST" else f"{CONFIG_MAPS}/there?fieldManager=me"
    status, answer = send(client, method, path, media, body)
    assert 200 <= status < 500, answer[:300]
    if status >= 400:
        assert json.loads(answer)["kind"] == "Status"
    assert ask(client, head("GET", f"{CONFIG_MAPS}/there"))[0] == 200


def test_ten_thousand_labels_are_kept_or_refused_like_one(client: ssl.SSLSocket) -> None:
    labels = {f"label-{number}": "x" for number in range(10_000)}
    made = config_map("labelled") | {"metadata": {"name": "labelled", "labels": labels}}
    assert send(client, "POST", CONFIG_MAPS, JSON, json.dumps(made).encode())[0] == 201
    assert ask(client, head("GET", f"{CONFIG_MAPS}?labelSelector=label-9999%3Dx"))[0] == 200
    labels["-"] = "!"
    status, answer = send(client, "PUT", f"{CONFIG_MAPS}/labelled", JSON, json.dumps(made).encode())
    assert (status, json.loads(answer)["reason"]) == (422, "Invalid")
    asked = ",".join(f"label-{number}" for number in range(5_000))
    assert ask(client, head("GET", f"{CONFIG_MAPS}?labelSelector={asked}"))[0] == 200


def test_a_watch_whose_client_sends_no_more_ends(server: Running) -> None:
    with connect(server, certificate=True) as watch:
        watch.sendall(head("GET", f"{CONFIG_MAPS}?watch=1"))
        assert b"200 OK" in watch.recv(1000)
        watch.shutdown(socket.SHUT_WR)
        ended(watch)


def test_a_compressed_body_is_not_unpacked(client: ssl.SSLSocket) -> None:
    status, answer = ask(
        client, head("POST", CONFIG_MAPS, "Content-Encoding: gzip", "Content-Length: 2") + b"\x1f\x8b"
    )
    assert status in (400, 415) and json.loads(answer)["kind"] == "Status"
