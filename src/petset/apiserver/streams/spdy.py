"""The part of SPDY/3.1 that kubectl's port-forward needs, as a state machine without I/O: bytes in, events out.

kubectl 1.37 opens a WebSocket and speaks SPDY inside it: two streams for each connection that it forwards. SPDY is
long out of use elsewhere, and no kept library for Python speaks it; what is needed are five kinds of frames. Flow
control is left out, as kubectl's own SPDY does.
"""

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

SYN_STREAM, SYN_REPLY, RST_STREAM, PING, GOAWAY = 1, 2, 3, 6, 7
FIN = 1
CANCEL = 5
MOST_FRAME_BYTES = 1024 * 1024
MOST_HEADER_BYTES = 16 * 1024

_VERSION = 0x8003
_WORDS = (
    "options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age"
    " allow authorization cache-control connection content-base content-encoding content-language content-length"
    " content-location content-md5 content-range content-type date etag expect expires from host if-match"
    " if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards pragma"
    " proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade"
    " user-agent vary via warning www-authenticate method get status 200_OK version HTTP/1.1 url public set-cookie"
    " keep-alive origin"
)
_TAIL = (
    "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505"
    "203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized"
    "403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable"
    "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT"
    "chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,"
    "text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0."
)


class SpdyError(ValueError):
    """Bytes that are no such frames."""


@dataclass(frozen=True)
class Opened:
    """The other side opens a stream."""

    stream: int
    headers: Mapping[str, str]
    ended: bool


@dataclass(frozen=True)
class Data:
    """Bytes of a stream; `ended`: the other side sends no more on it."""

    stream: int
    data: bytes
    ended: bool


@dataclass(frozen=True)
class Reset:
    """The other side has done with a stream altogether."""

    stream: int


@dataclass(frozen=True)
class Ping:
    """To be sent back as it is: `frame`."""

    frame: bytes


@dataclass(frozen=True)
class GoAway:
    """The other side opens no more streams."""


Event = Opened | Data | Reset | Ping | GoAway


def _sized(text: bytes) -> bytes:
    return len(text).to_bytes(4, "big") + text


DICTIONARY = b"".join(_sized(word.replace("_", " ").encode()) for word in _WORDS.split()) + _TAIL.encode()
"""What both sides' header compression starts from, as the protocol fixes it."""


class Spdy:
    """One connection, as its server sees it."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._inflate = zlib.decompressobj(zdict=DICTIONARY)
        self._deflate = zlib.compressobj(zdict=DICTIONARY)

    def receive(self, data: bytes) -> Iterator[Event]:
        """What these bytes, after those before, have brought. Raises SpdyError."""
        self._rest += data
        while len(self._rest) >= 8:
            size = int.from_bytes(self._rest[5:8], "big")
            if size > MOST_FRAME_BYTES:
                raise SpdyError(f"a frame of {size} bytes")
            if len(self._rest) < 8 + size:
                return
            frame = bytes(self._rest[: 8 + size])
            del self._rest[: 8 + size]
            event = self._event(frame)
            if event is not None:
                yield event

    def reply(self, stream: int) -> bytes:
        """The stream is taken."""
        block = self._deflate.compress((0).to_bytes(4, "big")) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        return _control(SYN_REPLY, _number(stream) + block)

    def data(self, stream: int, data: bytes, *, ended: bool = False) -> bytes:
        """Bytes for a stream."""
        return _number(stream) + bytes((FIN if ended else 0,)) + len(data).to_bytes(3, "big") + data

    def reset(self, stream: int) -> bytes:
        """Done with the stream."""
        return _control(RST_STREAM, _number(stream) + _number(CANCEL))

    def _event(self, frame: bytes) -> Event | None:
        head, flags, body = int.from_bytes(frame[:4], "big"), frame[4], frame[8:]
        ended = bool(flags & FIN)
        if not head >> 31:
            return Data(head, body, ended)
        if head >> 16 != _VERSION:
            raise SpdyError(f"a frame of version {(head >> 16) & 0x7FFF}")
        match head & 0xFFFF:
            case 1:
                return Opened(_stream(body), self._headers(body[10:]), ended)
            case 3:
                return Reset(_stream(body))
            case 6:
                return Ping(frame)
            case 7:
                return GoAway()
        return None  # settings, windows and the like change nothing here

    def _headers(self, block: bytes) -> dict[str, str]:
        try:
            plain = self._inflate.decompress(block, MOST_HEADER_BYTES)
        except zlib.error as error:
            raise SpdyError(f"headers: {error}") from error
        if self._inflate.unconsumed_tail:
            raise SpdyError(f"headers of more than {MOST_HEADER_BYTES} bytes")
        texts, at = [], 4
        while at < len(plain):
            end = at + 4 + int.from_bytes(plain[at : at + 4], "big")
            if end > len(plain):
                raise SpdyError("headers that end too early")
            texts.append(plain[at + 4 : end].decode("latin-1"))
            at = end
        return dict(zip(texts[::2], texts[1::2], strict=False))


def _control(kind: int, body: bytes) -> bytes:
    return _VERSION.to_bytes(2, "big") + kind.to_bytes(2, "big") + len(body).to_bytes(4, "big") + body


def _number(value: int) -> bytes:
    return value.to_bytes(4, "big")


def _stream(body: bytes) -> int:
    if len(body) < 4:
        raise SpdyError("a frame without a stream")
    return int.from_bytes(body[:4], "big") & 0x7FFFFFFF
