"""Pages of a list, as of now or as of a little earlier, without copying what the page does not hold."""

import heapq
from collections.abc import Iterator
from itertools import islice

from petset.storage.port import Key, Listing, Record
from petset.storage.table import Table, order


def page(table: Table, resource: str, namespace: str, after: Key | None, limit: int, revision: int) -> Listing:
    """Up to `limit` records (0: all) that are there now, after the key `after`."""
    records = table.page(resource, namespace, after, limit)
    remaining = table.count(resource, namespace, after) - len(records) if limit else 0
    return Listing(records, revision, remaining)


def earlier_page(
    table: Table,
    undo: dict[Key, Record | None],
    scope: tuple[str, str],
    after: Key | None,
    limit: int,
    revision: int,
) -> Listing:
    """The same page as of `revision`; `undo` says what was at the keys of the scope that changed since."""
    resource, namespace = scope
    behind = {key: record for key, record in undo.items() if after is None or order(key) > order(after)}
    restored = sorted((record for record in behind.values() if record), key=lambda record: order(record.key))
    walk = _merged(table.walk(resource, namespace, after), behind, restored)
    records = list(islice(walk, limit)) if limit else list(walk)
    changed = sum(1 for key in behind if table.get(key))
    total = table.count(resource, namespace, after) - changed + len(restored)
    return Listing(records, revision, total - len(records))


def _merged(now: Iterator[Record], undo: dict[Key, Record | None], restored: list[Record]) -> Iterator[Record]:
    unchanged = (record for record in now if record.key not in undo)
    return heapq.merge(unchanged, restored, key=lambda record: order(record.key))
