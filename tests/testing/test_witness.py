"""A witness that never speaks up proves nothing: it is shown what must not happen."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from controllers.statefulset.tiny import claim_template, make_set

from petset.api.models import apps_v1, core_v1, meta_v1
from petset.api.objects import meta
from petset.controllers.statefulset.identity import new_pod
from petset.testing.loop import run
from petset.testing.plane import Plane, plane
from petset.testing.witness import Witness


@asynccontextmanager
async def watched(**spec: object) -> AsyncIterator[tuple[Plane, Witness, apps_v1.StatefulSet]]:
    """A set that no controller looks after, and a witness."""
    async with plane() as p:
        wanted = make_set(**spec)
        meta(wanted).uid = None
        witness = Witness(p)
        stateful_set = await p.client.create(wanted)
        yield p, witness, stateful_set
        await p.clock.sleep(1)


async def create_pod(p: Plane, stateful_set: apps_v1.StatefulSet, ordinal: int) -> None:
    await p.client.create(new_pod(stateful_set, stateful_set.spec.template, ordinal, "r"))


def test_it_sees_a_pod_created_before_its_turn() -> None:
    async def story() -> Witness:
        async with watched() as (p, witness, stateful_set):
            await create_pod(p, stateful_set, 0)
            await create_pod(p, stateful_set, 1)
        return witness

    witness = run(story())
    assert witness.created == ["web-0", "web-1"]
    assert witness.hasty == ["web-1"]


def test_it_does_not_mind_that_in_a_parallel_set() -> None:
    async def story() -> Witness:
        async with watched(podManagementPolicy="Parallel") as (p, witness, stateful_set):
            await create_pod(p, stateful_set, 1)
        return witness

    assert run(story()).hasty == []


def test_it_sees_a_kept_claim_deleted() -> None:
    async def story() -> Witness:
        template = claim_template()
        assert template.spec is not None
        template.spec.resources = core_v1.VolumeResourceRequirements(requests={"storage": "1Gi"})
        async with watched(volumeClaimTemplates=[template]) as (p, witness, _):
            metadata = meta_v1.ObjectMeta(name="data-web-0", namespace="default")
            await p.client.create(core_v1.PersistentVolumeClaim(metadata=metadata, spec=template.spec))
            await p.clock.sleep(1)
            await p.client.delete(core_v1.PersistentVolumeClaim, "data-web-0", "default")
            await release(p, "data-web-0")
        return witness

    assert run(story()).broken == ["claim data-web-0 was deleted, though it is to be kept"]


async def release(p: Plane, name: str) -> None:
    """What the binder does once no pod uses a claim."""
    claim = await p.client.get(core_v1.PersistentVolumeClaim, name, "default")
    metadata = msgspec.structs.replace(meta(claim), finalizers=None)
    await p.client.update(msgspec.structs.replace(claim, metadata=metadata))
