"""Services by their addresses: from pods, from the machine, through node ports, and while endpoints come and go."""

import json
import subprocess
import sys

import pytest
from e2e.harness import Petset, eventually

pytestmark = [pytest.mark.containers, pytest.mark.timeout(120)]

SET = """\
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {clusterIP: None, selector: {app: web}, ports: [{name: http, port: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: front}
spec:
  type: NodePort
  selector: {app: web}
  ports:
  - {name: http, port: 80, targetPort: page}
  - {name: echo, port: 53, targetPort: 5353, protocol: UDP}
  - {name: files, port: 8000}
---
apiVersion: v1
kind: Service
metadata: {name: second}
spec: {selector: {"statefulset.kubernetes.io/pod-name": web-1}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: nobody}
spec: {selector: {app: nobody}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  replicas: 2
  serviceName: web
  podManagementPolicy: Parallel
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - name: web
        image: debian:12
        ports: [{name: page, containerPort: 8080}]
        command: [python3, -u, -c, PROGRAM]
"""
PROGRAM = """\
import http.server, signal, socket, socketserver, sys, threading
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
name = socket.gethostname()
class Page(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.sendall(f"{name} {self.client_address[0]}".encode())
class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        self.request[1].sendto(self.request[0].upper(), self.client_address)
files = http.server.ThreadingHTTPServer(("", 8000), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=files.serve_forever, daemon=True).start()
threading.Thread(target=socketserver.UDPServer(("", 5353), Echo).serve_forever, daemon=True).start()
socketserver.ThreadingTCPServer.request_queue_size = 64
socketserver.ThreadingTCPServer(("", 8080), Page).serve_forever()
"""
ASK = """\
import socket, sys
host, port, times = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for _ in range(times):
    try:
        with socket.create_connection((host, port), 5) as connection:
            print(connection.recv(100).decode())
    except OSError as error:
        print(type(error).__name__)
"""
ASK_UDP = """\
import socket, sys
asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
asking.settimeout(5)
asking.connect((sys.argv[1], int(sys.argv[2])))
asking.send(b"hello")
print(asking.recv(100).decode())
"""


@pytest.fixture(scope="module")
def petset(unstarted: Petset, own_network: None) -> Petset:
    manifest = SET.replace("PROGRAM", json.dumps(PROGRAM))
    unstarted.petset("up", "-f", "-", "--port", "0", "--wait", "--timeout", "60", stdin=manifest)
    return unstarted


def asked(petset: Petset, host: str, port: int, times: int = 1, pod: str = "web-0") -> list[str]:
    """What a pod hears at an address, connection by connection: the answering pod's name, and whom it saw."""
    return petset.exec(pod, "python3", "-c", ASK, host, str(port), str(times)).splitlines()


