"""Reading log files that may be large and are being written to: from the end, in blocks, and only whole lines.

These functions block; the caller runs them in a thread. They work on an open file, so that whoever follows a log
gets its last lines even when the pod, and the file's name with it, is removed in the meantime.
"""

import os
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

BLOCK_BYTES = 64 * 1024


def start_of_tail(file: BinaryIO, lines: int) -> int:
    """The offset from which the last `lines` lines (parts put together) begin; 0 if there are no more than that."""
    end = file.seek(0, 2)
    if lines <= 0:
        return end
    tail, offset, block = b"", end, BLOCK_BYTES
    while offset > 0:
        block = min(2 * block, offset)  # growing blocks keep the whole search linear
        offset -= block
        file.seek(offset)
        tail = file.read(block) + tail
        found = _boundary(tail, lines, whole=offset == 0)
        if found is not None:
            return offset + found
    return 0


def _boundary(tail: bytes, lines: int, *, whole: bool) -> int | None:
    """Where the wanted lines begin in the tail of a file: right after the end of the full line before them."""
    ended, position = 0, len(tail)
    while True:
        newline = tail.rfind(b"\n", 0, position)
        if newline < 0:
            return None
        start = tail.rfind(b"\n", 0, newline) + 1
        if start == 0 and not whole:
            return None  # the line may begin before this block
        if _is_full(tail[start : start + 64]):
            ended += 1
            if ended == lines + 1:
                return newline + 1
        position = newline


def _is_full(head: bytes) -> bool:
    words = head.split(b" ", 3)
    return len(words) > 2 and words[2].strip().split(b":")[0] == b"F"


def read_lines(file: BinaryIO, offset: int) -> tuple[list[bytes], int]:
    """Up to a few blocks of whole raw lines from `offset` on, and the offset after them."""
    file.seek(offset)
    data = file.read(16 * BLOCK_BYTES)
    while data and b"\n" not in data:
        more = file.read(BLOCK_BYTES)
        if not more:
            return [], offset
        data += more
    end = data.rfind(b"\n") + 1
    return data[:end].split(b"\n")[:-1], offset + end


def is_put_aside(file: BinaryIO, path: Path) -> bool:
    """Whether another file has the log's name by now: whoever writes it has gone on there."""
    if isinstance(file, BytesIO):
        return False
    try:
        there = path.stat()
    except FileNotFoundError:
        return False  # its writer has not gone on yet, or the container was removed
    own = os.fstat(file.fileno())
    return (there.st_dev, there.st_ino) != (own.st_dev, own.st_ino)
