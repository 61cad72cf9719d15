"""Laying an image's layers on top of each other in a directory, without ever leaving that directory.

Layers come from anywhere. So a name is followed only inside the directory: `..` stops at its top, an absolute link
starts there. Devices are left out; a container gets its own. What a layer deletes it says by whiteouts.
"""

import contextlib
import os
import shutil
import tarfile
from pathlib import Path, PurePosixPath
from typing import IO

_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
_LINKS = 100  # followed on the way to one name; more is a circle
_ATTRIBUTES = ("security.capability", "user.")


def apply_layer(layer: IO[bytes], root: Path) -> None:
    """Lay one layer (tar; gzip, bzip2 and xz are recognised) over what is there. ValueError: it is none."""
    written: set[Path] = set()
    try:
        with tarfile.open(fileobj=layer, mode="r|*") as tar:
            for member in tar:
                path = inside(root, PurePosixPath(member.name).parent) / PurePosixPath(member.name).name
                if path == root or path.name in ("", "..", "."):
                    _set_metadata(member, root)
                elif path.name == _OPAQUE:
                    _empty(path.parent, written)
                elif path.name.startswith(_WHITEOUT):
                    _remove(path.parent / _plain(path.name.removeprefix(_WHITEOUT)))
                elif _write(tar, member, path, root):
                    written.add(path)
    except tarfile.TarError as error:
        raise ValueError(
            f"a layer is no tar file that can be read ({error}); zstd layers are not supported"
        ) from error


def inside(root: Path, name: PurePosixPath) -> Path:
    """Where a name leads when `root` is the top of everything, links included. ValueError: links in a circle."""
    left = list(reversed([part for part in name.parts if part not in ("/", ".")]))
    here, followed = root, 0
    while left:
        part = left.pop()
        if part == "..":
            here = here if here == root else here.parent
            continue
        here = here / part
        if here.is_symlink():
            followed += 1
            if followed > _LINKS:
                raise ValueError(f"the image's links go in a circle at {name}")
            target = PurePosixPath(here.readlink())
            here = root if target.is_absolute() else here.parent
            left += reversed([piece for piece in target.parts if piece not in ("/", ".")])
    return here


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path, root: Path) -> bool:
    """Whether it was written: devices are not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not (member.isdir() and path.is_dir() and not path.is_symlink()):
        _remove(path)
    if member.isdir():
        path.mkdir(exist_ok=True)
    elif member.issym():
        path.symlink_to(member.linkname)
    elif member.islnk():
        linked = PurePosixPath(member.linkname)
        os.link(inside(root, linked.parent) / linked.name, path, follow_symlinks=False)
        return True  # one file with another name: it has its metadata
    elif member.isreg():
        source = tar.extractfile(member)
        assert source is not None
        with path.open("wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
    elif member.isfifo():
        os.mkfifo(path)
    else:
        return False
    _set_metadata(member, path)
    return True


def _set_metadata(member: tarfile.TarInfo, path: Path) -> None:
    """The owner first: a change of owner takes set-user-id bits and file capabilities away."""
    os.chown(path, member.uid, member.gid, follow_symlinks=False)
    if path.is_symlink():
        return
    path.chmod(member.mode)
    for name, value in member.pax_headers.items():
        attribute = name.removeprefix("SCHILY.xattr.")
        if attribute != name and attribute.startswith(_ATTRIBUTES):
            os.setxattr(path, attribute, value.encode("utf-8", "surrogateescape"))
    os.utime(path, (member.mtime, member.mtime))


def _plain(name: str) -> str:
    if name in ("", ".", ".."):
        raise ValueError(f"a whiteout of {name!r}")
    return name


def _empty(directory: Path, keep: set[Path]) -> None:
    """Remove what lower layers put there; what this layer wrote stays."""
    if directory.is_dir():
        for child in directory.iterdir():
            if child not in keep:
                _remove(child)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
