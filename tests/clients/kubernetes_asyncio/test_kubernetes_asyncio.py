"""kubernetes-asyncio: watches, commands, followed logs and applies, side by side in one loop."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from e2e.harness import Petset
from kubernetes_asyncio import client, config, utils, watch
from kubernetes_asyncio.client import ApiClient
from kubernetes_asyncio.client.exceptions import ApiException
from kubernetes_asyncio.dynamic import DynamicClient
from kubernetes_asyncio.stream import WsApiClient

WEB = Path(__file__).parents[1] / "web.yaml"
T = TypeVar("T")


def tell(petset: Petset, story: Callable[[ApiClient], Awaitable[T]]) -> T:
    """Run a story with a client."""

    async def told() -> T:
        await config.load_kube_config(petset.environment["KUBECONFIG"], persist_config=False)
        async with ApiClient() as api:
            return await story(api)

    return asyncio.run(told())


async def ready(api: ApiClient, namespace: str, replicas: int) -> None:
    apps = client.AppsV1Api(api)
    async with watch.Watch() as watching:
        async for event in watching.stream(apps.list_namespaced_stateful_set, namespace):
            if event["object"].status.ready_replicas == replicas:
                return


@pytest.fixture(scope="module")
def web(petset: Petset) -> str:
    """The namespace in which the set runs."""
    petset.kubectl("create", "namespace", "web")

    async def story(api: ApiClient) -> None:
        await utils.create_from_yaml(api, str(WEB), namespace="web")
        await ready(api, "web", 1)

    tell(petset, story)
    return "web"


def test_a_set_is_scaled_while_it_is_watched(petset: Petset, web: str) -> None:
    async def story(api: ApiClient) -> list[str]:
        async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
            tasks.create_task(ready(api, web, 2))
            apps = client.AppsV1Api(api)
            await apps.patch_namespaced_stateful_set_scale("web", web, {"spec": {"replicas": 2}})
        pods = await client.CoreV1Api(api).list_namespaced_pod(web, label_selector="app=web")
        return [pod.metadata.name for pod in pods.items]

    assert tell(petset, story) == ["web-0", "web-1"]


def test_a_command_hears_its_input_and_tells_its_exit_code(petset: Petset, web: str) -> None:
    async def story(_: ApiClient) -> tuple[str, list[str], int]:
        async with WsApiClient() as streams:
            core = client.CoreV1Api(streams)
            run: dict[str, Any] = {"stdout": True, "stderr": True}
            simple = await core.connect_get_namespaced_pod_exec("web-0", web, command="hostname", **run)
            command = ["sh", "-c", "read line; echo heard $line; exit 3"]
            opening = await core.connect_get_namespaced_pod_exec(
                "web-0", web, command=command, stdin=True, _preload_content=False, **run
            )
            heard, code = [], -1
            async with opening as session:
                await session.send_bytes(b"\0hello\n")
                async for message in session:
                    channel, said = message.data[0], message.data[1:].decode()
                    if channel == 3:
                        code = WsApiClient.parse_error_data(said)
                    elif said:
                        heard.append(said)
            return simple, heard, code

    assert tell(petset, story) == ("web-0\n", ["heard hello\n"], 3)


def test_a_log_is_followed(petset: Petset, web: str) -> None:
    async def story(api: ApiClient) -> str:
        following = watch.Watch()
        async with asyncio.timeout(30):
            async for line in following.stream(client.CoreV1Api(api).read_namespaced_pod_log, "web-0", web):
                following.stop()
                return str(line).strip()
        return ""

    assert tell(petset, story) == "serving"


def test_the_dynamic_client_applies_and_hears_of_conflicts(petset: Petset, namespace: str) -> None:
    async def story(api: ApiClient) -> tuple[str, str]:
        dynamic = await DynamicClient(api)
        maps = await dynamic.resources.get(api_version="v1", kind="ConfigMap")

        async def applied(manager: str, colour: str, **more: Any) -> Any:
            body = {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": "shared"},
                "data": {"colour": colour},
            }
            return await dynamic.server_side_apply(maps, body, "shared", namespace, field_manager=manager, **more)

        await applied("ann", "blue")
        refused = await applied("bob", "red")  # this client hands a refusal over as it is
        return refused.message, (await applied("bob", "red", force_conflicts=True)).data.colour

    assert tell(petset, story) == ('Apply failed with 1 conflict: conflict with "ann": .data.colour', "red")


def test_what_is_missing_is_told_in_a_status(petset: Petset, namespace: str) -> None:
    async def story(api: ApiClient) -> str:
        with pytest.raises(ApiException) as missing:
            await client.CoreV1Api(api).read_namespaced_secret("none", namespace)
        return str(missing.value.body)

    assert '"message":"secrets \\"none\\" not found"' in tell(petset, story)
