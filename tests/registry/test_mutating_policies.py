"""Mutating admission policies: objects as the cluster's owners want them, with no webhook to run."""

from typing import Any

import pytest
from controllers.cluster import cluster
from custom.databases import DATABASES, Data, database
from registry.given import DRY, MAPS, PLAIN, PODS, SETS, config, create, merge, meta, play, pod, statefulset
from registry.test_policies import binding, condition, named, policy, refused, story_of
from registry.test_webhooks import Sites, labelling, mutating, mutator, rule
from registry.test_webhooks import play as play_with

from petset.api import mutations
from petset.api.errors import Invalid
from petset.api.models import admissionregistration_v1 as admission
from petset.api.models import meta_v1
from petset.testing.loop import run
from petset.testing.plane import Plane

SIDECAR = """
Object{spec: Object.spec{
  initContainers: [  // beside those that are there
    Object.spec.initContainers{name: "proxy", image: 'mesh:' + variables.release, restartPolicy: "Always"}
  ]
}}
"""


TEXTS = "'Object{a: 1}' + r\"\\\" + '''Object{a''' // Object{a"


def applying(expression: str) -> admission.Mutation:
    return admission.Mutation(
        patchType="ApplyConfiguration", applyConfiguration=admission.ApplyConfiguration(expression=expression)
    )


def operating(expression: str) -> admission.Mutation:
    return admission.Mutation(patchType="JSONPatch", jsonPatch=admission.JSONPatch(expression=expression))


def mutation(*changes: Any, name: str = "p", resource: str = "configmaps", again: bool = False, **spec: Any) -> Any:
    spec.setdefault("matchConstraints", admission.MatchResources(resourceRules=[named(resource)]))
    return admission.MutatingAdmissionPolicy(
        metadata=meta(name),
        spec=admission.MutatingAdmissionPolicySpec(
            mutations=list(changes), reinvocationPolicy="IfNeeded" if again else "Never", **spec
        ),
    )


def bind(to: str = "p", name: str = "b", **spec: Any) -> Any:
    return admission.MutatingAdmissionPolicyBinding(
        metadata=meta(name), spec=admission.MutatingAdmissionPolicyBindingSpec(policyName=to, **spec)
    )


async def bound(p: Plane, *changes: Any, **spec: Any) -> None:
    await create(p, mutation(*changes, **spec))
    await create(p, bind())


def label(name: str, value: str) -> admission.Mutation:
    """`value` is an expression."""
    return applying(f"Object{{metadata: Object.metadata{{labels: {{'{name}': {value}}}}}}}")


@story_of
async def test_a_policy_lays_its_part_over_an_object_by_the_objects_own_schema(p: Plane) -> None:
    release = admission.Variable(name="release", expression="object.metadata.name + '-1'")
    await bound(p, applying(SIDECAR), resource="pods", variables=[release])
    made = await create(p, pod("web"))
    (sidecar,) = made.spec.initContainers
    assert (sidecar.image, sidecar.restartPolicy, sidecar.imagePullPolicy) == (
        "mesh:web-1",
        "Always",
        "IfNotPresent",
    )
    assert [container.name for container in made.spec.containers] == ["main"]


@pytest.mark.parametrize(
    "most",
    [
        applying("Object{spec: Object.spec{replicas: 2}}"),
        operating("[JSONPatch{op: 'replace', path: '/spec/replicas', value: 2}]"),
    ],
    ids=["by its schema", "by operations"],
)
def test_a_scale_is_changed_on_its_way(most: admission.Mutation) -> None:
    @story_of
    async def story(p: Plane) -> None:
        await create(p, statefulset())
        too_many = [condition("object.kind == 'Scale' && object.spec.replicas > 2")]
        await bound(p, most, resource="statefulsets/scale", matchConditions=too_many)
        for asked, made in ((9, 2), (1, 1)):
            patch = merge({"spec": {"replicas": asked}})
            await p.registry.patch(SETS, "default", "web", patch, PLAIN, "scale")
            assert p.registry.decode(SETS, p.registry.get(SETS, "default", "web")).spec.replicas == made
        await p.registry.patch(SETS, "default", "web", merge({"spec": {"replicas": 9}}), PLAIN)
        assert p.registry.decode(SETS, p.registry.get(SETS, "default", "web")).spec.replicas == 9

    story()


@story_of
async def test_mutations_see_what_those_before_them_have_made(p: Plane) -> None:
    patch = (
        "[JSONPatch{op: 'test', path: '/data/value', value: '1'},"
        " JSONPatch{op: 'add', path: '/metadata/labels/' + jsonpatch.escapeKey('a/b'), value: object.data.value}]"
    )
    await bound(p, label("first", "object.data.value"), operating(patch))
    made = await create(p, config())
    assert made.metadata.labels == {"first": "1", "a/b": "1"}
    other = await create(p, config("b", value="2"))
    assert other.metadata.labels == {"first": "2"}, "a test that fails leaves the object as it is"


