"""The memory store keeps the contract."""

from collections.abc import Iterator
from contextlib import contextmanager

from storage.contract import StoreContract

from petset.storage.live import Bounds, LiveStore
from petset.storage.memory import MemoryStore


class TestMemoryStore(StoreContract):
    def open(self, bounds: Bounds) -> LiveStore:
        return MemoryStore(bounds)

    @contextmanager
    def broken_disk(self, store: LiveStore) -> Iterator[None]:
        assert isinstance(store, MemoryStore)
        store.fail_writes("the disk is full")
        yield
        store.fail_writes("")
