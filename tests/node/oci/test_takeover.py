"""Containers outlive who started them: a new process finds them, waits for them, and learns of those that ended."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from isolation import needs_containers
from node.oci.pods import container, opened, printed, sandbox, shell, started, until

from petset.node.oci import conmon, containers, syscalls
from petset.node.oci.layout import Layout
from petset.node.oci.opening import Options
from petset.node.runtime import Container, ContainerState

pytestmark = [pytest.mark.containers, needs_containers]


def owned_and_killed(options: Options, script: str) -> str:
    """Another process starts a container and is killed; the container's id."""
    import petset

    paths = [str(Path(petset.__file__).parents[1]), str(Path(__file__).parents[2])]
    command = [sys.executable, "-m", "node.oci.owner", str(options.directory), options.kind, script]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as owner:
        assert owner.stdout is not None
        container_id = owner.stdout.readline().strip()
        owner.kill()
    assert container_id
    return container_id


def place(options: Options, one: Container) -> Path:
    return Layout(options.directory).container(one.sandbox_uid, one.id)


def unmount_all(below: Path) -> None:
    for mounted in sorted(Path("/proc/self/mounts").read_text().split(), reverse=True):
        if mounted.startswith(str(below)):
            syscalls.unmount(Path(mounted))


def test_a_container_whose_starter_was_killed_goes_on_and_is_found(options: Options) -> None:
    container_id = owned_and_killed(options, "echo before; read x < /tmp/never || sleep 1000")

    async def story() -> None:
        async with opened(options) as runtime:
            (pod,) = await runtime.list_sandboxes()
            assert (pod.spec.name, pod.spec.dns_options) == ("web-0", ["ndots:5"])
            assert (pod.ip, pod.ready) == ("10.244.0.10", True)
            (one,) = pod.containers
            assert (one.id, one.state, one.attempt) == (container_id, ContainerState.RUNNING, 0)
            assert (await started(runtime, shell("something else"))).id == container_id
            assert (await runtime.run(one.id, ["hostname"], 10)).output == "web-0\n"
            await runtime.signal(one.id, signal.SIGKILL)
            assert (await runtime.wait(one.id)).exit_code == 137
            assert printed(one).startswith("before")

    asyncio.run(story())


def test_the_end_of_a_container_is_known_though_nobody_watched(options: Options) -> None:
    container_id = owned_and_killed(options, "echo last words > /dev/termination-log; sleep 0.2; exit 42")

    async def story() -> None:
        async with opened(options) as runtime:
            ended = await runtime.wait(container_id)
            assert (ended.state, ended.exit_code, ended.message) == (ContainerState.EXITED, 42, "last words\n")
        async with opened(options) as runtime:
            assert (await runtime.list_sandboxes())[0].containers == [ended]

    asyncio.run(story())


def test_a_container_that_runs_but_was_not_noted_yet_is_not_started_twice(options: Options) -> None:
    async def story() -> None:
        async with opened(options) as runtime:
            one = await started(runtime, container("sleep", "1000"))
        (place(options, one) / containers.STARTED).unlink()
        async with opened(options) as runtime:
            again = await started(runtime, container("sleep", "1000"))
            assert (again.id, again.state) == (one.id, ContainerState.RUNNING)
            assert (await runtime.run(one.id, ["sh", "-c", "ls -d /proc/[0-9]* | wc -l"], 10)).exit_code == 0
            pids = [(place(options, found) / conmon.PID_FILE).read_text() for found in (one, again)]
            assert pids[0] == pids[1]

    asyncio.run(story())


def test_a_container_that_was_only_half_made_is_made_anew(options: Options) -> None:
    async def story() -> None:
        async with opened(options) as runtime:
            one = await started(runtime, shell("exit 1"))
            await runtime.wait(one.id)
        for name in (containers.STARTED, conmon.PID_FILE):
            (place(options, one) / name).unlink()
        async with opened(options) as runtime:
            (pod,) = await runtime.list_sandboxes()
            assert pod.containers[0].started_at is None
            again = await started(runtime, shell("exit 2"))
            assert (await runtime.wait(again.id)).exit_code == 2

    asyncio.run(story())


def test_without_its_conmon_a_container_is_ended_and_said_to_be(options: Options) -> None:
    async def story() -> None:
        async with opened(options) as runtime:
            one = await started(runtime, container("sleep", "1000"))
            os.kill(conmon.monitor_pid(place(options, one)), signal.SIGKILL)
            ended = await runtime.wait(one.id)
            assert (ended.state, ended.exit_code) == (ContainerState.EXITED, 137)

    asyncio.run(story())


def test_after_a_reboot_all_is_dead_and_a_sandbox_can_be_given_a_network_again(options: Options) -> None:
    layout = Layout(options.directory)

    async def story() -> None:
        async with opened(options) as runtime:
            one = await started(runtime, container("sleep", "1000"))
        # What a reboot does: processes, links and mounts go, and records of another boot stay.
        os.kill(conmon.container_pid(place(options, one)), signal.SIGKILL)
        await until(lambda: conmon.read_exit(place(options, one), one.id) is not None)
        (place(options, one) / conmon.EXITS / one.id).unlink()
        record = msgspec.json.decode((place(options, one) / containers.STARTED).read_bytes())
        (place(options, one) / containers.STARTED).write_bytes(msgspec.json.encode({**record, "boot": "another"}))
        unmount_all(layout.run)
        layout.boot.write_text("another")
        async with opened(options) as runtime:
            (pod,) = await runtime.list_sandboxes()
            assert not pod.ready
            assert (pod.containers[0].state, pod.containers[0].exit_code) == (ContainerState.EXITED, 255)
            again = await runtime.start_sandbox(sandbox())
            assert (again.ready, again.ip) == (True, pod.ip)
            assert (await started(runtime, container("sleep", "1000", attempt=1))).state == ContainerState.RUNNING

    asyncio.run(story())