@story_of
async def test_a_write_that_does_not_meet_a_policy_is_left_alone(p: Plane) -> None:
    selector = meta_v1.LabelSelector(matchLabels={"mark": "me"})
    constraints = admission.MatchResources(resourceRules=[named("configmaps")], objectSelector=selector)
    new = [condition("oldObject == null && object.metadata.name != 'c'")]
    await bound(p, label("seen", "'yes'"), matchConstraints=constraints, matchConditions=new)
    assert (await create(p, config())).metadata.labels is None
    marked = await create(p, config("b", labels={"mark": "me"}))
    assert marked.metadata.labels == {"mark": "me", "seen": "yes"}
    await create(p, mutation(label("other", "'yes'"), name="unbound"))
    assert (await create(p, config("c", labels={"mark": "me"}))).metadata.labels == {"mark": "me"}


@story_of
async def test_changes_are_made_on_updates_and_in_dry_runs_too(p: Plane) -> None:
    await create(p, config())
    await bound(p, label("seen", "request.operation.lowerAscii()"))
    for options in (DRY, PLAIN):
        record = await p.registry.patch(MAPS, "default", "a", merge({"data": {"value": "2"}}), options)
        assert p.registry.decode(MAPS, record).metadata.labels == {"seen": "update"}


@story_of
async def test_a_policy_is_tried_with_each_object_that_its_binding_takes_in(p: Plane) -> None:
    for name in ("x", "y"):
        await create(p, config(name, value=name, labels={"given": "yes"}))
    given = admission.ParamKind(apiVersion="v1", kind="ConfigMap")
    change = applying("Object{metadata: Object.metadata{labels: {params.data.value: 'here'}}}")
    await create(p, mutation(change, paramKind=given))
    selector = meta_v1.LabelSelector(matchLabels={"given": "yes"})
    await create(p, bind(paramRef=admission.ParamRef(selector=selector, parameterNotFoundAction="Deny")))
    assert (await create(p, config())).metadata.labels == {"x": "here", "y": "here"}
    for name in ("x", "y"):
        await p.registry.delete(MAPS, "default", name, meta_v1.DeleteOptions())
    error = await refused(create(p, config("b")))
    assert str(error) == (
        "policy 'p' with binding 'b' denied request: failed to configure binding: no params found for policy "
        "binding with `Deny` parameterNotFoundAction"
    )


@pytest.mark.parametrize(("again", "seen"), [(False, "first"), (True, "first second")])
def test_a_policy_that_wishes_sees_what_others_have_changed_after_it(again: bool, seen: str) -> None:
    async def story(p: Plane) -> None:
        names = "has(object.metadata.labels.second) ? 'first second' : 'first'"
        note = applying(f"Object{{metadata: Object.metadata{{annotations: {{'seen': {names}}}}}}}")
        await create(p, mutation(label("first", "'1'"), note, name="a", again=again))
        await create(p, mutation(label("second", "'2'"), name="b"))
        await create(p, bind("a", "x"))
        await create(p, bind("b", "y"))
        made = await create(p, config())
        assert made.metadata.labels == {"first": "1", "second": "2"}
        assert made.metadata.annotations == {"seen": seen}

    play(story)


def test_policies_come_before_webhooks_and_may_look_again_after_them() -> None:
    sites = Sites(a=labelling(hook="here"))

    async def story(p: Plane) -> None:
        await create(p, mutating(mutator("a", rule("configmaps"))))
        size = "string(size(object.metadata.?labels.orValue({})))"
        change = applying(f"Object{{metadata: Object.metadata{{annotations: {{'labels': {size}}}}}}}")
        await bound(p, change, again=True)
        made = await create(p, config())
        assert sites.asked[0][1]["object"]["metadata"]["annotations"] == {"labels": "0"}
        assert made.metadata.annotations == {"labels": "1"}

    play_with(sites, story)


