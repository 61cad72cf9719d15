"""The real kubectl against a running server. One server for the whole file, a namespace for each test."""

import itertools
import json
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from apiserver.asgi import config_map, pod, stateful_set
from apiserver.containers import WrittenContainer, WrittenStreams
from apiserver.running import KUBECTL, Running, running
from apiserver.test_streams import LINES, attached, echo, true

from petset.api.kinds import by_resource
from petset.api.models import core_v1, meta_v1
from petset.registry.port import Patch, WriteOptions

STREAMS = WrittenStreams(
    {("web-0", "c"): WrittenContainer(list(LINES))}, {"echo": echo, "true": true, "attach": attached}
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("server"), {"n1": STREAMS}) as started:
        yield started


_numbers = itertools.count(1)


@pytest.fixture
def namespace(server: Running) -> str:
    name = f"test-{next(_numbers)}"
    kind = by_resource("", "v1", "namespaces")
    assert kind is not None
    new = core_v1.Namespace(metadata=meta_v1.ObjectMeta(name=name))
    server.call(server.registry.create(kind, "", new, WriteOptions()))
    return name


def set_status(server: Running, namespace: str, resource: str, name: str, status: dict[str, Any]) -> None:
    """What a controller or an agent would write."""
    kind = by_resource("apps" if resource == "statefulsets" else "", "v1", resource)
    assert kind is not None
    patch = Patch("application/merge-patch+json", {"status": status})
    server.call(server.registry.patch(kind, namespace, name, patch, WriteOptions(), "status"))


def test_a_manifest_is_applied_applied_again_and_changed(server: Running, namespace: str) -> None:
    manifest = stateful_set("web")
    apply = ["-n", namespace, "apply", "-f", "-"]
    assert server.kubectl(*apply, stdin=json.dumps(manifest)) == "statefulset.apps/web created\n"
    assert server.kubectl(*apply, stdin=json.dumps(manifest)) == "statefulset.apps/web unchanged\n"
    manifest["spec"]["template"]["spec"]["containers"][0]["image"] = "redis:7.2"
    assert server.kubectl(*apply, stdin=json.dumps(manifest)) == "statefulset.apps/web configured\n"
    table = [line.split() for line in server.kubectl("-n", namespace, "get", "sts", "-o", "wide").splitlines()]
    assert table[0] == ["NAME", "READY", "AGE", "CONTAINERS", "IMAGES"]
    assert table[1][:2] + table[1][3:] == ["web", "0/3", "c", "redis:7.2"]


def test_an_unknown_field_is_refused_by_name(server: Running, namespace: str) -> None:
    manifest = stateful_set("web")
    manifest["spec"]["replica"] = 3
    said = server.kubectl("-n", namespace, "apply", "-f", "-", stdin=json.dumps(manifest), status=1)
    assert 'unknown field "spec.replica"' in said


def test_a_set_is_scaled_labelled_patched_and_deleted(server: Running, namespace: str) -> None:
    in_namespace = ["-n", namespace]
    server.kubectl(*in_namespace, "create", "-f", "-", stdin=json.dumps(stateful_set("web")))
    assert server.kubectl(*in_namespace, "scale", "sts", "web", "--replicas=5").endswith("scaled\n")
    assert server.kubectl(*in_namespace, "label", "sts", "web", "tier=data").endswith("labeled\n")
    patch = '{"spec":{"template":{"spec":{"containers":[{"name":"c","image":"redis:7.4"}]}}}}'
    server.kubectl(*in_namespace, "patch", "sts", "web", "-p", patch)
    path = "{.spec.replicas} {.metadata.labels.tier} {.spec.template.spec.containers[0].image}"
    assert server.kubectl(*in_namespace, "get", "sts", "web", "-o", f"jsonpath={path}") == "5 data redis:7.4"
    described = server.kubectl(*in_namespace, "describe", "sts", "web")
    assert "Replicas:               5 desired | 0 total" in described
    assert server.kubectl(*in_namespace, "delete", "sts", "web").startswith('statefulset.apps "web" deleted')
    assert "No resources found" in server.kubectl(*in_namespace, "get", "sts")


