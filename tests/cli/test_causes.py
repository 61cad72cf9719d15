"""Why one pod is not Ready, down to the container: a table of what its documents say and what a person reads."""

from typing import Any

import pytest

from petset.cli.causes import cause_of
from petset.cli.documents import Observed

WEB = {"name": "web", "image": "web:1"}


def pod(*, status: dict[str, Any] | None = None, spec: dict[str, Any] | None = None, **meta: Any) -> dict[str, Any]:
    return {
        "metadata": {"namespace": "n", "name": "web-1", "uid": "u1", **meta},
        "spec": {"nodeName": "node-1", "containers": [WEB], **(spec or {})},
        "status": {"phase": "Running", **(status or {})},
    }


def containers(**status: Any) -> dict[str, Any]:
    return {"containerStatuses": [{"name": "web", "image": "web:1", "ready": False, **status}]}


def waiting(reason: str, message: str = "", **rest: Any) -> dict[str, Any]:
    return containers(state={"waiting": {"reason": reason, "message": message}}, **rest)


def warning(reason: str, message: str, count: int = 1, uid: str = "u1", container: str = "web") -> dict[str, Any]:
    path = f"spec.containers{{{container}}}"
    about = {"uid": uid, "fieldPath": path}
    return {"metadata": {}, "involvedObject": about, "reason": reason, "message": message, "count": count}


def probed(kind: str, probe: dict[str, Any]) -> dict[str, Any]:
    return {"containers": [{**WEB, kind: probe}]}


def condition(kind: str, message: str = "", reason: str = "") -> dict[str, Any]:
    return {"conditions": [{"type": kind, "status": "False", "message": message, "reason": reason}]}


