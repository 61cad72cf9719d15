"""`petset plan`, feature gates and metrics of a running server: what they print; a plan changes nothing."""

import json

import pytest
from e2e.harness import Petset

RECREATE = "StatefulSetRecreateStrategy=true"
pytestmark = pytest.mark.timeout(120)

SET = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: "web:1"}
"""


@pytest.fixture(scope="module")
def petset(unstarted: Petset) -> Petset:
    unstarted.petset(
        "up", "-f", "-", "--port", "0", "--runtime", "simulated", "--wait", "--feature-gates", RECREATE, stdin=SET
    )
    return unstarted


def everything(petset: Petset) -> dict[str, str]:
    kinds = "statefulsets,pods,pvc,pv,controllerrevisions,services,configmaps,namespaces"
    items = petset.get(kinds, "-A")["items"]
    return {i["metadata"]["uid"]: i["metadata"]["resourceVersion"] for i in items}


def test_an_update_is_shown_step_by_step_and_nothing_is_changed(petset: Petset) -> None:
    before = everything(petset)
    new = SET.replace("web:1", "web:2")
    lines = petset.petset("plan", "-f", "-", stdin=new).splitlines()
    assert lines[0] == "statefulset.apps/web would be configured"
    assert lines[2].startswith("  2. delete pod web-1 (update)")
    assert lines[-1] == "default/web: web is as its spec says: 2 of 2 ready"
    assert everything(petset) == before


def test_the_same_as_json(petset: Petset) -> None:
    extra = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: other}\n"
    new = SET.replace("name: web}\nspec", "name: web, namespace: other}\nspec") + extra
    found = json.loads(petset.petset("plan", "-f", "-", "--output", "json", stdin=new))
    assert [o["outcome"] for o in found["objects"]] == ["created", "created"]
    assert [s["action"] for s in found["steps"] if s["kind"] == "Pod"] == ["create", "wait", "create", "wait"]
    assert found["outlooks"][0]["set"] == "other/web"
    assert petset.try_kubectl("get", "namespace", "other").returncode != 0


def test_what_cannot_be_changed_is_named_with_the_way_round(petset: Petset) -> None:
    done = petset.try_petset("plan", "-f", "-", stdin=SET.replace("replicas: 2", "serviceName: other"))
    assert done.returncode == 1
    assert "updates to statefulset spec for fields other than" in done.stderr
    assert "(changed: serviceName; to change that, 'kubectl delete statefulset web" in done.stderr
    assert "--cascade=orphan" in done.stderr


def test_wrong_use_ends_with_two(petset: Petset) -> None:
    assert petset.try_petset("plan").returncode == 2
    assert petset.try_petset("plan", "-f", "-", "-o", "xml", stdin=SET).returncode == 2


def test_a_plan_knows_the_gates_of_its_server(petset: Petset) -> None:
    new = SET.replace(
        "replicas: 2", "replicas: 2\n  updateStrategy: {type: Recreate, rollingUpdate: null}"
    ).replace("web:1", "web:2")
    steps = [line.partition(". ")[2] for line in petset.petset("plan", "-f", "-", stdin=new).splitlines()[2:5]]
    assert steps == [
        "delete pod web-1 (update)",
        "delete pod web-0 (update)",
        "wait until web-0 and web-1 are gone",
    ]


def test_gates_are_remembered_and_those_of_a_running_server_stand(petset: Petset) -> None:
    assert petset.try_petset("up", "--detach", "--feature-gates", RECREATE).returncode == 0
    done = petset.try_petset("up", "--detach", "--feature-gates", "AllAlpha=false")
    assert done.returncode == 2
    assert f"runs with --feature-gates {RECREATE}, not (none)" in done.stderr
    facts = json.loads((petset.directory / "server.json").read_text())
    assert facts["feature_gates"] == RECREATE


def test_the_numbers_are_served(petset: Petset) -> None:
    lines = petset.kubectl("get", "--raw", "/metrics").splitlines()
    assert any(line.startswith('workqueue_adds_total{name="statefulset"} ') for line in lines)
    budget = "statefulset_controller_statefulset_max_unavailable"
    labels = 'pod_management_policy="OrderedReady",statefulset_name="web",statefulset_namespace="default"'
    assert f"{budget}{{{labels}}} 1.0" in lines


def test_an_accepted_oddity_is_warned_of(petset: Petset) -> None:
    patch = '{"spec": {"revisionHistoryLimit": -1}}'
    done = petset.try_kubectl("patch", "statefulset", "web", "--type=merge", "-p", patch, "--dry-run=server")
    assert done.returncode == 0
    assert "Warning: spec.revisionHistoryLimit: a negative value retains all historical revisions" in done.stderr
