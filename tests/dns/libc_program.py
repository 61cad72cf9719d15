"""Run in namespaces of its own: serves the redis zone at 127.0.0.1, then has the C library look names up."""

import asyncio
import socket
import subprocess
import sys
from pathlib import Path

from dns.cluster import piece, redis_zone, service
from pyroute2 import IPRoute

from petset.dns.forward import Forwarder
from petset.dns.resolver import Resolver
from petset.dns.server import DnsServer


async def _look_up(name: str) -> list[str]:
    infos = await asyncio.get_running_loop().getaddrinfo(name, 6379, type=socket.SOCK_STREAM)
    return sorted({str(info[4][0]) for info in infos})


def furnish() -> None:
    """Give the new network namespace its loopback, the new mount namespace its resolv.conf."""
    with IPRoute() as network:
        network.link("set", index=network.link_lookup(ifname="lo")[0], state="up")
    subprocess.run(["mount", "--bind", sys.argv[1], "/etc/resolv.conf"], check=True)


async def main() -> None:
    zone = redis_zone()
    zone.service_changed(None, service("crowd"))
    zone.slice_changed(None, piece("crowd", [("", f"10.9.{n // 200}.{n % 200}") for n in range(400)]))
    async with DnsServer(Resolver(zone, Forwarder(Path("/etc/resolv.conf"), ["127.0.0.1"]))) as server:
        await server.listen("127.0.0.1")
        for name in ("redis-0.redis", "redis", "redis-1.redis.default.svc.cluster.local", "near"):
            print(name, *await _look_up(name))
        print("crowd", len(await _look_up("crowd")))
        host, _, _ = await asyncio.to_thread(socket.gethostbyaddr, "10.244.0.3")
        print("10.244.0.3", host)
        try:
            await _look_up("nothing.default.svc.cluster.local.")
        except socket.gaierror as error:
            print("nothing", error.errno == socket.EAI_NONAME)


furnish()
asyncio.run(main())
