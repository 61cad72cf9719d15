"""The database file: made, recognised and opened, with the settings that durability rests on.

`synchronous=FULL` syncs the write-ahead log at every commit: what is committed survives a power cut. Checkpoints,
which SQLite would run inside an unlucky COMMIT, are switched off here and run beside the commits (`sqlite.py`).

The rows lie in the order of their creation with an index over their keys. Keeping them in key order instead
(`WITHOUT ROWID`) saves the index and more than halves the writes per second.
"""

import os
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from petset.storage.port import Key, Record, StoreUnusable

SCHEMA = 1
"""Grows when a file of the new layout could not be read by the code before it."""

_APPLICATION = 0x50455453  # "PETS", in the header of every database file of ours

_CREATE = """
BEGIN;
CREATE TABLE record (
    resource TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
    revision INTEGER NOT NULL, value BLOB NOT NULL,
    PRIMARY KEY (resource, namespace, name)
) STRICT;
CREATE TABLE state (revision INTEGER NOT NULL) STRICT;
INSERT INTO state VALUES (0);
PRAGMA application_id = 0x50455453;
PRAGMA user_version = 1;
COMMIT;
"""


def open_database(path: Path) -> sqlite3.Connection:
    """The database at `path`, made where there is none. Raises StoreUnusable where the file is not for us."""
    # Made here, since SQLite would make it readable to all; its log files take over the mode.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    database = _connect(path)
    try:
        _check(database, path)
        _configure(database)
        if not _pragma(database, "user_version"):
            database.executescript(_CREATE)
    except sqlite3.DatabaseError as error:
        database.close()
        raise _unreadable(path, error) from error
    except StoreUnusable:
        database.close()
        raise
    return database


def open_again(path: Path) -> sqlite3.Connection:
    """A second connection to a database that `open_database` has opened."""
    database = _connect(path)
    _configure(database)
    return database


def _connect(path: Path) -> sqlite3.Connection:
    """A connection that may move between threads but serves one at a time."""
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)


def _configure(database: sqlite3.Connection) -> None:
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("PRAGMA wal_autocheckpoint = 0")
    database.execute("PRAGMA journal_size_limit = 16777216")


class Contents(NamedTuple):
    """Everything a database holds: the records in no particular order, the revision of the last commit."""

    records: Sequence[Record]
    revision: int


def load(database: sqlite3.Connection, path: Path) -> Contents:
    """Read it all. Raises StoreUnusable, and closes the database, where it is damaged."""
    try:
        rows = database.execute("SELECT resource, namespace, name, value, revision FROM record")
        records = [
            Record(Key(sys.intern(resource), sys.intern(namespace), name), value, revision)
            for resource, namespace, name, value, revision in rows
        ]
        (revision,) = database.execute("SELECT revision FROM state").fetchone()
    except sqlite3.DatabaseError as error:
        database.close()
        raise _unreadable(path, error) from error
    return Contents(records, revision)


def _unreadable(path: Path, error: Exception) -> StoreUnusable:
    return StoreUnusable(f"{path} cannot be read ({error}): restore it, or choose another data directory")


def _check(database: sqlite3.Connection, path: Path) -> None:
    schema, application = _pragma(database, "user_version"), _pragma(database, "application_id")
    empty = not database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if application != _APPLICATION and not (empty and schema == application == 0):
        raise StoreUnusable(f"{path} is no petset database: move it away, or choose another data directory")
    if schema > SCHEMA:
        raise StoreUnusable(
            f"{path} was written by a newer petset (schema {schema}, this one reads up to {SCHEMA}): "
            "run that version, or choose another data directory"
        )


def _pragma(database: sqlite3.Connection, name: str) -> int:
    return int(database.execute(f"PRAGMA {name}").fetchone()[0])
