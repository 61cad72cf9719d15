"""Commands without streams: exec probes and hooks."""

import asyncio
import os
import subprocess

from petset.node.oci import processes
from petset.node.oci.exec import Command, refusal
from petset.node.oci.jobs import Jobs
from petset.node.runtime import ExecResult

_OUTPUT_BYTES = 10 * 1024  # of what a command prints; the rest is read and dropped
_LINGER_SECONDS = 0.1  # for output that a process left behind by the command may still hold open


async def run(jobs: Jobs, command: Command, timeout_seconds: float) -> ExecResult:
    """Run a command to its end. TimeoutError when it takes longer: it is killed then, as when the caller leaves."""
    reading, writing = os.pipe()
    output = bytearray()
    try:
        try:
            await jobs.see_through(command.start, subprocess.DEVNULL, writing, writing)
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        async with asyncio.timeout(timeout_seconds), asyncio.TaskGroup() as tasks:
            collecting = tasks.create_task(_collect(reading, output), name="exec output")
            code = await command.wait()
            await asyncio.wait([collecting], timeout=_LINGER_SECONDS)
            collecting.cancel()
        started = command.pid > 0
    finally:
        await jobs.run(command.kill)
        command.forget()
    text = output.decode(errors="replace")
    if not started:
        return ExecResult(*refusal(text))
    return ExecResult(code, text)


async def _collect(descriptor: int, output: bytearray) -> None:
    async for _, data in processes.chunks({descriptor: 1}):
        output.extend(data[: max(0, _OUTPUT_BYTES - len(output))])
