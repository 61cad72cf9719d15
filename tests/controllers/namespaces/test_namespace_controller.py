"""A namespace from its first object to its last, in a whole control plane."""

from controllers.cluster import claim, cluster, node, pod
from msgspec.structs import replace

from petset.api.models import core_v1, meta_v1
from petset.testing.loop import run


def namespace(name: str) -> core_v1.Namespace:
    return core_v1.Namespace(apiVersion="v1", kind="Namespace", metadata=meta_v1.ObjectMeta(name=name))


def test_a_new_namespace_gets_its_account_and_the_certificate() -> None:
    async def story() -> None:
        async with cluster(root_ca_pem="PEM") as c:
            await c.create(namespace("shop"))
            await c.settle()
            assert await c.get(core_v1.ServiceAccount, "default", "shop") is not None
            assert (await c.get(core_v1.ConfigMap, "kube-root-ca.crt", "shop")).data == {"ca.crt": "PEM"}

    run(story())


def test_furniture_that_is_taken_away_is_put_back() -> None:
    async def story() -> None:
        async with cluster(root_ca_pem="PEM") as c:
            await c.settle()
            await c.plane.client.delete(core_v1.ConfigMap, "kube-root-ca.crt", "default")
            await c.plane.client.delete(core_v1.ServiceAccount, "default", "default")
            await c.settle()
            assert (await c.get(core_v1.ConfigMap, "kube-root-ca.crt", "default")).data == {"ca.crt": "PEM"}
            assert await c.get(core_v1.ServiceAccount, "default", "default") is not None

    run(story())


def test_a_namespace_that_is_deleted_empties_itself_and_goes() -> None:
    async def story() -> None:
        async with cluster(root_ca_pem="PEM") as c:
            await c.create(namespace("shop"))
            data = claim("data")
            data.metadata.namespace = "shop"
            await c.create(data)
            await c.create(pod("web-0", "data", namespace="shop"))
            await c.settle()
            await c.plane.client.delete(core_v1.Namespace, "shop")
            await c.settle(5)
            assert await c.get(core_v1.Namespace, "shop") is None
            assert await c.all(core_v1.Pod) == []
            assert await c.all(core_v1.PersistentVolume) == []

    for seed in range(5):
        run(story(), seed=seed)


def test_a_namespace_says_what_it_still_waits_for() -> None:
    async def story() -> None:
        async with cluster() as c:
            await c.create(node("node-1"))
            await c.create(namespace("shop"))
            await c.create(pod("web-0", namespace="shop"))
            await c.settle()
            await c.plane.client.delete(core_v1.Namespace, "shop")
            await c.settle(5)
            waiting = await c.get(core_v1.Namespace, "shop")
            told = {condition.type: condition for condition in waiting.status.conditions}
            assert told["NamespaceContentRemaining"].status == "True"
            assert told["NamespaceContentRemaining"].message == (
                "Some resources are remaining: pods. has 1 resource instances"
            )
            now = meta_v1.DeleteOptions(gracePeriodSeconds=0)
            await c.plane.client.delete(core_v1.Pod, "web-0", "shop", now)
            await c.settle()
            assert await c.get(core_v1.Namespace, "shop") is None

    run(story())


def test_a_foreign_finalizer_is_named() -> None:
    async def story() -> None:
        async with cluster() as c:
            await c.create(namespace("shop"))
            metadata = meta_v1.ObjectMeta(name="held", namespace="shop", finalizers=["example.com/hold"])
            held = await c.create(core_v1.ConfigMap(apiVersion="v1", kind="ConfigMap", metadata=metadata))
            await c.plane.client.delete(core_v1.Namespace, "shop")
            await c.settle(5)
            told = {x.type: x for x in (await c.get(core_v1.Namespace, "shop")).status.conditions}
            assert told["NamespaceFinalizersRemaining"].message == (
                "Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances"
            )
            held = await c.get(core_v1.ConfigMap, "held", "shop")
            await c.plane.client.update(replace(held, metadata=replace(held.metadata, finalizers=None)))
            await c.settle()
            assert await c.get(core_v1.Namespace, "shop") is None

    run(story())
