"""HTTP/1.1 as bytes: the head of an answer, and the chunks of one whose length nobody knows yet."""

import http
from collections.abc import Iterable

Header = tuple[bytes, bytes]

_STATUS_LINES = {s.value: f"HTTP/1.1 {s.value} {s.phrase}\r\n".encode() for s in http.HTTPStatus}
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
CLOSE = (b"connection", b"close")
CHUNKED = (b"transfer-encoding", b"chunked")
LAST_CHUNK = b"0\r\n\r\n"


def head(status: int, headers: Iterable[Header]) -> bytes:
    """The head of an answer. Raises ValueError for a header that would end its line early, and so begin another."""
    lines = [b": ".join(header) for header in headers]
    text = b"\r\n".join(lines)
    if text.count(b"\r") + text.count(b"\n") != 2 * (len(lines) - 1):
        raise ValueError("a header of the answer holds a line break")
    line = _STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status  # a pod's server may have codes of its own
    return b"".join((line, text, b"\r\n\r\n"))


def chunk(body: bytes) -> bytes:
    """One chunk; nothing for nothing, since an empty chunk would be the last."""
    return b"%x\r\n%b\r\n" % (len(body), body) if body else b""


def refusal(message: str) -> bytes:
    """The answer to what cannot be understood as HTTP, after which the connection closes."""
    body = message.encode()
    headers = (
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        CLOSE,
    )
    return head(400, headers) + body
