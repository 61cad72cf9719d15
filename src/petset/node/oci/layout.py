"""Where everything lies: what must last in the data directory, what must die with the machine under /run.

Names under /run and in the kernel (bridge, cgroup, nftables table) carry six hex digits made from the data
directory's path, so that several of them live side by side on one machine.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

RUN = Path("/run")


@dataclass(frozen=True)
class Layout:
    """Paths and names of one data directory. `directory` is absolute."""

    directory: Path

    @property
    def tag(self) -> str:
        return hashlib.sha256(str(self.directory).encode()).hexdigest()[:6]

    @property
    def name(self) -> str:
        """`petset-<6 hex>`: the bridge, the cgroup and the nftables table. At most 15 characters, as links ask."""
        return f"petset-{self.tag}"

    @property
    def sandboxes(self) -> Path:
        return self.directory / "sandboxes"

    @property
    def images(self) -> Path:
        return self.directory / "images"

    @property
    def seccomp(self) -> Path:
        """Where people put profiles of their own: beside the other things of the data directory."""
        return self.directory.parent / "seccomp"

    @property
    def run(self) -> Path:
        """Gone after a reboot, or at least not to be trusted then (`boot`)."""
        return RUN / self.name

    @property
    def boot(self) -> Path:
        """Holds the boot id that `run` belongs to."""
        return self.run / "boot"

    @property
    def engine_root(self) -> Path:
        return self.run / "engine"

    @property
    def covers(self) -> Path:
        return self.run / "covers"

    @property
    def sockets(self) -> Path:
        return self.run / "s"

    def sandbox(self, uid: str) -> Path:
        return self.sandboxes / uid

    def kept(self, uid: str) -> Path:
        """The sandbox's namespaces (`net`, `ipc`, `uts`) and its `shm`."""
        return self.run / "sandboxes" / uid

    def containers(self, uid: str) -> Path:
        return self.sandboxes / uid / "containers"

    def container(self, uid: str, container_id: str) -> Path:
        return self.containers(uid) / container_id

    def cgroup(self, uid: str) -> str:
        return f"/{self.name}/pod{uid}"
