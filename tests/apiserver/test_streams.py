"""Logs and commands: which container is meant, what goes over the wire, and how it ends."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from apiserver.asgi import MERGE, PODS, Exchange, Site, on_a_plane, pod
from apiserver.containers import WrittenContainer, WrittenExec, WrittenStreams

from petset.apiserver.streams import channels
from petset.apiserver.streams.logs import read_options
from petset.node.streams import LogOptions

ADMISSION = "/apis/admissionregistration.k8s.io/v1/validatingadmission"
START = datetime(2026, 1, 1, tzinfo=UTC)
LINES = [(START - timedelta(seconds=10 - i), f"line {i}\n".encode()) for i in range(3)]


async def echo(running: WrittenExec) -> int:
    while (data := await running.input.get()) is not None:
        running.say(1, data.upper())
    running.say(2, b"done")
    return 3


async def forever(running: WrittenExec) -> int:
    running.say(1, b"hello")
    await asyncio.Event().wait()
    return 0


async def attached(running: WrittenExec) -> int:
    """As a container's own process: how it ends is not told to whoever is attached."""
    await echo(running)
    return 0


async def deaf(running: WrittenExec) -> int:
    running.reads.clear()
    return await forever(running)


async def true(running: WrittenExec) -> int:
    return 0


async def with_pod(site: Site, *containers: str, **metadata: Any) -> tuple[Site, WrittenStreams]:
    made = pod("web-0", *containers, nodeName="n1")
    made["metadata"] |= metadata
    written = {("web-0", name): WrittenContainer(list(LINES)) for name in containers or ("c",)}
    streams = WrittenStreams(written, {"echo": echo, "forever": forever, "deaf": deaf, "true": true})
    with_streams = Site(site.plane, {"n1": streams})
    await with_streams.made(PODS, made)
    return with_streams, streams


async def log_of(site: Site, query: str = "") -> tuple[str, bytes]:
    async with site.opened(f"{PODS}/web-0/log{query}") as log:
        start = await log.hear()
        assert start["status"] == 200
        text, more = b"", True
        while more:
            message = await log.hear()
            text, more = text + message["body"], message.get("more_body", False)
        return dict(start["headers"])[b"content-type"].decode(), text


@on_a_plane
async def test_a_log_is_plain_text(site: Site) -> None:
    site, _ = await with_pod(site)
    assert await log_of(site) == ("text/plain", b"line 0\nline 1\nline 2\n")
    assert (await log_of(site, "?tailLines=1"))[1] == b"line 2\n"
    assert (await log_of(site, "?sinceSeconds=9"))[1] == b"line 1\nline 2\n"
    assert (await log_of(site, "?tailLines=1&timestamps=true"))[1].startswith(b"2025-12-31T23:59:52")
    assert (await log_of(site, "?tailLines=0"))[1] == b""


@on_a_plane
async def test_a_followed_log_goes_on_until_the_container_exits(site: Site) -> None:
    site, streams = await with_pod(site)
    container = streams._containers["web-0", "c"]
    async with site.opened(f"{PODS}/web-0/log?follow=true&tailLines=0") as log:
        assert (await log.hear())["type"] == "http.response.start"
        await container.followed.wait()
        container.log(START, b"more\n")
        assert (await log.hear())["body"] == b"more\n"
        container.exit()
        assert await log.hear() == {"type": "http.response.body", "body": b""}


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("ContainerCreating", "ContainerCreating"),
        ("ErrImagePull", "image can't be pulled"),
        ("ImagePullBackOff", "trying and failing to pull image"),
    ],
)
@on_a_plane
async def test_a_log_cannot_be_followed_before_there_is_one(site: Site, reason: str, says: str) -> None:
    site, _ = await with_pod(site)
    waiting = {"name": "c", "image": "", "imageID": "", "ready": False, "restartCount": 0}
    status = {"containerStatuses": [{**waiting, "state": {"waiting": {"reason": reason}}}]}
    await site.ask("PATCH", f"{PODS}/web-0/status", {"status": status}, content_type=MERGE)
    answer = await site.ask("GET", f"{PODS}/web-0/log?follow=true")
    assert (answer.status, answer.json["message"]) == (
        400,
        f'container "c" in pod "web-0" is waiting to start: {says}',
    )


@on_a_plane
async def test_a_pod_without_a_node_has_an_empty_log_and_runs_nothing(site: Site) -> None:
    await site.made(PODS, pod("web-0"))
    answer = await site.ask("GET", f"{PODS}/web-0/log")
    assert (answer.status, answer.body) == (200, b"")
    async with exec_on(site, "command=true&stdout=1") as ws:
        status, body = await refused(ws)
        assert (status, body["message"]) == (400, "pod web-0 does not have a host assigned")


