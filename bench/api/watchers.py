"""Many watchers of one namespace, in a process of their own: how many events reach them while one client writes.

Run as a program with the port, the authority's file, the token, the namespace and the number of watchers. It says
`watching` once all of them have their answer's head, counts until its input is closed, and prints the count.
"""

import os
import selectors
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bench.api.served import Served

END_OF_EVENT = b"}\n"
_CHUNK_BYTES = 256 * 1024


@contextmanager
def watching(served: Served, namespace: str, count: int) -> Iterator["Watchers"]:
    """So many watchers of the configuration maps in the namespace."""
    arguments = [str(served.port), str(served.authority), served.token, namespace, str(count)]
    command = [sys.executable, "-m", "bench.api.watchers", *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        watchers = Watchers(process)
        watchers.wait()
        yield watchers
        watchers.events()


class Watchers:
    """The running program."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._events: int | None = None

    def wait(self) -> None:
        """Return when all of them watch."""
        assert self._process.stdout is not None
        if self._process.stdout.readline().strip() != "watching":
            raise RuntimeError("the watchers could not watch")

    def events(self) -> int:
        """End them; how many events have reached them, together."""
        if self._events is None:
            self._events = int(self._process.communicate()[0])
        return self._events


def _connect(port: int, trust: ssl.SSLContext, request: bytes) -> ssl.SSLSocket:
    raw = socket.create_connection(("127.0.0.1", port))
    watcher = trust.wrap_socket(raw, server_hostname="localhost")
    watcher.sendall(request)
    head = b""
    while b"\r\n\r\n" not in head:
        head += watcher.recv(_CHUNK_BYTES)
    if b" 200 " not in head.partition(b"\r\n")[0]:
        raise SystemExit(head.decode())
    watcher.setblocking(False)
    return watcher


def _drain(watcher: ssl.SSLSocket) -> int:
    """How many events end in what is there to read."""
    count = 0
    while True:
        try:
            data = watcher.recv(_CHUNK_BYTES)
        except ssl.SSLWantReadError:
            return count
        if not data:
            raise SystemExit("a watch ended")
        count += data.count(END_OF_EVENT)


def main() -> None:
    port, authority, token, namespace, count = sys.argv[1:]
    lines = [
        f"GET /api/v1/namespaces/{namespace}/configmaps?watch=1&resourceVersion=0&sendInitialEvents=false"
        "&resourceVersionMatch=NotOlderThan HTTP/1.1",
        "Host: localhost",
        f"Authorization: Bearer {token}",
        "Accept: application/json",
    ]
    request = "\r\n".join([*lines, "", ""]).encode()
    trust = ssl.create_default_context(cafile=authority)
    waiting = selectors.DefaultSelector()
    for _ in range(int(count)):
        waiting.register(_connect(int(port), trust, request), selectors.EVENT_READ)
    waiting.register(sys.stdin, selectors.EVENT_READ)
    print("watching", flush=True)
    events, over = 0, False
    while not over:
        for key, _ in waiting.select():
            if key.fileobj is sys.stdin:
                over = True
            elif isinstance(key.fileobj, ssl.SSLSocket):
                events += _drain(key.fileobj)
    print(events, flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
