"""The directories on disk: made, removed, and never anything outside the root."""

import asyncio
from pathlib import Path

import pytest

from petset.controllers.volumes.directories import DiskDirectories


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "volumes"


def test_a_directory_gets_its_mode_whatever_the_umask_and_keeps_what_it_holds(root: Path) -> None:
    directories = DiskDirectories(root)
    asyncio.run(directories.create(f"{root}/a", 0o777))
    assert (root / "a").stat().st_mode & 0o777 == 0o777
    (root / "a" / "dump.rdb").write_text("data")
    asyncio.run(directories.create(f"{root}/a", 0o777))
    assert (root / "a" / "dump.rdb").read_text() == "data"


def test_removing_takes_everything_and_twice_is_fine(root: Path) -> None:
    directories = DiskDirectories(root)
    asyncio.run(directories.create(f"{root}/a", 0o777))
    (root / "a" / "deep" / "er").mkdir(parents=True)
    asyncio.run(directories.remove(f"{root}/a"))
    asyncio.run(directories.remove(f"{root}/a"))
    assert not (root / "a").exists()


@pytest.mark.parametrize(
    "path", ["{root}", "{root}/..", "{root}/a/b", "{root}/../other", "/etc", "", "a", "{root}/a/.."]
)
def test_nothing_but_a_direct_child_of_the_root_is_touched(root: Path, path: str) -> None:
    (root / "a" / "b").mkdir(parents=True)
    (root.parent / "other").mkdir()
    directories = DiskDirectories(root)
    for attempt in (directories.remove(path.format(root=root)), directories.create(path.format(root=root), 0o777)):
        with pytest.raises(PermissionError):
            asyncio.run(attempt)
    assert (root / "a" / "b").is_dir() and (root.parent / "other").is_dir()


def test_a_link_is_not_followed(root: Path) -> None:
    precious = root.parent / "precious"
    precious.mkdir()
    (precious / "file").write_text("data")
    directories = DiskDirectories(root)
    asyncio.run(directories.create(f"{root}/a", 0o777))
    (root / "a" / "link").symlink_to(precious)
    (root / "b").symlink_to(precious)
    asyncio.run(directories.remove(f"{root}/a"))
    with pytest.raises(PermissionError):
        asyncio.run(directories.remove(f"{root}/b"))
    with pytest.raises(PermissionError):
        asyncio.run(directories.create(f"{root}/b", 0o777))
    assert (precious / "file").read_text() == "data"
