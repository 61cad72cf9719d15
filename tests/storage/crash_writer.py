"""A program that writes into the store named on its command line, says what was acknowledged, and never ends."""

import asyncio
import itertools
import sys
from pathlib import Path

from petset.storage.port import Draft, Key
from petset.storage.sqlite import SqliteStore


async def _write_for_ever(store: SqliteStore, writer: int) -> None:
    for number in itertools.count():
        key = Key("pods", f"writer-{writer}", f"p-{number % 50}")
        there = store.get(key)
        record = await store.put(key, _draft(number), there.revision if there else 0)
        print("/".join(key), record.revision, flush=True)


def _draft(number: int) -> Draft:
    filling = b"." * (number * 397 % 5000)
    return lambda revision: (b"%d " % revision + filling, None)


async def main() -> None:
    store = SqliteStore(Path(sys.argv[1]))
    await asyncio.gather(*(_write_for_ever(store, writer) for writer in range(8)))


asyncio.run(main())
