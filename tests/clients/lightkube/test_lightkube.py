"""lightkube, synchronous and asynchronous: typed objects, apply, wait, watch, logs, commands, sub-resources."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.harness import Petset
from lightkube import ApiError, AsyncClient, Client, KubeConfig, codecs
from lightkube import operators as op
from lightkube.models.autoscaling_v1 import ScaleSpec
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.apps_v1 import StatefulSet
from lightkube.resources.core_v1 import ConfigMap, Pod, Service
from lightkube.types import PatchType

WEB = Path(__file__).parents[1] / "web.yaml"


@pytest.fixture(scope="module")
def config(petset: Petset) -> KubeConfig:
    return KubeConfig.from_file(petset.environment["KUBECONFIG"])


@pytest.fixture(scope="module")
def cluster(petset: Petset, config: KubeConfig) -> Iterator[Client]:
    """A client of the namespace in which the set is applied and its first pod is Ready."""
    petset.kubectl("create", "namespace", "web")
    with Client(config, namespace="web", field_manager="shop") as client:
        for document in codecs.load_all_yaml(WEB.read_text()):
            client.apply(document)
        for _, found in client.watch(StatefulSet, fields={"metadata.name": "web"}):
            if found.status and found.status.readyReplicas == 1:
                break
        yield client


def test_a_set_is_scaled_and_its_pods_are_waited_for_and_selected(cluster: Client) -> None:
    scale = StatefulSet.Scale(metadata=ObjectMeta(name="web", namespace="web"), spec=ScaleSpec(replicas=2))
    assert cluster.replace(scale, "web").spec.replicas == 2
    for _, pod in cluster.watch(Pod, labels={"app": op.in_(["web"])}):
        if pod.metadata.name == "web-1":
            break
    assert cluster.wait(Pod, "web-1", for_conditions=["Ready"]).status.phase == "Running"
    assert [pod.metadata.name for pod in cluster.list(Pod, labels={"app": "web"}, chunk_size=1)] == [
        "web-0",
        "web-1",
    ]
    assert [svc.spec.clusterIP for svc in cluster.list(Service, fields={"metadata.name": "web"})] == ["None"]


def test_commands_are_run_and_a_log_is_followed(cluster: Client, config: KubeConfig) -> None:
    async def story() -> tuple[str, int]:
        # Not with the synchronous client: the thread that reads its WebSocket races with the next connection.
        async with AsyncClient(config, namespace="web") as client:
            ask = "import urllib.request as u; u.urlopen('http://web-0.web:8080/logged')"
            await client.exec("web-0", command=["python3", "-c", ask], raise_on_error=True)
            said = await client.exec("web-0", command=["sh", "-c", "cat; exit 3"], stdin="hello", stdout=True)
            return said.stdout, said.exit_code

    assert asyncio.run(story()) == ("hello", 3)
    assert "answered /logged" in cluster.log("web-0", follow=True, newlines=False)
    with pytest.raises(ApiError, match="container nobody is not valid for pod web-0"):
        list(cluster.log("web-0", container="nobody"))


def test_what_two_managers_want_is_a_conflict_until_one_insists(cluster: Client) -> None:
    def wanted(colour: str) -> ConfigMap:
        return ConfigMap(metadata=ObjectMeta(name="shared"), data={"colour": colour})

    cluster.apply(wanted("blue"))
    with pytest.raises(ApiError) as conflict:
        cluster.apply(wanted("red"), field_manager="bob")
    assert conflict.value.status.code == 409
    assert [cause.field for cause in conflict.value.status.details.causes] == [".data.colour"]
    assert cluster.apply(wanted("red"), field_manager="bob", force=True).data == {"colour": "red"}


def test_patches_of_every_kind_are_made_and_tried_out(cluster: Client) -> None:
    cluster.create(ConfigMap(metadata=ObjectMeta(name="patched"), data={"a": "1"}))
    cluster.patch(ConfigMap, "patched", {"data": {"b": "2"}})
    cluster.patch(ConfigMap, "patched", {"data": {"a": None}}, patch_type=PatchType.MERGE)
    added = [{"op": "add", "path": "/data/c", "value": "3"}]
    assert cluster.patch(ConfigMap, "patched", added, patch_type=PatchType.JSON).data == {"b": "2", "c": "3"}
    cluster.patch(ConfigMap, "patched", {"data": {"d": "4"}}, dry_run=True)
    assert cluster.get(ConfigMap, "patched").data == {"b": "2", "c": "3"}
    cluster.delete(ConfigMap, "patched")
    with pytest.raises(ApiError, match='configmaps "patched" not found'):
        cluster.get(ConfigMap, "patched")


def test_the_asynchronous_client_does_the_same(cluster: Client, config: KubeConfig) -> None:
    async def story() -> list[str]:
        async with AsyncClient(config, namespace="web", field_manager="shop") as client:
            listed = client.list(ConfigMap)
            async for _ in listed:
                pass
            await client.apply(ConfigMap(metadata=ObjectMeta(name="later")))
            await client.delete(ConfigMap, "later")
            seen = []
            async for event, found in client.watch(ConfigMap, resource_version=listed.resourceVersion):
                seen.append(f"{event} {found.metadata.name}")
                if event == "DELETED":
                    return seen
            return seen

    assert asyncio.run(story()) == ["ADDED later", "DELETED later"]
