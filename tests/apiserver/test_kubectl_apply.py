"""Server-side apply as its users do it: with the real kubectl, and with the official Python client."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from apiserver.asgi import config_map, stateful_set
from apiserver.running import Running, running
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("server")) as started:
        yield started


def apply(server: Running, document: dict[str, Any], *flags: str, status: int = 0) -> str:
    return server.kubectl("apply", "-f", "-", *flags, stdin=json.dumps(document), status=status)


def managers(server: Running, resource: str, name: str) -> list[tuple[str, str]]:
    shown = server.kubectl("get", resource, name, "-o", "json", "--show-managed-fields")
    return [(e["manager"], e["operation"]) for e in json.loads(shown)["metadata"].get("managedFields", [])]


def test_a_set_is_applied_conflicts_are_told_and_forced(server: Running) -> None:
    manifest = stateful_set("web")
    assert apply(server, manifest, "--server-side") == "statefulset.apps/web serverside-applied\n"
    assert managers(server, "sts", "web") == [("kubectl", "Apply")]
    server.kubectl("scale", "sts", "web", "--replicas=5")
    refused = apply(server, manifest, "--server-side", status=1)
    assert refused.startswith(
        'error: Apply failed with 1 conflict: conflict with "kubectl" with subresource "scale" using apps/v1: '
        ".spec.replicas\n"
    )
    difference = server.kubectl(
        "diff", "--server-side", "--force-conflicts", "-f", "-", stdin=json.dumps(manifest), status=1
    )
    assert "-  replicas: 5" in difference and "+  replicas: 3" in difference
    assert apply(server, manifest, "--server-side", "--force-conflicts").endswith("serverside-applied\n")
    assert managers(server, "sts", "web") == [("kubectl", "Apply")]
    manifest["spec"]["replica"] = 3
    assert ".spec.replica: field not declared in schema" in apply(server, manifest, "--server-side", status=1)


def test_what_client_side_apply_made_moves_to_the_server_and_back(server: Running) -> None:
    document = config_map("moved")
    apply(server, document)
    assert managers(server, "cm", "moved") == [("kubectl-client-side-apply", "Update")]
    document["data"] = {"other": "1"}
    apply(server, document, "--server-side")
    assert ("kubectl-client-side-apply", "Update") not in managers(server, "cm", "moved")
    assert server.kubectl("get", "cm", "moved", "-o", "jsonpath={.data}") == '{"other":"1"}'
    document["data"] = {"third": "1"}
    assert apply(server, document) == "configmap/moved configured\n"
    assert server.kubectl("get", "cm", "moved", "-o", "jsonpath={.data}") == '{"third":"1"}'


def test_the_python_client_applies_and_hears_of_conflicts(server: Running) -> None:
    with config.new_client_from_config(str(server.kubeconfig), persist_config=False) as api:
        core = client.CoreV1Api(api)

        def applied(manager: str, value: str, **more: Any) -> Any:
            return core.patch_namespaced_config_map(
                "shared",
                "default",
                config_map("shared", data={"k": value}),
                field_manager=manager,
                _content_type="application/apply-patch+yaml",
                **more,
            )

        assert applied("ann", "1").data == {"k": "1"}
        with pytest.raises(ApiException) as conflict:
            applied("bob", "2")
        assert (conflict.value.status, json.loads(conflict.value.body)["reason"]) == (409, "Conflict")
        assert [e.manager for e in applied("bob", "2", force=True).metadata.managed_fields] == ["bob"]
