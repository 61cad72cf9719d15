"""Both versions of a HorizontalPodAutoscaler show the same objects."""

import json
from typing import Any

import pytest
from registry.given import ALL, PLAIN, create, merge, play

from petset.api import objects
from petset.api.autoscalers import V1, V2, to_v1, to_v2
from petset.api.decode import decode
from petset.api.embedded import tree_of
from petset.api.errors import BadRequest, Conflict
from petset.api.kinds import by_model
from petset.api.ownership.upgrade import LAST_APPLIED
from petset.registry.port import Target, WriteOptions
from petset.testing.plane import Plane

OLDER, NEWER = by_model(V1), by_model(V2)
NOTE = "autoscaling.alpha.kubernetes.io/"
TARGET = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
RULES = {"policies": [{"type": "Pods", "value": 2, "periodSeconds": 60}], "selectPolicy": "Min"}

METRICS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "memory by share",
        {
            "type": "Resource",
            "resource": {"name": "memory", "target": {"type": "Utilization", "averageUtilization": 70}},
        },
        {"type": "Resource", "resource": {"name": "memory", "targetAverageUtilization": 70}},
    ),
    (
        "the processor by amount",
        {
            "type": "Resource",
            "resource": {"name": "cpu", "target": {"type": "AverageValue", "averageValue": "500m"}},
        },
        {"type": "Resource", "resource": {"name": "cpu", "targetAverageValue": "500m"}},
    ),
    (
        "one container",
        {
            "type": "ContainerResource",
            "containerResource": {
                "name": "cpu", "container": "main", "target": {"type": "Utilization", "averageUtilization": 60},
            },
        },
        {
            "type": "ContainerResource",
            "containerResource": {"name": "cpu", "targetAverageUtilization": 60, "container": "main"},
        },
    ),
    (
        "what pods say",
        {
            "type": "Pods",
            "pods": {
                "metric": {"name": "requests", "selector": {"matchLabels": {"verb": "GET"}}},
                "target": {"type": "AverageValue", "averageValue": "1k"},
            },
        },
        {
            "type": "Pods",
            "pods": {
                "metricName": "requests", "targetAverageValue": "1k", "selector": {"matchLabels": {"verb": "GET"}},
            },
        },
    ),
    (
        "what an object says",
        {
            "type": "Object",
            "object": {
                "describedObject": {"kind": "Ingress", "name": "main", "apiVersion": "networking.k8s.io/v1"},
                "metric": {"name": "hits"},
                "target": {"type": "Value", "value": "10k"},
            },
        },
        {
            "type": "Object",
            "object": {
                "target": {"kind": "Ingress", "name": "main", "apiVersion": "networking.k8s.io/v1"},
                "metricName": "hits",
                "targetValue": "10k",
            },
        },
    ),
    (
        "what the world says",
        {
            "type": "External",
            "external": {"metric": {"name": "queue"}, "target": {"type": "AverageValue", "averageValue": "30"}},
        },
        {"type": "External", "external": {"metricName": "queue", "targetAverageValue": "30"}},
    ),
]  # fmt: skip


def newer(metrics: list[dict[str, Any]] | None = None, **spec: Any) -> V2:
    body = {"scaleTargetRef": TARGET, "minReplicas": 2, "maxReplicas": 5, "metrics": metrics or [], **spec}
    found: V2 = decode(NEWER, {"metadata": {"name": "web"}, "spec": body}).obj
    return found


def older(share: int | None = None, **annotations: str) -> V1:
    body = {"scaleTargetRef": TARGET, "maxReplicas": 5, "targetCPUUtilizationPercentage": share}
    document = {"metadata": {"name": "web", "annotations": annotations}, "spec": body}
    found: V1 = decode(OLDER, document).obj
    return found


def by_share(share: int) -> dict[str, Any]:
    target = {"type": "Utilization", "averageUtilization": share}
    return {"type": "Resource", "resource": {"name": "cpu", "target": target}}


def notes(obj: Any) -> dict[str, Any]:
    annotations = objects.meta(obj).annotations or {}
    return {name.removeprefix(NOTE): json.loads(text) for name, text in annotations.items()}


