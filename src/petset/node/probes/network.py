"""Connections to a pod from its node: what HTTP and TCP probes and hooks need, and no more."""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class HttpRequest:
    """One GET. `host` may be an IPv6 address; `headers` come from the probe."""

    scheme: str
    host: str
    port: int
    path: str
    headers: Sequence[tuple[str, str]] = ()

    @property
    def url(self) -> str:
        """As Go's client prints it in its errors."""
        return f"{self.scheme}://{authority(self.host, self.port)}{self.path}"


def authority(host: str, port: int) -> str:
    """`host:port`, with the brackets that an IPv6 address needs."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class Network(Protocol):
    """Errors are OSError (refused, unreachable) and ValueError (an answer that is no HTTP)."""

    async def connect(self, host: str, port: int) -> None:
        """Open a TCP connection and close it again."""
        ...

    async def get(self, request: HttpRequest) -> int:
        """The status code of the answer; nothing is verified about the server's certificate."""
        ...


class HostNetwork:
    """The real network, from the host's own namespace."""

    async def connect(self, host: str, port: int) -> None:
        _, writer = await asyncio.open_connection(host, port)
        writer.close()

    async def get(self, request: HttpRequest) -> int:
        context = _trusting() if request.scheme == "https" else None
        reader, writer = await asyncio.open_connection(request.host, request.port, ssl=context)
        try:
            writer.write(_head(request))
            line = await reader.readline()
        finally:
            writer.close()
        words = line.split()
        if len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1].isdigit():
            raise ValueError("malformed HTTP response")
        return int(words[1])


def _trusting() -> ssl.SSLContext:
    """A probe asks whether somebody answers, not who: Kubernetes skips verification too."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _head(request: HttpRequest) -> bytes:
    headers = {
        "host": ("Host", authority(request.host, request.port)),
        "user-agent": ("User-Agent", "kube-probe/1.37"),
        "accept": ("Accept", "*/*"),
        "connection": ("Connection", "close"),
    }
    headers |= {name.lower(): (name, value) for name, value in request.headers}
    lines = [f"GET {request.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.values())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
