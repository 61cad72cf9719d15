"""The SQLite store keeps the contract, also across restarts, crashes and full disks."""

import asyncio
import itertools
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import settings
from storage.contract import A, B, C, StoreContract, hear, put, text
from storage.machine import StoreMachine

from petset.storage.database import open_again
from petset.storage.live import Bounds, LiveStore
from petset.storage.port import Draft, Key, StoreExpired, StoreFailed, StoreUnusable
from petset.storage.sqlite import SqliteStore


@contextmanager
def no_file_may_grow() -> Iterator[None]:
    """The kernel refuses to write to any file, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class TestSqliteStore(StoreContract):
    @pytest.fixture(autouse=True)
    def _directories(self, tmp_path: Path) -> None:
        self.directories = (tmp_path / str(number) for number in itertools.count())

    def open(self, bounds: Bounds) -> LiveStore:
        return SqliteStore(next(self.directories), bounds)

    def broken_disk(self, store: LiveStore) -> AbstractContextManager[None]:
        return no_file_may_grow()


class _SqliteMachine(StoreMachine):
    durable = True

    def open(self) -> LiveStore:
        if not hasattr(self, "directory"):
            self.directory = tempfile.TemporaryDirectory()
        return SqliteStore(Path(self.directory.name))

    def broken_disk(self) -> AbstractContextManager[None]:
        return no_file_may_grow()

    def teardown(self) -> None:
        super().teardown()
        self.directory.cleanup()


TestAnyHistory = _SqliteMachine.TestCase
TestAnyHistory.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)


def in_store(directory: Path, story: Callable[[SqliteStore], Awaitable[None]]) -> None:
    """Open the store, play the story, close the store."""

    async def main() -> None:
        store = SqliteStore(directory)
        try:
            await story(store)
        finally:
            await store.close()

    asyncio.run(main())


async def _nothing(store: SqliteStore) -> None:
    return None


def test_a_store_opened_again_has_every_record_and_the_revision(tmp_path: Path) -> None:
    async def before(store: SqliteStore) -> None:
        await put(store, A, "1")
        await put(store, B, "2")
        await put(store, A, "3", expected=1)
        await store.delete(B, text("4"), 2)

    async def after(store: SqliteStore) -> None:
        assert store.revision == 4, "the deletion counts, though nothing is left of it"
        assert [(r.key, r.value, r.revision, r.memo) for r in store.list("pods").records] == [(A, b"3@3", 3, None)]
        assert (await store.put(B, text("5"), 0)).revision == 5

    in_store(tmp_path, before)
    in_store(tmp_path, after)


def test_after_a_restart_a_watch_goes_on_from_the_present_but_not_from_the_past(tmp_path: Path) -> None:
    async def before(store: SqliteStore) -> None:
        await put(store, A)
        await put(store, B)

    async def after(store: SqliteStore) -> None:
        with pytest.raises(StoreExpired):
            store.watch("pods", after=1)
        watch = store.watch("pods", after=2)
        await put(store, A, expected=1)
        assert await hear(watch, 1) == [("~", "a", 3)]

    in_store(tmp_path, before)
    in_store(tmp_path, after)


def test_every_acknowledged_write_survives_kill_9(tmp_path: Path) -> None:
    acknowledged: dict[Key, int] = {}
    for _ in range(3):
        writer = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("crash_writer.py")), str(tmp_path)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert writer.stdout is not None
        with writer:
            lines = list(itertools.islice(writer.stdout, 700))
            writer.kill()
            lines += [line for line in writer.stdout if line.endswith("\n")]
        for line in lines:
            path, revision = line.split()
            acknowledged[Key(*path.split("/"))] = int(revision)

    async def after(store: SqliteStore) -> None:
        for key, revision in acknowledged.items():
            record = store.get(key)
            assert record is not None and record.revision >= revision
            assert record.value.startswith(b"%d " % record.revision)
        revisions = [record.revision for record in store.list("pods").records]
        assert len(set(revisions)) == len(revisions)
        assert store.revision == max(revisions)

    assert len(acknowledged) == 8 * 50
    in_store(tmp_path, after)


def test_a_full_disk_is_named_and_writes_go_on_once_there_is_room(tmp_path: Path) -> None:
    async def story(store: SqliteStore) -> None:
        await put(store, A)
        with no_file_may_grow(), pytest.raises(StoreFailed, match=r"store\.db cannot be written .*make room"):
            await put(store, A, expected=1)
        await put(store, A, "later", expected=1)

    async def after(store: SqliteStore) -> None:
        record = store.get(A)
        assert record is not None and record.value == b"later@2"

    in_store(tmp_path, story)
    in_store(tmp_path, after)


def test_the_log_stays_short_however_much_is_written(tmp_path: Path) -> None:
    keys = [Key("pods", "default", str(number)) for number in range(64)]
    draft: Draft = lambda _: (b"." * 3000, None)  # noqa: E731 - one use

    async def write_often(store: SqliteStore, key: Key) -> None:
        for _ in range(150):
            await store.put(key, draft, revision_of(store, key))

    async def story(store: SqliteStore) -> None:
        await asyncio.gather(*(write_often(store, key) for key in keys))
        assert 150 * 64 * 3000 > 27 << 20
        assert (tmp_path / "store.db-wal").stat().st_size < 17 << 20

    in_store(tmp_path, story)
    assert not (tmp_path / "store.db-wal").exists(), "closing puts it all into the database"


def revision_of(store: SqliteStore, key: Key) -> int:
    record = store.get(key)
    return record.revision if record else 0


def test_only_the_last_of_several_changes_in_one_commit_is_kept(tmp_path: Path) -> None:
    async def before(store: SqliteStore) -> None:
        await asyncio.gather(put(store, A), put(store, B))
        writes = (store.delete(A, text("2"), 1), store.put(A, text("new"), 0), store.delete(B, text("x"), 2))
        await asyncio.gather(*writes)

    async def after(store: SqliteStore) -> None:
        assert [(record.key, record.value) for record in store.list("pods").records] == [(A, b"new@4")]

    in_store(tmp_path, before)
    in_store(tmp_path, after)


def test_a_commit_that_fails_halfway_keeps_nothing_of_it(tmp_path: Path) -> None:
    async def before(store: SqliteStore) -> None:
        with closing(open_again(tmp_path / "store.db")) as database:
            database.execute(
                "CREATE TRIGGER refuse BEFORE INSERT ON record WHEN NEW.name = 'b' "
                "BEGIN SELECT RAISE(FAIL, 'no b'); END"
            )
        results = await asyncio.gather(put(store, A), put(store, B), return_exceptions=True)
        assert [type(result) for result in results] == [StoreFailed, StoreFailed]
        await put(store, C)

    async def after(store: SqliteStore) -> None:
        assert [(record.key, record.revision) for record in store.list("pods").records] == [(C, 1)]

    in_store(tmp_path, before)
    in_store(tmp_path, after)


def test_commits_are_synced_and_files_are_private(tmp_path: Path) -> None:
    async def story(store: SqliteStore) -> None:
        await put(store, A)
        with closing(open_again(tmp_path / "data" / "store.db")) as database:
            assert database.execute("PRAGMA synchronous").fetchone() == (2,), "FULL"
        files = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "data").iterdir()}
        assert files == dict.fromkeys(["store.db", "store.db-wal", "store.db-shm", "store.lock"], 0o600)
        assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700

    in_store(tmp_path / "data", story)


def _refusal(directory: Path) -> str:
    with pytest.raises(StoreUnusable) as refusal:
        SqliteStore(directory)
    return str(refusal.value)


def _program(script: str, directory: Path) -> "subprocess.Popen[str]":
    """A process that opens the store, then runs the script."""
    opening = (
        "import os, signal, sys; from pathlib import Path; from petset.storage.sqlite import SqliteStore\n"
        "store = SqliteStore(Path(sys.argv[1]))\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", opening + script, str(directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def test_a_directory_in_use_is_refused_with_the_holders_process_id(tmp_path: Path) -> None:
    refusal = "{} is in use by the process {}: stop it, or choose another data directory"

    async def story(store: SqliteStore) -> None:
        assert _refusal(tmp_path) == refusal.format(tmp_path, os.getpid())

    in_store(tmp_path, story)
    with _program("print('open', flush=True); sys.stdin.read()", tmp_path) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        assert _refusal(tmp_path) == refusal.format(tmp_path, holder.pid)
        holder.kill()
    in_store(tmp_path, _nothing)


def test_what_a_killed_server_leaves_running_does_not_keep_the_next_one_out(tmp_path: Path) -> None:
    forking = "child = os.fork()\nif child: print(child, flush=True)\nsignal.pause()"
    with _program(forking, tmp_path) as server:
        assert server.stdout is not None
        child = int(server.stdout.readline())
        try:
            server.kill()
            server.wait()
            in_store(tmp_path, _nothing)
        finally:
            os.kill(child, signal.SIGKILL)


def test_a_file_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    in_store(tmp_path, _nothing)
    with closing(sqlite3.connect(tmp_path / "store.db")) as database:
        database.execute("PRAGMA user_version = 2")
    assert "was written by a newer petset (schema 2, this one reads up to 1)" in _refusal(tmp_path)


def test_a_database_that_is_not_petsets_is_refused_and_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "store.db")) as database:
        database.execute("CREATE TABLE theirs (x)")
    content = (tmp_path / "store.db").read_bytes()
    assert "store.db is no petset database" in _refusal(tmp_path)
    assert (tmp_path / "store.db").read_bytes() == content


@pytest.mark.parametrize("content", [b"no database at all, but long enough to be one" * 100])
def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "store.db").write_bytes(content)
    assert "store.db cannot be read (file is not a database)" in _refusal(tmp_path)
    assert (tmp_path / "store.db").read_bytes() == content


def test_a_damaged_database_is_refused(tmp_path: Path) -> None:
    async def story(store: SqliteStore) -> None:
        keys = [Key("pods", "default", str(number)) for number in range(200)]
        await asyncio.gather(*(store.put(key, lambda _: (b"." * 3000, None), 0) for key in keys))

    in_store(tmp_path, story)
    path = tmp_path / "store.db"
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    assert "store.db cannot be read" in _refusal(tmp_path)


def test_a_directory_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "file/data cannot be used" in _refusal(tmp_path / "file" / "data")
