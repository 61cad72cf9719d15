"""Commands with streams, for `kubectl exec`: pipes, or a terminal of which we hold the controlling side."""

import contextlib
import fcntl
import os
import pty
import struct
import subprocess
import termios
from collections.abc import AsyncIterator, Iterator, Sequence

from petset.node.oci import processes
from petset.node.oci.exec import Command, refusal
from petset.node.oci.jobs import Jobs

_STDOUT, _STDERR = 1, 2


class OciExecStreams:
    """`ExecStreams` for one command. Make it with `attach`."""

    def __init__(
        self, jobs: Jobs, command: Command, stdin: int | None, outputs: dict[int, int], terminal: int | None
    ) -> None:
        self._jobs = jobs
        self._command = command
        self._stdin = stdin
        self._outputs = outputs
        self._terminal = terminal
        self._said = b""

    async def write_stdin(self, data: bytes) -> None:
        if self._stdin is not None:
            with contextlib.suppress(OSError):  # the command has closed its input: not the writer's fault
                await processes.write_all(self._stdin, data)

    async def close_stdin(self) -> None:
        """The command reads its end. On a terminal that is the character a person would type."""
        if self._stdin is None:
            return
        if self._terminal is not None:
            await self.write_stdin(b"\x04")
        else:
            os.close(self._stdin)
        self._stdin = None

    def resize(self, columns: int, rows: int) -> None:
        if self._terminal is not None:
            size = struct.pack("HHHH", rows, columns, 0, 0)
            fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, size)
            self._command.resize(size)

    async def output(self) -> AsyncIterator[tuple[int, bytes]]:
        outputs, self._outputs = self._outputs, {}
        async for number, data in processes.chunks(outputs):
            self._said = (self._said + data)[-4096:]
            yield number, data

    async def wait(self) -> int:
        try:
            code = await self._command.wait()
            return code if self._command.pid else refusal(self._said.decode(errors="replace"))[0]
        finally:
            self._release()

    async def kill(self) -> None:
        await self._jobs.run(self._command.kill)

    def _release(self) -> None:
        """Close what is still ours: an input left open, the terminal, outputs that nobody came to read."""
        left = {*self._outputs, *(end for end in (self._stdin, self._terminal) if end is not None)}
        for descriptor in left:
            os.close(descriptor)
        self._outputs, self._stdin, self._terminal = {}, None, None
        self._command.forget()


async def attach(jobs: Jobs, command: Command, *, stdin: bool, tty: bool) -> OciExecStreams:
    """Start the command with its streams. OSError when the engine cannot be run at all."""
    if tty:
        return await _on_a_terminal(jobs, command, stdin=stdin)
    input_read, input_write = os.pipe() if stdin else (None, None)
    out_read, out_write = os.pipe()
    error_read, error_write = os.pipe()
    ours = [end for end in (input_write, out_read, error_read) if end is not None]
    theirs = [end for end in (input_read, out_write, error_write) if end is not None]
    with _handed_over(ours, theirs):
        await jobs.see_through(
            command.start, subprocess.DEVNULL if input_read is None else input_read, out_write, error_write
        )
    if input_write is not None:
        os.set_blocking(input_write, False)
    return OciExecStreams(jobs, command, input_write, {out_read: _STDOUT, error_read: _STDERR}, None)


async def _on_a_terminal(jobs: Jobs, command: Command, *, stdin: bool) -> OciExecStreams:
    ours, theirs = pty.openpty()
    reading = os.dup(ours)
    with _handed_over([ours, reading], [theirs]):
        await jobs.see_through(command.start, theirs, theirs, theirs)
    os.set_blocking(ours, False)
    return OciExecStreams(jobs, command, ours if stdin else None, {reading: _STDOUT}, ours)


@contextlib.contextmanager
def _handed_over(ours: Sequence[int], theirs: Sequence[int]) -> Iterator[None]:
    """The command's ends are closed on our side in any case, our own if it could not be started."""
    try:
        yield
    except BaseException:
        for descriptor in ours:
            os.close(descriptor)
        raise
    finally:
        for descriptor in theirs:
            os.close(descriptor)
