"""Admission webhooks: who is asked, in which order, what they may change, and what happens when nobody answers.

The webhooks here are functions that stand at URLs; everything else is the real thing, in simulated time.
"""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from registry.given import DRY, MAPS, PLAIN, PODS, SETS, config, create, merge, meta, pod, statefulset

from petset.api.errors import ApiError, Forbidden, Invalid, NotFound
from petset.api.kinds import by_model
from petset.api.models import admissionregistration_v1 as admission
from petset.api.models import autoscaling_v2, core_v1, discovery_v1, meta_v1
from petset.client.accounts import SCHEDULER
from petset.registry.port import Target, User, Visit, WriteOptions
from petset.registry.webhooks.port import BadAnswer, CallFailed, Destination
from petset.testing.loop import run
from petset.testing.plane import Plane, plane

Answer = dict[str, Any]
YES: Answer = {"allowed": True}
MUTATING = by_model(admission.MutatingWebhookConfiguration)


def no(**status: Any) -> Answer:
    return {"allowed": False, "status": status} if status else {"allowed": False}


def patching(*operations: dict[str, Any], **more: Any) -> Answer:
    patch = base64.b64encode(msgspec.json.encode(operations)).decode()
    return {"allowed": True, "patchType": "JSONPatch", "patch": patch, **more}


def labelling(**labels: str) -> Answer:
    return patching({"op": "add", "path": "/metadata/labels", "value": labels})


