"""What a policy's status says of its expressions."""

from typing import Any

import pytest
from controllers.cluster import cluster
from custom.databases import definition, version
from registry.test_policies import named, policy

from petset.api import kinds, objects
from petset.api.decode import decode
from petset.api.definitions import Definition
from petset.api.kinds import Kind, by_model
from petset.api.models import admissionregistration_v1 as admission
from petset.api.models import apps_v1, core_v1, meta_v1
from petset.api.type_checking import kinds_of, warnings_for
from petset.controllers.policystatus import invariants
from petset.controllers.policystatus.model import Snapshot
from petset.controllers.policystatus.plan import plan
from petset.testing.loop import run

DEPLOYMENTS, PODS, MAPS = (by_model(each) for each in (apps_v1.Deployment, core_v1.Pod, core_v1.ConfigMap))


def rules(*resources: str, group: str = "apps", version: str = "v1") -> admission.MatchResources:
    rule = named(*resources, apiGroups=[group], apiVersions=[version])
    return admission.MatchResources(resourceRules=[rule])


def told(*expressions: Any, kind: Kind = DEPLOYMENTS, params: Kind | None = None, **spec: Any) -> list[str]:
    return [each.warning for each in warnings_for(policy(*expressions, **spec), [kind], params)]


@pytest.mark.parametrize(
    "expression",
    [
        "object.spec.replicas <= 5",
        "object.spec.template.spec.containers.all(c, has(c.image))",
        "object.metadata.labels['app'] == 'a' && object.metadata.labels.anything == 'b'",
        "oldObject == null || oldObject.spec.paused",
        "object.spec.template.spec.containers.all(c, !has(c.resources.limits) || 'cpu' in c.resources.limits)",
        "request.userInfo.username != '' && namespaceObject.metadata.name != 'x'",
        "object.spec.template.spec.nodeSelector.anything == 'x'",
        "object.status.?conditions[0].?reason.orValue('') == ''",
    ],
)
def test_nothing_is_said_of_fields_that_are_there(expression: str) -> None:
    assert told(expression) == []


@pytest.mark.parametrize(
    ("expression", "field"),
    [
        ("object.replicas > 1", "replicas"),
        ("object.spec.template.spec.containers.all(c, c.imagee != '')", "imagee"),
        ("oldObject.spec.pause", "pause"),
        ("has(object.metadata.label)", "label"),
        ("object.spec.template.spec.volumes[0].secret.name == ''", "name"),
    ],
)
def test_a_field_that_is_not_there_is_told_in_cels_words(expression: str, field: str) -> None:
    (said,) = told(expression)
    assert said.startswith("apps/v1, Kind=Deployment: ERROR: <input>:1:") and f"undefined field '{field}'" in said


def test_the_words_are_those_of_kubernetes() -> None:
    (said,) = told("object.replicas > 1")
    assert said == (
        "apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined field 'replicas'\n"
        " | object.replicas > 1\n | ......^\n"
    )


def test_messages_variables_and_parameters_are_looked_at_too() -> None:
    spec = admission.Variable(name="spec", expression="object.spec")
    validation = {"expression": "variables.spec.replica > 1", "messageExpression": "'at most ' + params.dat.most"}
    found = warnings_for(policy("true", validation, variables=[spec]), [DEPLOYMENTS], MAPS)
    assert [each.fieldRef for each in found] == [
        "spec.validations[1].expression",
        "spec.validations[1].messageExpression",
    ]
    assert "undefined field 'replica'" in found[0].warning and "undefined field 'dat'" in found[1].warning
    assert told("params.dat.most == ''") == [], "of parameters whose kind nobody serves nothing is known"
    assert told("variables.other == 1", variables=[spec]) != []


def test_each_kind_that_does_not_have_a_field_is_named() -> None:
    (found,) = warnings_for(policy("object.spec.containers.size() > 0"), [PODS, DEPLOYMENTS], None)
    assert found.warning.startswith("apps/v1, Kind=Deployment: ")
    (both,) = warnings_for(policy("object.speck != null"), [PODS, DEPLOYMENTS], None)
    assert both.warning.startswith("/v1, Kind=Pod: ") and "\n\napps/v1, Kind=Deployment: " in both.warning


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        (rules("deployments", "statefulsets", "nothing"), ["Deployment", "StatefulSet"]),
        (rules("*"), []),
        (rules("deployments", group="*"), []),
        (rules("deployments", version="*"), []),
        (rules("deployments/scale"), []),
        (admission.MatchResources(resourceRules=[named("pods", apiGroups=[""], apiVersions=["v1"])]), ["Pod"]),
    ],
)
def test_kinds_are_those_that_rules_name_one_by_one(resources: Any, expected: list[str]) -> None:
    assert [kind.name for kind in kinds_of(policy("true", resources=resources), kinds.by_resource)] == expected


def test_a_spec_is_looked_at_once_and_conditions_of_others_stay() -> None:
    new = policy("object.replicas > 1", resources=rules("deployments"))
    condition = meta_v1.Condition(type="A", status="True", reason="B", message="", lastTransitionTime=None)  # type: ignore[arg-type]
    new.metadata.generation, new.status = 2, admission.ValidatingAdmissionPolicyStatus(conditions=[condition])
    snapshot = Snapshot(new, [DEPLOYMENTS])
    decided = plan(snapshot)
    assert invariants.is_safe(snapshot, decided)
    (action,) = decided.actions
    status = action.policy.status
    assert status is not None and status.typeChecking is not None
    assert (status.observedGeneration, status.conditions) == (2, [condition])
    assert not plan(Snapshot(action.policy, [DEPLOYMENTS])).actions


def test_the_status_follows_the_policy_also_about_custom_kinds() -> None:
    about = rules("databases", group="data.example.com")

    async def story() -> None:
        async with cluster() as c:
            await c.create(decode(by_model(Definition), definition(version())).obj)
            await c.settle()
            made = await c.create(
                policy("object.spec.engine != '' && object.metadata.labels.size() > 0", resources=about)
            )
            await c.settle()
            found = objects.copy(await c.get(admission.ValidatingAdmissionPolicy, "p"))
            assert found is not None
            assert (found.status.observedGeneration, found.status.typeChecking) == (1, admission.TypeChecking())
            found.spec.validations[0].expression = "object.spec.colour == 'red'"
            assert made.metadata.uid == found.metadata.uid
            await c.plane.client.update(found)
            await c.settle()
            found = await c.get(admission.ValidatingAdmissionPolicy, "p")
            assert found.status.observedGeneration == 2
            (warning,) = found.status.typeChecking.expressionWarnings
            assert warning.fieldRef == "spec.validations[0].expression"
            assert warning.warning.startswith(
                "data.example.com/v1, Kind=Database: ERROR: <input>:1:12: undefined fi"
            )

    run(story())
