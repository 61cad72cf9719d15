"""Files that change all at once: a reader sees the whole old version of a volume or the whole new one.

Each version is a directory named after its content. `..data` is a symbolic link to the present version, swapped by
one rename; the visible names are links through `..data` and never change while the set of names stays the same.
"""

import hashlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from petset.node.volumes.render import File

DATA = "..data"


def write_version(directory: Path, files: Sequence[File], group: int | None) -> None:
    """Make `directory` hold exactly these files. Nothing is touched when it does already."""
    version = directory / f"..{_digest(files, group)}"
    current = directory / DATA
    if current.is_symlink() and current.readlink() == Path(version.name):
        return
    shutil.rmtree(version, ignore_errors=True)  # a version that an interrupted write left half done
    _write(version, files, group)
    swap = directory / "..data_tmp"
    swap.unlink(missing_ok=True)
    swap.symlink_to(version.name)
    swap.replace(current)
    names = {file.path.split("/", 1)[0] for file in files}
    for name in names:
        link = directory / name
        if not link.is_symlink():
            link.symlink_to(f"{DATA}/{name}")
    for entry in directory.iterdir():
        if entry.name in names or entry.name in (DATA, version.name):
            continue
        if entry.is_symlink():
            entry.unlink()
        else:
            shutil.rmtree(entry)


def _write(version: Path, files: Sequence[File], group: int | None) -> None:
    version.mkdir(mode=0o755, parents=True)
    for file in files:
        path = version / file.path
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        path.write_bytes(file.content)
        mode = file.mode
        if group is not None:
            os.chown(path, -1, group)
            mode |= 0o440
        path.chmod(mode)


def _digest(files: Sequence[File], group: int | None) -> str:
    digest = hashlib.sha256(repr(group).encode())
    for file in sorted(files, key=lambda f: f.path):
        digest.update(f"{file.path}\0{file.mode}\0{len(file.content)}\0".encode())
        digest.update(file.content)
    return digest.hexdigest()[:24]