@pytest.mark.parametrize(("metric", "noted"), [case[1:] for case in METRICS], ids=[case[0] for case in METRICS])
def test_a_metric_that_the_older_version_does_not_know_is_noted_and_read_back(
    metric: dict[str, Any], noted: dict[str, Any]
) -> None:
    stored = newer([metric, by_share(50)])
    shown = to_v1(stored)
    assert notes(shown) == {"metrics": [noted]}
    assert to_v2(shown) == stored


def test_the_share_of_the_processor_is_a_field_of_its_own() -> None:
    shown = to_v1(newer([by_share(50)]))
    assert shown.spec.targetCPUUtilizationPercentage == 50
    assert objects.meta(shown).annotations is None
    assert to_v2(shown) == newer([by_share(50)])


def test_behaviour_is_noted_under_the_names_of_gos_fields_and_read_in_any_case() -> None:
    stored = newer([by_share(50)], behavior={"scaleUp": RULES})
    policies = [{"Type": "Pods", "Value": 2, "PeriodSeconds": 60}]
    rules = {"StabilizationWindowSeconds": None, "SelectPolicy": "Min", "Policies": policies, "Tolerance": None}
    assert notes(to_v1(stored)) == {"behavior": {"ScaleUp": rules, "ScaleDown": None}}
    assert to_v2(to_v1(stored)) == stored
    assert (
        to_v2(older(50, **{NOTE + "behavior": json.dumps({"scaleUp": RULES})})).spec.behavior
        == stored.spec.behavior
    )


def test_what_was_measured_is_noted_beside_the_share_that_has_a_field() -> None:
    measured = {"averageUtilization": 40, "averageValue": "4m"}
    document = {
        "metadata": {"name": "web"},
        "spec": {"scaleTargetRef": TARGET, "maxReplicas": 5},
        "status": {
            "desiredReplicas": 3,
            "currentReplicas": 2,
            "currentMetrics": [
                {"type": "Resource", "resource": {"name": "cpu", "current": measured}},
                {"type": "External", "external": {"metric": {"name": "queue"}, "current": {"value": "7"}}},
            ],
            "conditions": [{"type": "AbleToScale", "status": "True", "reason": "ReadyForNewScale"}],
        },
    }  # fmt: skip
    stored = decode(NEWER, document).obj
    shown = to_v1(stored)
    assert shown.status is not None and shown.status.currentCPUUtilizationPercentage == 40
    assert notes(shown)["current-metrics"] == [
        {
            "type": "Resource",
            "resource": {"name": "cpu", "currentAverageUtilization": 40, "currentAverageValue": "4m"},
        },
        {"type": "External", "external": {"metricName": "queue", "currentValue": "7"}},
    ]
    assert to_v2(shown) == stored


@pytest.mark.parametrize("text", ["{", "[1]", '{"a": 1}', '[{"type": "Pods", "pods": {}}]', '"é', "3"])
def test_a_note_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(BadRequest, match="cannot be handled as a HorizontalPodAutoscaler"):
        to_v2(older(**{NOTE + "metrics": text}))


def test_an_autoscaler_written_in_one_version_is_read_and_patched_in_both() -> None:
    async def story(p: Plane) -> None:
        await p.registry.create(OLDER, "default", older(50), PLAIN)
        (record,) = p.registry.list(NEWER, "default", ALL).records
        stored = p.registry.decode(NEWER, record)
        assert stored == p.registry.decode(NEWER, p.registry.get(OLDER, "default", "web"))
        assert (stored.spec.minReplicas, stored.spec.metrics) == (1, newer([by_share(50)]).spec.metrics)
        assert b'"apiVersion":"autoscaling/v1"' in p.registry.render(OLDER, record)
        share = merge({"spec": {"targetCPUUtilizationPercentage": 60}})
        await p.registry.patch(OLDER, "default", "web", share, PLAIN)
        found = p.registry.decode(NEWER, p.registry.get(NEWER, "default", "web"))
        assert found.spec.metrics == newer([by_share(60)]).spec.metrics
        assert (stored.metadata.generation, found.metadata.generation) == (None, None)  # nobody counts them

    play(story)