def test_get_shows_pods_as_tables_and_as_documents(server: Running, namespace: str) -> None:
    server.kubectl("-n", namespace, "create", "-f", "-", stdin=json.dumps(pod("web-0", nodeName="n1")))
    container = {"name": "c", "image": "", "imageID": "", "ready": True, "restartCount": 0}
    status = {"phase": "Running", "containerStatuses": [{**container, "state": {"running": {}}}]}
    set_status(server, namespace, "pods", "web-0", {**status, "podIP": "10.0.0.7"})
    wide = server.kubectl("-n", namespace, "get", "pods", "-o", "wide").splitlines()
    assert wide[0].split()[:6] == ["NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP"]
    assert wide[1].split()[:4] == ["web-0", "1/1", "Running", "0"]
    assert json.loads(server.kubectl("-n", namespace, "get", "pod", "web-0", "-o", "json"))["kind"] == "Pod"
    assert "Node:             n1" in server.kubectl("-n", namespace, "describe", "pod", "web-0")
    missing = server.kubectl("-n", namespace, "get", "pod", "web-9", status=1)
    assert missing == 'Error from server (NotFound): pods "web-9" not found\n'


def test_rollout_status_waits_for_the_set_and_wait_for_its_condition(server: Running, namespace: str) -> None:
    server.kubectl("-n", namespace, "create", "-f", "-", stdin=json.dumps(stateful_set("web", 1)))
    command = [str(KUBECTL), "-n", namespace, "rollout", "status", "sts/web", "--timeout=20s"]
    with subprocess.Popen(command, env=server.environment, stdout=subprocess.PIPE, text=True) as waiting:
        assert waiting.stdout is not None
        assert waiting.stdout.readline().startswith("Waiting for")
        done = {"observedGeneration": 1, "replicas": 1, "readyReplicas": 1, "availableReplicas": 1}
        revisions = {"currentRevision": "web-1", "updateRevision": "web-1", "updatedReplicas": 1}
        set_status(server, namespace, "statefulsets", "web", {**done, **revisions, "currentReplicas": 1})
        assert "roll out complete" in waiting.stdout.read()
    waited = server.kubectl(
        "-n", namespace, "wait", "sts/web", "--for=jsonpath={.status.readyReplicas}=1", "--timeout=5s"
    )
    assert waited == "statefulset.apps/web condition met\n"


def test_get_watches(server: Running, namespace: str) -> None:
    command = [str(KUBECTL), "-n", namespace, "get", "cm", "-w"]
    with subprocess.Popen(command, env=server.environment, stdout=subprocess.PIPE, text=True) as watching:
        try:
            assert watching.stdout is not None
            server.kubectl("-n", namespace, "create", "-f", "-", stdin=json.dumps(config_map("later")))
            assert watching.stdout.readline().split() == ["NAME", "DATA", "AGE"]
            assert watching.stdout.readline().split()[:2] == ["later", "1"]
        finally:
            watching.terminate()


def test_logs_and_exec(server: Running, namespace: str) -> None:
    server.kubectl("-n", namespace, "create", "-f", "-", stdin=json.dumps(pod("web-0", nodeName="n1")))
    container = {"name": "c", "image": "", "imageID": "", "ready": True, "restartCount": 0}
    status = {"phase": "Running", "containerStatuses": [{**container, "state": {"running": {}}}]}
    set_status(server, namespace, "pods", "web-0", status)
    assert server.kubectl("-n", namespace, "logs", "web-0", "--tail=2") == "line 1\nline 2\n"
    said = server.kubectl("-n", namespace, "exec", "-i", "web-0", "--", "echo", stdin="hello", status=3)
    assert said.startswith("HELLO") and "done" in said and "command terminated with exit code 3" in said
    assert server.kubectl("-n", namespace, "exec", "web-0", "--", "true") == ""


def test_the_version_and_the_resources_are_found(server: Running) -> None:
    assert "Server Version: v1.37.0+petset" in server.kubectl("version")
    names = server.kubectl("api-resources", "--cached=false", "-o", "name").split()
    assert {"pods", "statefulsets.apps", "storageclasses.storage.k8s.io"} <= set(names)


def test_fields_are_explained_with_their_types_their_values_and_what_they_are_for(server: Running) -> None:
    explained = server.kubectl("explain", "statefulset.spec.template.spec.containers.ports")
    assert "FIELD: ports <[]ContainerPort>" in explained
    assert "containerPort\t<integer> -required-\n    The number, from 1 to 65535." in explained
    assert "protocol\t<string>\n  enum: SCTP, TCP, UDP\n" in explained
    recursive = server.kubectl("explain", "sts.spec", "--recursive")
    assert "  updateStrategy\t<StatefulSetUpdateStrategy>\n    rollingUpdate\t" in recursive
    assert "      maxUnavailable\t<IntOrString>\n" in recursive and "limits\t<map[string]Quantity>\n" in recursive
    assert "<no description>" not in server.kubectl("explain", "hpa.spec", "--api-version=autoscaling/v2")