class Sites:
    """What answers at each host. `asked` are the requests, in the order in which they came."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.reached: list[Destination] = []

    async def post(self, to: Destination, body: bytes) -> bytes:
        self.reached.append(to)
        host = to.url.removeprefix("https://").split("/")[0].split(".")[0].split(":")[0].split("?")[0]
        review = msgspec.json.decode(body)
        request = review["request"]
        self.asked.append((host, request))
        answer = self.answers[host]
        if isinstance(answer, BaseException):
            raise answer
        if callable(answer):
            answer = answer(request)
        if isinstance(answer, Awaitable):
            answer = await answer
        if isinstance(answer, bytes):
            return answer
        return msgspec.json.encode({**review, "response": {"uid": request["uid"], **answer}})

    @property
    def hosts(self) -> list[str]:
        return [host for host, _ in self.asked]


def rule(*resources: str, operations: Any = ("*",), groups: Any = ("*",), **more: Any) -> Any:
    return admission.RuleWithOperations(
        operations=list(operations), apiGroups=list(groups), apiVersions=["*"], resources=list(resources), **more
    )


def hook(host: str, *rules: Any, model: Any = admission.ValidatingWebhook, **more: Any) -> Any:
    more.setdefault("clientConfig", admission.WebhookClientConfig(url=f"https://{host}/ask"))
    return model(
        **{
            "name": f"{host}.example.com",
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "rules": list(rules) or [rule("*")],
            **more,
        }
    )


def mutator(host: str, *rules: Any, **more: Any) -> Any:
    return hook(host, *rules, model=admission.MutatingWebhook, **more)


def validating(*webhooks: Any, name: str = "v") -> Any:
    return admission.ValidatingWebhookConfiguration(metadata=meta(name), webhooks=list(webhooks))


def mutating(*webhooks: Any, name: str = "m") -> Any:
    return admission.MutatingWebhookConfiguration(metadata=meta(name), webhooks=list(webhooks))


def play(sites: Sites, story: Callable[[Plane], Awaitable[None]]) -> None:
    async def main() -> None:
        async with plane(caller=sites) as p:
            await story(p)

    run(main())


@pytest.mark.parametrize(
    ("status", "message", "code"),
    [
        ({"message": "too red", "code": 403, "reason": "Forbidden"}, " denied the request: too red", 403),
        ({"reason": "Late"}, " denied the request: Late", 400),
        ({}, " denied the request without explanation", 400),
        ({"message": "odd", "code": 200, "status": "Success"}, " denied the request: odd", 400),
    ],
)
def test_a_refusal_is_told_in_kubernetes_words_with_the_webhooks_own_status(
    status: dict[str, Any], message: str, code: int
) -> None:
    async def story(p: Plane) -> None:
        await create(p, validating(hook("red", rule("configmaps"))))
        with pytest.raises(ApiError) as refusal:
            await create(p, config())
        assert str(refusal.value) == f'admission webhook "red.example.com"{message}'
        told = refusal.value.status()
        assert (told.code, told.status, told.reason) == (code, "Failure", status.get("reason"))
        with pytest.raises(NotFound):
            p.registry.get(MAPS, "default", "a")

    play(Sites(red=no(**status)), story)


def test_the_question_holds_everything_that_a_webhook_may_want_to_know() -> None:
    sites = Sites(red=YES)

    async def story(p: Plane) -> None:
        await create(p, validating(hook("red", rule("configmaps"))))
        by = User("jane", ("devs",), "u1", (("scopes", ("a", "b")),))
        options = WriteOptions(field_manager="kubectl", by=by, field_validation="Strict")
        await p.registry.create(MAPS, "default", config(), options)
        await p.registry.patch(MAPS, "default", "a", merge({"data": {"value": "2"}}), options)
        await p.registry.delete(MAPS, "default", "a", meta_v1.DeleteOptions(gracePeriodSeconds=3), options)
        made, changed, deleted = (request for _, request in sites.asked)
        assert made["kind"] == made["requestKind"] == {"group": "", "version": "v1", "kind": "ConfigMap"}
        assert (
            made["resource"] == made["requestResource"] == {"group": "", "version": "v1", "resource": "configmaps"}
        )
        assert (made["name"], made["namespace"], made["operation"]) == ("a", "default", "CREATE")
        assert made["userInfo"] == {
            "username": "jane",
            "uid": "u1",
            "groups": ["devs"],
            "extra": {"scopes": ["a", "b"]},
        }
        assert made["object"]["data"] == {"value": "1"} and made["object"]["kind"] == "ConfigMap"
        assert (made["oldObject"], made["dryRun"]) == (None, False)
        assert made["options"] == {
            "kind": "CreateOptions",
            "apiVersion": "meta.k8s.io/v1",
            "fieldManager": "kubectl",
            "fieldValidation": "Strict",
        }
        assert (changed["operation"], changed["options"]["kind"]) == ("UPDATE", "PatchOptions")
        assert (changed["object"]["data"], changed["oldObject"]["data"]) == ({"value": "2"}, {"value": "1"})
        assert (deleted["operation"], deleted["object"]) == ("DELETE", None)
        assert deleted["oldObject"]["data"] == {"value": "2"}
        assert deleted["options"] == {
            "kind": "DeleteOptions",
            "apiVersion": "meta.k8s.io/v1",
            "gracePeriodSeconds": 3,
        }

    play(sites, story)


def test_those_that_change_come_one_after_the_other_by_name_then_those_that_look() -> None:
    seen: list[Any] = []

    def note(request: Any) -> Answer:
        seen.append(request["object"]["metadata"]["labels"])
        return YES

    sites = Sites(a=labelling(by="a"), b=labelling(by="b"), look=note)

    async def story(p: Plane) -> None:
        await create(p, validating(hook("look", rule("pods"))))
        await create(p, mutating(mutator("b", rule("pods")), name="second"))
        await create(p, mutating(mutator("a", rule("pods")), name="first"))
        made = await create(p, pod())
        assert sites.hosts == ["a", "b", "look"]
        assert made.metadata.labels == {"by": "b"} and seen == [{"by": "b"}]

    play(sites, story)


def test_what_a_webhook_makes_of_an_object_is_completed_and_validated_like_any_other() -> None:
    sidecar = {"name": "side", "image": "x"}
    sites = Sites(
        inject=patching({"op": "add", "path": "/spec/containers/-", "value": sidecar}),
        spoil=patching({"op": "replace", "path": "/spec/containers/0/name", "value": "NO"}),
    )

    async def story(p: Plane) -> None:
        await create(p, mutating(mutator("inject", rule("pods", operations=["CREATE"]))))
        made = await create(p, pod())
        assert made.spec.containers[1].terminationMessagePath == "/dev/termination-log"
        mounts = [c.volumeMounts[0].mountPath for c in made.spec.containers]
        assert mounts == ["/var/run/secrets/kubernetes.io/serviceaccount"] * 2
        await create(p, mutating(mutator("spoil", rule("pods", operations=["CREATE"])), name="worse"))
        with pytest.raises(Invalid, match=r"spec.containers\[0\].name"):
            await create(p, pod("b"))

    play(sites, story)


def test_a_webhook_cannot_make_another_object_of_it() -> None:
    changes = [
        {"op": "replace", "path": f"/metadata/{name}", "value": value}
        for name, value in (("name", "other"), ("uid", "other"), ("namespace", "kube-system"))
    ]

    async def story(p: Plane) -> None:
        await create(p, mutating(mutator("a", rule("configmaps"))))
        made = await create(p, config())
        assert (made.metadata.name, made.metadata.namespace) == ("a", "default")
        assert made.metadata.uid != "other"

    play(Sites(a=patching(*changes)), story)


def test_who_wants_to_is_asked_again_when_others_change_the_object_afterwards() -> None:
    first = Sites(early=YES, never=YES, late=labelling(by="late"))

    async def story(p: Plane) -> None:
        await create(
            p,
            mutating(
                mutator("early", rule("configmaps"), reinvocationPolicy="IfNeeded"),
                mutator("never", rule("configmaps")),
                mutator("late", rule("configmaps"), reinvocationPolicy="IfNeeded"),
            ),
        )
        await create(p, config())
        assert first.hosts == ["early", "never", "late", "early"]
        assert first.asked[-1][1]["object"]["metadata"]["labels"] == {"by": "late"}

    play(first, story)


COVERED = [
    (["configmaps"], True),
    (["*"], True),
    (["*/*"], True),
    (["configmaps/*"], True),
    (["secrets"], False),
    (["*/status"], False),
    (["configmaps/status"], False),
]


@pytest.mark.parametrize(("resources", "asked"), COVERED)
def test_rules_say_which_resources(resources: list[str], asked: bool) -> None:
    sites = Sites(a=no())

    async def story(p: Plane) -> None:
        await create(p, validating(hook("a", rule(*resources))))
        if asked:
            with pytest.raises(ApiError):
                await create(p, config())
        else:
            await create(p, config())

    play(sites, story)


@pytest.mark.parametrize(
    ("more", "asked"),
    [
        ({"rules": [rule("*", operations=["UPDATE"])]}, False),
        ({"rules": [rule("*", groups=["apps"])]}, False),
        ({"rules": [rule("*", scope="Cluster")]}, False),
        ({"rules": [rule("*", scope="Namespaced")]}, True),
        ({"objectSelector": meta_v1.LabelSelector(matchLabels={"color": "red"})}, True),
        ({"objectSelector": meta_v1.LabelSelector(matchLabels={"color": "blue"})}, False),
        (
            {"namespaceSelector": meta_v1.LabelSelector(matchLabels={"kubernetes.io/metadata.name": "default"})},
            True,
        ),
        ({"namespaceSelector": meta_v1.LabelSelector(matchLabels={"team": "x"})}, False),
    ],
)
def test_rules_and_selectors_say_which_writes(more: dict[str, Any], asked: bool) -> None:
    sites = Sites(a=YES)

    async def story(p: Plane) -> None:
        await create(p, validating(hook("a", **more)))
        await create(p, config(labels={"color": "red"}))
        assert bool(sites.asked) == asked

    play(sites, story)


def test_sub_resources_are_asked_about_as_what_they_are() -> None:
    sites = Sites(a=YES)

    async def story(p: Plane) -> None:
        await create(p, statefulset())
        await create(p, pod())
        await create(p, validating(hook("a", rule("*/*"))))
        await p.registry.patch(SETS, "default", "web", merge({"spec": {"replicas": 2}}), PLAIN, "scale")
        await p.registry.patch(PODS, "default", "a", merge({"status": {"phase": "Running"}}), PLAIN, "status")
        await p.client.acting_as(SCHEDULER).bind("default", "a", "n1")
        visit = Visit(
            "CONNECT", PODS, Target("default", "a", "exec"), {"kind": "PodExecOptions", "apiVersion": "v1"}
        )
        await p.registry.review(visit, PLAIN)
        scale, status, binding, connect = (request for _, request in sites.asked)
        assert (scale["kind"]["kind"], scale["subResource"]) == ("Scale", "scale")
        assert (scale["object"]["spec"], scale["oldObject"]["spec"]) == ({"replicas": 2}, {"replicas": 3})
        assert (status["kind"]["kind"], status["subResource"]) == ("Pod", "status")
        assert (binding["operation"], binding["kind"]["kind"]) == ("CREATE", "Binding")
        assert binding["object"]["target"] == {"kind": "Node", "name": "n1"}
        assert binding["userInfo"]["username"] == "system:kube-scheduler"
        assert (connect["operation"], connect["kind"]["kind"]) == ("CONNECT", "PodExecOptions")

    play(sites, story)


def test_a_scale_can_be_changed_on_its_way() -> None:
    sites = Sites(a=patching({"op": "replace", "path": "/spec/replicas", "value": 1}))

    async def story(p: Plane) -> None:
        await create(p, statefulset())
        await create(p, mutating(mutator("a", rule("statefulsets/scale"))))
        await p.registry.patch(SETS, "default", "web", merge({"spec": {"replicas": 9}}), PLAIN, "scale")
        assert p.registry.decode(SETS, p.registry.get(SETS, "default", "web")).spec.replicas == 1

    play(sites, story)


def test_a_deletion_can_be_refused_and_not_be_changed() -> None:
    sites = Sites(a=no(message="stay"), b=labelling(x="y"))

    async def story(p: Plane) -> None:
        await create(p, config())
        await create(p, validating(hook("a", rule("*", operations=["DELETE"]))))
        with pytest.raises(ApiError, match="denied the request: stay"):
            await p.registry.delete(MAPS, "default", "a", meta_v1.DeleteOptions())
        p.registry.get(MAPS, "default", "a")
        await create(p, mutating(mutator("b", rule("*", operations=["DELETE"]))))
        with pytest.raises(ApiError, match="attempted to modify the object, which is not supported"):
            await p.registry.delete(MAPS, "default", "a", meta_v1.DeleteOptions())

    play(sites, story)


def test_no_webhook_decides_about_webhooks() -> None:
    sites = Sites(a=no())

    async def story(p: Plane) -> None:
        await create(p, mutating(mutator("a", rule("*/*"))))
        await create(p, validating(hook("a", rule("*/*"))))
        await p.registry.delete(MUTATING, "", "m", meta_v1.DeleteOptions())
        assert not sites.asked

    play(sites, story)


async def _forever() -> Answer:
    await asyncio.Event().wait()
    raise AssertionError


BROKEN = [
    (
        CallFailed("dial tcp 10.0.0.1:443: connect: connection refused"),
        'failed to call webhook: Post "https://a/ask?timeout=7s": '
        "dial tcp 10.0.0.1:443: connect: connection refused",
    ),
    (lambda _: _forever(), 'failed to call webhook: Post "https://a/ask?timeout=7s": context deadline exceeded'),
    (
        BadAnswer("the server could not find the requested resource"),
        "failed to call webhook: the server could not find the requested resource",
    ),
    (b"{}", "received invalid webhook response: webhook response was absent"),
    (
        {"allowed": True, "uid": "7"},
        'received invalid webhook response: expected response.uid="',
    ),
    (
        {**labelling(x="y"), "patchType": None},
        "received invalid webhook response: webhook returned response.patch but not response.patchType",
    ),
    (
        b'{"apiVersion":"x/v2","kind":"AdmissionReview","response":{"allowed":true}}',
        'received invalid webhook response: expected response.uid="',
    ),
    (b"\xff", "the response cannot be read: "),
]


@pytest.mark.parametrize(("answer", "why"), BROKEN)
def test_where_there_is_no_answer_the_failure_policy_decides(answer: Any, why: str) -> None:
    async def story(p: Plane) -> None:
        await create(p, mutating(mutator("a", rule("configmaps"), failurePolicy="Ignore", timeoutSeconds=7)))
        before = p.clock.monotonic()
        await create(p, config())
        assert p.clock.monotonic() - before in (0, 7)
        await create(
            p, mutating(mutator("a", rule("configmaps"), failurePolicy="Fail", timeoutSeconds=7), name="strict")
        )
        with pytest.raises(ApiError) as refusal:
            await create(p, config("b"))
        text = 'Internal error occurred: failed calling webhook "a.example.com": ' + why
        assert str(refusal.value).startswith(text)
        assert (refusal.value.code, refusal.value.reason) == (500, "InternalError")

    play(Sites(a=answer), story)


def test_a_patch_that_does_not_fit_fails_whatever_the_policy() -> None:
    sites = Sites(a=patching({"op": "remove", "path": "/nowhere"}))

    async def story(p: Plane) -> None:
        await create(p, mutating(mutator("a", rule("configmaps"), failurePolicy="Ignore")))
        with pytest.raises(ApiError, match=r"Internal error occurred: .*nowhere"):
            await create(p, config())

    play(sites, story)


def test_those_that_only_look_are_asked_at_once_and_the_first_refusal_in_order_is_told() -> None:
    met = asyncio.Event()

    async def waits() -> Answer:
        await met.wait()
        return no(message="first")

    def wakes(_: Any) -> Answer:
        met.set()
        return no(message="second")

    async def story(p: Plane) -> None:
        await create(p, validating(hook("a", rule("configmaps")), hook("b", rule("configmaps"))))
        with pytest.raises(ApiError, match="denied the request: first"):
            await create(p, config())

    play(Sites(a=lambda _: waits(), b=wakes), story)


def test_a_dry_run_asks_only_those_without_side_effects() -> None:
    sites = Sites(a=YES)

    async def story(p: Plane) -> None:
        await create(p, validating(hook("a", rule("configmaps"), sideEffects="NoneOnDryRun")))
        await p.registry.create(MAPS, "default", config(), DRY)
        assert sites.asked[0][1]["dryRun"] is True
        assert sites.asked[0][1]["options"]["dryRun"] == ["All"]

    play(sites, story)


def test_warnings_reach_the_client_whether_or_not_anything_else_is_said() -> None:
    sites = Sites(a={**YES, "warnings": ["think again"]}, b={**YES, "warnings": ["and again"]})

    async def story(p: Plane) -> None:
        await create(p, mutating(mutator("a", rule("configmaps"))))
        await create(p, validating(hook("b", rule("configmaps"))))
        options = WriteOptions()
        await p.registry.create(MAPS, "default", config(), options)
        assert options.warnings == ["think again", "and again"]

    play(sites, story)


def test_a_write_that_was_overtaken_while_webhooks_thought_is_asked_about_anew() -> None:
    async def meddling(request: Any, p: Plane) -> Answer:
        if request["object"]["data"]["value"] == "mine" and len(sites.asked) == 1:
            other = merge({"data": {"theirs": "yes"}})
            await p.registry.patch(MAPS, "default", "a", other, WriteOptions(admitted=True))
        return YES

    sites = Sites()

    async def story(p: Plane) -> None:
        sites.answers["a"] = lambda request: meddling(request, p)
        await create(p, config())
        await create(p, validating(hook("a", rule("configmaps"))))
        record = await p.registry.patch(MAPS, "default", "a", merge({"data": {"value": "mine"}}), PLAIN)
        assert p.registry.decode(MAPS, record).data == {"value": "mine", "theirs": "yes"}
        assert [request["oldObject"]["data"].get("theirs") for _, request in sites.asked] == [None, "yes"]

    play(sites, story)


def of_service(port: int = 443) -> Any:
    reference = admission.ServiceReference(name="guard", namespace="default", path="/v", port=port)
    return admission.WebhookClientConfig(service=reference, caBundle=base64.b64encode(b"PEM").decode())


def test_a_webhook_behind_a_service_is_reached_at_its_ready_endpoints() -> None:
    sites = Sites(guard=YES)

    async def story(p: Plane) -> None:
        spec = core_v1.ServiceSpec(ports=[core_v1.ServicePort(name="web", port=443, targetPort=8443)])
        await create(p, core_v1.Service(metadata=meta("guard"), spec=spec))
        endpoints = [
            discovery_v1.Endpoint(addresses=[address], conditions=discovery_v1.EndpointConditions(ready=ready))
            for address, ready in (("10.0.0.1", True), ("10.0.0.2", False), ("10.0.0.3", True))
        ]
        labels = {"kubernetes.io/service-name": "guard"}
        await create(
            p,
            discovery_v1.EndpointSlice(
                metadata=meta("guard-x", labels=labels),
                addressType="IPv4",
                endpoints=endpoints,
                ports=[discovery_v1.EndpointPort(name="web", port=8443)],
            ),
        )
        await create(p, validating(hook("guard", rule("configmaps"), clientConfig=of_service())))
        await create(p, config())
        assert sites.reached == [
            Destination("https://guard.default.svc:443/v?timeout=10s", b"PEM", ("10.0.0.1:8443", "10.0.0.3:8443"))
        ]

    play(sites, story)


def test_a_service_that_leads_nowhere_says_what_is_missing() -> None:
    async def refused(p: Plane) -> str:
        with pytest.raises(ApiError) as refusal:
            await create(p, config())
        return str(refusal.value).rpartition('?timeout=10s": ')[2]

    async def story(p: Plane) -> None:
        await create(p, validating(hook("guard", rule("configmaps"), clientConfig=of_service())))
        assert await refused(p) == 'service "guard" not found'
        spec = core_v1.ServiceSpec(ports=[core_v1.ServicePort(port=443)])
        await create(p, core_v1.Service(metadata=meta("guard"), spec=spec))
        assert await refused(p) == 'no endpoints available for service "guard"'
        await create(p, validating(hook("guard", rule("configmaps"), clientConfig=of_service(444)), name="a"))
        await p.registry.delete(
            by_model(admission.ValidatingWebhookConfiguration), "", "v", meta_v1.DeleteOptions()
        )
        assert await refused(p) == 'no service port 444 found for service "guard"'

    play(Sites(), story)


def test_a_namespace_counts_as_lying_in_itself() -> None:
    sites = Sites(a=no())
    selector = meta_v1.LabelSelector(matchLabels={"team": "red"})

    async def story(p: Plane) -> None:
        await create(p, validating(hook("a", rule("namespaces"), namespaceSelector=selector)))
        await create(p, core_v1.Namespace(metadata=meta("blue")))
        with pytest.raises(ApiError, match="denied"):
            await create(p, core_v1.Namespace(metadata=meta("red", labels={"team": "red"})))

    play(sites, story)


def test_the_older_review_is_spoken_where_the_webhook_speaks_no_other() -> None:
    def old(request: Any) -> bytes:
        return msgspec.json.encode({"response": {"allowed": True}})

    async def story(p: Plane) -> None:
        webhook = hook("a", rule("configmaps"), admissionReviewVersions=["v1beta1"])
        await create(p, validating(webhook))
        await create(p, config())

    play(Sites(a=old), story)


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        (
            {"name": "short"},
            'webhooks[0].name: Invalid value: "short": should be a domain with at least three segments',
        ),
        (
            {"sideEffects": "Some"},
            'sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"',
        ),
        (
            {"timeoutSeconds": 31},
            "timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds",
        ),
        (
            {"admissionReviewVersions": []},
            "admissionReviewVersions: Required value: must specify one of v1, v1beta1",
        ),
        (
            {"failurePolicy": "Maybe"},
            'failurePolicy: Unsupported value: "Maybe": supported values: "Fail", "Ignore"',
        ),
        (
            {"clientConfig": admission.WebhookClientConfig(url="http://a/")},
            "clientConfig.url: Invalid value: \"http\": 'https' is the only allowed URL scheme",
        ),
        (
            {"clientConfig": admission.WebhookClientConfig()},
            "clientConfig: Required value: exactly one of url or service is required",
        ),
        (
            {"rules": [rule("*", "pods")]},
            "if '*' is present, must not specify other resources without subresources",
        ),
        ({"rules": [rule("pods", operations=["EAT"])]}, 'rules[0].operations[0]: Unsupported value: "EAT"'),
    ],
)
def test_a_configuration_that_means_nothing_is_refused(more: dict[str, Any], fault: str) -> None:
    async def story(p: Plane) -> None:
        with pytest.raises(Invalid) as refusal:
            await create(p, validating(hook("a", **more)))
        assert fault in str(refusal.value)

    play(Sites(), story)


def test_defaults_are_those_of_kubernetes() -> None:
    async def story(p: Plane) -> None:
        made = (await create(p, mutating(mutator("a")))).webhooks[0]
        assert (made.failurePolicy, made.matchPolicy, made.timeoutSeconds) == ("Fail", "Equivalent", 10)
        assert (made.reinvocationPolicy, made.rules[0].scope) == ("Never", "*")
        assert made.namespaceSelector is not None and made.objectSelector is not None

    play(Sites(), story)


def test_a_quota_refuses_after_webhooks_have_changed_what_is_asked_for() -> None:
    sites = Sites(a=patching({"op": "add", "path": "/data/more", "value": "x"}))

    async def story(p: Plane) -> None:
        await create(
            p, core_v1.ResourceQuota(metadata=meta("q"), spec=core_v1.ResourceQuotaSpec(hard={"configmaps": "0"}))
        )
        await create(p, mutating(mutator("a", rule("configmaps"))))
        with pytest.raises(Forbidden, match="exceeded quota"):
            await create(p, config())
        assert sites.hosts == ["a"]

    play(sites, story)


def test_an_autoscaler_is_shown_in_the_version_that_a_webhook_knows_and_changed_in_it() -> None:
    sites = Sites(a=patching({"op": "replace", "path": "/spec/targetCPUUtilizationPercentage", "value": 60}))
    older = admission.RuleWithOperations(
        operations=["*"], apiGroups=["autoscaling"], apiVersions=["v1"], resources=["horizontalpodautoscalers"]
    )

    async def story(p: Plane) -> None:
        await create(p, mutating(mutator("a", older)))
        found = await create(
            p,
            autoscaling_v2.HorizontalPodAutoscaler(
                metadata=meta("web"),
                spec=autoscaling_v2.HorizontalPodAutoscalerSpec(
                    maxReplicas=5,
                    scaleTargetRef=autoscaling_v2.CrossVersionObjectReference(kind="Deployment", name="web"),
                ),
            ),
        )
        (_, request) = sites.asked[-1]
        assert (request["kind"]["version"], request["requestKind"]["version"]) == ("v1", "v2")
        assert request["object"]["spec"]["targetCPUUtilizationPercentage"] == 80
        assert found.spec.metrics[0].resource.target.averageUtilization == 60

    play(sites, story)