def test_what_only_the_newer_version_knows_outlives_an_edit_in_the_older_one() -> None:
    async def story(p: Plane) -> None:
        await create(p, newer([METRICS[0][1], by_share(50)], behavior={"scaleUp": RULES}))
        before = p.registry.decode(NEWER, p.registry.get(NEWER, "default", "web"))
        seen = objects.copy(p.registry.decode(OLDER, p.registry.get(OLDER, "default", "web")))
        seen.spec.maxReplicas = 9
        await p.registry.update(OLDER, "default", "web", seen, PLAIN)
        after = p.registry.decode(NEWER, p.registry.get(NEWER, "default", "web"))
        assert after.spec == objects.replace(before.spec, maxReplicas=9)
        assert after.metadata.annotations is None

    play(story)


def test_notes_that_a_client_leaves_in_the_newer_version_are_not_stored() -> None:
    async def story(p: Plane) -> None:
        given = newer([by_share(50)])
        objects.meta(given).annotations = {NOTE + "metrics": "[]", "mine": "1"}
        assert (await create(p, given)).metadata.annotations == {"mine": "1"}

    play(story)


def test_applying_in_the_older_version_owns_the_fields_of_the_stored_one() -> None:
    async def story(p: Plane) -> None:
        spec = {"scaleTargetRef": TARGET, "maxReplicas": 5, "targetCPUUtilizationPercentage": 50}
        config = {
            "apiVersion": "autoscaling/v1", "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "web"}, "spec": spec,
        }  # fmt: skip
        options = WriteOptions(field_manager="me")
        for expected in (True, False):
            record, new = await p.registry.apply(OLDER, Target("default", "web"), config, options)
            assert new is expected
        stored = p.registry.decode(NEWER, record)
        (owner,) = stored.metadata.managedFields
        assert (owner.manager, owner.apiVersion, set(tree_of(owner.fieldsV1)["f:spec"])) == (
            "me", "autoscaling/v2", {"f:maxReplicas", "f:metrics", "f:scaleTargetRef"},
        )  # fmt: skip
        assert stored.spec.metrics == newer([by_share(50)]).spec.metrics
        for wrong in ({**config, "apiVersion": "autoscaling/v2"}, {**config, "spec": {**spec, "metrics": []}}):
            with pytest.raises(BadRequest):
                await p.registry.apply(OLDER, Target("default", "web"), wrong, options)

    play(story)


@pytest.mark.parametrize(
    "left", ["{}", "[]", '{"metadata": 1}', '{"spec": [1]}', '{"metadata": {"annotations": [1]}}']
)
def test_whatever_client_side_apply_has_left_an_apply_is_answered(left: str) -> None:
    applied = json.loads(left)
    if isinstance(applied, dict):
        applied |= {"apiVersion": "autoscaling/v1", "kind": "HorizontalPodAutoscaler"}
    config = {"apiVersion": "autoscaling/v1", "kind": "HorizontalPodAutoscaler", "spec": {"maxReplicas": 9}}

    async def story(p: Plane) -> None:
        given = newer([by_share(50)])
        objects.meta(given).annotations = {LAST_APPLIED: json.dumps(applied)}
        await create(p, given)
        options = WriteOptions(field_manager="kubectl")
        with pytest.raises(Conflict):
            await p.registry.apply(OLDER, Target("default", "web"), config, options)

    play(story)


def test_behaviour_that_says_something_is_completed() -> None:
    async def story(p: Plane) -> None:
        found = await create(p, newer(behavior={"scaleDown": {"stabilizationWindowSeconds": 60}}))
        up, down = found.spec.behavior.scaleUp, found.spec.behavior.scaleDown
        assert [(each.type, each.value, each.periodSeconds) for each in up.policies] == [
            ("Pods", 4, 15), ("Percent", 100, 15),
        ]  # fmt: skip
        assert (up.selectPolicy, up.stabilizationWindowSeconds) == ("Max", 0)
        assert [(each.type, each.value, each.periodSeconds) for each in down.policies] == [("Percent", 100, 15)]
        assert (down.selectPolicy, down.stabilizationWindowSeconds) == ("Max", 60)

    play(story)


def test_metadata_is_shared_only_where_nothing_is_noted_in_it() -> None:
    stored = newer([METRICS[0][1]])
    objects.meta(stored).annotations = {"mine": "1"}
    to_v1(stored)
    assert objects.meta(stored).annotations == {"mine": "1"}
