"""One server per data directory: two would each believe in their own revisions and overwrite the other's.

The lock is the kernel's, so it ends with the process however that ends; a lock file left behind means nothing. It
is of the kind that children do not inherit: a server that was killed may leave children running, and these must not
keep the next server out. Within one process the kernel would let that kind be taken twice, so who has which
directory is remembered here as well. The file holds the holder's process id, for the error message only.
"""

import fcntl
import os
from pathlib import Path

from petset.storage.port import StoreUnusable

_held: set[Path] = set()


class DirectoryLock:
    """Holds the directory until `release`. Raises StoreUnusable, naming the holder, where somebody else does."""

    def __init__(self, directory: Path) -> None:
        self._path = directory.resolve() / "store.lock"
        if self._path in _held:  # not even to be opened: closing it would let go of the lock that is held
            raise _in_use(directory, str(os.getpid()))
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            holder = os.read(self._file, 20).decode(errors="replace").strip()
            os.close(self._file)
            raise _in_use(directory, holder or "unknown") from None
        _held.add(self._path)
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let somebody else have the directory."""
        _held.discard(self._path)
        os.close(self._file)


def _in_use(directory: Path, holder: str) -> StoreUnusable:
    return StoreUnusable(
        f"{directory} is in use by the process {holder}: stop it, or choose another data directory"
    )
