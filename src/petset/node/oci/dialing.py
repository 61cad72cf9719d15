"""Connections into a pod's network: `kubectl port-forward` reaches what listens on the pod's own loopback too.

A socket belongs to the network namespace in which it was made, wherever it is used afterwards. So a job thread
enters the pod's network for as long as it takes to connect, and the rest of the process never notices.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from petset.node.oci import syscalls

CONNECT_SECONDS = 10.0
_LOOPBACK = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))


def dial(network: Path | None, port: int, address: str = "") -> socket.socket:
    """A connection to `address:port`, or `localhost:port`, in a kept network namespace or in the machine's own.

    Blocking; on a job thread. OSError where nobody listens. The socket is non-blocking.
    """
    with _inside(network):
        if address:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            return _connect(family, address, port)
        refusals = []
        for family, loopback in _LOOPBACK:
            try:
                return _connect(family, loopback, port)
            except OSError as error:
                refusals.append(error)
    first = refusals[0]
    raise OSError(first.errno, f"failed to connect to localhost:{port} inside the pod: {first.strerror or first}")


def _connect(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(CONNECT_SECONDS)
        connection.connect((address, port))
        connection.setblocking(False)
    except OSError:
        connection.close()
        raise
    return connection


@contextmanager
def _inside(network: Path | None) -> Iterator[None]:
    """The calling thread is in that network inside the block, and in its old one after it."""
    if network is None:
        yield
        return
    there = os.open(network, os.O_RDONLY | os.O_CLOEXEC)
    back = os.open(syscalls.namespace_file(syscalls.CLONE_NEWNET), os.O_RDONLY | os.O_CLOEXEC)
    try:
        syscalls.setns(there, syscalls.CLONE_NEWNET)
        try:
            yield
        finally:
            syscalls.setns(back, syscalls.CLONE_NEWNET)
    finally:
        os.close(there)
        os.close(back)
