"""Connections into a pod's network, to what listens on its loopback alone."""

import asyncio
import socket

import pytest
from isolation import needs_containers
from node.oci.pods import opened, sandbox, shell, started

from petset.node.oci.opening import Options
from petset.node.runtime import RuntimeFailure

pytestmark = [pytest.mark.containers, needs_containers]

LISTEN = (
    'python3 -c \'import socket; s = socket.create_server(("127.0.0.1", 7000)); print("up", flush=True);'
    " c, _ = s.accept(); c.sendall(c.recv(99).upper())'"
)


def test_what_listens_on_a_pods_loopback_is_reached_and_what_does_not_is_told(options: Options) -> None:
    async def story() -> None:
        async with opened(options) as runtime:
            one = await started(runtime, shell(LISTEN), sandbox())
            assert one.log_path is not None
            while b"up" not in one.log_path.read_bytes():
                await asyncio.to_thread(one.log_path.stat)
            with pytest.raises(RuntimeFailure, match="localhost:7001 inside the pod: Connection refused"):
                await runtime.dial(one.sandbox_uid, 7001)
            descriptor = await runtime.dial(one.sandbox_uid, 7000)
            reader, writer = await asyncio.open_connection(sock=socket.socket(fileno=descriptor))
            writer.write(b"hello")
            assert await reader.read() == b"HELLO"
            writer.close()
            await writer.wait_closed()

    asyncio.run(story())
