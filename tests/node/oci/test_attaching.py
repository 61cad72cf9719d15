"""The streams of a container's own process, through conmon."""

import asyncio

import pytest
from isolation import needs_containers
from node.oci.pods import finished, opened, sandbox, shell, started

from petset.api.objects import replace
from petset.node.oci.opening import Options
from petset.node.runtime import ExecStreams

pytestmark = [pytest.mark.containers, needs_containers]

ECHO = "while read line; do echo out $line; echo err $line >&2; done; echo over"


async def until(streams: ExecStreams, wanted: set[bytes]) -> dict[int, bytes]:
    said: dict[int, bytes] = {}
    async for number, data in streams.output():
        said[number] = said.get(number, b"") + data
        if all(any(each in text for text in said.values()) for each in wanted):
            break
    return said


def test_whoever_attaches_speaks_with_the_container_and_leaves_it_running(options: Options) -> None:
    async def story() -> None:
        async with opened(options) as runtime:
            one = await started(runtime, replace(shell(ECHO), stdin=True), sandbox())
            for word in (b"first", b"second"):
                streams = await runtime.attach(one.id, stdin=True)
                await streams.write_stdin(word + b"\n")
                said = await until(streams, {b"out " + word, b"err " + word})
                assert (said[1], said[2]) == (b"out " + word + b"\n", b"err " + word + b"\n")
                await streams.kill()
            assert (await runtime.inspect(one.id)).state == "running"

    asyncio.run(story())


def test_input_that_is_for_the_first_client_alone_ends_with_it(options: Options) -> None:
    async def story() -> None:
        async with opened(options) as runtime:
            one = await started(runtime, replace(shell(ECHO), stdin=True, stdin_once=True), sandbox())
            streams = await runtime.attach(one.id, stdin=True)
            await streams.write_stdin(b"a\n")
            await streams.close_stdin()
            said = b"".join([data async for number, data in streams.output() if number == 1])
            assert said == b"out a\nover\n"
            assert await streams.wait() == 0
            assert (await runtime.wait(one.id)).exit_code == 0

    asyncio.run(story())


def test_an_ephemeral_container_sees_the_processes_of_its_target(options: Options) -> None:
    async def story() -> None:
        async with opened(options) as runtime:
            target = await started(runtime, shell("sleep 1000 & wait"), sandbox())
            watch = replace(shell("cat /proc/1/cmdline; kill -9 1"), name="debug", target_container_id=target.id)
            ended, said = await finished(runtime, watch)
            assert "sleep 1000 & wait" in said.replace("\0", " ")
            assert (await runtime.inspect(target.id)).state == "running"  # nobody kills a first process from inside
            assert ended.exit_code is not None

    asyncio.run(story())
