"""The official Python client: typed and dynamic, watches, informers, streams, elections, a server that restarts."""

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from e2e.harness import Petset
from kubernetes import client, config, utils, watch
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.exceptions import ConflictError
from kubernetes.informer import SharedInformer
from kubernetes.leaderelection.electionconfig import Config as Election
from kubernetes.leaderelection.leaderelection import LeaderElection
from kubernetes.leaderelection.resourcelock.leaselock import LeaseLock
from kubernetes.stream import portforward, stream

WEB = Path(__file__).parents[1] / "web.yaml"


@pytest.fixture(scope="module")
def api(petset: Petset) -> Iterator[client.ApiClient]:
    config.load_kube_config(petset.environment["KUBECONFIG"], persist_config=False)
    with client.ApiClient() as found:
        yield found


@pytest.fixture(scope="module")
def core(api: client.ApiClient) -> client.CoreV1Api:
    return client.CoreV1Api(api)


@pytest.fixture(scope="module")
def web(petset: Petset, api: client.ApiClient) -> str:
    """The namespace in which the set runs. It is waited for by a watch of the set."""
    petset.kubectl("create", "namespace", "web")
    utils.create_from_yaml(api, str(WEB), namespace="web")
    apps, watching = client.AppsV1Api(api), watch.Watch()
    for event in watching.stream(apps.list_namespaced_stateful_set, "web", timeout_seconds=60):
        if event["object"].status.ready_replicas == 1:
            watching.stop()
    return "web"


def test_a_set_is_scaled_patched_and_its_pods_are_found(
    api: client.ApiClient, core: client.CoreV1Api, web: str
) -> None:
    apps = client.AppsV1Api(api)
    apps.patch_namespaced_stateful_set_scale("web", web, {"spec": {"replicas": 2}})
    watching = watch.Watch()
    for event in watching.stream(core.list_namespaced_pod, web, label_selector="app=web", timeout_seconds=60):
        conditions = {c.type: c.status for c in event["object"].status.conditions or ()}
        if event["object"].metadata.name == "web-1" and conditions.get("Ready") == "True":
            watching.stop()
    found = core.list_namespaced_pod(web, field_selector="metadata.name=web-1").items
    assert [(pod.spec.hostname, pod.status.phase) for pod in found] == [("web-1", "Running")]
    labelled = core.patch_namespaced_pod(
        "web-1", web, [{"op": "add", "path": "/metadata/labels/tier", "value": "a"}]
    )
    assert labelled.metadata.labels["tier"] == "a"


def test_a_watch_goes_on_from_the_version_it_has_seen(core: client.CoreV1Api, namespace: str) -> None:
    version = core.list_namespaced_config_map(namespace).metadata.resource_version
    seen = []
    for name in ("a", "b"):
        core.create_namespaced_config_map(namespace, {"metadata": {"name": name}})
        watching = watch.Watch()
        for event in watching.stream(core.list_namespaced_config_map, namespace, resource_version=version):
            if event["object"].metadata.name != "kube-root-ca.crt":
                seen.append((event["type"], event["object"].metadata.name))
                version = event["object"].metadata.resource_version
                watching.stop()
    assert seen == [("ADDED", "a"), ("ADDED", "b")]


def test_a_command_hears_its_input_and_tells_its_exit_code(core: client.CoreV1Api, web: str) -> None:
    run = {"name": "web-0", "namespace": web, "stdout": True, "stderr": True}
    assert stream(core.connect_get_namespaced_pod_exec, command=["hostname"], **run) == "web-0\n"
    session = stream(
        core.connect_get_namespaced_pod_exec,
        command=["sh", "-c", "read line; echo heard $line; echo oh >&2; exit 3"],
        stdin=True,
        _preload_content=False,
        **run,
    )
    session.write_stdin("hello\n")
    session.run_forever(timeout=10)
    assert (session.read_stdout(), session.read_stderr(), session.returncode) == ("heard hello\n", "oh\n", 3)


def test_ports_are_forwarded_and_logs_followed(core: client.CoreV1Api, web: str) -> None:
    forwarding = portforward(core.connect_get_namespaced_pod_portforward, "web-0", web, ports="8080")
    proxy = next(each for each in threading.enumerate() if "port forward proxy" in each.name)
    connection = forwarding.socket(8080)
    connection.setblocking(True)
    connection.sendall(b"GET /forwarded HTTP/1.0\r\n\r\n")
    assert b"web-0 was asked for /forwarded" in b"".join(iter(lambda: connection.recv(4096), b""))
    forwarding.close()
    proxy.join(timeout=10)
    forwarding.websocket.shutdown()
    following = watch.Watch()
    for line in following.stream(core.read_namespaced_pod_log, "web-0", web, follow=True):
        if line == "answered /forwarded":
            following.stop()
    assert core.read_namespaced_pod_log("web-0", web).startswith("serving\n")


def test_the_dynamic_client_finds_kinds_and_applies_them(api: client.ApiClient, namespace: str) -> None:
    maps = DynamicClient(api).resources.get(api_version="v1", kind="ConfigMap")
    body: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "shared"}}

    def applied(manager: str, colour: str, **more: Any) -> Any:
        return maps.server_side_apply(
            {**body, "data": {"colour": colour}}, "shared", namespace, field_manager=manager, **more
        )

    assert applied("ann", "blue").data.colour == "blue"
    with pytest.raises(ConflictError, match=r'conflict with \\"ann\\": .data.colour'):
        applied("bob", "red")
    assert applied("bob", "red", force_conflicts=True).data.colour == "red"
    version = maps.get("shared", namespace).metadata.resourceVersion
    maps.patch({"data": {"size": "L"}}, "shared", namespace, content_type="application/merge-patch+json")
    event = next(iter(maps.watch(namespace, resource_version=version, name="shared", timeout=10)))
    assert (event["type"], event["object"].data.size) == ("MODIFIED", "L")
    maps.delete("shared", namespace)


def test_one_of_two_candidates_is_elected(api: client.ApiClient, namespace: str) -> None:
    def candidate(name: str) -> LeaderElection:
        lock = LeaseLock("leader", namespace, name)
        return LeaderElection(Election(lock, 17, 15, 5, onstarted_leading=lambda: None, onstopped_leading=None))

    ann, bob = candidate("ann"), candidate("bob")
    assert [each.try_acquire_or_renew() for each in (ann, bob, ann)] == [True, False, True]
    lease = client.CoordinationV1Api(api).read_namespaced_lease("leader", namespace)
    assert lease.spec.holder_identity == "ann"


def test_an_informer_lives_through_a_restart_and_an_old_version_has_expired(
    petset: Petset, core: client.CoreV1Api, namespace: str
) -> None:
    version = core.list_namespaced_config_map(namespace).metadata.resource_version
    added: Queue[str] = Queue()
    informer = SharedInformer(core.list_namespaced_config_map, namespace=namespace)
    informer.add_event_handler("ADDED", lambda found: added.put(found.metadata.name))
    informer.start()
    core.create_namespaced_config_map(namespace, {"metadata": {"name": "before"}})
    while added.get(timeout=30) != "before":
        pass
    os.kill(petset.server_pid, signal.SIGKILL)
    petset.petset("up", "--detach")
    core.create_namespaced_config_map(namespace, {"metadata": {"name": "after"}})
    while added.get(timeout=30) != "after":
        pass
    informer.stop()
    assert {found.metadata.name for found in informer.cache.list()} >= {"before", "after"}
    with pytest.raises(ApiException) as expired:
        list(watch.Watch().stream(core.list_namespaced_config_map, namespace, resource_version=version))
    assert expired.value.status == 410
