"""A control plane without controllers: memory store, the real verbs, the in-process client, a simulated clock.

What a test needs to see one component at work, with no fake in between:

    async def story() -> None:
        async with plane() as p:
            await p.client.create(pod)
            …
    run(story(), seed=7)
"""

import random  # noqa: TID251 - the seed is the caller's
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from petset.client.local import LocalClient
from petset.registry.bootstrap import bootstrap
from petset.registry.registry import Registry
from petset.storage.memory import MemoryStore
from petset.testing.clock import SimulatedClock


@dataclass(frozen=True)
class Plane:
    """`random` is the seed's; take from it whatever else must be drawn in this run."""

    store: MemoryStore
    registry: Registry
    client: LocalClient
    clock: SimulatedClock
    random: random.Random


@asynccontextmanager
async def plane(seed: int = 0) -> AsyncIterator[Plane]:
    """A bootstrapped control plane: namespaces and their accounts, the storage class, the API's Service."""
    source = random.Random(seed)  # noqa: S311 - names and ids of a test, no secrets
    store, clock = MemoryStore(), SimulatedClock()
    registry = Registry(store, clock.now, lambda: str(uuid.UUID(int=source.getrandbits(128), version=4)), source)
    await bootstrap(registry)
    try:
        yield Plane(store, registry, LocalClient(registry), clock, source)
    finally:
        await store.close()
