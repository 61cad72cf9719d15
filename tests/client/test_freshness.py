"""Own writes are awaited in the cache, whatever becomes of them in between."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from petset.aio.tasks import Supervisor
from petset.api.models import core_v1, meta_v1
from petset.client.freshness import OwnWrites
from petset.client.pool import InformerPool
from petset.testing.faults import LateWatches
from petset.testing.loop import run
from petset.testing.plane import Plane, plane

Write = Callable[[Plane, OwnWrites[str]], Coroutine[Any, Any, None]]
LAG_SECONDS = 30.0


def config(name: str = "web") -> core_v1.ConfigMap:
    metadata = meta_v1.ObjectMeta(name=name, namespace="default")
    return core_v1.ConfigMap(apiVersion="v1", kind="ConfigMap", metadata=metadata)


async def created(p: Plane, writes: OwnWrites[str]) -> None:
    writes.wrote("web", await p.client.create(config()))


async def created_and_gone_again(p: Plane, writes: OwnWrites[str]) -> None:
    """Another writer may remove what we wrote before the cache has shown it."""
    writes.wrote("web", await p.client.create(config()))
    await p.client.delete(core_v1.ConfigMap, "web", "default")


async def deleted(p: Plane, writes: OwnWrites[str]) -> None:
    there = await p.client.get(core_v1.ConfigMap, "old", "default")
    await p.client.delete(core_v1.ConfigMap, "old", "default")
    writes.deleted("web", there)


async def replaced(p: Plane, writes: OwnWrites[str]) -> None:
    await deleted(p, writes)
    await p.client.create(config("old"))


@pytest.mark.parametrize("write", [created, created_and_gone_again, deleted, replaced])
def test_a_key_is_left_alone_until_the_cache_shows_what_was_written_for_it(write: Write) -> None:
    async def story() -> None:
        async with plane() as p, Supervisor("test") as tasks:
            await p.client.create(config("old"))
            informer = InformerPool(LateWatches(p.client, p.clock, lambda kind: LAG_SECONDS), p.clock).informer(
                core_v1.ConfigMap
            )
            tasks.start("informer", informer.run())
            await informer.synced()
            writes: OwnWrites[str] = OwnWrites({core_v1.ConfigMap: informer})
            await write(p, writes)
            assert not writes.are_seen("web")
            assert writes.are_seen("other")
            await p.clock.sleep(LAG_SECONDS - 1)
            assert not writes.are_seen("web")
            await p.clock.sleep(2)
            assert writes.are_seen("web")

    run(story())


def test_what_was_written_for_a_key_that_is_forgotten_holds_nobody_up() -> None:
    async def story() -> None:
        async with plane() as p:
            informer = InformerPool(p.client, p.clock).informer(core_v1.ConfigMap)
            writes: OwnWrites[str] = OwnWrites({core_v1.ConfigMap: informer})
            await created(p, writes)
            writes.forget("web")
            assert writes.are_seen("web")

    run(story())


def test_the_event_of_an_own_write_is_no_news_but_to_those_who_were_left_alone() -> None:
    async def story() -> None:
        async with plane() as p:
            informer = InformerPool(p.client, p.clock).informer(core_v1.ConfigMap)
            writes: OwnWrites[str] = OwnWrites({core_v1.ConfigMap: informer})
            ours, theirs = await p.client.create(config()), await p.client.create(config("theirs"))
            writes.wrote("web", ours)
            assert not writes.saw("other", ours)
            assert not writes.saw("web", theirs)
            assert writes.saw("web", ours)
            assert not writes.saw("web", ours), "nothing is remembered of what has been seen"
            writes.wrote("web", ours)
            assert not writes.are_seen("web")
            assert not writes.saw("web", ours)

    run(story())
