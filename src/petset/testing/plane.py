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
from functools import partial

from petset.api.encode import encode
from petset.api.gates import DEFAULT, Gates
from petset.api.models import core_v1, meta_v1
from petset.client.local import LocalClient
from petset.client.port import Client
from petset.registry.api_access import ROOT_CA
from petset.registry.bootstrap import bootstrap
from petset.registry.registry import Registry
from petset.registry.webhooks.port import Caller
from petset.storage.memory import MemoryStore
from petset.testing.clock import SimulatedClock
from petset.testing.rights import DefaultGate

SIMULATED_CA = "an authority that nobody asks\n"
"""What pods are told to trust: every pod's files need it."""


@dataclass(frozen=True)
class Plane:
    """`random` is the seed's; take from it whatever else must be drawn in this run."""

    store: MemoryStore
    registry: Registry
    client: LocalClient
    clock: SimulatedClock
    random: random.Random


@asynccontextmanager
async def plane(seed: int = 0, gates: Gates = DEFAULT, caller: Caller | None = None) -> AsyncIterator[Plane]:
    """A bootstrapped control plane: namespaces and their accounts, the storage class, the API's Service.

    Components may do what Kubernetes' default roles let them do, and are never refused anything.
    """
    source = random.Random(seed)  # noqa: S311 - names and ids of a test, no secrets
    store, clock = MemoryStore(), SimulatedClock()
    new_uid = partial(_new_uid, source)
    registry = Registry(store, clock.now, new_uid, source, gates, caller)
    await bootstrap(registry)
    try:
        gate = DefaultGate(registry)
        yield Plane(store, registry, LocalClient(registry, gate=gate), clock, source)
        _require_untouched(store, registry)
        assert not gate.refused, f"a component lacks a right: {gate.refused[0]}"
    finally:
        await store.close()


def _new_uid(source: random.Random) -> str:
    return str(uuid.UUID(int=source.getrandbits(128), version=4))


async def furnish(client: Client, namespace: str = "default") -> None:
    """What the namespace controller puts into a namespace, where a test runs pods and no controllers."""
    metadata = meta_v1.ObjectMeta(name=ROOT_CA, namespace=namespace)
    await client.create(core_v1.ConfigMap(metadata=metadata, data={"ca.crt": SIMULATED_CA}))


def _require_untouched(store: MemoryStore, registry: Registry) -> None:
    """What the client hands out is shared: whoever changes it changes it for everyone, and fails here."""
    for room in dict.fromkeys(kind.store_key for kind in registry.kinds.every() if kind.is_kept):
        for record in store.list(room).records:
            typed = record.memo.typed if record.memo is not None else None
            assert typed is None or encode(typed) == record.value, f"somebody has changed the shared {record}"
