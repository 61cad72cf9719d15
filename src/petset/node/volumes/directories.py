"""Volumes as directories of this machine: `<root>/pods/<uid>/volumes/<name>`, host paths and claims where they are.

All file work is done in a thread, one hop for all volumes of a pod, so that a slow disk holds up nobody else.
"""

import asyncio
import os
import shutil
import stat
import subprocess
from collections.abc import Mapping
from pathlib import Path

from petset.node.failures import VolumeFailure
from petset.node.volumes.atomic import write_version
from petset.node.volumes.inside import resolve_inside
from petset.node.volumes.render import Claimed, Content, HostDirectory, Rendered, Scratch


class DirectoryVolumes:
    """A `VolumeStore` below one directory."""

    def __init__(self, root: Path) -> None:
        self._pods = root / "pods"

    async def prepare(self, uid: str, contents: Mapping[str, Content], fs_group: int | None) -> Mapping[str, Path]:
        if not contents:
            return {}
        return await asyncio.to_thread(self._prepare_all, uid, contents, fs_group)

    async def sub_path(self, root: Path, relative: str) -> Path:
        return await asyncio.to_thread(resolve_inside, root, relative)

    async def remove(self, uid: str) -> None:
        await asyncio.to_thread(self._remove, uid)

    def _prepare_all(self, uid: str, contents: Mapping[str, Content], fs_group: int | None) -> dict[str, Path]:
        paths = {}
        for name, content in contents.items():
            try:
                paths[name] = self._prepare(uid, name, content, fs_group)
            except OSError as error:
                raise VolumeFailure(f'MountVolume.SetUp failed for volume "{name}" : {error}') from error
        return paths

    def _prepare(self, uid: str, name: str, content: Content, fs_group: int | None) -> Path:
        own = self._pods / uid / "volumes" / name
        match content:
            case Scratch():
                _make_scratch(own, content)
                _give_to_group(own, fs_group)
                return own
            case Rendered():
                own.mkdir(mode=0o755, parents=True, exist_ok=True)
                write_version(own, content.files, fs_group)
                return own
            case HostDirectory():
                _check_host_path(name, Path(content.path), content.type)
                return Path(content.path)
            case Claimed():
                path = Path(content.path)
                if content.create:
                    path.mkdir(mode=0o755, parents=True, exist_ok=True)
                elif not path.exists():
                    raise VolumeFailure(
                        f'MountVolume.NewMounter initialization failed for volume "{content.volume}" : '
                        f'path "{path}" does not exist'
                    )
                _give_to_group(path, fs_group)
                return path

    def _remove(self, uid: str) -> None:
        own = self._pods / uid
        volumes = own / "volumes"
        for directory in volumes.iterdir() if volumes.is_dir() else ():
            if directory.is_mount():
                subprocess.run(["umount", "--lazy", str(directory)], check=True, capture_output=True)
        if own.exists():
            shutil.rmtree(own)


def _make_scratch(directory: Path, content: Scratch) -> None:
    if directory.is_dir() and (not content.memory or directory.is_mount()):
        return
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o777)
    if content.memory:
        size = [f"size={content.size_bytes}"] if content.size_bytes else []
        options = ",".join(["mode=0777", *size])
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(directory)],
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise VolumeFailure(
                f'MountVolume.SetUp failed for volume "{directory.name}" : mount failed: {done.stderr.strip()}'
            )


def _give_to_group(directory: Path, group: int | None) -> None:
    """fsGroup: the group owns everything and may write; new files are the group's. Nothing to do if it is so."""
    if group is None:
        return
    found = directory.stat()
    if found.st_gid == group and found.st_mode & stat.S_ISGID:
        return
    for parent, _, files in os.walk(directory, topdown=False):
        for name in files:
            path = Path(parent) / name
            os.chown(path, -1, group, follow_symlinks=False)
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | 0o660)
        os.chown(parent, -1, group)
        Path(parent).chmod(Path(parent).stat().st_mode | stat.S_ISGID | 0o770)


_CHECKS = {
    "Directory": (stat.S_ISDIR, "a directory"),
    "DirectoryOrCreate": (stat.S_ISDIR, "a directory"),
    "File": (stat.S_ISREG, "a file"),
    "FileOrCreate": (stat.S_ISREG, "a file"),
    "Socket": (stat.S_ISSOCK, "a socket file"),
    "CharDevice": (stat.S_ISCHR, "a character device"),
    "BlockDevice": (stat.S_ISBLK, "a block device"),
}


def _check_host_path(name: str, path: Path, wanted: str) -> None:
    if wanted == "DirectoryOrCreate" and not path.exists():
        path.mkdir(mode=0o755, parents=True)
    if wanted == "FileOrCreate" and not path.exists():
        path.touch(mode=0o644)
    if not wanted:
        # Kubernetes leaves a missing path to the container runtime, and those make a directory of it.
        path.mkdir(mode=0o755, parents=True, exist_ok=True) if not path.exists() else None
        return
    matches, noun = _CHECKS.get(wanted, (stat.S_ISDIR, "a directory"))
    if not path.exists() or not matches(path.stat().st_mode):
        raise VolumeFailure(
            f'MountVolume.SetUp failed for volume "{name}" : hostPath type check failed: {path} is not {noun}'
        )
