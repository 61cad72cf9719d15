"""Real questions over real sockets, on loopback."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from dns.cluster import namespace, piece, redis_zone, service
from dnslib import EDNS0, QTYPE, RCODE, DNSRecord
from hypothesis import given
from hypothesis import strategies as st

from petset.dns import wire
from petset.dns.forward import Forwarder, read_nameservers
from petset.dns.resolver import Resolver
from petset.dns.server import DnsServer
from petset.dns.zone import Zone

SVC = "default.svc.cluster.local"
PATIENT = 50.0
"""Seconds that a busy machine may take to reply: only the test's own time limit ends a wait."""


class Dig:
    """Asks one server, as `dig` does."""

    def __init__(self, resolv_conf: Path, port: int) -> None:
        self.port = port
        self._resolv_conf = resolv_conf.with_name("dig.conf")
        self._resolv_conf.write_text("nameserver 127.0.0.1\n")

    async def __call__(self, name: str, kind: str = "A", *, tcp: bool = False, edns: int = 0) -> DNSRecord:
        query = DNSRecord.question(name, kind)
        if edns:
            query.add_ar(EDNS0(udp_len=edns))
        reply = await self.raw(query.pack(), tcp=tcp)
        assert reply is not None
        message = DNSRecord.parse(reply)
        assert message.header.id == query.header.id
        assert tcp or len(reply) <= max(512, edns)
        return message

    async def raw(self, query: bytes, *, tcp: bool = False) -> bytes | None:
        return await Forwarder(self._resolv_conf, port=self.port, patience_seconds=PATIENT).ask(
            query, over_udp=not tcp
        )


Story = Callable[[Dig], Awaitable[None]]


def serve(zone: Zone, directory: Path, story: Story, upstream: Zone | None = None) -> None:
    """Play the story against a server of the zone, which asks one of `upstream` for other names."""

    async def main() -> None:
        resolv_conf = directory / "resolv.conf"
        nowhere = Forwarder(directory / "none")
        async with DnsServer(Resolver(upstream or Zone("nobody"), nowhere)) as other:
            port = await other.listen("127.0.0.1", 0)
            resolv_conf.write_text("search example.com\nnameserver 127.0.0.1\n" if upstream else "")
            async with DnsServer(
                Resolver(zone, Forwarder(resolv_conf, port=port, patience_seconds=PATIENT))
            ) as server:
                await story(Dig(resolv_conf, await server.listen("127.0.0.1", 0)))

    asyncio.run(main())


def answers(message: DNSRecord) -> Sequence[str]:
    return sorted(str(record.rdata) for record in message.rr)


@pytest.mark.parametrize("tcp", [False, True])
def test_names_are_answered_over_udp_and_tcp(tmp_path: Path, tcp: bool) -> None:
    async def story(dig: Dig) -> None:
        reply = await dig(f"redis-0.redis.{SVC}", tcp=tcp)
        assert answers(reply) == ["10.244.0.2"]
        assert (reply.header.aa, reply.header.ra, reply.rr[0].ttl) == (1, 1, 5)
        reply = await dig(f"_redis._tcp.redis.{SVC}", "SRV", tcp=tcp)
        assert answers(reply) == [f"0 33 6379 redis-{n}.redis.{SVC}." for n in range(3)]
        assert {str(record.rname): str(record.rdata) for record in reply.ar} == {
            f"redis-{n}.redis.{SVC}.": f"10.244.0.{n + 2}" for n in range(3)
        }
        assert answers(await dig(f"web.{SVC}", "AAAA", tcp=tcp)) == ["fd00::7"]
        assert answers(await dig("3.0.244.10.in-addr.arpa", "PTR", tcp=tcp)) == [f"redis-1.redis.{SVC}."]
        assert answers(await dig("dns-version.cluster.local", "TXT", tcp=tcp)) == ['"1.1.0"']

    serve(redis_zone(), tmp_path, story)


def test_a_no_says_whether_the_name_exists_and_how_long_that_holds(tmp_path: Path) -> None:
    async def story(dig: Dig) -> None:
        for name, kind, code in (
            (f"redis-7.redis.{SVC}", "A", RCODE.NXDOMAIN),
            (f"redis.{SVC}", "AAAA", RCODE.NOERROR),
            (f"redis.{SVC}", "HTTPS", RCODE.NOERROR),
        ):
            reply = await dig(name, kind)
            assert (reply.header.rcode, answers(reply)) == (code, [])
            assert [(str(record.rname), QTYPE[record.rtype]) for record in reply.auth] == [
                ("cluster.local.", "SOA")
            ]
            assert reply.auth[0].rdata.times[4] == 5

    serve(redis_zone(), tmp_path, story)


def test_addresses_take_turns_at_being_first(tmp_path: Path) -> None:
    async def story(dig: Dig) -> None:
        first = [str((await dig(f"redis.{SVC}")).rr[0].rdata) for _ in range(3)]
        assert sorted(first) == ["10.244.0.2", "10.244.0.3", "10.244.0.4"]

    serve(redis_zone(), tmp_path, story)


def _crowd() -> Zone:
    zone = Zone("cluster.local")
    zone.service_changed(None, service("crowd", ports=[("http", 80)]))
    endpoints = [(f"crowd-{n}", f"10.244.{n // 250}.{n % 250 + 1}") for n in range(400)]
    zone.slice_changed(None, piece("crowd", endpoints, [("http", 80)]))
    return zone


