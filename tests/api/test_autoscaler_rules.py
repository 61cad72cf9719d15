"""HorizontalPodAutoscalers: each rule that one may break, in Kubernetes' words."""

from typing import Any

import pytest
from api import faults
from api.documents import METADATA, changed, kind, stored

AUTOSCALER = kind("HorizontalPodAutoscaler", "autoscaling/v2")
METRIC, TARGET = "spec.metrics[0]", "spec.metrics[0].resource.target"
UP = "spec.behavior.scaleUp"
PUT = "must populate information for the given metric source"
EITHER = "must set either a target raw value or a target utilization"
BY_SHARE = {"type": "Utilization", "averageUtilization": 50}
BY_AMOUNT = {"type": "AverageValue", "averageValue": "1"}


def autoscaler(**changes: Any) -> Any:
    metric = {"type": "Resource", "resource": {"name": "cpu", "target": BY_SHARE}}
    target = {"kind": "Deployment", "name": "web", "apiVersion": "apps/v1"}
    spec = {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 3, "metrics": [metric]}
    return stored(AUTOSCALER, changed({"metadata": METADATA, "spec": spec}, **changes))


def metric(type_: str, **sources: Any) -> dict[str, Any]:
    return {"spec__metrics": [{"type": type_, **sources}]}


def of_pods(**target: Any) -> dict[str, Any]:
    return metric("Pods", pods={"metric": {"name": "m"}, "target": target})


def of_world(**target: Any) -> dict[str, Any]:
    return metric("External", external={"metric": {"name": "m"}, "target": {"type": "Value", **target}})


def upwards(**rules: Any) -> dict[str, Any]:
    return {"spec__behavior": {"scaleUp": rules}}


CASES: list[tuple[dict[str, Any], list[str]]] = [
    ({}, []),
    (
        {"spec__minReplicas": 0},
        [
            "spec.minReplicas: Invalid value: 0: must be greater than or equal to 1",
            "spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to "
            "zero replicas",
        ],
    ),
    (
        {"spec__maxReplicas": 0},
        [
            "spec.maxReplicas: Invalid value: 0: must be greater than 0",
            "spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`",
        ],
    ),
    ({"spec__scaleTargetRef__kind": ""}, ["spec.scaleTargetRef.kind: Required value"]),
    (
        {"spec__scaleTargetRef__name": "a/b"},
        ["spec.scaleTargetRef.name: Invalid value: \"a/b\": may not contain '/'"],
    ),
    (
        metric("Load"),
        [
            f'{METRIC}.type: Unsupported value: "Load": supported values: '
            '"ContainerResource", "External", "Object", "Pods", "Resource"'
        ],
    ),
    (metric("Resource"), [f"{METRIC}.resource: Required value: {PUT}"]),
    (
        metric("Resource", pods={"metric": {"name": "m"}, "target": BY_AMOUNT}),
        [f"{METRIC}.resource: Required value: {PUT}"],
    ),
    (
        metric(
            "Resource",
            resource={"name": "cpu", "target": BY_SHARE},
            pods={"metric": {"name": "m"}, "target": BY_AMOUNT},
        ),
        [f"{METRIC}.pods: Forbidden: must populate the given metric source only"],
    ),
    (
        metric("Resource", resource={"name": "", "target": {"type": "Utilization"}}),
        [
            f"{METRIC}.resource.name: Required value: must specify a resource name",
            f"{TARGET}.averageUtilization: Required value: {EITHER}",
        ],
    ),
    (
        metric("Resource", resource={"name": "cpu", "target": {**BY_SHARE, "averageValue": "1"}}),
        [f"{TARGET}.averageValue: Forbidden: may not set both a target raw value and a target utilization"],
    ),
    (
        metric("Resource", resource={"name": "cpu", "target": {"type": "Some", "averageUtilization": 0}}),
        [
            f'{TARGET}.type: Invalid value: "Some": must be either Utilization, Value, or AverageValue',
            f"{TARGET}.averageUtilization: Invalid value: 0: must be greater than 0",
        ],
    ),
    (
        metric("ContainerResource", containerResource={"name": "cpu", "container": "", "target": BY_SHARE}),
        [f"{METRIC}.containerResource.container: Required value: must specify a container"],
    ),
    (
        of_pods(type="AverageValue"),
        [f"{METRIC}.pods.target.averageValue: Required value: must specify a positive target averageValue"],
    ),
    (
        of_pods(type="AverageValue", averageValue="-1"),
        [f'{METRIC}.pods.target.averageValue: Invalid value: "-1": must be positive'],
    ),
    (
        of_world(),
        [
            f"{METRIC}.external.target.averageValue: Required value: "
            "must set either a target value for metric or a per-pod target"
        ],
    ),
    (
        of_world(value="1", averageValue="1"),
        [
            f"{METRIC}.external.target.value: Forbidden: "
            "may not set both a target value for metric and a per-pod target"
        ],
    ),
    (
        metric(
            "Object",
            object={
                "describedObject": {"kind": "", "name": "a"},
                "metric": {"name": ""},
                "target": {"type": "Value"},
            },
        ),
        [
            f"{METRIC}.object.describedObject.kind: Required value",
            f"{METRIC}.object.metric.name: Required value: must specify a metric name",
            f"{METRIC}.object.target.averageValue: Required value: must set either a target value or averageValue",
        ],
    ),
    (
        upwards(stabilizationWindowSeconds=3601),
        [f"{UP}.stabilizationWindowSeconds: Invalid value: 3601: must be less than or equal to 3600"],
    ),
    (
        upwards(stabilizationWindowSeconds=-1),
        [f"{UP}.stabilizationWindowSeconds: Invalid value: -1: must be greater than or equal to zero"],
    ),
    (
        upwards(selectPolicy="Most"),
        [f'{UP}.selectPolicy: Unsupported value: "Most": supported values: "Disabled", "Max", "Min"'],
    ),
    (upwards(tolerance="-1"), [f'{UP}.tolerance: Invalid value: "-1": must be greater than or equal to 0']),
    (
        upwards(policies=[{"type": "All", "value": 0, "periodSeconds": 1801}]),
        [
            f'{UP}.policies[0].type: Unsupported value: "All": supported values: "Percent", "Pods"',
            f"{UP}.policies[0].value: Invalid value: 0: must be greater than zero",
            f"{UP}.policies[0].periodSeconds: Invalid value: 1801: must be less than or equal to 1800",
        ],
    ),
    (upwards(), []),
]


@pytest.mark.parametrize(("changes", "said"), CASES)
def test_an_autoscaler(changes: dict[str, Any], said: list[str]) -> None:
    assert faults.of_new(AUTOSCALER, autoscaler(**changes)) == said


def test_nothing_is_counted_below_none() -> None:
    new = autoscaler(status={"currentReplicas": -1, "desiredReplicas": -2})
    assert faults.of_update(AUTOSCALER, new, autoscaler(), "status") == [
        "status.currentReplicas: Invalid value: -1: must be greater than or equal to 0",
        "status.desiredReplicas: Invalid value: -2: must be greater than or equal to 0",
    ]
