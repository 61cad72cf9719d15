"""An informer's picture: complete, in step, and told in differences."""

from collections.abc import Sequence
from typing import Any

from registry.given import config, merge, play, pod

from petset.aio.tasks import Supervisor, give_way
from petset.api import objects
from petset.api.errors import Expired, Unavailable
from petset.api.models import core_v1
from petset.client.informer import Informer
from petset.client.local import LocalClient
from petset.client.port import ClientWatch, WatchEvent
from petset.testing.plane import Plane

Change = tuple[str | None, str | None]


def by_node(pod: core_v1.Pod) -> Sequence[str]:
    return [pod.spec.nodeName or ""] if pod.spec else []


def changes_of(informer: Informer[Any]) -> list[Change]:
    """Fills with (name before, name after) as the informer tells of changes."""
    seen: list[Change] = []
    informer.on_change(lambda old, new: seen.append((old and objects.name_of(old), new and objects.name_of(new))))
    return seen


async def quiet(p: Plane) -> None:
    """Let everything happen that can happen without time passing."""
    for _ in range(20):
        await give_way()


def test_it_starts_with_what_is_there_and_follows_every_change() -> None:
    async def story(p: Plane) -> None:
        await p.client.create(config("a", namespace="default"))
        informer = Informer(p.client, p.clock, core_v1.ConfigMap, "default")
        seen = changes_of(informer)
        async with Supervisor("test") as tasks:
            tasks.start("informer", informer.run())
            await informer.synced()
            assert [objects.name_of(o) for o in informer.list()] == ["a"]
            await p.client.create(config("b", namespace="default"))
            await p.client.create(config("c", namespace="kube-system"))
            await p.client.patch(core_v1.ConfigMap, "a", "default", merge({"data": {"x": "1"}}))
            await p.client.delete(core_v1.ConfigMap, "a", "default")
            await quiet(p)
            assert seen == [(None, "a"), (None, "b"), ("a", "a"), ("a", None)]
            assert informer.get("a", "default") is None
            assert informer.get("b", "default") is await p.client.get(core_v1.ConfigMap, "b", "default")
            assert informer.resource_version == str(p.store.revision)

    play(story)


def test_an_index_finds_objects_by_value_as_they_move() -> None:
    async def story(p: Plane) -> None:
        informer = Informer(p.client, p.clock, core_v1.Pod, indexes={"node": by_node})
        async with Supervisor("test") as tasks:
            tasks.start("informer", informer.run())
            await informer.synced()
            for name in "ab":
                await p.client.create(pod(name, namespace="default"))
            await p.client.bind("default", "b", "n1")
            await quiet(p)
            assert [objects.name_of(o) for o in informer.by_index("node", "")] == ["a"]
            assert [objects.name_of(o) for o in informer.by_index("node", "n1")] == ["b"]
            assert list(informer.by_index("node", "n2")) == []

    play(story)


class _Interrupted(LocalClient):
    """A real client whose watches can be cut off or tell all they told again, and whose server can be away."""

    away = False
    cut = False
    repeats = False

    async def list(self, *args: Any, **kwargs: Any) -> Any:
        if self.away:
            raise Unavailable("starting")
        return await super().list(*args, **kwargs)

    def watch(self, *args: Any, **kwargs: Any) -> ClientWatch[Any]:
        return _CutWatch(self, super().watch(*args, **kwargs))


class _CutWatch:
    def __init__(self, client: _Interrupted, watch: ClientWatch[Any]) -> None:
        self._client = client
        self._watch = watch
        self._told: list[WatchEvent[Any]] = []

    @property
    def resource_version(self) -> str:
        return self._watch.resource_version

    async def next(self) -> Sequence[WatchEvent[Any]]:
        events = await self._watch.next()
        if self._client.cut:
            raise Expired("too old resource version")
        self._told.extend(events)
        return [*events, *self._told] if self._client.repeats else events

    def close(self) -> None:
        self._watch.close()


