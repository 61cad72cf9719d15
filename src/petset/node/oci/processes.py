"""Processes as the event loop sees them: their end through a pidfd, their output through pipes.

Nothing here depends on SIGCHLD or on a child watcher, so plain asyncio and uvloop behave alike, and the end of
processes that are not our children (conmon's) is awaited in the same way. Nothing is read ahead of who consumes it.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Mapping


async def readable(descriptors: Iterable[int]) -> None:
    """Until at least one of them can be read; a pidfd can when its process has ended."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    watched = list(descriptors)
    for descriptor in watched:
        loop.add_reader(descriptor, _resolve, ready)
    try:
        await ready
    finally:
        for descriptor in watched:
            loop.remove_reader(descriptor)


async def ended(descriptor: int) -> None:
    """Until the process of a pidfd has ended; closes the descriptor."""
    try:
        await readable([descriptor])
    finally:
        os.close(descriptor)


async def chunks(sources: Mapping[int, int]) -> AsyncIterator[tuple[int, bytes]]:
    """What comes out of descriptors, as (the descriptor's number in `sources`, data), until all have ended.

    Closes them.
    """
    left = dict(sources)
    for descriptor in left:
        os.set_blocking(descriptor, False)
    try:
        while left:
            await readable(left)
            for descriptor, number in list(left.items()):
                data = _read(descriptor)
                if data:
                    yield number, data
                elif data is not None:
                    del left[descriptor]
                    os.close(descriptor)
    finally:
        for descriptor in left:
            os.close(descriptor)


async def write_all(descriptor: int, data: bytes) -> None:
    """Everything, waiting where the reader is slow; the descriptor is non-blocking. OSError: nobody reads."""
    loop = asyncio.get_running_loop()
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(descriptor, view) :]
        except BlockingIOError:
            room: asyncio.Future[None] = loop.create_future()
            loop.add_writer(descriptor, _resolve, room)
            try:
                await room
            finally:
                loop.remove_writer(descriptor)


def _read(descriptor: int) -> bytes | None:
    """None: nothing yet; empty: the end. A terminal whose other side is gone says EIO."""
    try:
        return os.read(descriptor, 65536)
    except BlockingIOError:
        return None
    except OSError:
        return b""


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
