"""What handlers answer with: a whole reply, or a stream that is written while it goes on."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import msgspec

from petset.api.errors import ApiError
from petset.apiserver.negotiate import JSON, YAML

Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer."""

    body: bytes
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


def status_reply(error: ApiError, media_type: str = JSON) -> Reply:
    """A refusal as the `Status` that clients expect."""
    headers: Headers = ()
    if error.retry_after_seconds:
        headers = ((b"retry-after", str(error.retry_after_seconds).encode()),)
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
