"""Draining a node of a set that has a budget, with kubectl against a server with simulated nodes."""

from collections.abc import Iterator

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


@pytest.fixture(scope="module")
def petset(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Petset]:
    petset = Petset(tmp_path_factory.mktemp("petset") / "data", tmp_path_factory.mktemp("home"))
    petset.petset("up", "--port", "0", "--runtime", "simulated", "--nodes", "2", "--detach")
    yield petset
    petset.petset("wipe", "--yes")


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
