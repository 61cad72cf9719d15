"""Rules 73 and 74: what kubectl says of a rollout, and what it does to one.

The server is real, its nodes are simulated. Pods wait for a readiness gate, so that the test decides when each is
Ready.
"""

import json
import subprocess

import pytest
from e2e.harness import KUBECTL, Petset, eventually

pytestmark = pytest.mark.timeout(120)
GATE = "example.com/open"
SET = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: {name}}}
spec:
  serviceName: {name}
  replicas: 2
  updateStrategy: {strategy}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      terminationGracePeriodSeconds: 0
      {gates}
      containers:
      - {{name: web, image: "web:1"}}
"""


def apply(petset: Petset, name: str, strategy: str = "{}", gates: str = "") -> None:
    petset.kubectl("apply", "-f", "-", stdin=SET.format(name=name, strategy=strategy, gates=gates))


def open_gate(petset: Petset, pod: str) -> None:
    """Let the pod be Ready, as soon as it is there."""
    patch = {"status": {"conditions": [{"type": GATE, "status": "True"}]}}
    command = ("patch", "pod", pod, "--subresource=status", "-p", json.dumps(patch))
    eventually(f"{pod} is there", lambda: petset.try_kubectl(*command).returncode == 0)


def image_of(petset: Petset, name: str) -> str:
    return str(petset.get("sts", name)["spec"]["template"]["spec"]["containers"][0]["image"])


def test_the_status_of_a_rollout_counts_the_pods_that_are_not_ready(petset: Petset) -> None:
    apply(petset, "gated", gates=f"readinessGates: [{{conditionType: {GATE}}}]")
    command = [str(KUBECTL), "rollout", "status", "sts/gated", "--timeout=60s"]
    with subprocess.Popen(command, env=petset.environment, stdout=subprocess.PIPE, text=True) as following:
        assert following.stdout is not None
        assert following.stdout.readline() == "Waiting for 2 pods to be ready...\n"
        open_gate(petset, "gated-0")
        assert "Waiting for 1 pods to be ready...\n" in iter(following.stdout.readline, "")
        open_gate(petset, "gated-1")
        last = following.stdout.read().splitlines()[-1]
    assert last == "partitioned roll out complete: 2 new pods have been updated..."
    assert following.returncode == 0


def test_a_rollout_without_a_block_names_its_revision_when_it_is_complete(petset: Petset) -> None:
    apply(petset, "plain", "{type: RollingUpdate}")
    petset.kubectl("rollout", "status", "sts/plain", "--timeout=60s")
    revision = petset.get("sts", "plain")["status"]["currentRevision"]
    said = petset.kubectl("rollout", "status", "sts/plain")
    assert said == f"statefulset rolling update complete 2 pods at revision {revision}...\n"


def test_a_partitioned_rollout_is_complete_when_its_part_is(petset: Petset) -> None:
    apply(petset, "parted", "{rollingUpdate: {partition: 1}}")
    petset.kubectl("rollout", "status", "sts/parted", "--timeout=60s")
    petset.kubectl("set", "image", "sts/parted", "web=web:2")
    said = petset.kubectl("rollout", "status", "sts/parted", "--timeout=60s")
    assert said.endswith("partitioned roll out complete: 1 new pods have been updated...\n")
    assert petset.pod("parted-0")["spec"]["containers"][0]["image"] == "web:1"
    assert petset.pod("parted-1")["spec"]["containers"][0]["image"] == "web:2"


def test_the_status_of_a_set_that_rolls_nothing_out_is_refused(petset: Petset) -> None:
    apply(petset, "manual", "{type: OnDelete}")
    done = petset.try_kubectl("rollout", "status", "sts/manual")
    assert done.returncode == 1
    assert done.stderr == "error: rollout status is only available for RollingUpdate strategy type\n"


def test_a_rollout_is_remembered_undone_restarted_and_cannot_be_paused(petset: Petset) -> None:
    apply(petset, "web")
    petset.kubectl("rollout", "status", "sts/web", "--timeout=60s")
    petset.kubectl("set", "image", "sts/web", "web=web:2")
    petset.kubectl("rollout", "status", "sts/web", "--timeout=60s")
    numbers = [line.split()[0] for line in petset.kubectl("rollout", "history", "sts/web").splitlines()[2:] if line]
    assert numbers == ["1", "2"]
    assert "web:1" in petset.kubectl("rollout", "history", "sts/web", "--revision=1")
    first = petset.get("controllerrevisions", "-l", "app=web")["items"]
    assert petset.kubectl("rollout", "undo", "sts/web") == "statefulset.apps/web rolled back\n"
    assert image_of(petset, "web") == "web:1"
    petset.kubectl("rollout", "status", "sts/web", "--timeout=60s")
    revisions = petset.get("controllerrevisions", "-l", "app=web")["items"]
    assert sorted(r["revision"] for r in revisions) == [2, 3]  # rule 37: the old one has become the newest
    assert {r["metadata"]["name"] for r in revisions} == {r["metadata"]["name"] for r in first}
    assert petset.kubectl("rollout", "undo", "sts/web", "--to-revision=2") == "statefulset.apps/web rolled back\n"
    assert image_of(petset, "web") == "web:2"
    petset.kubectl("rollout", "status", "sts/web", "--timeout=60s")
    assert petset.kubectl("rollout", "restart", "sts/web") == "statefulset.apps/web restarted\n"
    template = petset.get("sts", "web")["spec"]["template"]
    assert "kubectl.kubernetes.io/restartedAt" in template["metadata"]["annotations"]
    petset.kubectl("rollout", "status", "sts/web", "--timeout=60s")
    paused = petset.try_kubectl("rollout", "pause", "sts/web")
    assert (paused.returncode, paused.stderr) == (1, 'error: statefulsets.apps "web" pausing is not supported\n')


def test_waiting_for_a_condition_that_no_set_has_ends_with_the_time(petset: Petset) -> None:
    apply(petset, "steady")
    petset.kubectl("rollout", "status", "sts/steady", "--timeout=60s")
    done = petset.try_kubectl("wait", "--for=condition=Available", "sts/steady", "--timeout=1s")
    assert done.returncode == 1
    assert done.stderr == "error: timed out waiting for the condition on statefulsets/steady\n"
