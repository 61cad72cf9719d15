"""Bad input gets one clear message, an exit code, and changes nothing."""

import pytest
from e2e.harness import Petset

GOOD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: good}\ndata: {a: b}\n"
SET = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  serviceName: web
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: "nowhere.example/absent:1"}
"""

pytestmark = pytest.mark.timeout(120)


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ("kind: [", "standard input:"),
        (GOOD + "data: {}\n", 'key "data" is set twice'),
        (SET.replace("serviceName", "servicename"), 'unknown field "spec.servicename"'),
        (SET.replace("spec:\n  serviceName", "spec:\n  replicas: three\n  serviceName"), "spec.replicas"),
        (
            SET.replace("{app: web}}\n  template", "{app: other}}\n  template"),
            "`selector` does not match template `labels`",
        ),
        (
            SET.replace('image: "nowhere.example/absent:1"', "imagePullPolicy: Always"),
            "spec.template.spec.containers[0].image",
        ),
        ("apiVersion: apps/v1\nkind: Starship\nmetadata: {name: a}\n", "no kind Starship in apps/v1"),
        (GOOD.replace("good", "Not_A_Name"), "metadata.name"),
    ],
)
def test_a_bad_manifest_is_refused_whole(petset: Petset, manifest: str, message: str) -> None:
    both = f"{GOOD}---\n{manifest}"
    done = petset.try_petset("up", "-f", "-", "--detach", stdin=both)
    assert done.returncode == 1
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert petset.try_kubectl("get", "configmap", "good").returncode != 0


def test_a_change_that_the_server_forbids_leaves_everything_as_it_was(petset: Petset) -> None:
    petset.petset("up", "-f", "-", "--wait", stdin=SET)
    changed = SET.replace("serviceName: web", "serviceName: other")
    done = petset.try_petset("up", "-f", "-", "--detach", stdin=f"{GOOD}---\n{changed}")
    assert done.returncode == 1
    assert "updates to statefulset spec for fields other than" in done.stderr
    assert petset.try_kubectl("get", "configmap", "good").returncode != 0


def test_other_settings_than_the_running_servers_are_refused(petset: Petset) -> None:
    done = petset.try_petset("up", "--nodes", "3", "--detach")
    assert done.returncode == 2
    assert "runs with --nodes 2" in done.stderr


def test_a_wait_that_is_too_short_says_what_is_missing(petset: Petset) -> None:
    unschedulable = SET.replace("web", "big").replace(
        "containers:", "nodeSelector: {moon: base}\n      containers:"
    )
    done = petset.try_petset("up", "-f", "-", "--wait", "--timeout", "1", stdin=unschedulable)
    assert done.returncode == 1
    assert "default/big has 0 of 1 ready (big-0:" in done.stderr
    assert "0/2 nodes are available" in done.stderr
