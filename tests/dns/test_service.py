"""The names follow the API's objects, without anybody telling the server."""

import asyncio
from pathlib import Path

import pytest
from dns.cluster import piece, service
from dnslib import DNSRecord

from petset.aio.tasks import Supervisor
from petset.api.models import core_v1, discovery_v1
from petset.client.port import Client
from petset.dns.forward import Forwarder
from petset.dns.service import DnsService
from petset.testing.plane import plane

PORTS = [("redis", 6379)]


async def _ask(client: Forwarder, name: str) -> list[str]:
    reply = await client.ask(DNSRecord.question(name).pack(), over_udp=True)
    assert reply is not None
    return sorted(str(record.rdata) for record in DNSRecord.parse(reply).rr)


async def _becomes(client: Forwarder, name: str, expected: list[str]) -> None:
    """Asks until the answer is the expected one; the test's time limit ends what never becomes so."""
    while await _ask(client, name) != expected:
        pass


async def _story(api: Client, dns: Forwarder) -> None:
    await api.create(service("redis", ports=PORTS))
    slice_ = await api.create(piece("redis", [("redis-0", "10.244.0.2")], PORTS))
    await _becomes(dns, "redis-0.redis.default.svc.cluster.local", ["10.244.0.2"])
    assert await _ask(dns, "redis.default.svc.cluster.local") == ["10.244.0.2"]

    moved = piece("redis", [("redis-0", "10.244.0.9"), ("redis-1", "10.244.0.3")], PORTS)
    moved.metadata.resourceVersion = slice_.metadata.resourceVersion
    await api.update(moved)
    await _becomes(dns, "redis-0.redis.default.svc.cluster.local", ["10.244.0.9"])
    assert await _ask(dns, "redis.default.svc.cluster.local") == ["10.244.0.3", "10.244.0.9"]

    await api.delete(discovery_v1.EndpointSlice, "redis-1", "default")
    await _becomes(dns, "redis-0.redis.default.svc.cluster.local", [])
    await api.delete(core_v1.Service, "redis", "default")
    await _becomes(dns, "redis.default.svc.cluster.local", [])


def test_names_follow_the_objects(tmp_path: Path) -> None:
    async def main() -> None:
        async with plane() as control, Supervisor("test") as tasks:
            names = DnsService(control.client, control.clock, ["127.0.0.1"], port=0, resolv_conf=tmp_path / "none")
            tasks.start("dns", names.run())
            await names.listening()
            (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.1\n")
            await _story(
                control.client, Forwarder(tmp_path / "resolv.conf", port=names.ports[0], patience_seconds=50)
            )

    asyncio.run(main())


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    async def main() -> None:
        async with plane() as control, Supervisor("test") as tasks:
            first = DnsService(control.client, control.clock, ["127.0.0.1"], port=0)
            tasks.start("first", first.run())
            await first.listening()
            second = DnsService(control.client, control.clock, ["127.0.0.1"], port=first.ports[0])
            with pytest.raises(OSError, match=f"cannot serve DNS at 127.0.0.1 port {first.ports[0]} "):
                await second.run()

    asyncio.run(main())
