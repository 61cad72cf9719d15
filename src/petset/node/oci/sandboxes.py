"""Making and taking away one sandbox: its record, its network and namespaces, its /etc files, its shared memory.

Blocking; runs on job threads. What must last lies in the data directory; that the network stands is marked under
/run, where a reboot takes the mark away with the network.
"""

import os
import shutil
from pathlib import Path

from petset.node.oci import cgroups, etcfiles, state, syscalls
from petset.node.oci.layout import Layout
from petset.node.oci.network import Network
from petset.node.runtime import Resources

RECORD = "sandbox.json"
_READY = "ready"
_CGROUPS = Path("/sys/fs/cgroup")


class Sandboxes:
    """Of one data directory."""

    def __init__(self, layout: Layout, network: Network) -> None:
        self._layout = layout
        self._network = network

    def load(self) -> list[state.SandboxRecord]:
        """What an earlier process made."""
        found = (state.read(path / RECORD, state.SandboxRecord) for path in state.children(self._layout.sandboxes))
        return [record for record in found if record is not None]

    def is_ready(self, uid: str) -> bool:
        """Whether its network stands: it was made, since this machine started."""
        return (self._layout.kept(uid) / _READY).exists()

    def make(self, record: state.SandboxRecord) -> None:
        """All of it, from whatever an earlier try has left. OSError says what could not be made."""
        spec = record.spec
        directory, kept = self._layout.sandbox(spec.uid), self._layout.kept(spec.uid)
        directory.mkdir(parents=True, exist_ok=True)
        state.write(directory / RECORD, record)
        (directory / "hosts").write_text(etcfiles.hosts(spec, record.ip))
        (directory / "hostname").write_text(spec.hostname + "\n")
        (directory / "resolv.conf").write_text(etcfiles.resolv_conf(spec, self._network.dns_address))
        self._network.leave(spec.uid)
        if spec.resources != Resources():
            cgroups.limit(self._layout.cgroup(spec.uid), spec.resources)
        kept.mkdir(parents=True, exist_ok=True)
        _make_shm(kept / "shm")
        self._network.join(spec, record.ip)
        (kept / _READY).touch()

    def resize(self, record: state.SandboxRecord) -> None:
        """Give its group the limits of the record, and write that down. OSError: it keeps what it had."""
        uid, most = record.spec.uid, record.spec.resources.memory_bytes
        used = cgroups.memory_bytes(self._layout.cgroup(uid))
        if most is not None and used is not None and used > most:
            raise OSError(f"attempting to set pod memory limit ({most}) below current usage ({used})")
        cgroups.limit(self._layout.cgroup(uid), record.spec.resources)
        state.write(self._layout.sandbox(uid) / RECORD, record)

    def unmake(self, uid: str) -> None:
        """All of it, last the record: after a crash it is still known, and can be taken away again."""
        kept = self._layout.kept(uid)
        (kept / _READY).unlink(missing_ok=True)
        self._network.leave(uid)
        syscalls.unmount(kept / "shm")
        shutil.rmtree(kept, ignore_errors=True)
        remove_cgroups(self._layout.cgroup(uid))
        shutil.rmtree(self._layout.sandbox(uid))


def _make_shm(path: Path) -> None:
    """The pod's shared memory: 64 MiB, as on a cluster."""
    path.mkdir(exist_ok=True)
    if not os.path.ismount(path):
        flags = syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOEXEC
        syscalls.mount("shm", path, "tmpfs", flags, "mode=1777,size=65536k")


def remove_cgroups(name: str) -> None:
    """A group and the groups in it, in every tree of the machine, where nothing runs in them."""
    for tree in (_CGROUPS, *state.children(_CGROUPS)):
        group = tree / name.lstrip("/")
        if group.is_dir():
            for inner in (*group.iterdir(), group):
                if inner.is_dir():
                    _remove_if_empty(inner)


def _remove_if_empty(group: Path) -> None:
    try:
        group.rmdir()
    except OSError:
        return  # something runs in it, or holds it: it is not ours to force
