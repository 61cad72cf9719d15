"""One informer per kind, and indexes that it gets from whoever asks."""

from petset.aio.tasks import Supervisor
from petset.api.models import core_v1, meta_v1
from petset.client.pool import InformerPool
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