def asked_here(host: str, port: int, times: int = 1) -> list[str]:
    """The same from this machine."""
    command = [sys.executable, "-c", ASK, host, str(port), str(times)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()


def names(answers: list[str]) -> set[str]:
    return {answer.split()[0] for answer in answers}


def test_a_pod_reaches_every_endpoint_of_a_service_by_its_name(petset: Petset) -> None:
    assert names(asked(petset, "front", 80, times=40)) == {"web-0", "web-1"}


def test_a_pod_reaches_itself_through_its_service(petset: Petset) -> None:
    assert names(asked(petset, "second.default.svc.cluster.local", 80, pod="web-1")) == {"web-1"}


def test_datagrams_are_led_too(petset: Petset) -> None:
    assert petset.exec("web-0", "python3", "-c", ASK_UDP, "front", "53") == "HELLO"


def test_the_machine_reaches_a_service_by_its_address(petset: Petset) -> None:
    address = petset.get("service", "front")["spec"]["clusterIP"]
    assert names(asked_here(address, 80, times=40)) == {"web-0", "web-1"}


def test_a_node_port_answers_at_every_address_of_the_machine(petset: Petset) -> None:
    port = petset.get("service", "front")["spec"]["ports"][0]["nodePort"]
    node = petset.get("nodes")["items"][0]["status"]["addresses"][0]["address"]
    assert names(asked_here("127.0.0.1", port, times=20)) == {"web-0", "web-1"}
    assert names(asked(petset, node, port)) <= {"web-0", "web-1"}


def test_a_service_without_endpoints_refuses_at_once(petset: Petset) -> None:
    address = petset.get("service", "nobody")["spec"]["clusterIP"]
    assert asked(petset, "nobody", 80) == asked_here(address, 80) == ["ConnectionRefusedError"]


ELSEWHERE = """\
apiVersion: v1
kind: Service
metadata: {name: elsewhere}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: Endpoints
metadata: {name: elsewhere}
subsets:
- {addresses: [{ip: ADDRESS}], ports: [{port: 8080}]}
"""


def test_a_service_without_a_selector_leads_to_the_endpoints_that_a_user_writes(petset: Petset) -> None:
    address = petset.get("pod", "web-1")["status"]["podIP"]
    petset.kubectl("apply", "-f", "-", stdin=ELSEWHERE.replace("ADDRESS", address))
    eventually("it is led there", lambda: names(asked(petset, "elsewhere", 80)) == {"web-1"})
    petset.kubectl("delete", "endpoints", "elsewhere")
    eventually("it is led nowhere", lambda: asked(petset, "elsewhere", 80) == ["ConnectionRefusedError"])


def test_a_port_that_the_service_does_not_have_refuses_at_once(petset: Petset) -> None:
    assert asked(petset, "front", 81) == ["ConnectionRefusedError"]


ASK_API = """\
import pathlib, ssl, sys, urllib.error, urllib.request
own = pathlib.Path("/var/run/secrets/kubernetes.io/serviceaccount")
trust = ssl.create_default_context(cafile=str(own / "ca.crt"))
bearer = {"Authorization": f"Bearer {(own / 'token').read_text()}"} if sys.argv[2] == "as-itself" else {}
path = sys.argv[1].replace("NAMESPACE", (own / "namespace").read_text())
request = urllib.request.Request("https://kubernetes.default.svc" + path, headers=bearer)
try:
    print(urllib.request.urlopen(request, context=trust).status)
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode())
"""
PODS = "/api/v1/namespaces/NAMESPACE/pods"


def api(petset: Petset, path: str, who: str = "as-itself") -> str:
    """What a pod is answered by the API."""
    return petset.exec("web-0", "python3", "-c", ASK_API, path, who)


def test_a_pod_reaches_the_api_as_its_own_account(petset: Petset) -> None:
    assert api(petset, "/api", "as-nobody").startswith("401 ")
    assert api(petset, "/version") == api(petset, "/api") == "200"
    refused = api(petset, PODS)
    assert refused.startswith("403 ") and "system:serviceaccount:default:default" in refused


MAY_LOOK = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: look, namespace: default}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: default, namespace: default}]
"""


def test_what_a_pod_may_do_is_what_its_account_is_given(petset: Petset) -> None:
    petset.kubectl("apply", "-f", "-", stdin=MAY_LOOK)
    eventually("the pod may look", lambda: api(petset, PODS) == "200")
    petset.kubectl("delete", "rolebinding", "look")


def test_the_api_says_where_it_answers(petset: Petset) -> None:
    assert petset.get("endpoints", "kubernetes")["subsets"][0]["addresses"] == [{"ip": "10.244.0.1"}]


def test_endpoints_follow_a_scale_down_and_up(petset: Petset) -> None:
    petset.kubectl("scale", "statefulset", "web", "--replicas=1")
    eventually("web-1 is out", lambda: asked(petset, "second", 80) == ["ConnectionRefusedError"])
    assert names(asked(petset, "front", 80, times=10)) == {"web-0"}
    petset.kubectl("scale", "statefulset", "web", "--replicas=2")
    eventually("web-1 is back", lambda: names(asked(petset, "second", 80)) == {"web-1"})


def test_pods_services_and_nodes_are_asked_through_the_api(petset: Petset) -> None:
    names = "/api/v1/namespaces/default"
    assert petset.kubectl("get", "--raw", f"{names}/pods/web-1:8000/proxy/etc/hostname").strip() == "web-1"
    seen = {petset.kubectl("get", "--raw", f"{names}/services/front:files/proxy/etc/hostname") for _ in range(2)}
    assert seen == {"web-0\n", "web-1\n"}
    refused = petset.try_kubectl("get", "--raw", f"{names}/pods/web-0:9/proxy/")
    assert "ServiceUnavailable" in refused.stderr and "error trying to reach service" in refused.stderr
    node = petset.get("nodes")["items"][0]["metadata"]["name"]
    assert petset.kubectl("get", "--raw", f"/api/v1/nodes/{node}/proxy/healthz") == "ok"
