"""The memory store keeps the contract."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from hypothesis import settings
from storage.contract import StoreContract
from storage.machine import StoreMachine

from petset.storage.live import Bounds, LiveStore
from petset.storage.memory import MemoryStore


@contextmanager
def _refusing(store: LiveStore) -> Iterator[None]:
    assert isinstance(store, MemoryStore)
    store.fail_writes("the disk is full")
    yield
    store.fail_writes("")


class TestMemoryStore(StoreContract):
    def open(self, bounds: Bounds) -> LiveStore:
        return MemoryStore(bounds)

    def broken_disk(self, store: LiveStore) -> AbstractContextManager[None]:
        return _refusing(store)


class _MemoryMachine(StoreMachine):
    def open(self) -> LiveStore:
        return MemoryStore()

    def broken_disk(self) -> AbstractContextManager[None]:
        return _refusing(self.store)


TestAnyHistory = _MemoryMachine.TestCase
TestAnyHistory.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
