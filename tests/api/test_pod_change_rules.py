"""What may be changed about a pod, by which way: its specification, its status, its resources, its debuggers."""

from typing import Any

import pytest
from api import faults
from api.documents import POD, pod

from petset.api.validation.pod_updates import ONLY_THESE

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
TERMS = f"spec.affinity.nodeAffinity.{REQUIRED}.nodeSelectorTerms"
GATED = {"spec__schedulingGates": [{"name": "shop.example/paid"}]}


def nodes(*expressions: str) -> dict[str, Any]:
    term = {"matchExpressions": [{"key": key, "operator": "Exists"} for key in expressions]}
    return {"spec__affinity": {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [term]}}}}


CHANGES: list[tuple[dict[str, Any], dict[str, Any], list[str]]] = [
    ({}, {"spec__activeDeadlineSeconds": 9}, []),
    (
        {"spec__activeDeadlineSeconds": 9},
        {"spec__activeDeadlineSeconds": 10},
        ["spec.activeDeadlineSeconds: Invalid value: 10: must be less than or equal to previous value"],
    ),
    (
        {"spec__activeDeadlineSeconds": 9},
        {},
        ['spec.activeDeadlineSeconds: Invalid value: "null": must not update from a positive integer to nil value'],
    ),
    ({}, {"spec__nodeSelector": {"a": "b"}}, [f"spec: Forbidden: {ONLY_THESE}"]),
    (GATED, {**GATED, "spec__nodeSelector": {"a": "b"}}, []),
    (
        {**GATED, "spec__nodeSelector": {"a": "b"}},
        {**GATED, "spec__nodeSelector": {"a": "c"}},
        [
            'spec.nodeSelector: Invalid value: {"a":"c"}: '
            "only additions to spec.nodeSelector are allowed (no mutations or deletions)"
        ],
    ),
    (GATED, {**GATED, **nodes("a")}, []),
    ({**GATED, **nodes("a")}, {**GATED, **nodes("a", "b")}, []),
    (
        {**GATED, **nodes("a")},
        {**GATED, **nodes("b")},
        [
            f'{TERMS}[0]: Invalid value: {{"matchExpressions":[{{"key":"b","operator":"Exists"}}]}}: '
            "only additions are allowed (no mutations or deletions)"
        ],
    ),
    ({}, nodes("a"), [f"spec: Forbidden: {ONLY_THESE}"]),
    (GATED, {}, []),
    (
        {},
        GATED,
        [
            "spec.schedulingGates[0].name: Forbidden: "
            "only deletion is allowed, but found new scheduling gate 'shop.example/paid'"
        ],
    ),
    ({"spec__terminationGracePeriodSeconds": -1}, {"spec__terminationGracePeriodSeconds": 1}, []),
    (
        {"metadata__annotations": {"container.apparmor.security.beta.kubernetes.io/main": "unconfined"}},
        {},
        [
            "metadata.annotations[container.apparmor.security.beta.kubernetes.io/main]: Forbidden: "
            "may not remove or update AppArmor annotations"
        ],
    ),
    (
        {},
        {"spec__containers": [{"name": "main", "image": "shop/web:3 "}]},
        ['spec.containers[0].image: Invalid value: "shop/web:3 ": must not have leading or trailing whitespace'],
    ),
]


@pytest.mark.parametrize(("before", "after", "said"), CHANGES)
def test_a_change_of_a_pod(before: dict[str, Any], after: dict[str, Any], said: list[str]) -> None:
    assert faults.of_update(POD, pod(**after), pod(**before)) == said


def ended(code: int) -> dict[str, Any]:
    return {"name": "main", "image": "i", "imageID": "", "ready": False, "restartCount": 0,
            "state": {"terminated": {"exitCode": code}}}  # fmt: skip


