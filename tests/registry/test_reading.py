"""Lists, pages and watches, through selectors."""

import pytest
from registry.given import ALL, MAPS, PLAIN, PODS, config, create, merge, names, play, pod, told

from petset.api.errors import BadRequest, Expired, Timeout
from petset.api.models import meta_v1
from petset.registry.port import ListOptions
from petset.storage.live import Bounds
from petset.testing.plane import Plane


async def four_pods(p: Plane) -> None:
    for name, app, node in [("a", "x", "n1"), ("b", "y", "n1"), ("c", "x", "n2"), ("d", "x", "")]:
        await create(p, pod(name, node=node, labels={"app": app}))


@pytest.mark.parametrize(
    ("labels", "fields", "found"),
    [
        ("", "", "abcd"),
        ("app=x", "", "acd"),
        ("app!=x", "", "b"),
        ("app in (x,y),!other", "", "abcd"),
        ("", "spec.nodeName=n1", "ab"),
        ("app=x", "spec.nodeName!=n1", "cd"),
        ("", "metadata.name=c", "c"),
        ("", "status.phase=Running", ""),
    ],
)
def test_a_list_shows_what_both_selectors_match(labels: str, fields: str, found: str) -> None:
    async def story(p: Plane) -> None:
        await four_pods(p)
        listed = p.registry.list(PODS, "default", ListOptions(labels=labels, fields=fields))
        assert names(listed.records) == list(found)
        assert listed.resource_version == str(p.store.revision)

    play(story)


def test_a_field_that_is_not_offered_is_refused() -> None:
    async def story(p: Plane) -> None:
        with pytest.raises(BadRequest, match=r"field label not supported: spec\.colour"):
            p.registry.list(PODS, "default", ListOptions(fields="spec.colour=red"))

    play(story)


@pytest.mark.parametrize("labels", ["", "app=x"])
def test_pages_show_one_moment_whatever_is_written_between_them(labels: str) -> None:
    async def story(p: Plane) -> None:
        for name in "abcde":
            await create(p, config(name, labels={"app": "x"}))
        first = p.registry.list(MAPS, "default", ListOptions(labels=labels, limit=2))
        await p.registry.delete(MAPS, "default", "c", meta_v1.DeleteOptions())
        await create(p, config("cc", labels={"app": "x"}))
        seen = names(first.records)
        token = first.continue_token
        while token:
            page = p.registry.list(MAPS, "default", ListOptions(labels=labels, limit=2, continue_token=token))
            assert page.resource_version == first.resource_version
            seen += names(page.records)
            token = page.continue_token
        assert seen == list("abcde")
        assert first.remaining == (0 if labels else 3)

    play(story)


def test_a_page_of_a_moment_long_past_says_to_start_anew() -> None:
    async def story(p: Plane) -> None:
        for name in "abc":
            await create(p, config(name))
        token = p.registry.list(MAPS, "default", ListOptions(limit=1)).continue_token
        await forget_the_past(p)
        with pytest.raises(Expired, match="use the continue token in this response to retrieve the rem") as expired:
            p.registry.list(MAPS, "default", ListOptions(limit=1, continue_token=token))
        status = expired.value.status()
        assert status.metadata is not None and status.metadata.continue_
        rest = p.registry.list(MAPS, "default", ListOptions(continue_token=status.metadata.continue_))
        assert names(rest.records) == ["b", "busy", "c"], "what has come meanwhile shows up"
        assert rest.resource_version == str(p.registry.list(MAPS, "default", ListOptions()).resource_version)
        with pytest.raises(Expired, match="too old resource version"):
            p.registry.watch(MAPS, "default", ListOptions(resource_version="3"))

    play(story)


async def forget_the_past(p: Plane) -> None:
    """Write more than the store keeps of the past."""
    await create(p, config("busy"))
    for n in range(Bounds().window_events + 1):
        await p.registry.patch(MAPS, "default", "busy", merge({"data": {"n": str(n)}}), PLAIN)


def test_a_token_that_is_none_is_refused() -> None:
    async def story(p: Plane) -> None:
        for token in ("garbage!", "e30", "ZZZ"):
            with pytest.raises(BadRequest, match="continue key is not valid"):
                p.registry.list(MAPS, "default", ListOptions(continue_token=token))

    play(story)


