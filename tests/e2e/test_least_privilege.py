"""Components of a running server act as accounts of their own: kubectl sees it, and may take it from them."""

import pytest
from e2e.harness import Petset, eventually

pytestmark = pytest.mark.timeout(120)

ROLE = "system:controller:statefulset-controller"
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
      terminationGracePeriodSeconds: 0
      containers:
      - {name: main, image: "redis:7.0", envFrom: [{secretRef: {name: mine}}]}
"""


def test_a_controller_without_its_role_makes_no_pods_until_it_has_it_again(petset: Petset) -> None:
    may = ("auth", "can-i", "create", "pods", f"--as=system:serviceaccount:kube-system:{ROLE.rpartition(':')[2]}")
    assert petset.kubectl(*may).strip() == "yes"
    petset.kubectl("create", "secret", "generic", "mine", "--from-literal=a=b")
    petset.kubectl("delete", "clusterrolebinding", ROLE)
    assert petset.try_kubectl(*may).stdout.strip() == "no"
    petset.kubectl("apply", "-f", "-", stdin=SET)
    refusal = 'statefulset-controller" cannot update resource "statefulsets/status" in API group "apps"'
    eventually("the controller is refused", lambda: refusal in (petset.directory / "server.log").read_text())
    assert petset.pods() == []
    account = f"kube-system:{ROLE.rpartition(':')[2]}"
    petset.kubectl("create", "clusterrolebinding", ROLE, f"--clusterrole={ROLE}", f"--serviceaccount={account}")
    petset.kubectl("rollout", "status", "statefulset/web", "--timeout=60s")


def test_a_node_reads_what_its_pods_name_and_nobody_elses(petset: Petset) -> None:
    petset.kubectl("create", "secret", "generic", "other", "--from-literal=a=b")
    here = petset.pod("web-0")["spec"]["nodeName"]
    there = next(name for name in ("node-1", "node-2") if name != here)

    def as_node(name: str, *arguments: str) -> str:
        done = petset.try_kubectl(f"--as=system:node:{name}", "--as-group=system:nodes", *arguments)
        return done.stdout + done.stderr

    assert as_node(here, "get", "secret", "mine", "-o", "name").strip() == "secret/mine"
    why = f"no relationship found between node '{there}' and this object"
    assert why in as_node(there, "get", "secret", "mine")
    assert "no relationship found" in as_node(here, "get", "secret", "other")
    assert "token not bound to a pod" in as_node(here, "create", "token", "default")
    uid = petset.pod("web-0")["metadata"]["uid"]
    bound = ("create", "token", "default", "--bound-object-kind=Pod", "--bound-object-name=web-0")
    assert as_node(here, *bound, f"--bound-object-uid={uid}").count(".") == 2
    assert why in as_node(there, *bound, f"--bound-object-uid={uid}")
    assert f"cannot read '{there}', only its own Node object" in as_node(here, "label", "node", there, "a=b")
    assert "labeled" in as_node(here, "label", "node", here, "a=b")


def test_the_accounts_and_roles_of_the_controllers_are_there(petset: Petset) -> None:
    accounts = petset.kubectl("-n", "kube-system", "get", "serviceaccounts", "-o", "name").split()
    assert {"serviceaccount/statefulset-controller", "serviceaccount/generic-garbage-collector"} <= set(accounts)
    described = petset.kubectl("describe", "clusterrole", "system:controller:statefulset-controller")
    assert "statefulsets.apps/status" in described
