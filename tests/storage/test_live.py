"""What happens while a commit is under way, with a journal that the test holds."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest
from storage.contract import A, B, C, put

from petset.aio.tasks import Supervisor, give_way
from petset.storage.live import LiveStore
from petset.storage.port import Event, StoreConflict, StoreFailed


class _HeldJournal:
    """Begins a commit when asked and ends it when the test says so."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self._ended: Callable[[str], None] | None = None

    def commit(self, batch: Sequence[Event], ended: Callable[[str], None]) -> None:
        assert self._ended is None, "one batch at a time"
        self.batches.append([event.record.key.name for event in batch])
        self._ended = ended

    def end(self, refusal: str = "") -> None:
        ended, self._ended = self._ended, None
        assert ended is not None
        ended(refusal)

    async def close(self) -> None:
        return None


def _play(story: Callable[[LiveStore, _HeldJournal, Supervisor], Awaitable[None]]) -> None:
    async def main() -> None:
        journal = _HeldJournal()
        async with Supervisor("test") as tasks:
            await story(LiveStore(journal), journal, tasks)

    asyncio.run(main())


async def _settle() -> None:
    for _ in range(5):
        await give_way()


def test_what_comes_during_a_commit_is_the_next_batch() -> None:
    async def story(store: LiveStore, journal: _HeldJournal, tasks: Supervisor) -> None:
        first = tasks.start("a", put(store, A))
        await _settle()
        later = [tasks.start("b", put(store, B)), tasks.start("c", put(store, C))]
        await _settle()
        assert journal.batches == [["a"]]
        journal.end()
        await _settle()
        assert first.done()
        assert not any(task.done() for task in later)
        assert journal.batches == [["a"], ["b", "c"]]
        assert store.revision == 1
        journal.end()
        await asyncio.gather(*later)
        assert store.revision == 3

    _play(story)


def test_who_hears_of_a_commit_shares_the_next_one_with_who_made_it() -> None:
    """A watcher acts a turn after the writer, which has more to write: a claim's status, say, and a pod's node."""

    async def story(store: LiveStore, journal: _HeldJournal, tasks: Supervisor) -> None:
        async def write_twice() -> None:
            await put(store, A)
            await put(store, B)

        async def watch_and_write() -> None:
            watch = store.watch(A.resource, after=0)
            await watch.next()
            heard.set()

        async def write_when_woken() -> None:
            await heard.wait()
            await put(store, C)

        heard = asyncio.Event()
        works = [tasks.start("work", work()) for work in (write_when_woken, watch_and_write, write_twice)]
        for _ in range(2):
            await _settle()
            journal.end()
        await asyncio.gather(*works)
        assert journal.batches == [["a"], ["b", "c"]]

    _play(story)


def test_a_failed_commit_takes_what_came_during_it_along() -> None:
    async def story(store: LiveStore, journal: _HeldJournal, tasks: Supervisor) -> None:
        writes = [tasks.start("a", _failing(put(store, A)))]
        await _settle()
        writes += [tasks.start("b", _failing(put(store, B)))]
        await _settle()
        journal.end("the disk is full")
        await asyncio.gather(*writes)
        assert journal.batches == [["a"]]
        again = tasks.start("again", store.put(B, lambda revision: (b"", revision), 0))
        await _settle()
        journal.end()
        assert (await again).memo == 1, "the revisions of lost writes are given out again"

    _play(story)


async def _failing(write: Awaitable[object]) -> None:
    with pytest.raises(StoreFailed, match="the disk is full"):
        await write


def test_a_loser_is_told_only_once_the_winner_is_durable() -> None:
    async def story(store: LiveStore, journal: _HeldJournal, tasks: Supervisor) -> None:
        winner = tasks.start("winner", put(store, A, "1"))
        loser = tasks.start("loser", _conflicting(store))
        await _settle()
        assert not loser.done()
        journal.end()
        await asyncio.gather(winner, loser)

    _play(story)


def test_a_loser_takes_the_place_of_a_winner_that_is_lost() -> None:
    async def story(store: LiveStore, journal: _HeldJournal, tasks: Supervisor) -> None:
        winner = tasks.start("winner", _failing(put(store, A, "1")))
        loser = tasks.start("loser", put(store, A, "2"))
        await _settle()
        journal.end("the disk is full")
        await _settle()
        journal.end()
        await asyncio.gather(winner, loser)
        kept = store.get(A)
        assert kept is not None and kept.value == b"2@1"

    _play(story)


async def _conflicting(store: LiveStore) -> None:
    with pytest.raises(StoreConflict) as conflict:
        await put(store, A, "2")
    assert conflict.value.current is store.get(A) is not None
