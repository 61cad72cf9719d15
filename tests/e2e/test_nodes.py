"""Several logical nodes, pods that cannot start, and machines that cannot run containers."""

import os
import shutil
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from e2e.harness import KUBECTL, Petset, eventually

pytestmark = [pytest.mark.containers, pytest.mark.timeout(120)]

SET = """\
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {clusterIP: None, selector: {app: web}, ports: [{name: http, port: 80}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  replicas: 3
  serviceName: web
  podManagementPolicy: Parallel
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: web
        image: debian:12
        command: ["sh", "-c", "trap 'exit 0' TERM; echo hello from $(hostname); while :; do sleep 1; done"]
"""
BROKEN = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: broken}
spec:
  serviceName: broken
  selector: {matchLabels: {app: broken}}
  template:
    metadata: {labels: {app: broken}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - {name: main, image: "registry.example/absent:1"}
"""


@pytest.fixture(scope="module")
def petset(unstarted: Petset, own_network: None) -> Petset:
    unstarted.petset("up", "-f", "-", "--nodes", "3", "--port", "0", "--wait", "--timeout", "60", stdin=SET)
    return unstarted


def nodes_of(petset: Petset) -> dict[str, str]:
    return {
        p["metadata"]["name"]: p["spec"].get("nodeName", "") for p in petset.get("pods", "-l", "app=web")["items"]
    }


def test_replicas_spread_over_the_nodes(petset: Petset) -> None:
    assert set(nodes_of(petset).values()) == {"node-1", "node-2", "node-3"}
    assert petset.kubectl("get", "nodes", "--no-headers").count(" Ready ") == 3


def test_each_pod_reaches_the_others_across_nodes(petset: Petset) -> None:
    address = petset.pod("web-1")["status"]["podIP"]
    assert petset.exec("web-0", "getent", "hosts", "web-1.web").split()[0] == address
    assert petset.kubectl("logs", "web-2").strip() == "hello from web-2"


def test_a_pod_leaves_a_node_that_takes_no_more(petset: Petset) -> None:
    node = nodes_of(petset)["web-2"]
    petset.kubectl("cordon", node)
    petset.kubectl("delete", "pod", "web-2")
    eventually("web-2 runs elsewhere", lambda: nodes_of(petset).get("web-2") not in {None, "", node})
    petset.kubectl("wait", "--for=condition=Ready", "pod/web-2", "--timeout=30s")
    petset.kubectl("uncordon", node)


def test_a_watch_shows_changes_as_they_come(petset: Petset) -> None:
    command = [str(KUBECTL), "get", "pods", "web-0", "-w", "--no-headers"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=petset.environment) as watching:
        assert watching.stdout is not None
        assert "Running" in watching.stdout.readline()
        petset.kubectl("delete", "pod", "web-0", "--wait=false")
        seen = ""
        while "Terminating" not in seen:
            seen += watching.stdout.readline()
        watching.terminate()


def test_an_image_that_cannot_be_had_is_explained_everywhere(petset: Petset) -> None:
    done = petset.try_petset("up", "-f", "-", "--wait", "--timeout", "3", stdin=BROKEN)
    assert done.returncode == 1
    assert "broken-0" in done.stderr
    assert "registry.example/absent:1" in done.stderr
    described = petset.kubectl("describe", "pod", "broken-0")
    assert "ErrImagePull" in described or "ImagePullBackOff" in described
    assert "images.toml" in described
    petset.kubectl("delete", "statefulset", "broken")
    eventually("nothing is left of it", lambda: "broken-0" not in petset.pods())


def test_nobody_gets_in_without_a_certificate_or_token(petset: Petset) -> None:
    trust = ssl.create_default_context(cafile=str(petset.directory / "pki" / "ca.crt"))
    [line] = [x for x in (petset.directory / "kubeconfig").read_text().splitlines() if "server:" in x]
    url = line.split()[1] + "/api/v1/pods"
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(url, context=trust)
    assert refused.value.code == 401
    refused.value.close()
    token = (petset.directory / "pki" / "admin.token").read_text().strip()
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, context=trust) as answer:
        assert answer.status == 200
    private = [
        petset.directory / "pki" / "ca.key",
        petset.directory / "kubeconfig",
        petset.directory / "server.log",
    ]
    assert all(path.stat().st_mode & 0o077 == 0 for path in private)


def test_no_container_sees_the_keys_of_the_server(petset: Petset) -> None:
    found = petset.try_kubectl("exec", "web-1", "--", "ls", str(petset.directory / "pki"))
    assert found.returncode != 0


@pytest.mark.parametrize("missing", ["conmon", "runc and crun"])
def test_a_machine_without_the_tools_is_told_what_to_install(
    tmp_path: Path, missing: str, own_network: None
) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("conmon", "runc", "crun", "nft"):
        path = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
        if path and name not in missing:
            (tools / name).symlink_to(path)
    petset = Petset(tmp_path / "data", tmp_path)
    petset.environment["PATH"] = str(tools)
    done = petset.run(sys.executable, "-m", "petset", "up", "--data-dir", str(petset.directory), "--port", "0")
    assert done.returncode == 1
    assert "install" in done.stderr
    assert missing.split(maxsplit=1)[0] in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