@story_of
async def test_what_policies_make_is_validated_and_judged_by_other_policies(p: Plane) -> None:
    await bound(p, operating("[JSONPatch{op: 'add', path: '/data/bad key', value: 'x'}]"))
    with pytest.raises(Invalid, match="bad key"):
        await create(p, config())
    await create(p, policy("!has(object.metadata.labels)", name="v"))
    await create(p, binding(to="v", name="v"))
    await create(p, mutation(label("a", "'b'"), resource="pods", name="q"))
    await create(p, bind("q", "q"))
    await create(p, pod("fine"))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (label("a", "object.nowhere"), "resulted in error: no such key: nowhere"),
        (
            applying("Object{spec: Object.spec{nodeSelectr: {'a': 'b'}}}"),
            "error applying patch: failed to convert patch object to typed object: "
            ".spec.nodeSelectr: field not declared in schema",
        ),
        (
            applying("Object{spec: Object.spec{containers: [Object.spec.containers{name: 'main', args: ['a']}]}}"),
            "invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: .spec.containers[0].args",
        ),
        (
            applying("Object{spec: Object.status{}}"),
            'type mismatch: unexpected type name "Object.status", expected "Object.spec"',
        ),
        (operating("[JSONPatch{op: 'remove', path: '/spec/none'}]"), "JSONPath: the server rejected our request"),
        (operating("[JSONPatch{op: 'leap', path: '/a'}]"), "Unexpected kind: leap"),
        (operating("[1, 2]"), "a JSON patch is a list of operations"),
    ],
)
@pytest.mark.parametrize("failure_policy", ["Fail", "Ignore"])
def test_what_cannot_be_done_counts_as_the_failure_policy_says(
    change: admission.Mutation, why: str, failure_policy: str
) -> None:
    async def story(p: Plane) -> None:
        await bound(p, label("b", "'c'"), change, resource="pods", failurePolicy=failure_policy)
        if failure_policy == "Ignore":
            assert (await create(p, pod())).metadata.labels == {"b": "c"}
            return
        error = await refused(create(p, pod()))
        assert str(error).startswith("policy 'p' with binding 'b' denied request: ")
        assert (error.code, error.reason, why in str(error)) == (403, "Invalid", True), error

    play(story)


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        (mutation(), "spec.mutations: Required value: mutations must contain at least one item"),
        (mutation(applying("'text'")), "must evaluate to Object"),
        (mutation(operating("'text'")), "must evaluate to JSONPatch"),
        (mutation(applying("Object{a: }")), "compilation failed"),
        (mutation(applying(" ")), "spec.mutations[0].applyConfiguration.expression: Required value"),
        (mutation(admission.Mutation(patchType="JSONPatch")), "spec.mutations[0].jsonPatch: Required value"),
        (mutation(admission.Mutation(patchType="Merge")), 'patchType: Unsupported value: "Merge"'),
        (mutation(label("a", "'b'"), matchConstraints=None), "spec.matchConstraints: Required value"),
        (bind(to=""), "spec.policyName: Required value"),
    ],
)  # fmt: skip
def test_a_policy_that_means_nothing_is_refused(sent: Any, fault: str) -> None:
    async def story(p: Plane) -> None:
        with pytest.raises(Invalid) as refusal:
            await create(p, sent)
        assert fault in str(refusal.value)

    play(story)


@story_of
async def test_a_policy_says_itself_whether_it_wants_a_second_turn(p: Plane) -> None:
    silent = mutation(label("a", "'b'"))
    silent.spec.reinvocationPolicy = None
    with pytest.raises(Invalid, match=r"spec.reinvocationPolicy: Required value"):
        await create(p, silent)


def test_custom_objects_are_changed_by_their_definitions_schema() -> None:
    async def main() -> None:
        async with cluster() as c:
            data = Data(c)
            await data.define()
            users = "Object.spec{users: [Object.spec.users{name: 'admin', superuser: true}]}"
            await bound(c.plane, applying(f"Object{{spec: {users}}}"), resource="databases")
            made = await data.made(DATABASES, database(users=[{"name": "shop"}]))
            assert made["spec"]["users"] == [
                {"name": "shop", "superuser": False},
                {"name": "admin", "superuser": True},
            ]

    run(main())


@pytest.mark.parametrize(
    ("text", "rewritten"),
    [
        ("Object{}", "{}"),
        ("Object {a: 1, ?b: c}", '{"a": 1, ?"b": c}'),
        ("myObject{a: 1}", "myObject{a: 1}"),
        ("x ? Object{a: y ? b : c} : Object{}", 'x ? {"a": y ? b : c} : {}'),
        ("Object{a: {k: v}, b: [f(x, y), z]}", '{"a": {k: v}, "b": [f(x, y), z]}'),
        (TEXTS, TEXTS),
        ("JSONPatch{op: 'add', `path`: 'a'}", "{\"op\": 'add', \"path\": 'a'}"),
    ],
)  # fmt: skip
def test_objects_are_rewritten_to_maps(text: str, rewritten: str) -> None:
    assert mutations.rewritten(text).text == rewritten


def test_pods_of_every_kind_get_what_policies_add_to_pods() -> None:
    """The controllers' own writes pass by policies like any other."""

    async def main() -> None:
        async with cluster() as c:
            await bound(c.plane, label("team", "object.metadata.labels.app"), resource="pods")
            wanted = statefulset(replicas=1)
            wanted.metadata.namespace = "default"
            await c.create(wanted)
            await c.settle()
            made = c.plane.registry.decode(PODS, c.plane.registry.get(PODS, "default", "web-0"))
            assert made.metadata.labels["team"] == "web"

    run(main())
