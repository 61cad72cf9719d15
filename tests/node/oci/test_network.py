"""Pods reach each other, addresses are given once, and what was set up can be taken down again."""

import asyncio
import subprocess
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from isolation import needs_containers
from node.oci.pods import container, finished, opened, printed, sandbox, started, until

from petset.node.oci.layout import Layout
from petset.node.oci.netlink import link_index, netlink
from petset.node.oci.opening import Options
from petset.node.runtime import Resources, RuntimeFailure

pytestmark = [pytest.mark.containers, needs_containers]

SERVER = (
    "import socket; s = socket.create_server(('', 7000)); print('up', flush=True); s.accept()[0].send(b'hello')"
)
CLIENT = "import socket, sys; print(socket.create_connection((sys.argv[1], 7000), 10).recv(9).decode())"


def test_a_pod_reaches_another_ones_port(options: Options) -> None:
    async def story() -> None:
        async with opened(options) as runtime:
            server = await started(runtime, container("python3", "-c", SERVER, image="python"))
            await until(lambda: "up" in printed(server))
            address = (await runtime.list_sandboxes())[0].ip
            client = container("python3", "-c", CLIENT, address, image="python")
            _, said = await finished(runtime, client, sandbox("uid-1", node="node-1"))
            assert said == "hello"

    asyncio.run(story())


def test_each_node_has_its_own_addresses_and_none_is_given_twice(options: Options) -> None:
    async def story() -> None:
        async with opened(options) as runtime:
            pods = [sandbox(f"uid-{n}", node=f"node-{n % 2}") for n in range(6)]
            made = await asyncio.gather(*(runtime.start_sandbox(pod) for pod in pods))
            assert sorted(pod.ip for pod in made) == [f"10.244.{node}.{n}" for node in (0, 1) for n in (10, 11, 12)]
            assert (runtime.pod_cidr("node-0"), runtime.pod_cidr("node-1")) == ("10.244.0.0/24", "10.244.1.0/24")
            await runtime.remove_sandbox("uid-0")
            assert (await runtime.start_sandbox(sandbox("uid-9"))).ip == made[0].ip

    asyncio.run(story())


def test_the_pods_containers_share_network_host_name_and_shared_memory(options: Options) -> None:
    async def story() -> None:
        async with opened(options) as runtime:
            await finished(runtime, container("sh", "-c", "echo note > /dev/shm/x"))
            _, seen = await finished(runtime, container("sh", "-c", "cat /dev/shm/x; hostname", name="other"))
            assert seen.split() == ["note", "web-0"]

    asyncio.run(story())


def test_a_pod_on_the_hosts_network_has_no_address_of_its_own(options: Options) -> None:
    async def story() -> None:
        async with opened(options) as runtime:
            pod = sandbox(host_network=True)
            assert (await runtime.start_sandbox(pod)).ip == ""
            _, links = await finished(runtime, container("cat", "/proc/net/dev"), pod)
            assert Layout(options.directory).name in links

    asyncio.run(story())


def test_sysctls_of_a_pod_are_its_own(options: Options) -> None:
    async def story() -> None:
        async with opened(options) as runtime:
            pod = sandbox(sysctls={"net.core.somaxconn": "4096", "kernel.shmmax": "1234567"})
            paths = ["/proc/sys/net/core/somaxconn", "/proc/sys/kernel/shmmax"]
            _, seen = await finished(runtime, container("cat", *paths), pod)
            assert seen.split() == ["4096", "1234567"]
            with pytest.raises(RuntimeFailure, match=r"no\.such\.thing"):
                await runtime.start_sandbox(sandbox("uid-1", sysctls={"no.such.thing": "1"}))

    asyncio.run(story())


def test_a_range_that_the_machine_routes_already_is_left_alone(options: Options) -> None:
    with netlink() as links:
        links.add_bridge("office", IPv4Address("10.244.0.1"))
        links.add_address(link_index("office"), IPv4Address("10.244.7.1"), 24, IPv4Address("10.244.7.255"))
        links.set_up(link_index("office"))

    async def story() -> None:
        async with opened(options) as runtime:
            assert runtime.dns_address == "10.245.0.1"
        async with opened(options) as runtime:
            assert runtime.dns_address == "10.245.0.1"

    asyncio.run(story())


def test_taking_down_leaves_no_link_no_table_no_mount_and_no_group(options: Options) -> None:
    layout = Layout(options.directory)

    async def story() -> None:
        async with opened(options) as runtime:
            limited = container("sleep", "1000", resources=Resources(memory_bytes=50 << 20))
            await started(runtime, limited)
            await runtime.teardown()
            assert await runtime.list_sandboxes() == []

    asyncio.run(story())
    assert link_index(layout.name) == 0
    assert not layout.run.exists()
    tables = subprocess.run(["nft", "list", "tables"], check=True, capture_output=True, text=True)
    assert layout.name not in tables.stdout
    assert layout.name not in Path("/proc/self/mounts").read_text()
    assert list(Path("/sys/fs/cgroup").glob(f"**/{layout.name}")) == []


def test_full_subnets_say_what_to_do(options: Options) -> None:
    async def story() -> None:
        async with opened(replace(options, ranges=["10.9.0.0/24"])) as runtime:
            await runtime.start_sandbox(sandbox())
            with pytest.raises(RuntimeFailure, match="room for 1 nodes") as failure:
                await runtime.start_sandbox(sandbox("uid-1", node="node-1"))
            assert failure.value.reason == "FailedCreatePodSandBox"

    asyncio.run(story())
