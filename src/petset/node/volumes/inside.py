"""A path inside a volume that cannot be talked into leading out of it.

Pods write what they like into their volumes, symbolic links too, and `subPath` then names a path there that the
runtime follows as root. So every link is resolved first and the result must lie inside the volume; directories are
made one at a time, each below one that has been checked.
"""

import os
from pathlib import Path

from petset.node.failures import VolumeFailure


def resolve_inside(root: Path, relative: str) -> Path:
    """The real path of `relative` below `root`; missing directories are made. VolumeFailure if it leads out."""
    if relative.startswith("/") or ".." in relative.split("/"):
        raise VolumeFailure(f"subPath {relative!r} must be relative and must not contain '..'")
    real_root = Path(os.path.realpath(root))
    path = real_root
    for part in relative.split("/"):
        if part in ("", "."):
            continue
        step = path / part
        path = Path(os.path.realpath(step))
        if path != real_root and real_root not in path.parents:
            raise VolumeFailure(f"subPath {relative!r} leads out of its volume through a symbolic link")
        if not path.exists():
            path.mkdir(mode=0o750)
            path.chmod(real_root.stat().st_mode & 0o7777)
    return path