def test_what_does_not_fit_a_datagram_is_cut_marked_and_whole_over_tcp(tmp_path: Path) -> None:
    async def story(dig: Dig) -> None:
        for edns, some in ((0, 27), (1232, 70)):
            reply = await dig(f"crowd.{SVC}", edns=edns)
            assert reply.header.tc == 1
            assert len(reply.rr) >= some
            assert len([record for record in reply.ar if record.rtype == QTYPE.OPT]) == bool(edns)
        reply = await dig(f"crowd.{SVC}", tcp=True)
        assert (reply.header.tc, len(reply.rr)) == (0, 400)

    serve(_crowd(), tmp_path, story)


def test_other_names_are_asked_of_the_machines_resolvers(tmp_path: Path) -> None:
    upstream = Zone("example.com")
    upstream.namespace_changed(None, namespace("default"))
    upstream.service_changed(None, service("db", "192.0.2.1", ports=[("x", 1)]))

    async def story(dig: Dig) -> None:
        for tcp in (False, True):
            assert answers(await dig("db.default.svc.example.com", tcp=tcp)) == ["192.0.2.1"]
            assert (await dig("no.default.svc.example.com", tcp=tcp)).header.rcode == RCODE.NXDOMAIN

    serve(redis_zone(), tmp_path, story, upstream)


def test_an_alias_comes_with_the_addresses_behind_it_here_or_elsewhere(tmp_path: Path) -> None:
    upstream = Zone("example.com")
    upstream.service_changed(None, service("db", "192.0.2.1", ports=[("x", 1)]))
    zone = redis_zone()
    far = service("far", "", type="ExternalName", externalName="db.default.svc.example.com")
    zone.service_changed(None, far)

    async def story(dig: Dig) -> None:
        assert answers(await dig(f"near.{SVC}")) == ["10.96.0.7", f"web.{SVC}."]
        assert answers(await dig(f"near.{SVC}", "CNAME")) == [f"web.{SVC}."]
        assert answers(await dig(f"far.{SVC}")) == ["192.0.2.1", "db.default.svc.example.com."]

    serve(zone, tmp_path, story, upstream)


def test_an_alias_of_itself_ends(tmp_path: Path) -> None:
    zone = Zone("cluster.local")
    zone.service_changed(None, service("loop", "", type="ExternalName", externalName=f"loop.{SVC}"))

    async def story(dig: Dig) -> None:
        assert (await dig(f"loop.{SVC}")).header.rcode in (RCODE.NOERROR, RCODE.SERVFAIL)

    serve(zone, tmp_path, story)


def test_without_resolvers_other_names_fail_at_once(tmp_path: Path) -> None:
    async def story(dig: Dig) -> None:
        assert (await dig("example.com")).header.rcode == RCODE.SERVFAIL
        assert (await dig("example.com", tcp=True)).header.rcode == RCODE.SERVFAIL
        alias = await dig(f"away.{SVC}")
        assert answers(alias) == ["db.example.com."]

    serve(redis_zone(), tmp_path, story)


def test_what_is_no_question_disturbs_nobody(tmp_path: Path) -> None:
    async def story(dig: Dig) -> None:
        reply_of_ours = (await dig(f"web.{SVC}")).pack()
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, remote_addr=("127.0.0.1", dig.port)
        )
        for noise in (b"", b"x", b"\xff" * 40, reply_of_ours):
            transport.sendto(noise)
        transport.close()
        assert answers(await dig(f"web.{SVC}")) == ["10.96.0.7"]

    serve(redis_zone(), tmp_path, story)


def test_a_command_other_than_a_question_is_not_implemented(tmp_path: Path) -> None:
    async def story(dig: Dig) -> None:
        notify = DNSRecord.question("cluster.local", "SOA")
        notify.header.opcode = 4
        reply = await dig.raw(notify.pack())
        assert reply is not None
        assert DNSRecord.parse(reply).header.rcode == RCODE.NOTIMP

    serve(redis_zone(), tmp_path, story)


@given(st.binary(max_size=200))
def test_no_bytes_are_too_odd(data: bytes) -> None:
    wire.read(data)


@given(st.binary(max_size=60))
def test_no_question_is_too_odd(tail: bytes) -> None:
    request = wire.read(b"\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + tail)
    if request is not None:
        resolver = Resolver(redis_zone(), Forwarder(Path("/nonexistent")))
        reply = resolver.reply_at_once(request)
        assert reply is None or len(wire.pack(request, reply, over_udp=True)) <= 4096


def test_name_servers_are_read_as_the_resolver_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "resolv.conf"
    path.write_text(
        "# nameserver 1.1.1.1\nsearch a b\nnameserver 192.0.2.1\nnameserver\n  nameserver\t::1 x\noptions edns0\n"
    )
    assert read_nameservers(path) == ["192.0.2.1", "::1"]
    assert read_nameservers(tmp_path / "missing") == []


def test_we_never_ask_ourselves(tmp_path: Path) -> None:
    async def story(dig: Dig) -> None:
        query = DNSRecord.question(f"web.{SVC}").pack()
        (tmp_path / "self.conf").write_text("nameserver 127.0.0.1\n")
        for ourselves, asked in (([], True), (["127.0.0.1"], False)):
            forwarder = Forwarder(tmp_path / "self.conf", ourselves, dig.port, PATIENT)
            assert bool(await forwarder.ask(query, over_udp=True)) == asked

    serve(redis_zone(), tmp_path, story)


def test_where_only_one_of_the_two_ports_is_free_neither_is_kept() -> None:
    async def main() -> None:
        async with DnsServer(Resolver(redis_zone(), Forwarder(Path("/nonexistent")))) as server:
            holder = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
            port = holder.sockets[0].getsockname()[1]
            with pytest.raises(OSError, match="in use"):
                await server.listen("127.0.0.1", port)
            holder.close()
            await holder.wait_closed()
            assert await server.listen("127.0.0.1", port) == port

    asyncio.run(main())
