"""What every store keeps to, told as tests: each implementation runs all of them.

A subclass says how a store is opened (`open`) and how its disk is made to fail
(`broken_disk`).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager

import pytest

from petset.aio.tasks import Supervisor, give_way
from petset.storage.live import Bounds, LiveStore
from petset.storage.port import Draft, Event, Key, Store, StoreConflict, StoreExpired, StoreFailed, Subscription

A = Key("pods", "default", "a")
B = Key("pods", "default", "b")
C = Key("pods", "other", "c")


def text(value: str) -> Draft:
    """A draft whose bytes carry the revision, as the layer above does it."""
    return lambda revision: (f"{value}@{revision}".encode(), None)


def put(store: Store, key: Key, value: str = "x", expected: int = 0) -> Awaitable[object]:
    return store.put(key, text(value), expected)


def told(events: Sequence[Event]) -> list[tuple[str, str, int]]:
    """Events in a short form: what happened, to whom, at which revision."""
    return [
        (
            "-" if event.deleted else "~" if event.previous else "+",
            event.record.key.name,
            event.record.revision,
        )
        for event in events
    ]


async def hear(watch: Subscription, count: int) -> list[tuple[str, str, int]]:
    events: list[Event] = []
    while len(events) < count:
        events += await watch.next()
    return told(events)


class StoreContract:
    """Run by `TestX(StoreContract)` for each store X."""

    def open(self, bounds: Bounds) -> LiveStore:
        raise NotImplementedError

    def broken_disk(self, store: LiveStore) -> AbstractContextManager[None]:
        """While entered, every write is refused."""
        raise NotImplementedError

    def run(self, story: Callable[[LiveStore], Awaitable[None]], **bounds: int) -> None:
        async def main() -> None:
            store = self.open(Bounds(**bounds))
            try:
                await story(store)
            finally:
                await store.close()

        asyncio.run(main())

    # Writing and reading

    def test_an_empty_store_is_at_revision_0(self) -> None:
        async def story(store: Store) -> None:
            assert store.revision == 0
            assert store.get(A) is None
            assert store.list("pods").records == []

        self.run(story)

    def test_each_write_takes_the_next_revision(self) -> None:
        async def story(store: Store) -> None:
            created = await store.put(A, text("one"), 0)
            other = await store.put(B, text("two"), 0)
            changed = await store.put(A, text("three"), created.revision)
            assert (created.revision, other.revision, changed.revision) == (1, 2, 3)
            assert changed.value == b"three@3"
            assert store.get(A) is changed
            assert store.revision == 3

        self.run(story)

    def test_the_drafts_memo_hangs_on_the_record(self) -> None:
        async def story(store: Store) -> None:
            memo = object()
            record = await store.put(A, lambda revision: (b"", memo), 0)
            assert record.memo is memo

        self.run(story)

    def test_a_deleted_key_is_gone_and_its_deletion_counts_as_a_write(self) -> None:
        async def story(store: Store) -> None:
            await put(store, A)
            last = await store.delete(A, text("last"), 1)
            assert (last.revision, last.value) == (2, b"last@2")
            assert store.get(A) is None
            assert (await store.put(A, text("again"), 0)).revision == 3

        self.run(story)

    def test_a_write_that_saw_another_revision_changes_nothing(self) -> None:
        async def story(store: Store) -> None:
            await put(store, A)
            for expected in (0, 7):
                with pytest.raises(StoreConflict) as conflict:
                    await put(store, A, expected=expected)
                assert conflict.value.current is store.get(A)
            with pytest.raises(StoreConflict) as conflict:
                await store.delete(A, text("x"), 7)
            assert conflict.value.current is store.get(A)
            assert store.revision == 1

        self.run(story)

    def test_what_is_not_there_can_neither_be_replaced_nor_deleted(self) -> None:
        async def story(store: Store) -> None:
            for write in (store.put(A, text("x"), 1), store.delete(A, text("x"), 1), store.delete(A, text("x"), 0)):
                with pytest.raises(StoreConflict) as conflict:
                    await write
                assert conflict.value.current is None
            assert store.revision == 0

        self.run(story)

    def test_a_draft_that_raises_changes_nothing(self) -> None:
        def refuse(revision: int) -> tuple[bytes, None]:
            raise ValueError("refused")

        async def story(store: Store) -> None:
            with pytest.raises(ValueError, match="refused"):
                await store.put(A, refuse, 0)
            assert (await store.put(A, text("x"), 0)).revision == 1

        self.run(story)

    def test_the_draft_is_made_at_once_and_the_write_is_seen_only_once_durable(self) -> None:
        async def story(store: Store) -> None:
            drafted: list[int] = []

            def draft(revision: int) -> tuple[bytes, None]:
                drafted.append(revision)
                return b"x", None

            watch = store.watch("pods", after=0)
            async with Supervisor("test") as tasks:
                write = tasks.start("write", store.put(A, draft, 0))
                heard = tasks.start("hear", hear(watch, 1))
                while not drafted:
                    await give_way()
                assert store.get(A) is None
                assert store.revision == 0
                assert not heard.done()
                await write
                assert store.get(A) is not None
                assert await heard == [("+", "a", 1)]

        self.run(story)

    # Writers side by side

    def test_of_several_creations_at_once_exactly_one_succeeds(self) -> None:
        async def story(store: Store) -> None:
            results = await asyncio.gather(*(put(store, A, str(n)) for n in range(5)), return_exceptions=True)
            assert [type(result).__name__ for result in results] == ["Record"] + ["StoreConflict"] * 4
            for conflict in results[1:]:
                assert isinstance(conflict, StoreConflict)
                assert conflict.current is store.get(A)

        self.run(story)

    def test_many_writers_at_once_get_revisions_in_the_order_they_asked(self) -> None:
        async def story(store: Store) -> None:
            keys = [Key("pods", "default", f"p-{n}") for n in range(100)]
            records = await asyncio.gather(*(store.put(key, text("x"), 0) for key in keys))
            assert [record.revision for record in records] == list(range(1, 101))

        self.run(story)

    def test_a_key_may_be_created_again_before_its_deletion_is_durable(self) -> None:
        async def story(store: Store) -> None:
            await put(store, A)
            watch = store.watch("pods", after=1)
            await asyncio.gather(store.delete(A, text("x"), 1), store.put(A, text("new"), 0))
            assert await hear(watch, 2) == [("-", "a", 2), ("+", "a", 3)]

        self.run(story)

    def test_a_cancelled_writer_leaves_the_others_alone(self) -> None:
        async def story(store: Store) -> None:
            async with Supervisor("test") as tasks:
                cancelled = tasks.start("cancelled", store.put(A, text("x"), 0))
                kept = tasks.start("kept", store.put(B, text("x"), 0))
                await give_way()
                cancelled.cancel()
                assert (await kept).revision == 2
            assert (await store.put(C, text("x"), 0)).revision == 3

        self.run(story)

    def test_closing_finishes_what_was_accepted(self) -> None:
        async def story(store: Store) -> None:
            async with Supervisor("test") as tasks:
                writes = [tasks.start(key.name, store.put(key, text("x"), 0)) for key in (A, B, C)]
                await give_way()
                await store.close()
                assert [(await write).revision for write in writes] == [1, 2, 3]
            with pytest.raises(StoreFailed, match="closed"):
                await put(store, A, expected=1)

        self.run(story)

    # A disk that refuses

    def test_a_refused_write_leaves_no_trace_and_the_next_one_works(self) -> None:
        async def story(store: LiveStore) -> None:
            await put(store, A, "kept")
            watch = store.watch("pods", after=0)
            with self.broken_disk(store):
                with pytest.raises(StoreFailed):
                    await put(store, A, "lost", expected=1)
                kept = store.get(A)
                assert kept is not None and kept.value == b"kept@1"
                assert store.revision == 1
            await put(store, A, "next", expected=1)
            assert await hear(watch, 2) == [("+", "a", 1), ("~", "a", 2)]

        self.run(story)

    def test_what_was_stacked_on_a_refused_write_fails_with_it(self) -> None:
        async def story(store: LiveStore) -> None:
            await put(store, A)
            with self.broken_disk(store):
                results = await asyncio.gather(
                    store.delete(A, text("x"), 1), put(store, A, "new"), put(store, B), return_exceptions=True
                )
                assert [type(result) for result in results] == [StoreFailed] * 3
            assert [record.key for record in store.list("pods").records] == [A]
            await put(store, A, expected=1)

        self.run(story)

    def test_nobody_hears_of_a_conflict_with_a_write_that_is_then_lost(self) -> None:
        async def story(store: LiveStore) -> None:
            with self.broken_disk(store):
                results = await asyncio.gather(put(store, A, "1"), put(store, A, "2"), return_exceptions=True)
            assert [type(result) for result in results] == [StoreFailed] * 2

        self.run(story)

    # Lists

    def test_lists_are_in_key_order_by_resource_and_namespace(self) -> None:
        async def story(store: Store) -> None:
            keys = [Key("pods", *where.split("/")) for where in ("b/y", "a/z", "a-b/k", "a/b", "b/x", "a/a")]
            await asyncio.gather(*(put(store, key) for key in [*keys, Key("nodes", "", "n")]))
            places = ["/".join(record.key[1:]) for record in store.list("pods").records]
            assert places == ["a-b/k", "a/a", "a/b", "a/z", "b/x", "b/y"], "as Kubernetes orders namespace/name"
            assert [record.key.name for record in store.list("pods", "b").records] == ["x", "y"]
            assert [record.key.name for record in store.list("nodes").records] == ["n"]
            assert store.list("pods", "nowhere").records == []
            assert store.list("pods").revision == 7

        self.run(story)

    def test_a_list_shows_what_was_there_whatever_is_written_later(self) -> None:
        async def story(store: Store) -> None:
            keys = [Key("pods", "a", name) for name in "xyz"]
            for key in keys:
                await put(store, key)
            lists = [store.list("pods", "a"), store.list("pods", "a")]
            await put(store, keys[0], expected=1)
            lists.append(store.list("pods", "a"))
            await store.delete(keys[1], text("gone"), 2)
            await put(store, Key("pods", "a", "w"))
            lists.append(store.list("pods", "a"))
            shown = [[(record.key.name, record.revision) for record in each.records] for each in lists]
            before = [("x", 1), ("y", 2), ("z", 3)]
            assert shown == [before, before, [("x", 4), *before[1:]], [("w", 6), ("x", 4), ("z", 3)]]

        self.run(story)

    def test_pages_follow_each_other_without_gap_and_say_what_remains(self) -> None:
        async def story(store: Store) -> None:
            keys = [Key("pods", space, name) for space in ("a-b", "a", "b") for name in "pqr"]
            await asyncio.gather(*(put(store, key) for key in keys))
            for limit in (1, 2, 4, 9, 20):
                seen: list[Key] = []
                listing = store.list("pods", limit=limit)
                seen += [record.key for record in listing.records]
                while listing.remaining:
                    assert len(listing.records) == limit
                    assert listing.remaining == len(keys) - len(seen)
                    listing = store.list("pods", after=seen[-1], limit=limit)
                    seen += [record.key for record in listing.records]
                assert seen == keys

        self.run(story)

    def test_an_earlier_list_shows_what_was_there_then(self) -> None:
        async def story(store: Store) -> None:
            await put(store, A, "1")
            await put(store, B, "2")
            await put(store, A, "3", expected=1)
            await store.delete(B, text("4"), 2)
            await put(store, C, "5")

            def values(revision: int) -> list[bytes]:
                return [record.value for record in store.list("pods", revision=revision).records]

            assert values(1) == [b"1@1"]
            assert values(2) == [b"1@1", b"2@2"]
            assert values(3) == [b"3@3", b"2@2"]
            assert values(4) == [b"3@3"]
            assert values(5) == values(0) == [b"3@3", b"5@5"]
            page = store.list("pods", revision=3, limit=1)
            assert (page.revision, page.remaining) == (3, 1)
            assert [record.key for record in store.list("pods", revision=3, after=A, limit=1).records] == [B]

        self.run(story)

    def test_a_list_from_before_the_window_has_expired(self) -> None:
        async def story(store: Store) -> None:
            for n in range(6):
                await put(store, A, expected=n)
            assert len(store.list("pods", revision=2).records) == 1
            with pytest.raises(StoreExpired, match="revision 1 is older than 2"):
                store.list("pods", revision=1)

        self.run(story, window_events=4)

    # Watches

    def test_a_watch_hears_everything_after_its_revision_once_and_in_order(self) -> None:
        async def story(store: Store) -> None:
            await put(store, A)
            await put(store, B)
            watch = store.watch("pods", after=1)
            await put(store, A, expected=1)
            await store.delete(B, text("x"), 2)
            assert await hear(watch, 3) == [("+", "b", 2), ("~", "a", 3), ("-", "b", 4)]
            assert watch.revision == 4

        self.run(story)

    def test_an_event_carries_the_record_before_it(self) -> None:
        async def story(store: Store) -> None:
            watch = store.watch("pods", after=0)
            await put(store, A, "1")
            await put(store, A, "2", expected=1)
            await store.delete(A, text("3"), 2)
            before = [event.previous and event.previous.value for event in await watch.next()]
            assert before == [None, b"1@1", b"2@2"]

        self.run(story)

    def test_a_watch_hears_only_of_its_resource_and_namespace(self) -> None:
        async def story(store: Store) -> None:
            every, other = store.watch("pods", after=0), store.watch("pods", "other", after=0)
            for key in (A, Key("nodes", "", "n"), Key("services", "other", "s"), C):
                await put(store, key)
            assert await hear(every, 2) == [("+", "a", 1), ("+", "c", 4)]
            assert await hear(other, 1) == [("+", "c", 4)]

        self.run(story)

    def test_a_watch_that_has_heard_all_is_at_the_stores_revision(self) -> None:
        async def story(store: Store) -> None:
            watch = store.watch("pods", after=0)
            await put(store, Key("nodes", "", "n"))
            assert watch.revision == 1, "nothing of the watch's own waits"
            await put(store, A)
            assert watch.revision == 0, "an event waits that it has not handed out"
            await watch.next()
            assert watch.revision == 2

        self.run(story)

    def test_a_watch_from_a_later_revision_skips_what_comes_before_it(self) -> None:
        async def story(store: Store) -> None:
            watch = store.watch("pods", after=2)
            for key in (A, B, C):
                await put(store, key)
            assert await hear(watch, 1) == [("+", "c", 3)]

        self.run(story)

    def test_a_watch_from_before_the_window_has_expired(self) -> None:
        async def story(store: Store) -> None:
            for n in range(6):
                await put(store, A, expected=n)
            assert len(await hear(store.watch("pods", after=2), 4)) == 4
            with pytest.raises(StoreExpired):
                store.watch("pods", after=1)

        self.run(story, window_events=4)

    def test_the_window_is_bounded_by_bytes_too(self) -> None:
        async def story(store: Store) -> None:
            for n in range(6):
                await store.put(A, lambda revision: (b"x" * 10, None), n)
            with pytest.raises(StoreExpired):
                store.watch("pods", after=2)
            store.watch("pods", after=3)

        self.run(story, window_bytes=35)

    def test_what_is_still_there_takes_no_room_in_the_window(self) -> None:
        async def story(store: Store) -> None:
            for n in range(6):
                await store.put(Key("pods", "ns", f"new-{n}"), lambda revision: (b"x" * 10, None), 0)
            assert len(await hear(store.watch("pods", after=0), 6)) == 6
            removed = Key("pods", "ns", "new-0")
            await store.delete(removed, lambda revision: (b"x" * 30, None), 1)
            with pytest.raises(StoreExpired):
                store.watch("pods", after=6)

        self.run(story, window_bytes=35)

    def test_a_slow_watcher_expires_and_holds_up_nobody(self) -> None:
        async def story(store: Store) -> None:
            slow, quick = store.watch("pods", after=0), store.watch("pods", after=0)
            for n in range(6):
                await put(store, A, expected=n)
                assert len(await quick.next()) == 1
            with pytest.raises(StoreExpired, match="behind"):
                await slow.next()

        self.run(story, events_behind=4)

    def test_a_closed_watch_ends_whoever_reads_it(self) -> None:
        async def story(store: Store) -> None:
            watch = store.watch("pods", after=0)
            async with Supervisor("test") as tasks:
                reader = tasks.start("reader", _expect_expired(watch))
                await give_way()
                watch.close()
                await reader

        self.run(story)

    def test_closing_the_store_ends_every_watch(self) -> None:
        async def story(store: Store) -> None:
            watch = store.watch("pods", after=0)
            async with Supervisor("test") as tasks:
                reader = tasks.start("reader", _expect_expired(watch))
                await give_way()
                await store.close()
                await reader
            with pytest.raises(StoreExpired):
                store.watch("pods", after=0)

        self.run(story)

    def test_a_cancelled_reader_loses_no_event(self) -> None:
        async def story(store: Store) -> None:
            watch = store.watch("pods", after=0)
            async with Supervisor("test") as tasks:
                reader = tasks.start("reader", watch.next())
                await give_way()
                reader.cancel()
                await put(store, A)
                assert await hear(watch, 1) == [("+", "a", 1)]

        self.run(story)


async def _expect_expired(watch: Subscription) -> None:
    with pytest.raises(StoreExpired):
        await watch.next()