ALIVE = {"name": "main", "image": "i", "imageID": "", "ready": True, "restartCount": 0, "state": {"running": {}}}
BACK = "status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state"
STATUS: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any], list[str]]] = [
    ({"spec__restartPolicy": "Never"}, {"containerStatuses": [ended(1)]}, {"containerStatuses": [ALIVE]}, [BACK]),
    ({"spec__restartPolicy": "OnFailure"}, {"containerStatuses": [ended(0)]},
     {"containerStatuses": [ALIVE]}, [BACK]),
    ({"spec__restartPolicy": "OnFailure"}, {"containerStatuses": [ended(1)]}, {"containerStatuses": [ALIVE]}, []),
    ({}, {"containerStatuses": [ended(0)]}, {"containerStatuses": [ALIVE]}, []),
    (
        {},
        {"qosClass": "BestEffort"},
        {"qosClass": "Burstable"},
        ['status.qosClass: Invalid value: "Burstable": field is immutable'],
    ),
    (
        {},
        {},
        {"podIPs": [{"ip": "10.0.0.1"}, {"ip": "10.0.0.2"}]},
        [
            'status.podIPs: Invalid value: [{"ip":"10.0.0.1"},{"ip":"10.0.0.2"}]: '
            "may specify no more than one IP for each IP family"
        ],
    ),
    ({}, {}, {"podIPs": [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}]}, []),
    (
        {},
        {},
        {"hostIP": "10.0.0.1", "hostIPs": [{"ip": "10.0.0.2"}]},
        ['status.hostIPs[0].ip: Invalid value: "10.0.0.2": must be equal to `hostIP`'],
    ),
    ({}, {}, {"conditions": [{"type": "shop.example/paid", "status": "True"}]}, []),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "before", "after", "said"), STATUS)
def test_a_change_of_what_is_said_of_a_pod(
    changes: dict[str, Any], before: dict[str, Any], after: dict[str, Any], said: list[str]
) -> None:
    old, new = (pod(**changes, status=status) for status in (before, after))
    assert faults.of_update(POD, new, old, "status") == said


def sized(cpu: str, **fields: Any) -> dict[str, Any]:
    return {"name": "main", "image": "i", "resources": {"requests": {"cpu": cpu}}, **fields}


RESIZES: list[tuple[dict[str, Any], dict[str, Any], list[str]]] = [
    ({"spec__containers": [sized("1")]}, {"spec__containers": [sized("2")]}, []),
    (
        {"spec__initContainers": [sized("1", name="first")]},
        {"spec__initContainers": [sized("2", name="first")]},
        ["spec: Forbidden: resources for non-sidecar init containers are immutable"],
    ),
    (
        {"spec__initContainers": [sized("1", name="first", restartPolicy="Always")]},
        {"spec__initContainers": [sized("2", name="first", restartPolicy="Always")]},
        [],
    ),
    (
        {"spec__containers": [sized("1")], "metadata__annotations": {"kubernetes.io/config.mirror": "x"}},
        {"spec__containers": [sized("2")], "metadata__annotations": {"kubernetes.io/config.mirror": "x"}},
        [": Forbidden: static pods cannot be resized"],
    ),
]


@pytest.mark.parametrize(("before", "after", "said"), RESIZES)
def test_a_resize(before: dict[str, Any], after: dict[str, Any], said: list[str]) -> None:
    assert faults.of_update(POD, pod(**after), pod(**before), "resize") == said


def test_a_debugger_may_name_no_volume_that_is_wrong_and_no_other_container() -> None:
    debugger = {"name": "look", "image": "i", "targetContainerName": "nobody", "ports": [{"containerPort": 1}],
                "volumeMounts": [{"name": "v", "mountPath": "/v", "subPath": "a"}]}  # fmt: skip
    assert faults.of_update(POD, pod(spec__ephemeralContainers=[debugger]), pod(), "ephemeralcontainers") == [
        'spec.ephemeralContainers[0].volumeMounts[0].name: Not found: "v"',
        'spec.ephemeralContainers[0].targetContainerName: Not found: "nobody"',
        "spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container",
        "spec.ephemeralContainers[0].volumeMounts[0].subPath: Forbidden: cannot be set for an Ephemeral Container",
    ]