def test_fields_are_explained_in_the_older_form_too(server: Running) -> None:
    older = server.kubectl("explain", "sts.spec.template.spec.containers", "--output=plaintext-openapiv2")
    assert older.startswith("KIND:     StatefulSet\nVERSION:  apps/v1\n\nRESOURCE: containers <[]Object>\n")
    assert "   name\t<string> -required-\n     What the container is called in its pod." in older


def test_kubectl_without_the_right_certificate_is_turned_away(server: Running, tmp_path: Path) -> None:
    anonymous = tmp_path / "kubeconfig"
    lines = server.kubeconfig.read_text().splitlines()
    anonymous.write_text("\n".join(line for line in lines if "client-" not in line))
    command = [str(KUBECTL), "--kubeconfig", str(anonymous), "--token=wrong", "get", "pods"]
    done = subprocess.run(command, env=server.environment, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, "Unauthorized" in done.stderr) == (1, True), done.stderr


def test_rights_are_given_asked_about_and_shown(server: Running, namespace: str) -> None:
    here = ["-n", namespace]
    server.kubectl(*here, "create", "role", "reader", "--verb=get,list", "--resource=pods,pods/log")
    account = f"--serviceaccount={namespace}:web"
    server.kubectl(*here, "create", "rolebinding", "joe", "--role=reader", "--user=joe")
    server.kubectl(*here, "create", "rolebinding", "sa", "--clusterrole=cluster-admin", account)
    as_joe, as_account = "--as=joe", f"--as=system:serviceaccount:{namespace}:web"
    assert server.kubectl(*here, "auth", "can-i", "list", "pods", as_joe) == "yes\n"
    assert server.kubectl(*here, "auth", "can-i", "get", "pods", "--subresource=log", as_joe) == "yes\n"
    assert server.kubectl(*here, "auth", "can-i", "delete", "pods", as_joe, status=1).startswith("no")
    assert server.kubectl(*here, "auth", "can-i", "list", "pods", "-A", as_joe, status=1).startswith("no")
    assert server.kubectl(*here, "auth", "can-i", "*", "*", as_account) == "yes\n"
    assert server.kubectl("auth", "can-i", "get", "/metrics", as_joe, status=1).startswith("no")
    rows = [line.split() for line in server.kubectl(*here, "auth", "can-i", "--list", as_joe).splitlines()]
    assert ["pods", "[]", "[]", "[get", "list]"] in rows
    assert ["[/readyz]", "[]", "[get]"] in rows
    refused = server.kubectl(*here, "delete", "pod", "web-0", as_joe, status=1)
    assert refused == (
        f'Error from server (Forbidden): pods "web-0" is forbidden: User "joe" cannot delete resource "pods" '
        f'in API group "" in the namespace "{namespace}"\n'
    )
    wide = server.kubectl(*here, "get", "rolebindings", "-o", "wide").splitlines()
    assert wide[0].split() == ["NAME", "ROLE", "AGE", "USERS", "GROUPS", "SERVICEACCOUNTS"]
    assert wide[2].split()[:2] + wide[2].split()[3:] == ["sa", "ClusterRole/cluster-admin", f"{namespace}/web"]
    assert "pods/log" in server.kubectl(*here, "describe", "role", "reader")


def test_kubectl_says_who_one_is(server: Running) -> None:
    me = json.loads(server.kubectl("auth", "whoami", "-o", "json"))["status"]["userInfo"]
    assert (me["username"], me["groups"]) == ("kubernetes-admin", ["system:masters", "system:authenticated"])
    other = ["--as=joe", "--as-group=dev", "--as-uid=7", "--as-user-extra=team=a"]
    them = json.loads(server.kubectl("auth", "whoami", *other, "-o", "json"))["status"]["userInfo"]
    assert (them["username"], them["uid"], them["extra"]) == ("joe", "7", {"team": ["a"]})
    assert "kubernetes-admin" in server.kubectl("auth", "whoami")


def test_roles_are_reconciled_and_the_default_ones_are_there(server: Running, namespace: str) -> None:
    rules = [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]
    metadata = {"name": "r", "namespace": namespace}
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": metadata, "rules": rules}
    said = server.kubectl("-n", namespace, "auth", "reconcile", "-f", "-", stdin=json.dumps(role))
    assert "role.rbac.authorization.k8s.io/r reconciled" in said
    names = server.kubectl("get", "clusterroles", "-o", "name").split()
    wanted = {"cluster-admin", "admin", "edit", "view", "system:discovery", "system:basic-user", "system:node"}
    assert {f"clusterrole.rbac.authorization.k8s.io/{name}" for name in wanted} <= set(names)


