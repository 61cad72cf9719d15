"""The durable store: one SQLite file, one writer thread, one commit for all who write at once.

The event loop never waits for the disk. It hands a batch to the thread and gets the outcome back in one call; for a
lone writer this costs no measurable time more than committing on the loop itself, and a slow disk freezes nobody.

The write-ahead log must be copied into the database now and then. A commit that has to do that takes twenty times
as long, so a thread of its own copies while the writer goes on, and the writer then copies only what came since.
With nothing left over, SQLite starts the log from its beginning again, which bounds its size.
"""

import asyncio
import contextlib
import gc
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from petset.storage.database import load, open_again, open_database
from petset.storage.live import DEFAULT_BOUNDS, Bounds, LiveStore
from petset.storage.lock import DirectoryLock
from petset.storage.port import Event, StoreUnusable

_CHECKPOINT_BYTES = 4 << 20
_MOST_LOG_BYTES = 4 * _CHECKPOINT_BYTES
_RECORD_OVERHEAD_BYTES = 4 << 10  # the log takes whole pages, however little of one is new
_COMMIT_OVERHEAD_BYTES = 12 << 10

_PUT = """
INSERT INTO record VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET revision = excluded.revision, value = excluded.value
"""
_DELETE = "DELETE FROM record WHERE resource = ? AND namespace = ? AND name = ?"


class SqliteStore(LiveStore):
    """A `Store` in `directory`, which it makes (mode 0700) where it is missing and locks while open.

    Raises StoreUnusable where another process has it, or where its file is damaged, foreign or of a newer version.
    """

    def __init__(self, directory: Path, bounds: Bounds = DEFAULT_BOUNDS) -> None:
        lock = _enter(directory)
        path = directory / "store.db"
        try:
            with _collector_resting():
                database = open_database(path)
                contents = load(database, path)
                super().__init__(_Journal(database, path, lock), contents.records, contents.revision, bounds)
        except StoreUnusable:
            lock.release()
            raise


@contextlib.contextmanager
def _collector_resting() -> Iterator[None]:
    """What is loaded lives as long as the server: looking for garbage in it takes longer than loading it."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
    gc.freeze()


def _enter(directory: Path) -> DirectoryLock:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return DirectoryLock(directory)
    except OSError as error:
        raise StoreUnusable(
            f"{directory} cannot be used ({error.strerror}): make it writable, or choose another data directory"
        ) from error


_Job = tuple[Sequence[Event], Callable[[str], None], asyncio.AbstractEventLoop]


class _Journal:
    """Commits batches on a thread of its own."""

    def __init__(self, database: sqlite3.Connection, path: Path, lock: DirectoryLock) -> None:
        self._database = database
        self._path = path
        self._lock = lock
        self._checkpoints = _Checkpoints(database, path)
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        # A daemon, so that a process that ends without `close` ends: what was acknowledged is on the disk.
        self._writer = threading.Thread(target=self._write, name="petset-store-writer", daemon=True)
        self._writer.start()

    def commit(self, batch: Sequence[Event], ended: Callable[[str], None]) -> None:
        self._jobs.put((batch, ended, asyncio.get_running_loop()))

    async def close(self) -> None:
        self._jobs.put(None)
        self._writer.join()  # it has nothing left to do but to put the log into the database

    def _write(self) -> None:
        while (job := self._jobs.get()) is not None:
            batch, ended, loop = job
            refusal = self._try_commit(batch)
            with contextlib.suppress(RuntimeError):  # the loop was closed under us: nobody waits any more
                loop.call_soon_threadsafe(ended, refusal)
            self._checkpoints.after(batch)
        self._checkpoints.finish()
        self._database.close()
        self._lock.release()

    def _try_commit(self, batch: Sequence[Event]) -> str:
        try:
            _commit(self._database, batch)
        except sqlite3.Error as error:
            with contextlib.suppress(sqlite3.Error):
                self._database.rollback()
            return f"{self._path} cannot be written ({error}): make room or mend the disk, then try again"
        return ""


def _commit(database: sqlite3.Connection, batch: Sequence[Event]) -> None:
    """All of the batch or nothing, synced to the disk. Only the last state of each key counts."""
    last = {event.record.key: event for event in batch}
    records = [event.record for event in last.values() if not event.deleted]
    deleted = [event.record.key for event in last.values() if event.deleted]
    database.execute("BEGIN IMMEDIATE")
    database.executemany(_PUT, [(*record.key, record.revision, record.value) for record in records])
    database.executemany(_DELETE, deleted)
    database.execute("UPDATE state SET revision = ?", (batch[-1].record.revision,))
    database.execute("COMMIT")


class _Checkpoints:
    """Keeps the write-ahead log short. Used by the writer thread only."""

    def __init__(self, database: sqlite3.Connection, path: Path) -> None:
        self._database = database
        self._path = path
        log = path.with_name(path.name + "-wal")
        self._log_bytes = log.stat().st_size if log.exists() else 0
        self._copier: threading.Thread | None = None

    def after(self, batch: Sequence[Event]) -> None:
        """Count what was committed; begin or complete a checkpoint where it is time."""
        self._log_bytes += _COMMIT_OVERHEAD_BYTES
        self._log_bytes += sum(_RECORD_OVERHEAD_BYTES + len(event.record.value) for event in batch)
        if self._copier is None:
            if self._log_bytes > _CHECKPOINT_BYTES:
                self._copier = threading.Thread(target=self._copy, name="petset-store-checkpoint", daemon=True)
                self._copier.start()
        elif not self._copier.is_alive() or self._log_bytes > _MOST_LOG_BYTES:
            self.finish()
            self._copier = None
            _checkpoint(self._database)
            self._log_bytes = 0

    def finish(self) -> None:
        """Wait for the copying to end, where it is under way."""
        if self._copier is not None:
            self._copier.join()

    def _copy(self) -> None:
        with contextlib.suppress(sqlite3.Error), contextlib.closing(open_again(self._path)) as database:
            _checkpoint(database)


def _checkpoint(database: sqlite3.Connection) -> None:
    # A full disk may refuse this too; the log then grows until a later checkpoint succeeds.
    with contextlib.suppress(sqlite3.Error):
        database.execute("PRAGMA wal_checkpoint(PASSIVE)")