@on_a_plane
async def test_the_container_is_the_one_named_the_only_one_or_the_default_one(site: Site) -> None:
    two, _ = await with_pod(site, "redis", "exporter")
    unclear = await two.ask("GET", f"{PODS}/web-0/log")
    assert (unclear.status, unclear.json["message"]) == (
        400,
        "a container name must be specified for pod web-0, choose one of: [redis exporter]",
    )
    unknown = await two.ask("GET", f"{PODS}/web-0/log?container=postgres")
    assert unknown.json["message"] == "container postgres is not valid for pod web-0"
    assert (await log_of(two, "?container=exporter"))[1].startswith(b"line 0")


@on_a_plane
async def test_an_annotation_names_the_default_container(site: Site) -> None:
    annotations = {"kubectl.kubernetes.io/default-container": "exporter"}
    site, _ = await with_pod(site, "redis", "exporter", annotations=annotations)
    assert (await log_of(site))[1].startswith(b"line 0")


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ("?previous=true", 400, "previous terminated container"),
        ("?tailLines=-1", 422, "tailLines: Invalid value: -1"),
        ("?limitBytes=0", 422, "limitBytes: Invalid value: 0"),
        ("?sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z", 422, "at most one of"),
        ("?sinceTime=yesterday", 400, "sinceTime"),
        ("?follow=perhaps", 400, "follow"),
        ("?stream=stdin", 422, 'Unsupported value: "stdin": supported values: "All", "Stderr", "Stdout"'),
        ("?stream=Stdout&tailLines=1", 422, "`tailLines` and specific `stream` are mutually exclusive for now"),
    ],
)
@on_a_plane
async def test_a_log_that_cannot_be_had_is_a_status(site: Site, query: str, status: int, says: str) -> None:
    site, _ = await with_pod(site)
    answer = await site.ask("GET", f"{PODS}/web-0/log{query}")
    assert (answer.status, says in answer.json["message"]) == (status, True), answer


def test_every_log_option_is_read() -> None:
    query = b"container=c&follow=1&previous=true&timestamps=true&tailLines=5&limitBytes=9&sinceSeconds=60"
    minute = START - timedelta(minutes=1)
    assert read_options(query, START) == LogOptions("c", True, True, True, 5, 9, minute)
    assert read_options(b"stream=Stderr", START) == LogOptions(stream="stderr")
    assert read_options(b"stream=All", START) == LogOptions()


def exec_on(site: Site, query: str, protocols: str = "v5.channel.k8s.io") -> Any:
    return site.opened(f"{PODS}/web-0/exec?{query}", kind="websocket", subprotocols=protocols)


async def refused(ws: Exchange) -> tuple[int, Any]:
    start, end = await ws.hear(), await ws.hear()
    assert start["type"] == "websocket.http.response.start"
    return start["status"], json.loads(end["body"])


async def accepted(ws: Exchange, protocol: str = "v5.channel.k8s.io") -> None:
    assert await ws.hear() == {"type": "websocket.accept", "subprotocol": protocol}
    assert (await ws.hear())["bytes"] == b"\x01"


@on_a_plane
async def test_input_goes_in_output_comes_out_and_the_exit_code_last(site: Site) -> None:
    site, _ = await with_pod(site)
    async with exec_on(site, "command=echo&command=-n&stdin=true&stdout=true&stderr=true") as ws:
        await accepted(ws)
        ws.tell(type="websocket.receive", bytes=b"\x00abc")
        assert (await ws.hear())["bytes"] == b"\x01ABC"
        ws.tell(type="websocket.receive", bytes=b"\xff\x00")
        assert (await ws.hear())["bytes"] == b"\x02done"
        last = (await ws.hear())["bytes"]
        status = json.loads(last[1:])
        assert (last[0], status["reason"]) == (3, "NonZeroExitCode")
        assert status["details"]["causes"] == [{"reason": "ExitCode", "message": "3"}]
        assert await ws.hear() == {"type": "websocket.close", "code": 1000}


@on_a_plane
async def test_a_command_that_succeeds_says_so_in_either_protocol(site: Site) -> None:
    site, _ = await with_pod(site)
    for protocol in ("v4.channel.k8s.io", "v5.channel.k8s.io"):
        async with exec_on(site, "command=true&stdout=true", protocol) as ws:
            await accepted(ws, protocol)
            assert json.loads((await ws.hear())["bytes"][1:])["status"] == "Success"


@on_a_plane
async def test_a_terminal_follows_its_window(site: Site) -> None:
    site, streams = await with_pod(site)
    async with exec_on(site, "command=echo&stdin=true&stdout=true&tty=true") as ws:
        await accepted(ws)
        for size in (b'{"Width":120,"Height":40}', b"nonsense", b'{"Width":0,"Height":0}'):
            ws.tell(type="websocket.receive", bytes=b"\x04" + size)
        ws.tell(type="websocket.receive", bytes=b"\xff\x00")
        assert json.loads((await ws.hear())["bytes"][1:])["status"] == "Failure"
        assert streams.execs[0].sizes == [(120, 40)]


