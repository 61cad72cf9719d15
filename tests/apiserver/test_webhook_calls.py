"""Webhooks over real TLS on loopback: whom the server believes, what it waits for, what a user of kubectl reads."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
import uvloop
from apiserver.running import Running, running
from apiserver.webhook_server import HANG_UP, Webhook, webhook

from petset.apiserver.webhooks import MOST_CLIENTS, HttpsCaller
from petset.registry.webhooks.port import BadAnswer, CallFailed, Destination

T = TypeVar("T")


def calling(work: Callable[[HttpsCaller], Awaitable[T]]) -> T:
    """Run `work` with a caller on uvloop, as in the server."""

    async def main() -> T:
        caller = HttpsCaller()
        try:
            return await work(caller)
        finally:
            await caller.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main())


def post(to: Destination, times: int = 1) -> list[Any]:
    async def work(caller: HttpsCaller) -> list[Any]:
        return [json.loads(await caller.post(to, b'{"request":{"uid":"1"}}')) for _ in range(times)]

    return calling(work)


def told(to: Destination, kind: type[CallFailed] = CallFailed) -> str:
    with pytest.raises(kind) as failure:
        post(to)
    assert type(failure.value) is kind
    return str(failure.value)


def allow(_: Any) -> dict[str, Any]:
    return {"allowed": True}


def test_a_webhook_is_believed_by_its_own_authority_and_the_connection_is_kept(tmp_path: Path) -> None:
    with webhook(tmp_path, allow) as site:
        to = Destination(f"https://localhost:{site.port}/v?timeout=5s", site.authority)
        assert [answer["response"]["allowed"] for answer in post(to, times=3)] == [True] * 3
        assert site.paths == [f"localhost:{site.port}/v?timeout=5s"] * 3
        assert len(site.connections) == 1


def test_an_address_is_reached_in_the_name_that_the_certificate_must_prove(tmp_path: Path) -> None:
    with webhook(tmp_path, allow) as site:
        addresses = ("127.0.0.1:1", f"127.0.0.1:{site.port}")
        post(Destination("https://guard.default.svc:443/v?timeout=5s", site.authority, addresses))
        assert site.paths == ["guard.default.svc/v?timeout=5s"]
        other = Destination("https://other.default.svc:443/v", site.authority, addresses)
        assert "certificate is not valid for 'other.default.svc'" in told(other)


def test_nobody_else_is_believed(tmp_path: Path) -> None:
    with webhook(tmp_path / "a", allow) as site, webhook(tmp_path / "b", allow) as other:
        url = f"https://localhost:{site.port}/"
        assert told(Destination(url, other.authority)).startswith("tls: failed to verify certificate: x509:")
        assert told(Destination(url)).startswith("tls: failed to verify certificate: x509:")
        assert "unable to load root certificates" in told(Destination(url, b"no certificate"))


def test_where_nobody_listens_the_connection_is_refused(tmp_path: Path) -> None:
    assert told(Destination("https://svc:443/", b"", ("127.0.0.1:1",))) == (
        "dial tcp 127.0.0.1:1: connect: connection refused"
    )


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (404, "the server could not find the requested resource"),
        (500, 'an error on the server ("no such thing") has prevented the request from succeeding'),
    ],
)
def test_an_answer_that_is_an_error_is_no_answer(tmp_path: Path, status: int, text: str) -> None:
    with webhook(tmp_path, lambda _: status) as site:
        assert told(Destination(f"https://localhost:{site.port}/", site.authority), BadAnswer) == text


def test_an_answer_without_end_is_cut_off(tmp_path: Path) -> None:
    with webhook(tmp_path, lambda _: {"allowed": True, "warnings": ["x" * 4_000_000]}) as site:
        assert "longer than" in told(Destination(f"https://localhost:{site.port}/", site.authority), BadAnswer)


def test_a_long_question_may_have_a_long_answer(tmp_path: Path) -> None:
    """As a list of objects that are converted."""
    question = json.dumps({"request": {"uid": "1", "objects": "x" * 1_000_000}}).encode()
    with webhook(tmp_path, lambda _: {"convertedObjects": "y" * 4_000_000}) as site:
        to = Destination(f"https://localhost:{site.port}/", site.authority)
        answer = calling(lambda caller: caller.post(to, question))
        assert len(json.loads(answer)["response"]["convertedObjects"]) == 4_000_000


def test_a_kept_connection_that_the_other_side_lets_go_is_made_again(tmp_path: Path) -> None:
    answers: list[Any] = [{"allowed": True}, HANG_UP, {"allowed": False}]
    with webhook(tmp_path, lambda _: answers.pop(0)) as site:
        found = post(Destination(f"https://localhost:{site.port}/", site.authority), times=2)
        assert [answer["response"]["allowed"] for answer in found] == [True, False]


def test_authorities_that_come_and_go_do_not_pile_up(tmp_path: Path) -> None:
    async def work(caller: HttpsCaller) -> int:
        for number in range(MOST_CLIENTS + 3):
            authority = site.authority + b"\n" * number
            await caller.post(Destination(f"https://localhost:{site.port}/", authority), b'{"request":{"uid":"1"}}')
        return len(caller._clients)

    with webhook(tmp_path, allow) as site:
        assert calling(work) == MOST_CLIENTS


def decide(request: dict[str, Any]) -> dict[str, Any] | None:
    """Keeps config maps with an odd name out, labels the others, and never answers about one."""
    name, labels = request["name"], (request["object"] or {}).get("metadata", {}).get("labels")
    if name == "silence":
        return None
    if name == "odd":
        status = {"message": f"{request['userInfo']['username']} may not", "code": 403}
        return {"allowed": False, "status": status, "warnings": ["an odd one"]}
    if request["operation"] != "CREATE" or labels:
        return {"allowed": True, "warnings": [f"{name} was looked at"]}
    patch = json.dumps([{"op": "add", "path": "/metadata/labels", "value": {"seen": "yes"}}]).encode()
    return {"allowed": True, "patchType": "JSONPatch", "patch": base64.b64encode(patch).decode()}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Webhook]:
    with webhook(tmp_path_factory.mktemp("webhook"), decide) as found:
        yield found


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, site: Webhook) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("server")) as found:
        for kind, name in (("Mutating", "change"), ("Validating", "look")):
            found.kubectl("apply", "-f", "-", stdin=json.dumps(_configuration(kind, name, site)))
        yield found


def _configuration(kind: str, name: str, site: Webhook) -> dict[str, Any]:
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": f"{kind}WebhookConfiguration",
        "metadata": {"name": name},
        "webhooks": [
            {
                "name": f"{name}.example.com",
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                "timeoutSeconds": 1,
                "clientConfig": {"url": f"https://localhost:{site.port}/{name}", "caBundle": site.bundle},
                "rules": [
                    {
                        "apiGroups": [""],
                        "apiVersions": ["v1"],
                        "operations": ["*"],
                        "resources": ["configmaps", "configmaps/*"],
                    }
                ],
            }
        ],
    }


def test_kubectl_shows_what_a_webhook_changed_warned_of_and_refused(server: Running) -> None:
    shown = server.kubectl("create", "configmap", "even")
    assert "Warning: even was looked at" in shown
    assert server.kubectl("get", "configmap", "even", "-o", "jsonpath={.metadata.labels}") == '{"seen":"yes"}'
    refused = server.kubectl("create", "configmap", "odd", status=1)
    assert "Warning: an odd one" in refused
    assert 'admission webhook "change.example.com" denied the request: kubernetes-admin may not' in refused
    assert "Warning: even was looked at" in server.kubectl("delete", "configmap", "even")


def test_a_webhook_that_never_answers_is_waited_for_as_long_as_it_may_take(server: Running, site: Webhook) -> None:
    refused = server.kubectl("create", "configmap", "silence", status=1)
    assert (
        'Internal error occurred: failed calling webhook "change.example.com": failed to call webhook: Post '
        in (refused)
    )
    assert f'https://localhost:{site.port}/change?timeout=1s": context deadline exceeded' in refused


def test_kubectl_lists_explains_and_takes_away_webhooks(server: Running) -> None:
    rows = server.kubectl("get", "mutatingwebhookconfigurations").splitlines()
    assert [row.split()[:2] for row in rows] == [["NAME", "WEBHOOKS"], ["change", "1"]]
    assert "failurePolicy" in server.kubectl("explain", "validatingwebhookconfigurations.webhooks")


POLICY = """
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: few}
spec:
  matchConstraints:
    resourceRules:
    - {apiGroups: [apps], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [deployments]}
  validations:
  - expression: object.spec.replicas <= 5
    messageExpression: "'at most 5, not ' + string(object.spec.replicas)"
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: everywhere}
spec: {policyName: few, validationActions: [Deny]}
"""


def test_a_policy_applied_with_kubectl_holds_for_the_next_write(server: Running) -> None:
    server.kubectl("apply", "-f", "-", stdin=POLICY)
    assert server.kubectl("get", "validatingadmissionpolicies").splitlines()[1].split()[:3] == [
        "few",
        "1",
        "<unset>",
    ]
    refused = server.kubectl("create", "deployment", "web", "--image=redis:7", "--replicas=6", status=1)
    assert "ValidatingAdmissionPolicy 'few' with binding 'everywhere' denied request: at most 5, not 6" in refused
    server.kubectl("create", "deployment", "web", "--image=redis:7", "--replicas=5")
    assert "created" not in server.kubectl("apply", "-f", "-", stdin=POLICY)


MUTATION = """
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata: {name: rooms}
spec:
  reinvocationPolicy: IfNeeded
  matchConstraints:
    resourceRules:
    - {apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [configmaps]}
  mutations:
  - patchType: ApplyConfiguration
    applyConfiguration:
      expression: >
        Object{metadata: Object.metadata{labels: {"room": namespaceObject.metadata.name}}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicyBinding
metadata: {name: everywhere}
spec: {policyName: rooms}
"""


def test_a_mutating_policy_applied_with_kubectl_changes_the_next_object(server: Running) -> None:
    server.kubectl("apply", "--server-side", "-f", "-", stdin=MUTATION)
    rows = server.kubectl("get", "mutatingadmissionpolicies,mutatingadmissionpolicybindings").splitlines()
    assert [row.split()[:3] for row in (rows[1], rows[4])] == [
        ["mutatingadmissionpolicy.admissionregistration.k8s.io/rooms", "1", "<unset>"],
        ["mutatingadmissionpolicybinding.admissionregistration.k8s.io/everywhere", "rooms", "<unset>"],
    ]
    server.kubectl("create", "configmap", "lamp")
    assert server.kubectl("get", "configmap", "lamp", "-o", "jsonpath={.metadata.labels.room}") == "default"
    assert "applyConfiguration" in server.kubectl("explain", "mutatingadmissionpolicies.spec.mutations")
    server.kubectl("delete", "-f", "-", stdin=MUTATION)
