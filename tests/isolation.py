"""A machine of one's own, as far as a test can tell: its own network, its own mounts, its own empty /run.

Nothing that happens inside touches the real one's links, routes, nftables or mounts; what is left behind ends with
the namespaces. Two test runs side by side do not see each other. Needs root.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from petset.node.oci import syscalls
from petset.node.oci.netlink import link_index, netlink

ENGINES = ("crun", "runc")


def missing() -> str:
    """Why no container can be started here; empty where they can."""
    if os.geteuid() != 0:
        return "needs root"
    if not any(shutil.which(engine) for engine in ENGINES):
        return "needs crun or runc"
    return "" if shutil.which("conmon") else "needs conmon"


needs_containers = pytest.mark.skipif(bool(missing()), reason=missing() or "-")


@contextmanager
def own_machine() -> Iterator[None]:
    """The calling thread, and all that it starts inside the block, live on that machine."""
    with syscalls.own_namespaces(syscalls.CLONE_NEWNET | syscalls.CLONE_NEWNS):
        syscalls.mount("none", Path("/"), "", syscalls.MS_REC | syscalls.MS_PRIVATE)
        syscalls.mount("run", Path("/run"), "tmpfs", 0, "mode=755")
        with netlink() as links:
            links.set_up(link_index("lo"))
        yield