@on_a_plane
async def test_a_command_ends_with_its_client_and_with_the_server(site: Site) -> None:
    site, streams = await with_pod(site)
    async with exec_on(site, "command=forever&stdout=true") as ws:
        await accepted(ws)
        assert (await ws.hear())["bytes"] == b"\x01hello"
    assert streams.execs[0].killed
    async with exec_on(site, "command=forever&stdout=true") as ws:
        await accepted(ws)
        site.app.begin_shutdown()
    assert streams.execs[1].killed


@pytest.mark.parametrize(
    ("query", "protocols", "status", "says"),
    [
        ("stdout=true", "v5.channel.k8s.io", 400, "at least one command"),
        ("command=true", "v5.channel.k8s.io", 400, "at least one of stdin"),
        ("command=true&stdout=true", "v3.channel.k8s.io", 400, "unable to upgrade"),
        ("command=true&stdout=true&container=x", "v5.channel.k8s.io", 400, "container x is not valid"),
        ("command=missing&stdout=true", "v5.channel.k8s.io", 400, "no such program"),
    ],
)
@on_a_plane
async def test_a_command_that_cannot_be_run_is_refused_before_the_upgrade(
    site: Site, query: str, protocols: str, status: int, says: str
) -> None:
    site, _ = await with_pod(site)
    async with exec_on(site, query, protocols) as ws:
        found, body = await refused(ws)
        assert (found, says in body["message"]) == (status, True), body


@pytest.mark.parametrize("method", ["GET", "POST"])
@on_a_plane
async def test_a_command_without_a_websocket_is_told_to_upgrade(site: Site, method: str) -> None:
    site, _ = await with_pod(site)
    answer = await site.ask(method, f"{PODS}/web-0/exec?command=true&stdout=1", upgrade="SPDY/3.1")
    assert (answer.status, "Upgrade request required" in answer.json["message"]) == (400, True)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("web-9/exec?command=true&stdout=1", "pod web-9 does not have a host assigned"),
        ("web-9/portforward?ports=80", "pod web-9 does not have a host assigned"),
        ("web-0/exec?command=true&stdout=1&container=c", "container c of pod web-0 does not run"),
        ("web-0/attach?stdout=1&container=c", "container c of pod web-0 does not run"),
        ("web-0/attach?stdout=1&container=x", "container x is not valid for pod web-0"),
    ],
)
@on_a_plane
async def test_what_speaks_against_a_stream_is_told_without_a_websocket_too(
    site: Site, asked: str, says: str
) -> None:
    site, streams = await with_pod(site)
    streams.forget("web-0", "c")
    await site.made(PODS, pod("web-9"))
    refused = await site.ask("POST", f"{PODS}/{asked}", upgrade="SPDY/3.1")
    assert (refused.status, refused.json["message"]) == (400, says)


@on_a_plane
async def test_what_a_policy_says_against_a_command_is_told_without_a_websocket_too(site: Site) -> None:
    site, _ = await with_pod(site)
    matched = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CONNECT"], "resources": ["pods/exec"]}
    rule = {"expression": "!('sh' in object.command)", "message": "no shells"}
    spec = {"matchConstraints": {"resourceRules": [matched]}, "validations": [rule]}
    await site.made(f"{ADMISSION}policies", {"metadata": {"name": "p"}, "spec": spec})
    everywhere = {"policyName": "p", "validationActions": ["Deny"]}
    await site.made(f"{ADMISSION}policybindings", {"metadata": {"name": "b"}, "spec": everywhere})
    refused = await site.ask("POST", f"{PODS}/web-0/exec?command=sh&stdout=1", upgrade="SPDY/3.1")
    assert (refused.status, "no shells" in refused.json["message"]) == (422, True)


@on_a_plane
async def test_a_node_that_nobody_serves_is_not_available(site: Site) -> None:
    with_agent, _ = await with_pod(site)
    without = Site(site.plane)
    assert (await without.ask("GET", f"{PODS}/web-0/log")).status == 503
    assert with_agent.app is not without.app


def test_the_first_protocol_offered_that_both_speak_is_chosen() -> None:
    assert channels.choose([channels.V5, channels.V4]) == channels.V5
    assert channels.choose([channels.V4, channels.V5]) == channels.V4
    assert channels.choose(["channel.k8s.io", channels.V4]) == channels.V4


@on_a_plane
async def test_a_client_that_leaves_is_missed_even_by_a_command_that_reads_nothing(site: Site) -> None:
    site, streams = await with_pod(site)
    async with exec_on(site, "command=deaf&stdin=1&stdout=1") as ws:
        while (await ws.hear()).get("bytes") != b"\x01hello":
            pass
        for _ in range(3):
            ws.tell(type="websocket.receive", bytes=b"\x00" + bytes(100_000))
    assert streams.execs[0].killed
