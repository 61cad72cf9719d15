"""One server per data directory: two would each believe in their own revisions and overwrite the other's.

The lock is the kernel's, on an open file, so it ends with the process however that ends; a lock file left behind
means nothing. The file holds the process id of the holder, for the error message only.
"""

import fcntl
import os
from pathlib import Path

from petset.storage.port import StoreUnusable


class DirectoryLock:
    """Holds the directory until `release`. Raises StoreUnusable, naming the holder, where somebody else does."""

    def __init__(self, directory: Path) -> None:
        self._file = os.open(directory / "store.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._file, 20).decode().strip() or "unknown"
            os.close(self._file)
            raise StoreUnusable(
                f"{directory} is in use by the process {holder}: stop it, or choose another data directory"
            ) from None
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        os.close(self._file)
