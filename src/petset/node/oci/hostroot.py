"""The machine's own root file system as an image: its programs, not its data (docs/decisions/0013).

A layer that lies over `/` hides everything but a short list: /usr and the links into it, and of /etc what programs
need to find users, libraries, certificates and the time. What the list does not name is not there: homes, /var,
keys, the settings of services, the data directory. The layer is made of overlay whiteouts (character devices 0:0)
and opaque directories. It lies on a file system of its own in memory, since the kernel refuses a lower layer
inside another one.
"""

import hashlib
import os
import shutil
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from threading import Lock

from petset.node.oci import syscalls

PROGRAMS = frozenset({"bin", "lib", "lib32", "lib64", "libx32", "sbin", "usr", "etc"})
SETTINGS = frozenset({
    "alternatives", "bash.bashrc", "ca-certificates", "ca-certificates.conf", "crypto-policies", "debian_version",
    "fonts", "gai.conf", "group", "host.conf", "inputrc", "ld.so.cache", "ld.so.conf", "ld.so.conf.d",
    "locale.alias", "locale.conf", "localtime", "lsb-release", "magic", "magic.mime", "mime.types", "networks",
    "nsswitch.conf", "os-release", "passwd", "perl", "pki", "profile", "profile.d", "protocols", "python3",
    "redhat-release", "rpc", "services", "shells", "ssl", "system-release", "terminfo", "timezone", "xattr.conf",
})  # fmt: skip
SECRETS = ("etc/ssl/private", "etc/pki/tls/private", "etc/pki/rpm-gpg")
EMPTY = {
    "dev": 0o755, "home": 0o755, "media": 0o755, "mnt": 0o755, "opt": 0o755, "proc": 0o555, "root": 0o700,
    "run": 0o755, "srv": 0o755, "sys": 0o555, "tmp": 0o1777, "var": 0o755, "var/cache": 0o755, "var/lib": 0o755,
    "var/log": 0o755, "var/spool": 0o755, "var/tmp": 0o1777,
}  # fmt: skip
LINKS = {"var/run": "/run", "var/lock": "/run/lock"}


@dataclass(frozen=True)
class Cover:
    """What the layer over `/` consists of: names that vanish and directories that are empty. Paths are relative."""

    hidden: tuple[str, ...]
    empty: tuple[str, ...]

    @property
    def digest(self) -> str:
        return hashlib.sha256("\0".join((*self.hidden, "", *self.empty)).encode()).hexdigest()


def plan(root: Iterable[str], etc: Iterable[str], expose: Sequence[str], inside: Sequence[Path]) -> Cover:
    """Pure. `root` and `etc` are the names there; `inside` are directories of ours that nobody may see.

    ValueError where `expose` names what cannot be shown.
    """
    shown = {str(PurePosixPath(path).relative_to("/")) for path in expose if _can_be_shown(path)}
    hidden = {name for name in root if name not in PROGRAMS and name not in EMPTY and name not in shown}
    hidden |= {
        f"etc/{name}" for name in etc if name not in SETTINGS and f"etc/{name}" not in shown and "etc" not in shown
    }
    hidden |= set(SECRETS)
    for path in inside:
        name = str(path.relative_to("/"))
        if name.partition("/")[0] in PROGRAMS | shown:
            hidden.add(name)
    return Cover(tuple(sorted(hidden)), tuple(name for name in EMPTY if name not in shown))


def _can_be_shown(path: str) -> bool:
    parts = PurePosixPath(path).parts
    if len(parts) == 2 or (len(parts) == 3 and parts[1] == "etc"):
        return True
    raise ValueError(f"the image map's `expose` has {path!r}; only /NAME and /etc/NAME can be shown")


_making = Lock()


def make(cover: Cover, covers: Path) -> Path:
    """The layer's directory; made once for each cover, whole or not at all. `covers` becomes a mount."""
    layer = covers / cover.digest[:16]
    with _making:
        if not layer.exists():
            if not os.path.ismount(covers):
                covers.mkdir(parents=True, exist_ok=True)
                syscalls.mount(
                    "covers", covers, "tmpfs", syscalls.MS_NOSUID | syscalls.MS_NOEXEC, "mode=0700,size=16m"
                )
            _build(cover, layer)
    return layer


def _build(cover: Cover, layer: Path) -> None:
    building = layer.with_suffix(".new")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir()
    building.chmod(0o755)
    for name in cover.empty:
        _empty_directory(building / name, EMPTY[name])
    for name, target in LINKS.items():
        if "var" in cover.empty:
            (building / name).symlink_to(target)
    for name in cover.hidden:
        _whiteout(building, PurePosixPath(name))
    building.rename(layer)


def _empty_directory(path: Path, mode: int) -> None:
    path.mkdir()
    path.chmod(mode)
    os.setxattr(path, "trusted.overlay.opaque", b"y")


def _whiteout(layer: Path, name: PurePosixPath) -> None:
    here = Path("/")
    for part in name.parts[:-1]:
        here /= part
        if here.is_symlink() or not here.is_dir():
            return  # there is nothing below it to hide
        copy = layer / here.relative_to("/")
        if not copy.is_dir():
            copy.mkdir()
            shutil.copystat(here, copy)
    if not (layer / name).exists():
        os.mknod(layer / name, stat.S_IFCHR, os.makedev(0, 0))
