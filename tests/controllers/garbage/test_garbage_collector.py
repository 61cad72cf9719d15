"""Owners and dependents in a whole control plane: what goes, what stays, and in which order."""

import pytest
from controllers.cluster import Cluster, cluster

from petset.api.models import core_v1, meta_v1
from petset.testing.loop import run

SEEDS = range(5)


def config(name: str, *owners: core_v1.ConfigMap, block: bool = False) -> core_v1.ConfigMap:
    references = [
        meta_v1.OwnerReference(
            apiVersion="v1", kind="ConfigMap", name=o.metadata.name, uid=o.metadata.uid, blockOwnerDeletion=block
        )
        for o in owners
    ]
    metadata = meta_v1.ObjectMeta(name=name, namespace="default", ownerReferences=references or None)
    return core_v1.ConfigMap(apiVersion="v1", kind="ConfigMap", metadata=metadata)


async def names(c: Cluster) -> set[str]:
    return {m.metadata.name for m in await c.all(core_v1.ConfigMap, "default")}


async def delete(c: Cluster, name: str, policy: str) -> None:
    options = meta_v1.DeleteOptions(propagationPolicy=policy)
    await c.plane.client.delete(core_v1.ConfigMap, name, "default", options)


@pytest.mark.parametrize("policy", ["Background", "Foreground"])
def test_what_an_owner_leaves_behind_is_deleted_down_to_the_grandchildren(policy: str) -> None:
    async def story() -> None:
        async with cluster() as c:
            parent = await c.create(config("parent"))
            child = await c.create(config("child", parent, block=True))
            await c.create(config("grandchild", child, block=True))
            await c.create(config("stranger"))
            await c.settle()
            await delete(c, "parent", policy)
            await c.settle(1)
            assert await names(c) == {"stranger"}

    for seed in SEEDS:
        run(story(), seed=seed)


def test_foreground_keeps_the_owner_until_what_blocks_it_is_gone() -> None:
    async def story() -> None:
        async with cluster() as c:
            parent = await c.create(config("parent"))
            child = config("child", parent, block=True)
            child.metadata.finalizers = ["example.com/hold"]
            held = await c.create(child)
            await c.settle()
            await delete(c, "parent", "Foreground")
            await c.settle(1)
            assert await names(c) == {"parent", "child"}
            held = await c.get(core_v1.ConfigMap, "child", "default")
            held = config("child")
            held.metadata = (await c.get(core_v1.ConfigMap, "child", "default")).metadata.__copy__()
            held.metadata.finalizers = None
            await c.plane.client.update(held)
            await c.settle(1)
            assert await names(c) == set()

    for seed in SEEDS:
        run(story(), seed=seed)


def test_an_owner_that_was_to_leave_orphans_and_then_none_does_not_wait_for_them_for_ever() -> None:
    """The second request takes the place of the first, which the collector has seen and perhaps carried out."""

    async def story(lag_seconds: float) -> set[str]:
        async with cluster(lag=lambda kind: lag_seconds) as c:
            parent = await c.create(config("parent"))
            await c.create(config("child", parent, block=True))
            await c.settle()
            await delete(c, "parent", "Orphan")
            await delete(c, "parent", "Foreground")
            await c.settle(1)
            return await names(c)

    ends = [run(story(lag), seed=seed) for seed in SEEDS for lag in (0.0, 0.01)]
    assert set() in ends
    assert all(end in (set(), {"child"}) for end in ends)


def test_orphans_are_let_go_and_stay() -> None:
    async def story() -> None:
        async with cluster() as c:
            parent = await c.create(config("parent"))
            await c.create(config("child", parent))
            await c.settle()
            await delete(c, "parent", "Orphan")
            await c.settle(1)
            assert await names(c) == {"child"}
            child = await c.get(core_v1.ConfigMap, "child", "default")
            assert not child.metadata.ownerReferences

    for seed in SEEDS:
        run(story(), seed=seed)


def test_an_object_with_one_living_owner_only_loses_the_reference_to_the_dead_one() -> None:
    async def story() -> None:
        async with cluster() as c:
            one, other = await c.create(config("one")), await c.create(config("other"))
            await c.create(config("child", one, other))
            await c.settle()
            await delete(c, "one", "Background")
            await c.settle(1)
            child = await c.get(core_v1.ConfigMap, "child", "default")
            assert [o.name for o in child.metadata.ownerReferences] == ["other"]

    for seed in SEEDS:
        run(story(), seed=seed)


def test_an_owner_of_the_same_name_but_another_uid_does_not_save_the_dependent() -> None:
    async def story() -> None:
        async with cluster() as c:
            ghost = config("parent")
            ghost.metadata.uid = "00000000-0000-0000-0000-000000000000"
            await c.create(config("parent"))
            await c.create(config("child", ghost))
            await c.settle(1)
            assert await names(c) == {"parent"}

    for seed in SEEDS:
        run(story(), seed=seed)


def test_an_owner_of_a_kind_that_nobody_serves_keeps_its_dependent() -> None:
    async def story() -> None:
        async with cluster() as c:
            child = config("child")
            child.metadata.ownerReferences = [
                meta_v1.OwnerReference(apiVersion="example.com/v1", kind="Widget", name="w", uid="u")
            ]
            await c.create(child)
            await c.settle(1)
            assert await names(c) == {"child"}

    run(story())
