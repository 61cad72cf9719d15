"""What a client sees of a simulated container: commands end at once, and the container itself says nothing."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from petset.node.runtime import Container, ExecResult

NOTHING: Sequence[tuple[int, bytes]] = ()


class _Silent:
    """The half of `ExecStreams` that is alike: whatever comes in is read by nobody."""

    async def write_stdin(self, data: bytes) -> None:
        """Nobody reads it."""

    async def close_stdin(self) -> None:
        """Nothing changes."""

    def resize(self, columns: int, rows: int) -> None:
        """There is no terminal."""

    async def kill(self) -> None:
        """A command is over already, and a container goes on."""


class SimulatedExec(_Silent):
    """The streams of a command whose whole output is known beforehand."""

    def __init__(self, result: ExecResult) -> None:
        self._result = result

    async def output(self) -> AsyncIterator[tuple[int, bytes]]:
        if self._result.output:
            yield 1, self._result.output.encode()

    async def wait(self) -> int:
        return self._result.exit_code


class SimulatedAttachment(_Silent):
    """The streams of a container's own process: open until it ends, which `end` waits for."""

    def __init__(self, end: Callable[[], Awaitable[Container]]) -> None:
        self._end = end

    async def output(self) -> AsyncIterator[tuple[int, bytes]]:
        await self._end()
        for said in NOTHING:
            yield said

    async def wait(self) -> int:
        """Nought: how the container ended is in its pod's status, not here."""
        return 0
