"""A webhook as operators run one: in a pod, behind a Service, with a certificate from a Secret."""

import base64
import json
from pathlib import Path

import pytest
from apiserver.webhook_server import certificates
from e2e.harness import Petset

pytestmark = [pytest.mark.containers, pytest.mark.timeout(120)]

PROGRAM = """\
import base64, http.server, json, signal, ssl, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
class Review(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        review = json.loads(self.rfile.read(int(self.headers["content-length"])))
        uid, kind = review["request"]["uid"], review["request"]["kind"]["kind"]
        response = {"uid": uid, "allowed": kind == "Pod", "status": {"message": "pods alone", "code": 403}}
        if response["allowed"]:
            patch = [{"op": "add", "path": "/metadata/annotations", "value": {"seen": "by the webhook"}}]
            text = base64.b64encode(json.dumps(patch).encode()).decode()
            response.update(patch=text, patchType="JSONPatch")
        body = json.dumps({**review, "request": None, "response": response}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/tls/tls.pem")
server = http.server.ThreadingHTTPServer(("", 8443), Review)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""
GUARD = """\
apiVersion: v1
kind: Service
metadata: {name: guard}
spec: {selector: {app: guard}, ports: [{port: 443, targetPort: 8443}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: guard}
spec:
  serviceName: guard
  selector: {matchLabels: {app: guard}}
  template:
    metadata: {labels: {app: guard}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - name: main
        image: debian:12
        command: [python3, -u, -c, PROGRAM]
        readinessProbe: {tcpSocket: {port: 8443}}
        volumeMounts: [{name: tls, mountPath: /tls}]
      volumes: [{name: tls, secret: {secretName: tls}}]
"""
WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{name: main, image: debian:12, command: [sh, -c, "trap exit TERM; sleep 1000 & wait"]}]
"""
CONFIGURATION = """\
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: guard}
webhooks:
- name: guard.example.com
  admissionReviewVersions: [v1]
  sideEffects: None
  clientConfig: {service: {name: guard, namespace: default}, caBundle: BUNDLE}
  objectSelector: {matchExpressions: [{key: app, operator: NotIn, values: [guard]}]}
  rules: [{operations: [CREATE], apiGroups: ["*"], apiVersions: ["*"], resources: [pods, secrets]}]
"""


@pytest.fixture(scope="module")
def petset(unstarted: Petset, own_network: None) -> Petset:
    unstarted.petset("up", "--port", "0", "--detach")
    return unstarted


def test_a_webhook_in_a_pod_sees_what_controllers_and_users_write(petset: Petset, tmp_path: Path) -> None:
    authority, chain = certificates(tmp_path)
    petset.kubectl("create", "secret", "generic", "tls", f"--from-file=tls.pem={chain}")
    petset.kubectl("apply", "-f", "-", stdin=GUARD.replace("PROGRAM", json.dumps(PROGRAM)))
    petset.kubectl("wait", "--for=condition=Ready", "pod/guard-0", "--timeout=60s")
    bundle = base64.b64encode(authority).decode()
    petset.kubectl("apply", "-f", "-", stdin=CONFIGURATION.replace("BUNDLE", bundle))
    petset.kubectl("apply", "-f", "-", stdin=WEB)
    petset.kubectl("wait", "--for=condition=Available", "deployment/web", "--timeout=60s")
    pods = petset.get("pods", "-l", "app=web")["items"]
    assert [pod["metadata"]["annotations"]["seen"] for pod in pods] == ["by the webhook"]
    refused = petset.try_kubectl("create", "secret", "generic", "other")
    assert 'admission webhook "guard.example.com" denied the request: pods alone' in refused.stderr
    petset.kubectl("delete", "pod", "guard-0", "--now")
    petset.kubectl("wait", "--for=condition=Ready", "pod/guard-0", "--timeout=60s")
    again = petset.try_kubectl("create", "secret", "generic", "other")
    assert "denied the request: pods alone" in again.stderr
