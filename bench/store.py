"""The store's figures: durable writes a second, their latency, and a restart with 100,000 objects.

`./dev bench store [--directory DIRECTORY]`: the directory, by default the current one, says which disk.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import uvloop

from petset.storage.live import LiveStore
from petset.storage.memory import MemoryStore
from petset.storage.port import Draft, Key
from petset.storage.sqlite import SqliteStore

VALUE = b"x" * 3000  # about a pod
DRAFT: Draft = lambda revision: (VALUE, None)  # noqa: E731 - as short as it gets


async def writes(store: LiveStore, writers: int, each: int) -> str:
    """Creations and updates by writers that wait for each write."""
    latencies: list[float] = []

    async def writer(number: int) -> None:
        for turn in range(each):
            key = Key("pods", f"bench-{number % 4}", f"{number}-{turn // 2}")
            there = store.get(key)
            begun = time.perf_counter()
            await store.put(key, DRAFT, there.revision if there else 0)
            latencies.append(time.perf_counter() - begun)

    begun, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(writer(number) for number in range(writers)))
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    latencies.sort()
    count = len(latencies)
    return (
        f"{count / seconds:9,.0f}/s   p50 {latencies[count // 2] * 1e6:6.0f} µs   "
        f"p99 {latencies[count * 99 // 100] * 1e6:6.0f} µs   {cpu / count * 1e6:5.0f} µs CPU each"
    )


async def measure_writes(where: Path) -> AsyncIterator[str]:
    for writers, each in ((1, 4000), (64, 1500)):
        memory = MemoryStore()
        yield f"writes, memory, {writers:2} writers:  {await writes(memory, writers, each)}"
        await memory.close()
        with tempfile.TemporaryDirectory(dir=where) as directory:
            store = SqliteStore(Path(directory))
            yield f"writes, SQLite, {writers:2} writers:  {await writes(store, writers, each)}"
            log_bytes = (Path(directory) / "store.db-wal").stat().st_size
            yield f"{'log after them:':>33}  {log_bytes / 2**20:9.1f} MB"
            await store.close()


async def measure_restart(where: Path) -> AsyncIterator[str]:
    with tempfile.TemporaryDirectory(dir=where) as directory:
        store = SqliteStore(Path(directory))
        keys = [Key("pods", f"namespace-{number % 100}", f"pod-{number}") for number in range(100_000)]
        for start in range(0, len(keys), 5000):
            await asyncio.gather(*(store.put(key, DRAFT, 0) for key in keys[start : start + 5000]))
        await store.close()
        begun = time.perf_counter()
        store = SqliteStore(Path(directory))
        yield f"restart with 100,000 objects:     {time.perf_counter() - begun:9.2f} s"
        for limit in (0, 500):
            begun = time.perf_counter()
            found = len(store.list("pods", limit=limit).records)
            yield f"list {found:7,} of 100,000:          {(time.perf_counter() - begun) * 1e3:9.2f} ms"
        await store.close()


async def measure(where: Path) -> list[str]:
    return [
        *[line async for line in measure_writes(where)],
        *[line async for line in measure_restart(where)],
    ]


def table(directory: str) -> str:
    return "\n".join(uvloop.run(measure(Path(directory))))
