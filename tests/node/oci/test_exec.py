"""Commands inside a running container: exec probes, and the streams of `kubectl exec`."""

import asyncio

import pytest
import uvloop
from isolation import needs_containers
from node.oci.pods import container, opened, shell, started

from petset.node.oci.opening import Options
from petset.node.runtime import ExecResult, ExecStreams, RuntimeFailure

pytestmark = [pytest.mark.containers, needs_containers]

LOOPS = pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])


async def everything(streams: ExecStreams) -> dict[int, bytes]:
    seen: dict[int, bytes] = {}
    async for number, data in streams.output():
        seen[number] = seen.get(number, b"") + data
    return seen


@LOOPS
def test_a_probe_gives_the_commands_code_and_output(options: Options, run) -> None:
    cases = [
        ("echo out", ExecResult(0, "out\n")),
        ("echo err >&2", ExecResult(0, "err\n")),
        ("exit 7", ExecResult(7, "")),
        ("kill -9 $$", ExecResult(137, "")),
        ("hostname; echo $GREETING", ExecResult(0, "web-0\nhello\n")),
    ]

    async def story() -> None:
        async with opened(options) as runtime:
            one = await started(runtime, container("sleep", "1000", env=[("GREETING", "hello")]))
            for script, expected in cases:
                assert await runtime.run(one.id, ["sh", "-c", script], 10) == expected
            big = await runtime.run(one.id, ["head", "-c", "100000", "/dev/zero"], 10)
            assert len(big.output) == 10240

    run(story())


def test_a_command_that_cannot_be_run_has_the_codes_that_shells_use(options: Options) -> None:
    async def story() -> None:
        async with opened(options) as runtime:
            one = await started(runtime, container("sleep", "1000"))
            for command, code in (("nope", 127), ("/etc", 126)):
                result = await runtime.run(one.id, [command], 10)
                assert result.exit_code == code
                assert result.output.startswith("exec failed: ")
                streams = await runtime.exec(one.id, [command], stdin=False, tty=False)
                assert (await everything(streams))[2]
                assert await streams.wait() == code

    asyncio.run(story())


@LOOPS
def test_a_probe_that_takes_too_long_is_killed_inside_too(options: Options, run) -> None:
    async def story() -> None:
        async with opened(options) as runtime:
            one = await started(runtime, container("sleep", "1000"))
            with pytest.raises(TimeoutError):
                await runtime.run(one.id, ["sh", "-c", "sleep 4321; true"], 0.2)
            left = await runtime.run(one.id, ["sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"], 10)
            assert "sleep 4321" not in left.output

    run(story())


@LOOPS
def test_input_goes_in_and_output_comes_out(options: Options, run) -> None:
    sent = bytes(range(256)) * 4000

    async def story() -> None:
        async with opened(options) as runtime:
            one = await started(runtime, container("sleep", "1000"))
            streams = await runtime.exec(one.id, ["sh", "-c", "cat; echo end >&2; exit 4"], stdin=True, tty=False)

            async def feed() -> None:
                await streams.write_stdin(sent)
                await streams.close_stdin()

            _, seen = await asyncio.gather(feed(), everything(streams))
            assert seen == {1: sent, 2: b"end\n"}
            assert await streams.wait() == 4

    run(story())


@LOOPS
def test_a_terminal_has_a_size_that_follows_the_persons_window(options: Options, run) -> None:
    script = 'stty size; read a; until [ "$(stty size)" = "30 100" ]; do sleep 0.01; done; echo resized; exit 5'

    async def story() -> None:
        async with opened(options) as runtime:
            one = await started(runtime, container("sleep", "1000"))
            streams = await runtime.exec(one.id, ["sh", "-c", script], stdin=True, tty=True)
            streams.resize(120, 40)
            seen = b""
            async for number, data in streams.output():
                assert number == 1
                seen += data
                if b"\r\n" in seen and b"go" not in seen:
                    await streams.write_stdin(b"go\r")
                    streams.resize(100, 30)
            assert b"resized" in seen
            assert await streams.wait() == 5

    run(story())


def test_a_killed_exec_ends_and_the_container_goes_on(options: Options) -> None:
    async def story() -> None:
        async with opened(options) as runtime:
            one = await started(runtime, shell("sleep 1000"))
            streams = await runtime.exec(one.id, ["sh", "-c", "echo up; sleep 1000; true"], stdin=False, tty=False)
            async for _, data in streams.output():
                assert data == b"up\n"
                await streams.kill()
            assert await streams.wait() == 137
            assert (await runtime.inspect(one.id)).state == "running"
            await runtime.signal(one.id, 9)
            await runtime.wait(one.id)
            with pytest.raises(RuntimeFailure, match="does not run"):
                await runtime.run(one.id, ["true"], 1)

    asyncio.run(story())