def test_kubectls_own_create_verbs_speak_protobuf_and_are_understood(server: Running, namespace: str) -> None:
    here = ["-n", namespace]
    server.kubectl(*here, "create", "configmap", "settings", "--from-literal=colour=blue")
    server.kubectl(*here, "create", "secret", "generic", "login", "--from-literal=user=joe")
    server.kubectl(*here, "create", "service", "clusterip", "web", "--tcp=80:http")
    server.kubectl(*here, "create", "serviceaccount", "web")
    path = "{.items[?(@.metadata.name=='settings')].data.colour}"
    assert server.kubectl(*here, "get", "cm", "-o", f"jsonpath={path}") == "blue"
    port = server.kubectl(*here, "get", "svc", "web", "-o", "jsonpath={.spec.ports[0]}")
    assert json.loads(port) == {"name": "80-http", "port": 80, "protocol": "TCP", "targetPort": "http"}
    assert server.kubectl("create", "namespace", f"{namespace}-more") == f"namespace/{namespace}-more created\n"


def test_ports_of_a_pod_are_forwarded(server: Running, namespace: str) -> None:
    server.kubectl("-n", namespace, "create", "-f", "-", stdin=json.dumps(pod("web-0", nodeName="n1")))
    container = {"name": "c", "image": "", "imageID": "", "ready": True, "restartCount": 0}
    status = {"phase": "Running", "containerStatuses": [{**container, "state": {"running": {}}}]}
    set_status(server, namespace, "pods", "web-0", status)
    command = [str(KUBECTL), "-n", namespace, "port-forward", "pod/web-0", ":8080", ":81"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=server.environment, text=True, **pipes) as forwarding:
        try:
            assert forwarding.stdout is not None and forwarding.stderr is not None
            ports = {}
            while len(ports) < 2:
                line = forwarding.stdout.readline()
                assert line, forwarding.stderr.read()
                if "127.0.0.1" in line:
                    local, _, remote = line.removeprefix("Forwarding from 127.0.0.1:").strip().partition(" -> ")
                    ports[remote] = int(local)
            for number in range(3):
                with socket.create_connection(("127.0.0.1", ports["8080"]), timeout=10) as connection:
                    said = f"hello {number} ".encode() * 20_000
                    sending = threading.Thread(target=lambda c=connection, s=said: (c.sendall(s), c.shutdown(1)))
                    sending.start()
                    heard = b"".join(iter(lambda c=connection: c.recv(65536), b""))
                    sending.join()
                    assert heard == said.upper()
            with socket.create_connection(("127.0.0.1", ports["81"]), timeout=10) as connection:
                assert connection.recv(1) == b""
            error = forwarding.stderr.readline()
            assert "failed to connect to localhost:81 inside the pod: Connection refused" in error
        finally:
            forwarding.terminate()


def test_a_container_is_attached_to(server: Running, namespace: str) -> None:
    spoken_to = pod("web-0", nodeName="n1")
    spoken_to["spec"]["containers"][0] |= {"stdin": True, "stdinOnce": True}
    server.kubectl("-n", namespace, "create", "-f", "-", stdin=json.dumps(spoken_to))
    container = {"name": "c", "image": "", "imageID": "", "ready": True, "restartCount": 0}
    status = {"phase": "Running", "containerStatuses": [{**container, "state": {"running": {}}}]}
    set_status(server, namespace, "pods", "web-0", status)
    said = server.kubectl("-n", namespace, "attach", "-i", "web-0", stdin="hello")
    assert "HELLO" in said and "done" in said


def test_an_autoscaler_of_the_older_version_is_applied_and_shown_in_both(server: Running, namespace: str) -> None:
    manifest: dict[str, Any] = {
        "apiVersion": "autoscaling/v1",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web"},
            "maxReplicas": 5,
            "targetCPUUtilizationPercentage": 50,
        },
    }
    of_it = ["-n", namespace]
    for said in ("created", "unchanged"):
        assert server.kubectl(*of_it, "apply", "-f", "-", stdin=json.dumps(manifest)).endswith(f"{said}\n")
    manifest["spec"]["targetCPUUtilizationPercentage"] = 60
    assert server.kubectl(*of_it, "apply", "--server-side", "-f", "-", stdin=json.dumps(manifest)).endswith(
        "applied\n"
    )
    older = "horizontalpodautoscalers.v1.autoscaling"
    path = "-o=jsonpath={.apiVersion} {.spec.targetCPUUtilizationPercentage}"
    assert server.kubectl(*of_it, "get", older, "web", path) == "autoscaling/v1 60"
    rows = [server.kubectl(*of_it, "get", each, "--no-headers").split()[:4] for each in (older, "hpa")]
    assert rows == [["web", "StatefulSet/web", "cpu:", "<unknown>/60%"]] * 2