def test_a_page_of_a_version_is_of_that_version_and_where_any_will_do_there_are_no_pages() -> None:
    async def story(p: Plane) -> None:
        await create(p, config("a"))
        await create(p, config("b"))
        then = str(p.store.revision)
        await create(p, config("c"))
        page = p.registry.list(MAPS, "default", ListOptions(resource_version=then, limit=1))
        rest = p.registry.list(MAPS, "default", ListOptions(continue_token=page.continue_token, limit=1))
        assert (names(page.records), page.remaining, names(rest.records)) == (["a"], 1, ["b"])
        not_older = ListOptions(resource_version=then, resource_version_match="NotOlderThan", limit=1)
        assert p.registry.list(MAPS, "default", not_older).remaining == 2
        whole = p.registry.list(MAPS, "default", ListOptions(resource_version="0", limit=1))
        assert (names(whole.records), whole.continue_token) == (["a", "b", "c"], "")
        zero = ListOptions(resource_version="0", continue_token=page.continue_token, limit=1)
        assert names(p.registry.list(MAPS, "default", zero).records) == ["b"]

    play(story)


def test_a_list_of_an_exact_past_moment() -> None:
    async def story(p: Plane) -> None:
        await create(p, config("a"))
        then = str(p.store.revision)
        await create(p, config("b"))
        exact = ListOptions(resource_version=then, resource_version_match="Exact")
        assert names(p.registry.list(MAPS, "default", exact).records) == ["a"]
        newer = ListOptions(resource_version=then)
        assert names(p.registry.list(MAPS, "default", newer).records) == ["a", "b"]
        with pytest.raises(Timeout, match="Too large resource version"):
            p.registry.list(MAPS, "default", ListOptions(resource_version="999999"))
        with pytest.raises(BadRequest, match="invalid resource version"):
            p.registry.list(MAPS, "default", ListOptions(resource_version="soon"))

    play(story)


def test_a_watch_without_a_version_begins_with_what_is_there() -> None:
    async def story(p: Plane) -> None:
        await create(p, config("a"))
        watch = p.registry.watch(MAPS, "default", ALL)
        await create(p, config("b"))
        assert await told(watch, 2) == [("ADDED", "a"), ("ADDED", "b")]
        assert watch.resource_version == str(p.store.revision)

    play(story)


def test_a_watch_from_a_version_tells_everything_after_it() -> None:
    async def story(p: Plane) -> None:
        made = await create(p, config("a"))
        await p.registry.patch(MAPS, "default", "a", merge({"data": {"b": "1"}}), PLAIN)
        await p.registry.delete(MAPS, "default", "a", meta_v1.DeleteOptions())
        watch = p.registry.watch(MAPS, "default", ListOptions(resource_version=made.metadata.resourceVersion))
        assert await told(watch, 2) == [("MODIFIED", "a"), ("DELETED", "a")]

    play(story)


def test_leaving_the_selection_is_a_deletion_and_entering_it_an_addition() -> None:
    async def story(p: Plane) -> None:
        await create(p, config("a", labels={"app": "x"}))
        watch = p.registry.watch(
            MAPS, "default", ListOptions(labels="app=x", resource_version=str(p.store.revision))
        )
        for app in ("y", "z", "x"):
            await p.registry.patch(MAPS, "default", "a", merge({"metadata": {"labels": {"app": app}}}), PLAIN)
        await p.registry.delete(MAPS, "default", "a", meta_v1.DeleteOptions())
        items = await watch.next()
        assert [item.type for item in items] == ["DELETED", "ADDED", "DELETED"]
        left = p.registry.decode(MAPS, items[0].record)
        assert left.metadata.labels == {"app": "x"}  # as the watcher last saw it …
        assert left.metadata.resourceVersion == str(items[0].record.revision)  # … at the change that took it away
        assert f'"resourceVersion":"{items[0].record.revision}"'.encode() in items[0].record.value

    play(story)


def test_a_watch_sees_pods_come_to_its_node() -> None:
    async def story(p: Plane) -> None:
        watch = p.registry.watch(PODS, "", ListOptions(fields="spec.nodeName=n1"))
        await create(p, pod("a"))
        await create(p, pod("b"))
        await p.registry.bind("default", "b", "n1")
        assert await told(watch, 1) == [("ADDED", "b")]

    play(story)


def test_a_closed_watch_says_to_list_again() -> None:
    async def story(p: Plane) -> None:
        watch = p.registry.watch(MAPS, "default", ListOptions(resource_version=str(p.store.revision)))
        watch.close()
        with pytest.raises(Expired):
            await watch.next()

    play(story)


def test_after_a_restart_labels_are_read_from_the_bytes() -> None:
    async def story(p: Plane) -> None:
        await create(p, config("a", labels={"app": "x"}))
        (record,) = p.registry.list(MAPS, "default", ListOptions(labels="app=x")).records
        record.memo = None
        assert p.registry.list(MAPS, "default", ListOptions(labels="app=x")).records == [record]
        assert p.registry.decode(MAPS, record).data == {"value": "1"}

    play(story)
