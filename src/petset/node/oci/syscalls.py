"""The few Linux calls that Python 3.11 lacks, and a thread's own namespaces.

Namespaces belong to threads. A job that needs other ones (a new network, mounts nobody else shall see) takes them
for its own thread, does its work, starts its processes, and gets the old ones back: no helper program, and the
rest of the process never notices. Such jobs run in a pool of their own (`petset.node.oci.jobs`).
"""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

CLONE_FS = 0x00000200
CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWNET = 0x40000000
_FILES = {CLONE_NEWNS: "mnt", CLONE_NEWUTS: "uts", CLONE_NEWIPC: "ipc", CLONE_NEWNET: "net"}

MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18
MS_SLAVE = 1 << 19
MNT_DETACH = 2


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def mount(source: str, target: Path, kind: str = "", flags: int = 0, options: str = "") -> None:
    """mount(2). OSError says which target."""
    result = _libc().mount(
        source.encode(), os.fsencode(target), kind.encode() or None, ctypes.c_ulong(flags), options.encode() or None
    )
    _check(result, f"mount {kind or source} on {target}")


def unmount(target: Path) -> None:
    """Detach what is mounted on `target`; nothing where nothing is."""
    if _libc().umount2(os.fsencode(target), MNT_DETACH) != 0 and ctypes.get_errno() not in (2, 22):
        _check(-1, f"unmount {target}")


def unshare(flags: int) -> None:
    _check(_libc().unshare(flags), "unshare")


def setns(descriptor: int, kind: int) -> None:
    _check(_libc().setns(descriptor, kind), "setns")


def namespace_file(kind: int) -> Path:
    """Where the calling thread's namespace of this kind can be opened or kept with a bind mount."""
    return Path("/proc/thread-self/ns") / _FILES[kind]


@contextmanager
def own_namespaces(flags: int) -> Iterator[None]:
    """The calling thread has new namespaces of these kinds inside the block, and its old ones after it."""
    kinds = [kind for kind in _FILES if flags & kind]
    before = [(kind, os.open(namespace_file(kind), os.O_RDONLY | os.O_CLOEXEC)) for kind in kinds]
    try:
        unshare(CLONE_FS | flags)
        try:
            yield
        finally:
            unshare(CLONE_FS)  # threads started inside share the working directory, which forbids a way back
            for kind, descriptor in before:
                setns(descriptor, kind)
    finally:
        for _, descriptor in before:
            os.close(descriptor)


@contextmanager
def private_mounts() -> Iterator[None]:
    """Mounts made inside the block are the thread's and its children's alone, and end with them."""
    with own_namespaces(CLONE_NEWNS):
        mount("none", Path("/"), "", MS_REC | MS_SLAVE)
        yield
