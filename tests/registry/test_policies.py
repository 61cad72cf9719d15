"""Admission policies and match conditions: expressions that decide about writes."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from registry.given import DRY, MAPS, PLAIN, SETS, config, create, merge, meta, play, statefulset
from registry.test_webhooks import YES, Sites, hook, rule, validating
from registry.test_webhooks import play as play_with

from petset.api import expressions
from petset.api.errors import ApiError, Forbidden, Invalid
from petset.api.expressions import ExpressionError
from petset.api.kinds import by_model
from petset.api.models import admissionregistration_v1 as admission
from petset.api.models import core_v1, meta_v1
from petset.registry.port import User, WriteOptions
from petset.testing.plane import Plane

POLICIES = by_model(admission.ValidatingAdmissionPolicy)
BINDINGS = by_model(admission.ValidatingAdmissionPolicyBinding)


def named(*resources: str, **more: Any) -> admission.NamedRuleWithOperations:
    everything = {"operations": ["*"], "apiGroups": ["*"], "apiVersions": ["*"]}
    return admission.NamedRuleWithOperations(**{**everything, "resources": list(resources), **more})


def policy(*validations: Any, resources: Any = None, name: str = "p", **spec: Any) -> Any:
    given = [
        admission.Validation(expression=each) if isinstance(each, str) else admission.Validation(**each)
        for each in validations
    ]
    constraints = resources or admission.MatchResources(resourceRules=[named("configmaps")])
    return admission.ValidatingAdmissionPolicy(
        metadata=meta(name),
        spec=admission.ValidatingAdmissionPolicySpec(matchConstraints=constraints, validations=given, **spec),
    )


def binding(*actions: str, to: str = "p", name: str = "b", **spec: Any) -> Any:
    return admission.ValidatingAdmissionPolicyBinding(
        metadata=meta(name),
        spec=admission.ValidatingAdmissionPolicyBindingSpec(
            policyName=to, validationActions=list(actions) or ["Deny"], **spec
        ),
    )


async def bound(p: Plane, *validations: Any, **spec: Any) -> None:
    await create(p, policy(*validations, **spec))
    await create(p, binding())


async def refused(make: Awaitable[Any]) -> ApiError:
    with pytest.raises(ApiError) as refusal:
        await make
    return refusal.value


def story_of(story: Callable[[Plane], Awaitable[None]]) -> Callable[[], None]:
    def test() -> None:
        play(story)

    test.__name__ = story.__name__
    return test


@story_of
async def test_an_object_that_breaks_a_policy_is_refused_in_kubernetes_words(p: Plane) -> None:
    await bound(p, "object.data.value != '1'")
    error = await refused(create(p, config()))
    assert str(error) == (
        "configmaps \"a\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: "
        "failed expression: object.data.value != '1'"
    )
    assert (error.code, error.reason) == (422, "Invalid")
    await create(p, config(value="2"))


@pytest.mark.parametrize(
    ("validation", "message", "code"),
    [
        ({"message": "no ones", "reason": "Forbidden"}, "no ones", 403),
        ({"messageExpression": "'not ' + object.metadata.name", "message": "x"}, "not a", 422),
        ({"messageExpression": "object.nowhere", "message": "x"}, "x", 422),
        ({"messageExpression": "'two\\nlines'"}, "failed expression: object.data.value != '1'", 422),
    ],
)
def test_what_a_policy_says_of_a_refusal(validation: dict[str, Any], message: str, code: int) -> None:
    async def story(p: Plane) -> None:
        await bound(p, {"expression": "object.data.value != '1'", **validation})
        error = await refused(create(p, config()))
        assert str(error).rpartition("denied request: ")[2] == message
        assert error.code == code

    play(story)


@story_of
async def test_a_policy_without_a_binding_does_nothing_and_one_that_goes_holds_no_longer(p: Plane) -> None:
    await create(p, policy("false"))
    await create(p, config("a"))
    await create(p, binding())
    await refused(create(p, config("b")))
    await p.registry.delete(BINDINGS, "", "b", meta_v1.DeleteOptions())
    await create(p, config("b"))


@story_of
async def test_expressions_know_the_old_object_the_request_the_namespace_and_variables(p: Plane) -> None:
    await bound(
        p,
        "request.operation != 'UPDATE' || variables.kept",
        "request.userInfo.username != 'eve' && namespaceObject.metadata.name == 'default'",
        variables=[
            admission.Variable(name="old", expression="oldObject.data.value"),
            admission.Variable(name="kept", expression="object.data.value == variables.old"),
        ],
    )
    await create(p, config())
    await p.registry.patch(MAPS, "default", "a", merge({"metadata": {"labels": {"x": "y"}}}), PLAIN)
    await refused(p.registry.patch(MAPS, "default", "a", merge({"data": {"value": "2"}}), PLAIN))
    await refused(p.registry.create(MAPS, "default", config("b"), WriteOptions(by=User("eve"))))
    await refused(create(p, config("b"), "kube-public"))


@pytest.mark.parametrize("failure_policy", ["Fail", "Ignore"])
def test_what_cannot_be_tried_counts_as_the_failure_policy_says(failure_policy: str) -> None:
    async def story(p: Plane) -> None:
        await bound(p, "object.spec.nowhere > 1", failurePolicy=failure_policy)
        if failure_policy == "Ignore":
            await create(p, config())
            return
        error = await refused(create(p, config()))
        assert str(error).endswith("expression 'object.spec.nowhere > 1' resulted in error: no such key: spec")

    play(story)


@pytest.mark.parametrize(
    ("constraints", "tried"),
    [
        ({"resourceRules": [named("*")]}, True),
        ({"resourceRules": [named("*")], "excludeResourceRules": [named("configmaps")]}, False),
        ({"resourceRules": [named("configmaps", resourceNames=["other"])]}, False),
        ({"resourceRules": [named("configmaps", resourceNames=["a"])]}, True),
        ({"resourceRules": [named("configmaps", operations=["DELETE"])]}, False),
        (
            {
                "resourceRules": [named("configmaps")],
                "namespaceSelector": meta_v1.LabelSelector(matchLabels={"x": "y"}),
            },
            False,
        ),
    ],
)
def test_a_policy_is_tried_on_the_writes_that_it_is_about(constraints: dict[str, Any], tried: bool) -> None:
    async def story(p: Plane) -> None:
        await bound(p, "false", resources=admission.MatchResources(**constraints))
        if tried:
            await refused(create(p, config()))
        else:
            await create(p, config())

    play(story)


@story_of
async def test_a_binding_narrows_what_its_policy_is_about(p: Plane) -> None:
    await create(p, policy("false"))
    labelled = meta_v1.LabelSelector(matchLabels={"strict": "yes"})
    await create(p, binding(matchResources=admission.MatchResources(objectSelector=labelled)))
    await create(p, config("a"))
    await refused(create(p, config("b", labels={"strict": "yes"})))


@story_of
async def test_a_binding_may_warn_instead(p: Plane) -> None:
    await create(p, policy({"expression": "false", "message": "think again"}))
    await create(p, binding("Warn", "Audit"))
    options = WriteOptions()
    await p.registry.create(MAPS, "default", config(), options)
    assert options.warnings == ["Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': think again"]


@story_of
async def test_parameters_come_from_the_objects_that_the_binding_names(p: Plane) -> None:
    kind = admission.ParamKind(apiVersion="v1", kind="ConfigMap")
    sets = admission.MatchResources(resourceRules=[named("statefulsets")])
    await create(p, policy("object.spec.replicas <= int(params.data.most)", paramKind=kind, resources=sets))
    chosen = admission.ParamRef(name="limits", namespace="kube-public", parameterNotFoundAction="Deny")
    await create(p, binding(paramRef=chosen))
    missing = await refused(create(p, statefulset()))
    assert "no params found for policy binding with `Deny` parameterNotFoundAction" in str(missing)
    await create(p, core_v1.ConfigMap(metadata=meta("limits"), data={"most": "2"}), "kube-public")
    await refused(create(p, statefulset()))
    await create(p, statefulset(replicas=2))
    scaled = merge({"spec": {"replicas": 5}})
    await refused(p.registry.patch(SETS, "default", "web", scaled, PLAIN))
    await p.registry.patch(SETS, "default", "web", scaled, PLAIN, "scale")  # the rule names no sub-resource


@story_of
async def test_policies_hold_for_deletions_and_dry_runs_and_never_for_policies(p: Plane) -> None:
    everything = admission.MatchResources(resourceRules=[named("*/*")])
    await create(p, config())
    await bound(p, "false", resources=everything)
    await refused(p.registry.delete(MAPS, "default", "a", meta_v1.DeleteOptions()))
    await refused(p.registry.create(MAPS, "default", config("b"), DRY))
    await p.registry.delete(POLICIES, "", "p", meta_v1.DeleteOptions())
    await p.registry.delete(MAPS, "default", "a", meta_v1.DeleteOptions())


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        (policy("foo == 1"), "[0].expression: Invalid value: \"foo == 1\": compilation failed: ERROR:"),
        (policy("1 + 1"), 'spec.validations[0].expression: Invalid value: "1 + 1": must evaluate to bool'),
        (policy({"expression": "true", "messageExpression": "1"}), "messageExpression: Invalid value: \"1\": must"),
        (policy("true", failurePolicy="Maybe"), 'spec.failurePolicy: Unsupported value: "Maybe"'),
        (policy("true", resources=admission.MatchResources()), "matchConstraints.resourceRules: Required value"),
        (policy(), "spec.validations: Required value: validations or auditAnnotations must be specified"),
        (binding("Deny", "Warn"), "validationActions: Invalid value: [\"Deny\",\"Warn\"]: must not"),
        (binding("Eat"), 'spec.validationActions[0]: Unsupported value: "Eat"'),
        (binding(paramRef=admission.ParamRef(name="x")), "spec.paramRef.parameterNotFoundAction: Required value"),
    ],
)  # fmt: skip
def test_a_policy_that_means_nothing_is_refused(sent: Any, fault: str) -> None:
    async def story(p: Plane) -> None:
        with pytest.raises(Invalid) as refusal:
            await create(p, sent)
        assert fault in str(refusal.value)

    play(story)


def condition(expression: str, name: str = "c") -> admission.MatchCondition:
    return admission.MatchCondition(name=name, expression=expression)


@pytest.mark.parametrize(
    ("conditions", "asked"),
    [
        (["object.metadata.name == 'a'"], True),
        (["object.metadata.name == 'b'"], False),
        (["true", "request.resource.resource == 'secrets'"], False),
        (["object.nowhere == 1", "false"], False),
    ],
)
def test_a_webhook_is_asked_only_where_all_its_conditions_hold(conditions: list[str], asked: bool) -> None:
    sites = Sites(a=YES)

    async def story(p: Plane) -> None:
        listed = [condition(text, f"c{number}") for number, text in enumerate(conditions)]
        await create(p, validating(hook("a", rule("configmaps"), matchConditions=listed)))
        await create(p, config())
        assert bool(sites.asked) == asked

    play_with(sites, story)


@pytest.mark.parametrize("failure_policy", ["Fail", "Ignore"])
def test_a_condition_that_cannot_be_tried_counts_as_the_failure_policy_says(failure_policy: str) -> None:
    sites = Sites(a=YES)

    async def story(p: Plane) -> None:
        webhook = hook(
            "a",
            rule("configmaps"),
            matchConditions=[condition("object.nowhere == 1")],
            failurePolicy=failure_policy,
        )
        await create(p, validating(webhook))
        if failure_policy == "Ignore":
            await create(p, config())
        else:
            with pytest.raises(Forbidden, match="resulted in error: no such key: nowhere"):
                await create(p, config())
        assert not sites.asked

    play_with(sites, story)


def test_a_condition_that_does_not_compile_is_refused() -> None:
    async def story(p: Plane) -> None:
        with pytest.raises(Invalid, match=r"matchConditions\[0\].expression: .*compilation failed"):
            await create(p, validating(hook("a", matchConditions=[condition("object.")])))

    play_with(Sites(), story)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("object.a.exists(x, x > 1)", True),
        ("has(object.b)", False),
        ("object.n + 1", 2),
        ("oldObject == null", True),
        ("quantity('1Gi').isGreaterThan(quantity('500Mi'))", True),
        ("object.s.matches('^w')", True),
    ],
)
def test_expressions_come_to_values(text: str, value: Any) -> None:
    assert expressions.evaluate(text, {"object": {"a": [1, 2], "n": 1, "s": "web"}}) == value


@pytest.mark.parametrize("text", ["object.n / 0 == 1", "object.a[9] == 1", "object.n.startsWith('x')"])
def test_expressions_that_come_to_nothing_say_why(text: str) -> None:
    with pytest.raises(ExpressionError, match="resulted in error: "):
        expressions.evaluate(text, {"object": {"a": [1], "n": 1}})


def audited(expression: str, **more: Any) -> Any:
    note = admission.AuditAnnotation(key="note", valueExpression=expression)
    return policy(auditAnnotations=[note], **more)


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("object.metadata.name", ""),
        ("null", ""),
        ("object.data.nothing", "resulted in error: no such key: nothing"),
        ("object.data", "resulted in unsupported return type: map. Return type must be either string or null."),
    ],
)
def test_a_note_for_the_audit_log_that_comes_to_nothing_refuses_whatever_its_binding_says(
    expression: str, said: str
) -> None:
    @story_of
    async def story(p: Plane) -> None:
        await create(p, audited(expression))
        await create(p, binding("Audit"))
        if not said:
            await create(p, config())
            return
        error = await refused(create(p, config()))
        assert said in str(error) and "ValidatingAdmissionPolicy 'p' with binding 'b' denied request" in str(error)

    story()


@story_of
async def test_where_failures_are_ignored_only_a_note_of_the_wrong_type_refuses(p: Plane) -> None:
    await create(p, audited("object.data.nothing", failurePolicy="Ignore"))
    await create(p, binding("Warn"))
    await create(p, config())
    wrong = await refused(create(p, audited("object.metadata.name == 'a'", name="q")))
    assert "valueExpression: Invalid value" in str(wrong) and "must evaluate to one of [string null_type]" in str(
        wrong
    )
