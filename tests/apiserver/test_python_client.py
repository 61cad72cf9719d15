"""The official Python client against a running server."""

import socket
import threading
from collections.abc import Iterator

import pytest
from apiserver.asgi import config_map, pod, stateful_set
from apiserver.containers import WrittenContainer, WrittenStreams
from apiserver.running import Running, running
from apiserver.test_streams import LINES, echo, true
from kubernetes import client, config, watch
from kubernetes.client.exceptions import ApiException
from kubernetes.stream import portforward, stream


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    streams = WrittenStreams({("web-0", "c"): WrittenContainer(list(LINES))}, {"echo": echo, "true": true})
    with running(tmp_path_factory.mktemp("server"), {"n1": streams}) as started:
        yield started


@pytest.fixture
def api(server: Running) -> Iterator[client.ApiClient]:
    with config.new_client_from_config(str(server.kubeconfig), persist_config=False) as found:
        yield found


def test_objects_are_made_listed_changed_and_deleted(api: client.ApiClient) -> None:
    core = client.CoreV1Api(api)
    made = core.create_namespaced_config_map("default", config_map("a"))
    assert made.metadata.uid
    assert [item.metadata.name for item in core.list_namespaced_config_map("default", limit=1).items] == ["a"]
    changed = core.patch_namespaced_config_map("a", "default", {"data": {"more": "1"}})
    assert changed.data == {"k": "v", "more": "1"}
    assert core.delete_namespaced_config_map("a", "default")["status"] == "Success"
    with pytest.raises(ApiException) as missing:
        core.read_namespaced_config_map("a", "default")
    assert missing.value.status == 404


def test_a_watch_tells_what_happens(api: client.ApiClient) -> None:
    core = client.CoreV1Api(api)
    version = core.list_namespaced_config_map("default").metadata.resource_version
    core.create_namespaced_config_map("default", config_map("seen"))
    core.delete_namespaced_config_map("seen", "default")
    watching, seen = watch.Watch(), []
    for event in watching.stream(core.list_namespaced_config_map, "default", resource_version=version):
        seen.append((event["type"], event["object"].metadata.name))
        if event["type"] == "DELETED":
            watching.stop()
    assert seen == [("ADDED", "seen"), ("DELETED", "seen")]


def test_a_set_is_scaled(api: client.ApiClient) -> None:
    apps = client.AppsV1Api(api)
    apps.create_namespaced_stateful_set("default", stateful_set("web"))
    scaled = apps.patch_namespaced_stateful_set_scale("web", "default", {"spec": {"replicas": 5}})
    assert scaled.spec.replicas == 5
    assert apps.read_namespaced_stateful_set("web", "default").spec.replicas == 5


def test_logs_and_exec(api: client.ApiClient) -> None:
    core = client.CoreV1Api(api)
    core.create_namespaced_pod("default", pod("web-0", nodeName="n1"))
    assert core.read_namespaced_pod_log("web-0", "default", tail_lines=1) == "line 2\n"
    session = stream(
        core.connect_get_namespaced_pod_exec,
        "web-0",
        "default",
        command=["true"],
        stdout=True,
        stderr=True,
        _preload_content=False,
    )
    session.run_forever(timeout=5)
    assert session.returncode == 0
    session.sock.shutdown()  # its own close() leaves the socket open once the server has closed


def test_ports_are_forwarded(api: client.ApiClient) -> None:
    core = client.CoreV1Api(api)
    core.create_namespaced_pod("default", pod("web-1", nodeName="n1"))
    forwarding = portforward(core.connect_get_namespaced_pod_portforward, "web-1", "default", ports="8080,81")
    proxy = next(each for each in threading.enumerate() if "port forward proxy" in each.name)
    connection = forwarding.socket(8080)
    connection.setblocking(True)
    connection.sendall(b"hello")
    assert connection.recv(5, socket.MSG_WAITALL) == b"HELLO"
    assert "failed to connect to localhost:81 inside the pod" in forwarding.error(81)
    forwarding.close()
    proxy.join(timeout=10)
    forwarding.websocket.shutdown()
