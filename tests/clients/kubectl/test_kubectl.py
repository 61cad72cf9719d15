"""kubectl as people use it by hand: looking, changing, going into pods, moving them, cleaning up."""

import base64
import json
import os
import pty
import re
import subprocess
import termios
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from e2e.harness import KUBECTL, Petset, eventually

WEB = Path(__file__).parents[1] / "web.yaml"
FRONT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: front}
spec:
  replicas: 2
  selector: {matchLabels: {app: front}}
  template:
    metadata: {labels: {app: front}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{name: front, image: "debian:12", command: [sh, -c, "trap exit TERM; sleep infinity & wait"]}]
"""


class Here:
    """kubectl in one namespace."""

    def __init__(self, petset: Petset, namespace: str) -> None:
        self.petset = petset
        self.namespace = namespace

    def __call__(self, *arguments: str, stdin: str = "") -> str:
        return self.petset.kubectl("-n", self.namespace, *arguments, stdin=stdin)

    def refused(self, *arguments: str) -> str:
        done = self.petset.try_kubectl("-n", self.namespace, *arguments)
        assert done.returncode == 1, done
        return done.stderr

    def value(self, resource: str, path: str) -> str:
        return self("get", *resource.split("/"), "-o", f"jsonpath={{{path}}}")

    @contextmanager
    def serving(self, *arguments: str) -> Iterator[str]:
        """A kubectl that runs until it is ended; its first line of output."""
        command = [str(KUBECTL), "-n", self.namespace, *arguments]
        with subprocess.Popen(command, env=self.petset.environment, stdout=subprocess.PIPE, text=True) as running:
            try:
                assert running.stdout is not None
                yield running.stdout.readline()
            finally:
                running.terminate()


@pytest.fixture(scope="module")
def web(petset: Petset) -> Here:
    """Where the set of web.yaml runs, for tests that leave it as it is."""
    petset.kubectl("create", "namespace", "web")
    here = Here(petset, "web")
    here("apply", "-f", str(WEB))
    here("rollout", "status", "sts/web", "--timeout=60s")
    return here


@pytest.fixture
def here(petset: Petset, namespace: str) -> Here:
    return Here(petset, namespace)


def test_every_kind_is_listed_and_described(web: Here) -> None:
    kinds = ",".join(web("api-resources", "--verbs=list", "-o", "name").split())
    assert "pod/web-0" in web("get", kinds, "-A", "-o", "wide")
    described = web("describe", kinds, "-A")
    assert re.search("Controlled By: +StatefulSet/web", described) and "IsDefaultClass:" in described
    assert {"v1", "apps/v1", "policy/v1"} <= set(web("api-versions").split())
    assert "Kubernetes control plane" in web("cluster-info")


def test_objects_are_shown_in_every_way(web: Here) -> None:
    assert web("get", "pods", "-o", "custom-columns=NAME:.metadata.name,PHASE:.status.phase").split() == [
        *("NAME", "PHASE"),
        *("web-0", "Running"),
    ]
    assert web("get", "pods", "-o", "go-template={{range .items}}{{.metadata.name}}{{end}}") == "web-0"
    assert web("get", "sts,svc", "-o", "name").split() == ["statefulset.apps/web", "service/web"]
    assert web("get", "sts", "web", "-o", "yaml").startswith("apiVersion: apps/v1\nkind: StatefulSet\n")
    assert web("get", "pods", "-L", "app", "--sort-by=.metadata.name", "--no-headers").split()[-1] == "web"
    assert web("get", "pods", "--field-selector=status.phase!=Running", "-o", "name") == ""
    assert "  replicas\t<integer>" in web("explain", "sts.spec", "--recursive")
    assert "Successfully assigned web/web-0" in web("events", "--for=pod/web-0")
    assert "Metrics API not available" in web.refused("top", "pods")


def test_fields_are_explained_from_either_document(web: Here) -> None:
    assert "podManagementPolicy\t<string>\n  enum: OrderedReady, Parallel\n    OrderedReady (the default)" in web(
        "explain", "sts.spec"
    )
    older = web("explain", "sts.spec.replicas", "--output=plaintext-openapiv2")
    assert "How many pods you want. Defaults to 1." in older


def test_everything_is_dumped_pruned_and_shown_as_a_scale(web: Here, here: Here, tmp_path: Path) -> None:
    web("cluster-info", "dump", "--namespaces=web", f"--output-directory={tmp_path}")
    assert (tmp_path / "web" / "web-0" / "logs.txt").exists() and (tmp_path / "nodes.json").exists()
    assert web("get", "sts", "web", "--subresource=scale").split()[:7] == [
        *("NAME", "DESIRED", "AVAILABLE", "AGE"),
        *("web", "1", "1"),
    ]
    maps = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": n, "labels": {"a": "b"}}} for n in "xy"]
    documents = "\n---\n".join(map(json.dumps, maps))
    here("apply", "-f", "-", stdin=documents)
    assert "configmap/y pruned" in here("apply", "--prune", "-l", "a=b", "-f", "-", stdin=json.dumps(maps[0]))


def test_an_account_gets_a_token_that_lasts_as_long_as_its_secret(here: Here) -> None:
    here("create", "serviceaccount", "bot")
    annotations = {"kubernetes.io/service-account.name": "bot"}
    metadata = {"name": "bot-token", "annotations": annotations}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata}
    here("apply", "-f", "-", stdin=json.dumps({**secret, "type": "kubernetes.io/service-account-token"}))
    here("wait", "secret/bot-token", "--for=jsonpath={.data.token}", "--timeout=20s")
    token = base64.b64decode(here.value("secret/bot-token", ".data.token")).decode()
    alone = ("config", "set-credentials", "bot", f"--token={token}")
    here(*alone)
    assert here("auth", "whoami", "--user=bot", "-o", "jsonpath={.status.userInfo.username}") == (
        f"system:serviceaccount:{here.namespace}:bot"
    )
    here("delete", "secret", "bot-token")
    assert "Unauthorized" in here.refused("auth", "whoami", "--user=bot")


def test_somebody_gets_a_certificate_that_was_approved(here: Here, tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "joe")])
    wanted = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    spec = {
        "request": base64.b64encode(wanted.public_bytes(pem)).decode(),
        "signerName": "kubernetes.io/kube-apiserver-client",
        "usages": ["client auth"],
    }
    kind = {"apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest"}
    here("apply", "-f", "-", stdin=json.dumps({**kind, "metadata": {"name": "joe"}, "spec": spec}))
    assert here("certificate", "approve", "joe").endswith("joe approved\n")
    here("wait", "csr/joe", "--for=jsonpath={.status.certificate}", "--timeout=20s")
    assert "Approved,Issued" in here("get", "csr", "joe")
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "key").write_bytes(private)
    (tmp_path / "certificate").write_bytes(base64.b64decode(here.value("csr/joe", ".status.certificate")))
    paths = (f"--client-key={tmp_path / 'key'}", f"--client-certificate={tmp_path / 'certificate'}")
    here("config", "set-credentials", "joe", *paths)
    assert here("auth", "whoami", "--user=joe", "-o", "jsonpath={.status.userInfo.username}") == "joe"


def test_files_go_into_a_pod_and_out_of_it(web: Here, tmp_path: Path) -> None:
    assert web("exec", "sts/web", "--", "hostname") == "web-0\n"
    sent, back = tmp_path / "sent", tmp_path / "back"
    sent.mkdir()
    (sent / "file").write_bytes(bytes(range(256)) * 4_000)
    web("cp", str(sent), "web-0:/tmp/sent")
    web("cp", "web-0:/tmp/sent", str(back))
    assert (back / "file").read_bytes() == (sent / "file").read_bytes()


def test_a_command_in_a_terminal_sees_its_size(web: Here) -> None:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (33, 99))
    told = "until stty size | grep -q 99; do sleep 0.1; done; stty size"
    command = [str(KUBECTL), "-n", "web", "exec", "-it", "web-0", "--", "sh", "-c", told]
    with os.fdopen(theirs, "rb+", buffering=0) as terminal, os.fdopen(ours, "rb", buffering=0) as screen:
        streams = {"stdin": terminal, "stdout": terminal}
        subprocess.run(command, env=web.petset.environment, timeout=60, check=True, **streams)
        assert b"33 99" in screen.read(4096)


def test_ports_are_forwarded_by_service_and_by_set_and_proxied(web: Here) -> None:
    for target in ("svc/web", "sts/web"):
        with web.serving("port-forward", target, ":8080") as line:
            port = line.partition("127.0.0.1:")[2].split()[0]
            page = urllib.request.urlopen(f"http://127.0.0.1:{port}/{target}", timeout=10).read()
            assert page.decode() == f"web-0 was asked for /{target}\n"
    with web.serving("proxy", "--port=0") as line:
        address = line.split()[-1]
        served = f"http://{address}/api/v1/namespaces/web/services/web:http/proxy/page"
        assert urllib.request.urlopen(served, timeout=10).read() == b"web-0 was asked for /page\n"


def test_logs_of_several_containers_and_pods_are_told_apart(here: Here) -> None:
    says = ["sh", "-c", "trap exit TERM; echo up; sleep infinity & wait"]
    here("create", "deployment", "two", "--image=debian:12", "--replicas=2", "--", *says)
    here("rollout", "status", "deploy/two", "--timeout=60s")
    eventually("both are up", lambda: here("logs", "-l", "app=two", "--prefix").count("/debian] up") == 2)
    assert here("logs", "deploy/two", "--all-pods").count("up") == 2


def test_a_container_is_run_once_and_one_is_added_to_a_pod(web: Here, here: Here) -> None:
    ran = here("run", "once", "--image=debian:12", "--rm", "-i", "--restart=Never", "--", "cat", stdin="hello\n")
    assert ran.startswith("hello\n") and 'pod "once" deleted' in ran
    web("debug", "web-0", "--image=debian:12", "--container=look", "--", "hostname")
    eventually(
        "it looked", lambda: web.petset.try_kubectl("-n", "web", "logs", "web-0", "-c", "look").stdout == "web-0\n"
    )


def test_a_set_is_edited_set_annotated_compared_and_rolled_back(here: Here) -> None:
    here("apply", "-f", str(WEB))
    here.petset.environment["EDITOR"] = "sed -i s/debian:12/debian:13/"
    assert here("edit", "sts", "web") == "statefulset.apps/web edited\n"
    here("annotate", "sts", "web", "kubernetes.io/change-cause=a new image")
    here("set", "env", "sts/web", "COLOUR=blue")
    here("set", "resources", "sts/web", "--limits=memory=64Mi")
    here("rollout", "status", "sts/web", "--timeout=60s")
    differing = here.petset.try_kubectl("-n", here.namespace, "diff", "-f", str(WEB))
    assert differing.returncode == 1 and "-        image: debian:13\n" in differing.stdout
    assert "COLOUR:" in here("rollout", "history", "sts/web", "--revision=4")
    here("rollout", "undo", "sts/web", "--to-revision=2")
    here("rollout", "restart", "sts/web")
    here("rollout", "status", "sts/web", "--timeout=60s")
    assert here.value("sts/web", ".spec.template.spec.containers[0].image") == "debian:13"
    assert here.value("sts/web", ".spec.template.spec.containers[0].env") == ""


def test_what_is_there_is_replaced_patched_and_selected(here: Here) -> None:
    here("create", "configmap", "one", "--from-literal=a=1")
    document = json.loads(here("get", "cm", "one", "-o", "json"))
    document["data"] = {"a": "2"}
    assert here("replace", "-f", "-", stdin=json.dumps(document)) == "configmap/one replaced\n"
    uid = document["metadata"]["uid"]
    here("replace", "--force", "-f", "-", stdin=json.dumps(document))
    assert here.value("cm/one", ".metadata.uid") != uid and here.value("cm/one", ".data.a") == "2"
    here("label", "cm", "one", "tier=data")
    here("apply", "-f", "-", stdin=FRONT)
    here("patch", "deploy", "front", "--subresource=scale", "--type=merge", "-p", '{"spec":{"replicas":1}}')
    assert here.value("deploy/front", ".spec.replicas") == "1"
    assert "Expected replicas to be 5, was 1" in here.refused(
        "scale", "deploy/front", "--replicas=2", "--current-replicas=5"
    )
    assert here("wait", "deploy/front", "--for=condition=Available", "--timeout=60s").endswith("condition met\n")
    assert "deleted" in here("delete", "cm", "-l", "tier=data")
    assert here("wait", "cm/one", "--for=delete", "--timeout=10s") == ""


def test_a_kustomization_is_applied_and_deleted(here: Here, tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text(WEB.read_text())
    generated = "configMapGenerator: [{name: made, literals: [a=b]}]"
    (tmp_path / "kustomization.yaml").write_text(f"resources: [web.yaml]\nnamePrefix: my-\n{generated}\n")
    applied = here("apply", "-k", str(tmp_path))
    assert "statefulset.apps/my-web created" in applied and "configmap/my-made-" in applied
    here("delete", "-k", str(tmp_path), "--timeout=60s")
    assert here("get", "sts,svc", "-o", "name") == ""


def test_what_kubectl_creates_by_its_own_verbs(here: Here) -> None:
    for made in (
        "cronjob tick --image=debian:12 --schedule=@yearly -- true",
        "job now --from=cronjob/tick",
        "ingress way --rule=a.example/*=web:80",
        "poddisruptionbudget some --selector=app=web --min-available=1",
        "role look --verb=get --resource=pods",
        "rolebinding joe --role=look --user=joe",
        "secret docker-registry login --docker-username=u --docker-password=p",
        "service nodeport door --tcp=80",
        "service externalname far --external-name=example.org",
        "deployment shown --image=debian:12 --port=80 --replicas=0",
        "quota few --hard=configmaps=9",
    ):
        assert here("create", *made.split()).endswith("created\n"), made
    here("expose", "deploy", "shown", "--port=80", "--target-port=8080")
    here("autoscale", "deploy", "shown", "--min=1", "--max=3", "--cpu=80%")
    assert "cpu: <unknown>/80%" in here("get", "hpa")
    assert here("create", "token", "default").count(".") == 2
    assert here("wait", "job/now", "--for=condition=Complete", "--timeout=60s") == "job.batch/now condition met\n"


def test_a_node_is_tainted_drained_and_taken_back(here: Here) -> None:
    here("apply", "-f", "-", stdin=FRONT)
    here("rollout", "status", "deploy/front", "--timeout=60s")
    options = ["--ignore-daemonsets", "--delete-emptydir-data", "--pod-selector=app=front", "--timeout=60s"]
    drained = here("drain", "node-1", *options)
    assert "node/node-1 cordoned" in drained and "node/node-1 drained" in drained
    here("rollout", "status", "deploy/front", "--timeout=60s")
    assert set(here.value("pods", ".items[*].spec.nodeName").split()) == {"node-2"}
    assert "Ready,SchedulingDisabled" in here("get", "node", "node-1")
    here("uncordon", "node-1")
    here("taint", "node", "node-1", "away=yes:NoSchedule")
    here("taint", "node", "node-1", "away-")


def test_what_is_deleted_takes_its_own_along_or_leaves_it(here: Here) -> None:
    here("apply", "-f", str(WEB))
    here("rollout", "status", "sts/web", "--timeout=60s")
    here("delete", "sts", "web", "--cascade=orphan")
    assert here.value("pod/web-0", ".metadata.ownerReferences") == ""
    here("apply", "-f", "-", stdin=FRONT)
    here("rollout", "status", "deploy/front", "--timeout=60s")
    here("delete", "deploy", "front", "--cascade=foreground", "--timeout=60s")
    assert here("get", "rs", "-o", "name") == ""
