"""A set that is not where its spec wants it gets one sentence for each thing that holds it up."""

from typing import Any

import pytest

from petset.cli.documents import Observed
from petset.cli.why import Explanation, explain, explain_pod

PROBE = {"exec": {"command": ["test", "-f", "/ready"]}}


def stateful_set(replicas: int = 3, **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"namespace": "n", "name": "web", "uid": "u", "generation": 2},
        "spec": {"replicas": replicas, "podManagementPolicy": "OrderedReady", **spec},
        "status": {"observedGeneration": 2, "updateRevision": "web-new"},
    }


def pod(ordinal: int, *, ready: bool = True, revision: str = "web-new", **meta: Any) -> dict[str, Any]:
    return {
        "metadata": {
            "namespace": "n",
            "name": f"web-{ordinal}",
            "uid": f"p{ordinal}",
            "labels": {"controller-revision-hash": revision},
            "ownerReferences": [{"uid": "u"}],
            **meta,
        },
        "spec": {"nodeName": "node-1", "containers": [{"name": "web", "readinessProbe": PROBE}]},
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
            "containerStatuses": [{"name": "web", "ready": ready, "started": True, "state": {"running": {}}}],
        },
    }


def crashed(ordinal: int) -> dict[str, Any]:
    found = pod(ordinal, ready=False)
    state = {"waiting": {"reason": "CrashLoopBackOff"}}
    ended = {"terminated": {"exitCode": 1}}
    status = {"name": "web", "restartCount": 3, "state": state, "lastState": ended}
    return {**found, "status": {**found["status"], "containerStatuses": [status]}}


def unhealthy(ordinal: int) -> dict[str, Any]:
    about = {"uid": f"p{ordinal}", "fieldPath": "spec.containers{web}"}
    text = "Readiness probe failed: "
    return {"metadata": {}, "involvedObject": about, "reason": "Unhealthy", "message": text, "count": 14}


def wait(subject: str, blocker: str, rule: int, because: str = "why", remedy: str = "Remedy.") -> dict[str, Any]:
    who = {"namespace": "n", "name": "web", "pod": subject, "blocker": blocker}
    return {**who, "rule": rule, "because": because, "remedy": remedy, "message": "…"}


FAILED = "readiness probe `exec test -f /ready` of container web failed 14 times"


def told(document: dict[str, Any], *pods: dict[str, Any], waits: tuple[dict[str, Any], ...] = ()) -> Explanation:
    warnings = [unhealthy(n) for n in range(5)]
    return explain(document, Observed([document], pods, warnings=warnings, waiting=waits))


