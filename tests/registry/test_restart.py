"""The registry on a disk: what was written is there after a restart, with labels and all."""

import asyncio
import random  # noqa: TID251 - the seed is the test's
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path

from registry.given import ALL, MAPS, PLAIN, config, merge, names

from petset.registry.bootstrap import bootstrap
from petset.registry.port import ListOptions
from petset.registry.registry import Registry
from petset.storage.sqlite import SqliteStore
from petset.testing.clock import SimulatedClock


def start(directory: Path, story: Callable[[Registry], Awaitable[None]]) -> None:
    """One run of a server: open the disk, bootstrap, tell the story, close."""

    async def main() -> None:
        store, source = SqliteStore(directory), random.Random(0)
        registry = Registry(
            store, SimulatedClock().now, lambda: str(uuid.UUID(int=source.getrandbits(128))), source
        )
        await bootstrap(registry)
        await story(registry)
        await store.close()

    asyncio.run(main())


def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    async def before(registry: Registry) -> None:
        writes = [config(f"c{n}", labels={"odd": str(n % 2)}) for n in range(10)]
        await asyncio.gather(*(registry.create(MAPS, "default", each, PLAIN) for each in writes))
        patches = [merge({"data": {f"k{n}": "x"}}) for n in range(10)]
        await asyncio.gather(*(registry.patch(MAPS, "default", "c0", each, PLAIN) for each in patches))

    async def after(registry: Registry) -> None:
        assert len(registry.list(MAPS, "default", ALL).records) == 10
        odd = registry.list(MAPS, "default", ListOptions(labels="odd=1"))
        assert names(odd.records) == ["c1", "c3", "c5", "c7", "c9"]
        assert len(registry.decode(MAPS, registry.get(MAPS, "default", "c0")).data) == 11

    start(tmp_path, before)
    start(tmp_path, after)
