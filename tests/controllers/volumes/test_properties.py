"""Attacks on the binder: any claims and volumes, in any order, plans cut off anywhere, caches of any age.

Safety: no volume is ever bound to two claims, and no claim ever names a volume that is not its own.
Liveness: left alone, every claim that could be bound is bound, and nothing more is to be done.
"""

import contextlib
from collections.abc import Sequence
from typing import Any

from controllers.cluster import claim
from hypothesis import given, settings
from hypothesis import strategies as st

from petset.api import volumes
from petset.api.errors import Conflict, NotFound
from petset.api.models import core_v1, meta_v1, storage_v1
from petset.controllers.volumes.apply import Applier
from petset.controllers.volumes.invariants import broken
from petset.controllers.volumes.model import Announce, ClaimSnapshot
from petset.controllers.volumes.plan import plan
from petset.testing.directories import SimulatedDirectories
from petset.testing.loop import run
from petset.testing.plane import Plane, plane

SIZES = st.sampled_from(["1Gi", "2Gi", "3Gi"])
CLASSES = st.sampled_from(["standard", ""])


def volume(number: int, size: str, class_name: str, reserved: int | None) -> core_v1.PersistentVolume:
    name = None if reserved is None else core_v1.ObjectReference(namespace="default", name=f"c{reserved}")
    return core_v1.PersistentVolume(
        apiVersion="v1",
        kind="PersistentVolume",
        metadata=meta_v1.ObjectMeta(name=f"v{number}"),
        spec=core_v1.PersistentVolumeSpec(
            accessModes=["ReadWriteOnce"],
            capacity={"storage": size},
            claimRef=name,
            hostPath=core_v1.HostPathVolumeSource(path=f"/v{number}"),
            persistentVolumeReclaimPolicy="Retain",
            storageClassName=class_name,
        ),
    )


class Binder:
    """The binder's loop without its informers: the test decides what it sees and how far it gets."""

    def __init__(self, p: Plane) -> None:
        self.p = p
        self.seen: dict[str, ClaimSnapshot] = {}

    async def look(self, name: str) -> ClaimSnapshot:
        wanted = await self.p.client.get(core_v1.PersistentVolumeClaim, name, "default")
        everything = (await self.p.client.list(core_v1.PersistentVolume)).items
        known = await self.p.client.list(storage_v1.StorageClass)
        return ClaimSnapshot(
            claim=wanted,
            root="/volumes",
            named=next((v for v in everything if v.metadata.name == wanted.spec.volumeName), None),
            reserved=[v for v in everything if volumes.reserves(v, wanted)],
            offers=[v for v in everything if volumes.is_free(v)],
            storage_class=next((c for c in known.items if c.metadata.name == wanted.spec.storageClassName), None),
        )

    async def act(self, snapshot: ClaimSnapshot, most_steps: int) -> None:
        applier = Applier(self.p.client, SimulatedDirectories(), None, snapshot.claim, lambda written: None)  # type: ignore[arg-type]
        with contextlib.suppress(Conflict, NotFound):
            for action in plan(snapshot).actions[:most_steps]:
                if not isinstance(action, Announce):
                    await applier.apply(action)
                assert await self.problems() == []

    async def problems(self) -> list[str]:
        claims = (await self.p.client.list(core_v1.PersistentVolumeClaim)).items
        return broken(claims, (await self.p.client.list(core_v1.PersistentVolume)).items)


async def attack(
    claims: Sequence[tuple[str, str]],
    offers: Sequence[tuple[str, str, int | None]],
    turns: Sequence[tuple[int, int, bool]],
) -> None:
    async with plane() as p:
        for number, (size, class_name) in enumerate(claims):
            await p.client.create(claim(f"c{number}", size, storageClassName=class_name))
        for number, (size, class_name, reserved) in enumerate(offers):
            await p.client.create(volume(number, size, class_name, reserved))
        binder = Binder(p)
        for which, most_steps, fresh in turns:
            name = f"c{which % len(claims)}"
            if fresh or name not in binder.seen:
                binder.seen[name] = await binder.look(name)
            await binder.act(binder.seen[name], most_steps)
        for _ in range(3):
            for number in range(len(claims)):
                await binder.act(await binder.look(f"c{number}"), 99)
                left = plan(await binder.look(f"c{number}")).actions
                assert left == (), "a plan that was carried out leaves nothing to do"
        await check_liveness(p, binder)


async def check_liveness(p: Plane, binder: Binder) -> None:
    for wanted in (await p.client.list(core_v1.PersistentVolumeClaim)).items:
        snapshot = await binder.look(wanted.metadata.name)
        assert plan(snapshot).actions == ()
        bound: Any = wanted.status.phase == "Bound"
        assert bound or (wanted.spec.storageClassName == "" and volumes.best_match(wanted, snapshot.offers) is None)


@settings(max_examples=60, deadline=None)
@given(
    claims=st.lists(st.tuples(SIZES, CLASSES), min_size=1, max_size=4),
    offers=st.lists(st.tuples(SIZES, CLASSES, st.none() | st.integers(0, 3)), max_size=4),
    turns=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 6), st.booleans()), max_size=12),
)
def test_no_volume_is_ever_bound_to_two_claims_and_all_that_can_be_bound_is(
    claims: list[tuple[str, str]], offers: list[tuple[str, str, int | None]], turns: list[tuple[int, int, bool]]
) -> None:
    run(attack(claims, offers, turns))
