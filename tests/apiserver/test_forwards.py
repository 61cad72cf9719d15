"""Ports of a pod over WebSockets: SPDY's frames, the channels of the Python client, and what is refused."""

import zlib

import pytest
from apiserver.asgi import PODS, Exchange, Site, on_a_plane, pod
from apiserver.containers import WrittenContainer, WrittenStreams
from hypothesis import given
from hypothesis import strategies as st

from petset.apiserver.streams import spdy
from petset.apiserver.streams.forwards import TUNNEL


class Other:
    """The client's side of SPDY, by hand."""

    def __init__(self) -> None:
        self._deflate = zlib.compressobj(zdict=spdy.DICTIONARY)

    def open(self, stream: int, **headers: str) -> bytes:
        texts = [text.encode() for pair in headers.items() for text in pair]
        block = len(headers).to_bytes(4, "big") + b"".join(len(t).to_bytes(4, "big") + t for t in texts)
        packed = self._deflate.compress(block) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        body = stream.to_bytes(4, "big") + bytes(6) + packed
        return b"\x80\x03\x00\x01\x00" + len(body).to_bytes(3, "big") + body


PING = b"\x80\x03\x00\x06\x00\x00\x00\x04\x00\x00\x00\x01"
SETTINGS = b"\x80\x03\x00\x04\x00\x00\x00\x04\x00\x00\x00\x00"


def test_the_header_dictionary_is_the_protocols_own() -> None:
    assert (len(spdy.DICTIONARY), zlib.adler32(spdy.DICTIONARY)) == (1423, 0xE3C6A7C2)


@given(st.integers(1, 40), st.data())
def test_frames_are_the_same_however_their_bytes_arrive(size: int, data: st.DataObject) -> None:
    sent = Other().open(1, streamtype="error", port="80") + spdy.Spdy().data(1, b"x" * size, ended=True) + PING
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=5)))
    connection, events = spdy.Spdy(), []
    for start, end in zip([0, *cuts], [*cuts, len(sent)], strict=True):
        events += list(connection.receive(sent[start:end]))
    assert events == [
        spdy.Opened(1, {"streamtype": "error", "port": "80"}, False),
        spdy.Data(1, b"x" * size, True),
        spdy.Ping(PING),
    ]


@given(st.binary(max_size=60))
def test_no_bytes_do_anything_but_be_read_or_refused(data: bytes) -> None:
    for given_ in (data, b"\x80\x03\x00\x01\x00\x00\x00" + data):
        try:
            list(spdy.Spdy().receive(given_))
        except spdy.SpdyError:
            return


def test_headers_that_unpack_to_too_much_are_refused() -> None:
    with pytest.raises(spdy.SpdyError, match="more than"):
        list(spdy.Spdy().receive(Other().open(1, a="a" * 100_000)))


async def with_pod(site: Site) -> Site:
    site = Site(site.plane, {"n1": WrittenStreams({("web-0", "c"): WrittenContainer()}, {})})
    await site.made(PODS, pod("web-0", nodeName="n1"))
    return site


async def heard(ws: Exchange) -> bytes:
    message = await ws.hear()
    assert message["type"] == "websocket.send", message
    data: bytes = message["bytes"]
    return data


@on_a_plane
async def test_the_tunnel_answers_pings_and_takes_no_data_stream_without_its_error_stream(site: Site) -> None:
    site, client = await with_pod(site), Other()
    async with site.opened(f"{PODS}/web-0/portforward", kind="websocket", subprotocols=TUNNEL) as ws:
        assert (await ws.hear())["subprotocol"] == TUNNEL
        ws.tell(type="websocket.receive", bytes=SETTINGS + PING)
        assert await heard(ws) == PING
        ws.tell(type="websocket.receive", bytes=client.open(1, streamtype="data", port="80", requestid="0"))
        assert (await heard(ws))[2:4] == b"\x00\x03"
        ws.tell(type="websocket.receive", bytes=client.open(3, streamtype="error", port="80", requestid="1"))
        assert (await heard(ws))[2:4] == b"\x00\x02"


@pytest.mark.parametrize(
    ("offered", "chosen"), [("", None), ("v5.channel.k8s.io v4.channel.k8s.io", "v4.channel.k8s.io")]
)
@on_a_plane
async def test_who_offers_no_protocol_is_served_with_channels(site: Site, offered: str, chosen: str | None) -> None:
    site = await with_pod(site)
    path = f"{PODS}/web-0/portforward?ports=8080"
    async with site.opened(path, kind="websocket", subprotocols=offered) as ws:
        assert (await ws.hear())["subprotocol"] == chosen
        port = (8080).to_bytes(2, "little")
        assert [await heard(ws), await heard(ws)] == [b"\0" + port, b"\1" + port]


@pytest.mark.parametrize(
    ("query", "protocol", "says"),
    [
        ("", "v4.channel.k8s.io", '"ports" must name'),
        ("?ports=http", "v4.channel.k8s.io", "as a port"),
        ("?ports=70000", "v4.channel.k8s.io", "as a port"),
        ("?ports=80", "chat", "this server speaks"),
    ],
)
@on_a_plane
async def test_what_cannot_be_forwarded_is_an_ordinary_refusal(
    site: Site, query: str, protocol: str, says: str
) -> None:
    site = await with_pod(site)
    async with site.opened(f"{PODS}/web-0/portforward{query}", kind="websocket", subprotocols=protocol) as ws:
        assert (await ws.hear())["status"] == 400
        assert says in (await ws.hear())["body"].decode().replace('\\"', '"')
