"""Watches over HTTP: every change once, in order, until something ends it."""

import asyncio
from typing import Any

from apiserver.asgi import CONFIG_MAPS, PODS, TABLE, Site, config_map, on_a_plane, pod

ANNOTATION = "k8s.io/initial-events-end"


def labelled(name: str, value: str) -> dict[str, Any]:
    return {**config_map(name), "metadata": {"name": name, "labels": {"x": value}}}


def told(line: Any) -> tuple[str, str]:
    return line["type"], line["object"]["metadata"].get("name", "")


@on_a_plane
async def test_a_watch_first_tells_what_is_there_then_what_changes(site: Site) -> None:
    await site.made(CONFIG_MAPS, config_map("a"))
    async with site.opened(f"{CONFIG_MAPS}?watch=true") as watch:
        assert told(await watch.line()) == ("ADDED", "a")
        await site.made(CONFIG_MAPS, config_map("b"))
        assert told(await watch.line()) == ("ADDED", "b")
        await site.ask("DELETE", f"{CONFIG_MAPS}/a")
        assert told(await watch.line()) == ("DELETED", "a")


@on_a_plane
async def test_a_watch_goes_on_from_a_version(site: Site) -> None:
    first = await site.made(CONFIG_MAPS, config_map("a"))
    await site.made(CONFIG_MAPS, config_map("b"))
    version = first["metadata"]["resourceVersion"]
    async with site.opened(f"{CONFIG_MAPS}?watch=true&resourceVersion={version}") as watch:
        assert told(await watch.line()) == ("ADDED", "b")


@on_a_plane
async def test_a_watcher_sees_an_object_leave_its_selection(site: Site) -> None:
    made = await site.made(CONFIG_MAPS, labelled("a", "1"))
    async with site.opened(f"{CONFIG_MAPS}?watch=true&labelSelector=x%3D1") as watch:
        assert told(await watch.line()) == ("ADDED", "a")
        made["metadata"]["labels"] = {"x": "2"}
        await site.ask("PUT", f"{CONFIG_MAPS}/a", made)
        assert told(await watch.line()) == ("DELETED", "a")


@on_a_plane
async def test_a_table_is_watched_row_by_row_and_has_its_columns_once(site: Site) -> None:
    await site.made(CONFIG_MAPS, config_map("a"))
    async with site.opened(f"{CONFIG_MAPS}?watch=true", accept=TABLE) as watch:
        first = (await watch.line())["object"]
        assert [c["name"] for c in first["columnDefinitions"]] == ["Name", "Data", "Age"]
        await site.made(CONFIG_MAPS, config_map("b"))
        second = (await watch.line())["object"]
        assert second["columnDefinitions"] is None
        assert second["rows"][0]["cells"][:2] == ["b", 1]


@on_a_plane
async def test_a_bookmark_tells_a_quiet_watcher_every_minute_how_far_it_is(site: Site) -> None:
    async with site.opened(f"{PODS}?watch=true&allowWatchBookmarks=true&resourceVersion=0") as watch:
        begun = site.plane.clock.monotonic()
        bookmark = await watch.line()
        assert site.plane.clock.monotonic() - begun == 60
        assert (bookmark["type"], bookmark["object"]["kind"]) == ("BOOKMARK", "Pod")
        made = await site.made(PODS, pod("web-0"))
        assert told(await watch.line()) == ("ADDED", "web-0")
        later = await watch.line()
        assert later["object"]["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]


@on_a_plane
async def test_initial_events_end_with_a_bookmark_that_says_so(site: Site) -> None:
    await site.made(CONFIG_MAPS, config_map("a"))
    asked = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    async with site.opened(f"{CONFIG_MAPS}?{asked}") as watch:
        assert told(await watch.line()) == ("ADDED", "a")
        end = await watch.line()
        assert (end["type"], end["object"]["metadata"]["annotations"]) == ("BOOKMARK", {ANNOTATION: "true"})
        assert int(end["object"]["metadata"]["resourceVersion"]) > 0
    async with site.opened(f"{CONFIG_MAPS}?{asked.replace('Events=true', 'Events=false')}") as watch:
        await watch.hear()
        await site.made(CONFIG_MAPS, config_map("b"))
        assert told(await watch.line()) == ("ADDED", "b")


@on_a_plane
async def test_a_watch_ends_by_itself_when_its_time_is_over(site: Site) -> None:
    async with site.opened(f"{PODS}?watch=true&timeoutSeconds=5") as watch:
        assert await watch.line() is None
        assert site.plane.clock.monotonic() == 5


@on_a_plane
async def test_every_watch_ends_when_the_server_stops(site: Site) -> None:
    async with site.opened(f"{PODS}?watch=true") as one, site.opened(f"{CONFIG_MAPS}?watch=true") as other:
        await one.hear(), await other.hear()
        site.app.begin_shutdown()
        assert (await one.line(), await other.line()) == (None, None)


@on_a_plane
async def test_a_watch_from_a_forgotten_version_is_told_to_list_again(site: Site) -> None:
    refused = await site.ask("GET", f"{PODS}?watch=true&resourceVersion=99999999")
    assert refused.status in (200, 410, 504)  # a version from the future waits, or is refused; it never hangs
    bad = await site.ask("GET", f"{PODS}?watch=true&resourceVersion=x")
    assert bad.status == 422


@on_a_plane
async def test_a_watcher_that_fell_behind_is_told_410_in_its_stream(site: Site) -> None:
    async with site.opened(f"{CONFIG_MAPS}?watch=true") as watch:
        await watch.hear()
        await site.plane.store.close()
        line = await watch.line()
        assert (line["type"], line["object"]["code"], line["object"]["reason"]) == ("ERROR", 410, "Expired")
        assert await watch.line() is None


@on_a_plane
async def test_many_writers_and_watchers_agree_on_the_order(site: Site) -> None:
    async def writer(name: str) -> None:
        for index in range(5):
            await site.made(CONFIG_MAPS, config_map(f"{name}-{index}"))

    async with site.opened(f"{CONFIG_MAPS}?watch=true") as one, site.opened(f"{CONFIG_MAPS}?watch=true") as other:
        async with asyncio.TaskGroup() as group:
            for name in ("a", "b", "c"):
                group.create_task(writer(name))
        seen = [told(await one.line()) for _ in range(15)]
        assert seen == [told(await other.line()) for _ in range(15)]
        assert len(set(seen)) == 15