def test_after_a_cut_it_tells_only_the_differences() -> None:
    async def story(p: Plane) -> None:
        client = _Interrupted(p.registry)
        for name in ("stays", "changes", "goes", "reborn"):
            await p.client.create(config(name, namespace="default"))
        informer = Informer(client, p.clock, core_v1.ConfigMap, "default")
        async with Supervisor("test") as tasks:
            tasks.start("informer", informer.run())
            await informer.synced()
            await quiet(p)
            seen = changes_of(informer)
            client.away = client.cut = True  # the watch dies at its next event, and no list helps
            await p.client.patch(core_v1.ConfigMap, "changes", "default", merge({"data": {"x": "1"}}))
            await p.client.delete(core_v1.ConfigMap, "goes", "default")
            await p.client.delete(core_v1.ConfigMap, "reborn", "default")
            await p.client.create(config("reborn", namespace="default"))
            await p.client.create(config("comes", namespace="default"))
            await quiet(p)
            assert seen == []
            assert len(informer.list()) == 4  # it goes on showing what it knew
            client.away = client.cut = False
            await p.clock.sleep(60)
            assert sorted(seen, key=str) == sorted(
                [
                    ("changes", "changes"),
                    ("goes", None),
                    ("reborn", None),
                    (None, "reborn"),
                    (None, "comes"),
                ],
                key=str,
            )

    play(story)


def test_what_is_told_again_is_heard_once_so_that_an_old_end_takes_nothing_new_away() -> None:
    async def story(p: Plane) -> None:
        client = _Interrupted(p.registry)
        await p.client.create(config("reborn", namespace="default"))
        informer = Informer(client, p.clock, core_v1.ConfigMap, "default")
        async with Supervisor("test") as tasks:
            tasks.start("informer", informer.run())
            await informer.synced()
            await quiet(p)
            seen = changes_of(informer)
            client.repeats = True
            await p.client.delete(core_v1.ConfigMap, "reborn", "default")
            await p.client.create(config("reborn", namespace="default"))
            await quiet(p)
            assert seen == [("reborn", None), (None, "reborn")]
            assert informer.get("reborn", "default") is not None

    play(story)


def test_a_server_that_is_away_is_asked_ever_more_slowly() -> None:
    async def story(p: Plane) -> None:
        client = _Interrupted(p.registry)
        client.away = True
        informer = Informer(client, p.clock, core_v1.ConfigMap)
        async with Supervisor("test") as tasks:
            tasks.start("informer", informer.run())
            await p.clock.sleep(3600)
            client.away = False
            started = p.clock.monotonic()
            await informer.synced()
            assert p.clock.monotonic() - started <= 30

    play(story)


def test_for_any_order_of_events_the_picture_ends_as_the_list() -> None:
    async def story(p: Plane) -> None:
        informer = Informer(p.client, p.clock, core_v1.Pod, labels="app=x", indexes={"node": by_node})
        async with Supervisor("test") as tasks:
            tasks.start("informer", informer.run())
            for n in range(30):
                await p.client.create(pod(f"p{n}", namespace="default", labels={"app": "xy"[n % 2]}))
                if n % 3 == 0:
                    await p.client.bind("default", f"p{n}", f"n{n % 2}")
                if n % 5 == 0:
                    patch = merge({"metadata": {"labels": {"app": "x"}}})
                    await p.client.patch(core_v1.Pod, f"p{n}", "default", patch)
            await quiet(p)
            listed = (await p.client.list(core_v1.Pod, labels="app=x")).items
            assert sorted(informer.list(), key=objects.name_of) == sorted(listed, key=objects.name_of)
            indexed = [o for node in ("", "n0", "n1") for o in informer.by_index("node", node)]
            assert sorted(indexed, key=objects.name_of) == sorted(listed, key=objects.name_of)

    for seed in range(10):
        play(story, seed)
