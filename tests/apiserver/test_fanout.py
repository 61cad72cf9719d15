"""What open watches share: lines that are put together once, and a rest that grows with their number."""

import asyncio
from contextlib import ExitStack

from apiserver.asgi import CONFIG_MAPS, Site, config_map, on_a_plane

from petset.apiserver.fanout import LONGEST_REST_SECONDS, Fanout
from petset.registry.port import WatchItem
from petset.storage.port import Key, Record

ONE, OTHER = ("one",), ("other",)


def items(*revisions: int) -> list[WatchItem]:
    return [WatchItem("ADDED", Record(Key("r", "", "n"), b"", revision)) for revision in revisions]


def test_lines_are_put_together_once_for_all_who_see_the_same() -> None:
    fanout, made = Fanout(), []

    def line(item: WatchItem) -> bytes:
        made.append(item.record.revision)
        return b"%d\n" % item.record.revision

    with fanout.one_more(), fanout.one_more():
        assert [fanout.piece(ONE, items(1, 3), line) for _ in range(3)] == [b"1\n3\n"] * 3
        assert made == [1, 3]
        assert fanout.piece(OTHER, items(1, 2, 3), line) == b"1\n2\n3\n"
        for revision in range(100):
            fanout.piece(ONE, items(revision), line)
    assert fanout.piece(ONE, [], line) == b""


def test_the_more_watch_the_longer_each_rests() -> None:
    fanout = Fanout()
    assert fanout.rest_seconds == 0
    with fanout.one_more():
        alone = fanout.rest_seconds
        with fanout.one_more():
            assert 0 < alone < fanout.rest_seconds < 0.001
    with ExitStack() as many:
        for _ in range(10_000):
            many.enter_context(fanout.one_more())
        assert fanout.rest_seconds == LONGEST_REST_SECONDS


@on_a_plane
async def test_every_watcher_sees_every_event_once_and_in_order(site: Site) -> None:
    async with asyncio.TaskGroup() as group, site.opened(f"{CONFIG_MAPS}?watch=1&resourceVersion=1") as watch:

        async def write(number: int) -> None:
            await site.made(CONFIG_MAPS, config_map(f"m-{number}"))

        async with site.opened(f"{CONFIG_MAPS}?watch=1&labelSelector=app!%3Dx&resourceVersion=1") as selecting:
            for number in range(30):
                group.create_task(write(number))
            seen = [await watch.line() for _ in range(30)]
            also = [await selecting.line() for _ in range(30)]
            assert seen == also
            versions = [int(line["object"]["metadata"]["resourceVersion"]) for line in seen]
            assert versions == sorted(set(versions))


@on_a_plane
async def test_a_large_collection_comes_in_parts_and_whole(site: Site) -> None:
    for number in range(250):
        await site.made(CONFIG_MAPS, config_map(f"m-{number:03}"))
    async with site.opened(f"{CONFIG_MAPS}?watch=1") as watch:
        assert [(await watch.line())["object"]["metadata"]["name"] for _ in range(250)] == [
            f"m-{number:03}" for number in range(250)
        ]
