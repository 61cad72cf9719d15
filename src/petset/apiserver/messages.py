"""What handlers answer with: a whole reply, or a stream that is written while it goes on."""

from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from petset.api.errors import ApiError
from petset.apiserver.negotiate import JSON, YAML

Headers = tuple[tuple[bytes, bytes], ...]


PIECE_BYTES = 64 * 1024


class Joined:
    """A long body: items with commas between them, put together a piece at a time as the client takes them.

    So a list of any length costs no more memory than its items, which are there anyway, and nobody waits long for
    the server while it is sent.
    """

    __slots__ = ("begun", "ended", "items", "size_bytes")

    def __init__(self, begun: bytes, items: list[bytes], ended: bytes) -> None:
        self.begun = begun
        self.items = items
        self.ended = ended
        self.size_bytes = len(begun) + sum(map(len, items)) + max(len(items) - 1, 0) + len(ended)

    def whole(self) -> bytes:
        """All of it."""
        return b"".join((self.begun, b",".join(self.items), self.ended))

    def pieces(self) -> Iterator[bytes]:
        """The same in pieces of about `PIECE_BYTES`, or an item's size where that is more."""
        items, count = self.items, len(self.items)
        step = max(1, PIECE_BYTES * count // self.size_bytes)
        before = self.begun
        for start in range(0, count, step):
            yield before + b",".join(items[start : start + step])
            before = b","
        yield self.ended if count else self.begun + self.ended


class Reply(msgspec.Struct, frozen=True):
    """A whole answer."""

    body: bytes | Joined
    status: int = 200
    content_type: str = JSON
    headers: Headers = ()


Write = Callable[[bytes], Coroutine[Any, Any, None]]
"""Sends one chunk; returns once the connection takes more."""


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer in chunks. `run` is cancelled when the client goes away or the server stops."""

    run: Callable[[Write], Coroutine[Any, Any, None]]
    content_type: str = JSON


def warning_headers(texts: Sequence[str]) -> Headers:
    """`Warning: 299 - "text"`, one header for each that differs, quoted as RFC 7234 wants."""
    told = dict.fromkeys(texts)
    return tuple((b"warning", f'299 - "{_quoted(text)}"'.encode("latin-1", "replace")) for text in told)


def _quoted(text: str) -> str:
    printable = "".join(c if c.isprintable() else " " for c in text)
    return printable.replace("\\", "\\\\").replace('"', '\\"')


def status_reply(error: ApiError, media_type: str = JSON) -> Reply:
    """A refusal as the `Status` that clients expect."""
    headers: Headers = ()
    if error.retry_after_seconds:
        headers = ((b"retry-after", str(error.retry_after_seconds).encode()),)
    if error.warnings:
        headers = (*headers, *warning_headers(error.warnings))
    if error.code == 401:
        headers = (*headers, (b"www-authenticate", b'Bearer realm="kubernetes"'))
    return Reply(written(msgspec.json.encode(error.status()), media_type), error.code, media_type, headers)


def written(body: bytes, media_type: str, *, pretty: bool = False) -> bytes:
    """JSON bytes in the form that was asked for."""
    if media_type == YAML:
        import yaml  # nine milliseconds that a server nobody asks for YAML does not spend

        text: str = yaml.safe_dump(msgspec.json.decode(body), sort_keys=False, allow_unicode=True)
        return text.encode()
    return msgspec.json.format(body, indent=2) + b"\n" if pretty else body