RUNNING = containers(state={"running": {}}, started=True)
CRASHED = {"lastState": {"terminated": {"exitCode": 3, "message": "one\nbad config"}}, "restartCount": 4}
EXEC = {"exec": {"command": ["test", "-f", "/ready"]}}
HTTP = {"httpGet": {"path": "/health", "port": 8080}}
VOLUME = {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data-web-1"}}], "nodeName": ""}
CLAIM = {"metadata": {"namespace": "n", "name": "data-web-1", "uid": "c"}, "status": {"phase": "Pending"}}

TABLE: dict[str, tuple[dict[str, Any], list[dict[str, Any]], str]] = {
    "a readiness probe that fails is named with its command and how often it failed": (
        pod(status=RUNNING, spec=probed("readinessProbe", EXEC)),
        [
            warning("Unhealthy", "Readiness probe failed: not yet", 13),
            warning("Unhealthy", "Readiness probe failed: "),
        ],
        "readiness probe `exec test -f /ready` of container web failed 14 times: not yet",
    ),
    "failures of another container's probe, or of another kind, do not count": (
        pod(status=RUNNING, spec=probed("readinessProbe", EXEC)),
        [
            warning("Unhealthy", "Readiness probe failed: x", container="side"),
            warning("Unhealthy", "Liveness probe failed: x"),
        ],
        "readiness probe `exec test -f /ready` of container web has not succeeded yet",
    ),
    "an http probe shows its address": (
        pod(status=RUNNING, spec=probed("readinessProbe", HTTP)),
        [warning("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 500", 2)],
        "readiness probe `GET http://:8080/health` of container web failed twice: "
        "HTTP probe failed with statuscode: 500",
    ),
    "a startup probe comes before the readiness probe": (
        pod(
            status=containers(state={"running": {}}, started=False),
            spec={"containers": [{**WEB, "startupProbe": {"tcpSocket": {"port": 80}}, "readinessProbe": EXEC}]},
        ),
        [],
        "startup probe `tcp 80` of container web has not succeeded yet",
    ),
    "a crash loop tells how often, the exit code and the last words": (
        pod(status=waiting("CrashLoopBackOff", **CRASHED)),
        [],
        'container web has ended 4 times, last with exit code 3: "bad config"',
    ),
    "without a message the last line of the log stands for it": (
        pod(status=waiting("CrashLoopBackOff", restartCount=1, lastState={"terminated": {"exitCode": 139}})),
        [],
        'container web has ended once, last with exit code 139, SIGSEGV: "the last line"',
    ),
    "a container that ran out of memory is told as such": (
        pod(status=containers(state={"terminated": {"exitCode": 137, "reason": "OOMKilled", "message": "."}})),
        [],
        'container web has ended once, last with exit code 137, SIGKILL, out of memory: "."',
    ),
    "a container that its liveness probe ended blames the probe": (
        pod(
            status=waiting("CrashLoopBackOff", lastState={"terminated": {"exitCode": 0, "message": "bye"}}),
            spec=probed("livenessProbe", HTTP),
        ),
        [warning("Unhealthy", "Liveness probe failed: refused", 3)],
        'container web has ended once, last with exit code 0: "bye"; '
        "its liveness probe `GET http://:8080/health` failed 3 times",
    ),
    "an image that cannot be had": (
        pod(status=waiting("ErrImagePull", "web:1 is in no image map")),
        [],
        "container web has no image: web:1 is in no image map",
    ),
    "a back-off of a pull shows what the pull said": (
        pod(status=waiting("ImagePullBackOff", "Back-off pulling")),
        [warning("Failed", 'Failed to pull image "web:1": no such image')],
        'container web has no image: Failed to pull image "web:1": no such image',
    ),
    "a container whose configuration is missing": (
        pod(status=waiting("CreateContainerConfigError", 'configmap "c" not found')),
        [],
        'container web cannot be started: CreateContainerConfigError: configmap "c" not found',
    ),
    "a volume that cannot be mounted": (
        pod(status=waiting("ContainerCreating") | {"phase": "Pending"}),
        [warning("FailedMount", 'secret "s" not found', 5)],
        'FailedMount (5 times): secret "s" not found',
    ),
    "a pod that no node can take": (
        pod(
            spec={"nodeName": ""}, status=condition("PodScheduled", "0/1 nodes are available: 1 Insufficient cpu.")
        ),
        [],
        "no node can take it: 0/1 nodes are available: 1 Insufficient cpu.",
    ),
    "no nodes at all": (
        pod(spec={"nodeName": ""}, status=condition("PodScheduled", "no nodes available to schedule pods")),
        [],
        "there is no node to run it",
    ),
    "a claim that nobody can bind comes before what the scheduler says of it": (
        pod(spec=VOLUME, status=condition("PodScheduled", "pod has unbound immediate PersistentVolumeClaims")),
        [warning("ProvisioningFailed", 'storageclass "fast" not found', uid="c")],
        'its claim data-web-1 is Pending: storageclass "fast" not found',
    ),
    "a node that went silent": (
        pod(status=RUNNING | condition("Ready", reason="NodeNotReady")),
        [],
        "its node node-1 has gone silent",
    ),
    "a pod held by a finalizer": (
        pod(deletionTimestamp="2026-01-01T00:00:00Z", finalizers=["example.com/hold"]),
        [],
        "it is being deleted and held by its finalizer example.com/hold",
    ),
    "a pod that has ended": (
        pod(status={"phase": "Failed", "reason": "Evicted", "message": "low on disk"}),
        [],
        "it has ended (Failed, Evicted: low on disk) and is being replaced",
    ),
    "a readiness gate that nobody opened": (
        pod(status={**condition("Ready", "no condition of gate a/b", "ReadinessGatesNotReady")}),
        [],
        "no condition of gate a/b",
    ),
    "a pod that is on its way": (
        pod(status=waiting("ContainerCreating") | {"phase": "Pending"}),
        [],
        "container web is being started",
    ),
    "an init container at work": (
        pod(status={"phase": "Pending", "initContainerStatuses": [{"name": "copy", "state": {"running": {}}}]}),
        [],
        "init container copy is still at work",
    ),
}


@pytest.mark.parametrize("story", TABLE)
def test_cause(story: str) -> None:
    document, warnings, text = TABLE[story]
    lines = {("n", "web-1", "web"): "the last line"}
    cause = cause_of(document, Observed([], [document], [CLAIM], warnings, last_lines=lines))
    assert cause is not None
    assert cause.text == text


def test_a_ready_pod_has_no_cause() -> None:
    document = pod(status={"conditions": [{"type": "Ready", "status": "True"}]})
    assert cause_of(document, Observed([], [document])) is None


@pytest.mark.parametrize(
    ("status", "is_trouble"),
    [
        (waiting("CrashLoopBackOff", **CRASHED), True),
        (waiting("ErrImagePull"), True),
        (waiting("ContainerCreating"), False),
        (RUNNING, False),
    ],
)
def test_what_passes_by_itself_is_no_trouble(status: dict[str, Any], is_trouble: bool) -> None:
    document = pod(status=status)
    cause = cause_of(document, Observed([], [document]))
    assert cause is not None
    assert cause.is_trouble is is_trouble
