"""Draining a node of a set that has a budget, with kubectl against a server with simulated nodes."""

import pytest
from e2e.harness import Petset, eventually

pytestmark = pytest.mark.timeout(120)

GUARDED = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  replicas: 4
  serviceName: web
  podManagementPolicy: Parallel
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{name: main, image: "redis:7.0"}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec:
  maxUnavailable: 1
  selector: {matchLabels: {app: web}}
"""


def test_a_drain_waits_for_the_budget_and_goes_on(petset: Petset) -> None:
    petset.kubectl("apply", "-f", "-", stdin=GUARDED)
    petset.kubectl("rollout", "status", "statefulset/web", "--timeout=60s")
    eventually("one disruption allowed", lambda: "1" in petset.kubectl("get", "pdb", "web").split()[-2:])
    drained = petset.try_kubectl("drain", "node-1", "--timeout=60s")
    assert drained.returncode == 0, drained.stderr
    refusal = "(will retry after 5s): Cannot evict pod as it would violate the pod's disruption budget."
    assert refusal in drained.stderr
    assert "node/node-1 drained" in drained.stdout
    petset.kubectl("rollout", "status", "statefulset/web", "--timeout=60s")
    nodes = {pod["spec"]["nodeName"] for pod in petset.get("pods")["items"]}
    assert nodes == {"node-2"}
    petset.kubectl("wait", "--for=condition=DisruptionAllowed", "pdb/web", "--timeout=60s")
    assert "DisruptionAllowed" in petset.kubectl("get", "pdb", "web", "-o", "yaml")
    assert "Allowed disruptions:  1" in petset.kubectl("describe", "pdb", "web")


DATABASES = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: %(plural)s.data.example.com}
spec:
  group: data.example.com
  scope: Namespaced
  names: {plural: %(plural)s, kind: %(kind)s}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}%(more)s}
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
"""
SCALE = ", scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}"
GUARDED_CUSTOM = """\
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: db}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: db}}}
"""


def owned(petset: Petset, number: int, resource: str, kind: str) -> str:
    uid = petset.get(resource, "db")["metadata"]["uid"]
    owner = f"{{apiVersion: data.example.com/v1, kind: {kind}, name: db, uid: {uid}, controller: true}}"
    return f"""\
apiVersion: v1
kind: Pod
metadata: {{name: db-{number}, labels: {{app: db}}, ownerReferences: [{owner}]}}
spec: {{terminationGracePeriodSeconds: 0, nodeName: node-2, containers: [{{name: main, image: "redis:7.0"}}]}}
"""


def test_a_budget_counts_on_the_scale_of_a_custom_kind(petset: Petset) -> None:
    petset.kubectl("delete", "statefulset/web", "pdb/web", "--wait")
    definitions = [
        DATABASES % {"plural": "databases", "kind": "Database", "more": SCALE},
        DATABASES % {"plural": "lonelies", "kind": "Lonely", "more": ""},
    ]
    petset.kubectl("apply", "-f", "-", stdin="---\n".join([*definitions, GUARDED_CUSTOM]))
    petset.kubectl("wait", "--for=condition=Established", "crd", "--all")
    for kind in ("Database", "Lonely"):
        made = f"apiVersion: data.example.com/v1\nkind: {kind}\nmetadata: {{name: db}}\nspec: {{replicas: 3}}\n"
        petset.kubectl("apply", "-f", "-", stdin=made)

    def status() -> tuple[int, int, int, int]:
        found = petset.get("pdb", "db")["status"]
        names = ("expectedPods", "desiredHealthy", "currentHealthy", "disruptionsAllowed")
        return tuple(found[name] for name in names)  # type: ignore[return-value]

    pods = "---\n".join(owned(petset, number, "databases", "Database") for number in range(3))
    petset.kubectl("apply", "-f", "-", stdin=pods)
    eventually("three are expected", lambda: status() == (3, 2, 3, 1))
    petset.kubectl("uncordon", "node-1", "node-2")
    drained = petset.try_kubectl("drain", "node-2", "--timeout=1s")
    assert drained.returncode != 0
    assert "would violate the pod's disruption budget" in drained.stderr
    assert len(petset.pods()) == 2  # one was let go, and nobody makes another
    petset.kubectl("scale", "databases/db", "--replicas=1")
    eventually("one is expected, and may go", lambda: status()[:2] == (1, 0))
    drained = petset.try_kubectl("drain", "node-2", "--timeout=60s")
    assert drained.returncode == 0, drained.stderr

    petset.kubectl("apply", "-f", "-", stdin=owned(petset, 9, "lonelies", "Lonely"))
    why = "lonelies.data.example.com does not implement the scale subresource"
    eventually("it cannot be counted", lambda: why in petset.kubectl("get", "pdb", "db", "-o", "yaml"))
    (condition,) = petset.get("pdb", "db")["status"]["conditions"]
    assert (condition["reason"], condition["status"], condition["message"]) == ("SyncFailed", "False", why)
    assert status()[3] == 0
