"""`petset why` on real containers: a probe that fails and a program that ends are named, with what they said."""

import pytest
from e2e.harness import Petset, eventually

pytestmark = [pytest.mark.containers, pytest.mark.timeout(180)]

SETS = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: busybox
        command: [sh, -c, "trap exit TERM; test $(hostname) = web-1 || touch /tmp/ready; sleep 3600 & wait"]
        readinessProbe: {exec: {command: [test, -f, /tmp/ready]}, periodSeconds: 1}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: job}
spec:
  replicas: 1
  selector: {matchLabels: {app: job}}
  template:
    metadata: {labels: {app: job}}
    spec:
      containers:
      - {name: job, image: busybox, command: [sh, -c, "echo starting; echo no such database >&2; exit 3"]}
"""


@pytest.fixture(scope="module")
def petset(unstarted: Petset, own_network: None) -> Petset:
    unstarted.petset("up", "-f", "-", "--port", "0", "--detach", stdin=SETS)
    return unstarted


def says(petset: Petset, name: str, *words: str) -> bool:
    done = petset.try_petset("why", name)
    return done.returncode == 1 and all(word in done.stdout for word in words)


def test_a_failing_probe_is_named_until_it_succeeds(petset: Petset) -> None:
    probe = "web-2 waits: web-1 is not Ready: readiness probe `exec test -f /tmp/ready` of container web failed "
    eventually("the probe is named", lambda: says(petset, "web", probe, " times; OrderedReady holds all later"))
    assert "Blocked: web-2 waits: web-1 is not Ready" in petset.petset("status")
    petset.exec("web-1", "touch", "/tmp/ready")
    eventually("all is well", lambda: petset.try_petset("why", "web").returncode == 0)
    assert petset.petset("why", "pod/web-2") == "web-2 is Ready\n"


def test_a_program_that_ends_is_named_with_its_exit_code_and_last_words(petset: Petset) -> None:
    words = "job-0 is not Ready: container job has ended ", 'last with exit code 3: "no such database"'
    eventually("the crash is told", lambda: says(petset, "job", *words))
