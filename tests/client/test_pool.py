"""One informer per kind, and caches that are told apart from what we have written ourselves."""

from petset.aio.tasks import Supervisor
from petset.api.models import core_v1, meta_v1
from petset.client.freshness import PATIENCE_SECONDS, OwnWrites
from petset.client.pool import InformerPool
from petset.testing.faults import LateWatches
from petset.testing.loop import run
from petset.testing.plane import plane


def config(name: str) -> core_v1.ConfigMap:
    metadata = meta_v1.ObjectMeta(name=name, namespace="default", labels={"app": name})
    return core_v1.ConfigMap(apiVersion="v1", kind="ConfigMap", metadata=metadata)


def by_app(obj: core_v1.ConfigMap) -> list[str]:
    return [obj.metadata.labels["app"]] if obj.metadata.labels else []


def test_whoever_asks_for_a_kind_gets_the_same_informer_with_all_indexes() -> None:
    async def story() -> None:
        async with plane() as p, Supervisor("test") as tasks:
            pool = InformerPool(p.client, p.clock)
            one = pool.informer(core_v1.ConfigMap)
            other = pool.informer(core_v1.ConfigMap, {"by-app": by_app})
            assert one is other
            await p.client.create(config("web"))
            tasks.start("pool", pool.run())
            await pool.synced()
            assert [c.metadata.name for c in one.by_index("by-app", "web")] == ["web"]

    run(story())


def test_an_index_that_comes_late_knows_what_is_there() -> None:
    async def story() -> None:
        async with plane() as p, Supervisor("test") as tasks:
            pool = InformerPool(p.client, p.clock)
            informer = pool.informer(core_v1.ConfigMap)
            await p.client.create(config("web"))
            tasks.start("pool", pool.run())
            await pool.synced()
            informer.add_index("by-app", by_app)
            assert [c.metadata.name for c in informer.by_index("by-app", "web")] == ["web"]

    run(story())


def test_a_write_is_unseen_until_the_cache_shows_it() -> None:
    async def story() -> None:
        async with plane() as p, Supervisor("test") as tasks:
            late = LateWatches(p.client, p.clock, lambda kind: 1.0)
            pool = InformerPool(late, p.clock)
            informer = pool.informer(core_v1.ConfigMap)
            tasks.start("pool", pool.run())
            await pool.synced()
            writes: OwnWrites[str] = OwnWrites(p.clock, {core_v1.ConfigMap: informer})
            writes.note("web", await p.client.create(config("web")))
            assert writes.are_unseen("web")
            assert not writes.are_unseen("other")
            await p.clock.sleep(1.5)
            assert not writes.are_unseen("web")

    run(story())


def test_a_write_that_is_never_seen_is_given_up_after_a_while() -> None:
    async def story() -> None:
        async with plane() as p:
            informer = InformerPool(p.client, p.clock).informer(core_v1.ConfigMap)
            writes: OwnWrites[str] = OwnWrites(p.clock, {core_v1.ConfigMap: informer})
            writes.note("web", await p.client.create(config("web")))
            await p.clock.sleep(PATIENCE_SECONDS - 0.1)
            assert writes.are_unseen("web")
            await p.clock.sleep(0.2)
            assert not writes.are_unseen("web")

    run(story())