TABLE: dict[str, tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]], str]] = {
    "a later ordinal waits for an earlier one, whose probe is named": (
        stateful_set(),
        [pod(0), pod(1, ready=False)],
        [wait("web-2", "web-1", 47)],
        f"web-2 waits: web-1 is not Ready: {FAILED}; OrderedReady holds all later ordinals; fix web-1, "
        "or create the set anew with podManagementPolicy: Parallel, which waits for nobody",
    ),
    "a stuck rollout says that the broken pod must be deleted by hand (rule 52)": (
        stateful_set(),
        [pod(0), pod(1), pod(2, ready=False, revision="web-old")],
        [wait("web-1", "web-2", 47)],
        f"web-1 waits: web-2 is not Ready: {FAILED}; OrderedReady holds all later ordinals, and the update too: it "
        "does not replace a broken pod; web-2 still has the former template: kubectl delete pod web-2 brings it "
        "back with the new one, as petset.dev/replace-broken-after would by itself",
    ),
    "an update goes on when the pod it has replaced is Ready": (
        stateful_set(),
        [pod(0, revision="web-old"), pod(1, revision="web-old"), pod(2, ready=False)],
        [wait("web-1", "web-2", 47)],
        f"web-1 waits: web-2 is not Ready: {FAILED}; OrderedReady goes on with the others only when it is Ready; "
        "fix web-2",
    ),
    "a template that cannot run: the pod must be deleted after the change (rule 52)": (
        stateful_set(),
        [crashed(0)],
        [wait("web-1", "web-0", 47)],
        "web-1 waits: web-0 is not Ready: container web has ended 3 times, last with exit code 1; OrderedReady "
        "holds all later ordinals; see kubectl logs web-0 -c web --previous; after a change of the template delete "
        "the pod too, which OrderedReady does not replace: kubectl delete pod web-0",
    ),
    "two unhealthy condemned pods block each other (rule 49)": (
        stateful_set(1),
        [pod(0), pod(2, ready=False), pod(4, ready=False)],
        [wait("web-4", "web-2", 49)],
        f"web-4 waits: web-2 is not Ready: {FAILED}; OrderedReady removes nobody while another pod is not Ready; "
        "both are to be removed and both are broken: kubectl delete pod web-2, or let the set do it: "
        "petset.dev/remove-broken=true",
    ),
    "a stuck rollout that the set has asked to go on says when it does (rule 52)": (
        stateful_set(),
        [pod(0), pod(1), pod(2, ready=False, revision="web-old")],
        [wait("web-1", "web-2", 47, "why", "It is replaced in 25 s (petset.dev/replace-broken-after).")],
        f"web-1 waits: web-2 is not Ready: {FAILED}; OrderedReady holds all later ordinals, and the update too; "
        "it is replaced in 25 s (petset.dev/replace-broken-after)",
    ),
    "an unhealthy replica blocks the way down (rule 49)": (
        stateful_set(1),
        [pod(0, ready=False), pod(1)],
        [wait("web-1", "web-0", 49)],
        f"web-1 waits: web-0 is not Ready: {FAILED}; OrderedReady removes nobody while another pod is not Ready; "
        "fix web-0",
    ),
    "the budget of an update is used up (rule 53)": (
        stateful_set(
            podManagementPolicy="Parallel",
            updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
        ),
        [pod(0, revision="web-old"), pod(1, revision="web-old"), pod(2, ready=False)],
        [wait("web-1", "web-2", 53)],
        f"web-1 waits: web-2 is not Ready: {FAILED}; it uses up the update's budget (maxUnavailable: 1); fix web-2",
    ),
    "a claim on its way out (rule 27)": (
        stateful_set(1),
        [],
        [wait("web-0", "data-web-0", 27, "its claim data-web-0 is being deleted", "See what holds it.")],
        "web-0 waits: its claim data-web-0 is being deleted; see what holds it",
    ),
    "the name is taken (rule 61)": (
        stateful_set(1),
        [],
        [wait("web-0", "web-0", 61, "a pod of that name exists", "Delete it.")],
        "web-0 waits: a pod of that name exists; delete it",
    ),
    "a pod that must go first": (
        stateful_set(),
        [pod(0), pod(1, ready=False, deletionTimestamp="x", deletionGracePeriodSeconds=30)],
        [wait("web-2", "web-1", 47)],
        "web-2 waits: web-1 is being deleted, with a grace period of 30 s; OrderedReady holds all later ordinals",
    ),
    "a Ready pod that is not Available yet keeps the controller's own words": (
        stateful_set(2, minReadySeconds=10),
        [pod(0)],
        [wait("web-1", "web-0", 47, "web-0 is Ready and must stay so for 10 s", "It is Available in 4 s.")],
        "web-1 waits: web-0 is Ready and must stay so for 10 s; it is Available in 4 s",
    ),
    "in Parallel each broken pod speaks for itself": (
        stateful_set(2, podManagementPolicy="Parallel"),
        [pod(0), pod(1, ready=False)],
        [],
        f"web-1 is not Ready: {FAILED}; fix web-1",
    ),
    "a set on its way out": (
        stateful_set(1) | {"metadata": {"namespace": "n", "name": "web", "uid": "u", "deletionTimestamp": "x"}},
        [pod(0)],
        [],
        "web is being deleted; 1 of its pods are left",
    ),
}


@pytest.mark.parametrize("story", TABLE)
def test_why(story: str) -> None:
    document, pods, waits, sentence = TABLE[story]
    found = told(document, *pods, waits=tuple(waits))
    assert not found.is_reached
    assert found.sentences[0] == sentence


def test_a_set_that_is_as_its_spec_says_says_so() -> None:
    assert told(stateful_set(2), pod(0), pod(1)) == Explanation(True, ("web is as its spec says: 2 of 2 ready",))


def test_a_partition_is_no_obstacle_and_is_not_forgotten() -> None:
    block = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
    found = told(stateful_set(2, updateStrategy=block), pod(0, revision="web-old"), pod(1))
    assert found.is_reached
    assert found.sentences[1] == (
        "the rollout stops at partition 1: web-0 keeps the former revision; set the partition to 0 to finish it"
    )


def test_on_delete_names_the_pods_to_delete() -> None:
    found = told(
        stateful_set(2, updateStrategy={"type": "OnDelete"}),
        pod(0, revision="web-old"),
        pod(1, revision="web-old"),
    )
    assert found.sentences[1] == (
        "OnDelete: web-0, web-1 keep the former revision until deleted: kubectl delete pod web-0 web-1"
    )


def test_one_pod_can_be_asked_about() -> None:
    document = stateful_set()
    observed = Observed(
        [document], [pod(0), pod(1, ready=False)], warnings=[unhealthy(1)], waiting=[wait("web-2", "web-1", 47)]
    )
    assert explain_pod("web-0", document, observed) == Explanation(True, ("web-0 is Ready",))
    assert explain_pod("web-1", document, observed).sentences == (f"web-1 is not Ready: {FAILED}; fix web-1",)
    assert explain_pod("web-2", document, observed).sentences[0].startswith("web-2 waits: web-1 is not Ready: ")
    assert explain_pod("web-7", document, observed).sentences == (
        "web-7 is no replica of web, which wants web-0 to web-2",
    )
