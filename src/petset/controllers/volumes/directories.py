"""The directories behind volumes: the one place of the binder that touches a disk, and the one that destroys data.

So it is narrow and suspicious: it makes and removes direct children of its root and nothing else, whatever path it
is handed, and it never follows a symbolic link out of the tree that it removes.
"""

import asyncio
import os
import shutil
from pathlib import Path
from typing import Protocol


class Directories(Protocol):
    """Both are idempotent. Errors are OSError, with a message that names the path."""

    async def create(self, path: str, mode: int) -> None:
        """Make the directory with exactly this mode, whatever the umask; one that is there keeps its contents."""
        ...

    async def remove(self, path: str) -> None:
        """Remove the directory and everything in it; nothing there is fine."""
        ...


class DiskDirectories:
    """Directories below `root`, which is made on first use, open to its owner alone."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def create(self, path: str, mode: int) -> None:
        await asyncio.to_thread(self._create, self._checked(path), mode)

    async def remove(self, path: str) -> None:
        await asyncio.to_thread(self._remove, self._checked(path))

    def _checked(self, path: str) -> Path:
        """The path, if it is a direct child of the root. PermissionError for any other."""
        parent, name = os.path.split(path)
        if parent != str(self._root) or name in ("", ".", ".."):
            raise PermissionError(f"{path} is not a volume below {self._root}; it is left alone")
        return self._root / name

    def _create(self, path: Path, mode: int) -> None:
        try:
            path.mkdir()
        except FileNotFoundError:
            self._root.mkdir(mode=0o711, parents=True, exist_ok=True)
            path.mkdir(exist_ok=True)
        except FileExistsError as error:
            if path.is_symlink():
                why = f"{path} is a symbolic link; remove it so that a volume can be made there"
                raise PermissionError(why) from error
            if not path.is_dir():
                raise
        path.chmod(mode)

    def _remove(self, path: Path) -> None:
        if path.is_symlink():
            raise PermissionError(f"{path} is a symbolic link, not a volume; it is left alone")
        if not shutil.rmtree.avoids_symlink_attacks:
            raise PermissionError(f"this system cannot remove {path} without following links; remove it by hand")
        if path.exists():
            shutil.rmtree(path)
