"""`authorizer` in policies and match conditions: what somebody may do depends on what else they may do."""

from typing import Any

import pytest
from apiserver.asgi import Site, config_map, on_a_plane

from petset.api import expressions
from petset.api.expressions import Rights
from petset.api.rbac import Attributes, Decision

POLICIES = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"
MAPS = "/api/v1/namespaces/default/configmaps"
ROLES = "/apis/rbac.authorization.k8s.io/v1"
JANE = {"authorization": "Bearer jane-token", "peer": None}


def role(name: str, *rules: Any) -> list[tuple[str, Any]]:
    subject = {"kind": "User", "name": "jane", "apiGroup": "rbac.authorization.k8s.io"}
    reference = {"kind": "ClusterRole", "name": name, "apiGroup": "rbac.authorization.k8s.io"}
    return [
        (f"{ROLES}/clusterroles", {"metadata": {"name": name}, "rules": list(rules)}),
        (f"{ROLES}/clusterrolebindings", {"metadata": {"name": name}, "roleRef": reference, "subjects": [subject]}),
    ]


def policy(expression: str) -> list[tuple[str, Any]]:
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["configmaps"]}
    return [
        (
            POLICIES,
            {
                "metadata": {"name": "p"},
                "spec": {
                    "matchConstraints": {"resourceRules": [rule]},
                    "validations": [{"expression": expression, "message": "not by you"}],
                },
            },
        ),
        (
            POLICIES.replace("policies", "policybindings"),
            {"metadata": {"name": "b"}, "spec": {"policyName": "p", "validationActions": ["Deny"]}},
        ),
    ]


@on_a_plane
async def test_a_policy_asks_what_else_the_user_may_do(site: Site) -> None:
    """A role that names a verb of nobody's own is enough to be let through."""
    for url, body in policy("authorizer.requestResource.check('bypass').allowed()"):
        await site.made(url, body)
    everything = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["create"]}
    for url, body in role("maker", everything):
        await site.made(url, body)
    refused = await site.ask("POST", MAPS, config_map("a"), **JANE)
    assert (refused.status, "not by you" in refused.json["message"]) == (422, True)
    named = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["bypass"], "resourceNames": ["a"]}
    for url, body in role("passer", named):
        await site.made(url, body)
    assert (await site.ask("POST", MAPS, config_map("a"), **JANE)).status == 201
    assert (await site.ask("POST", MAPS, config_map("b"), **JANE)).status == 422
    assert (await site.ask("POST", MAPS, config_map("b"))).status == 201


def decide(account: str, asked: Attributes) -> Decision:
    """Accounts may read logs in their namespace, everybody the health of the server."""
    if account == "system:serviceaccount:apps:web" and asked.namespace == "apps" and asked.subresource == "log":
        return Decision(True, "its own")
    return Decision(asked.path == "/healthz" and asked.verb == "get", "")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("authorizer.path('/healthz').check('get').allowed()", True),
        ("authorizer.path('/healthz').check('put').allowed()", False),
        (
            "authorizer.serviceAccount('apps', 'web').group('').resource('pods').subresource('log')"
            ".namespace('apps').name('x').check('get').reason()",
            "its own",
        ),
        (
            "authorizer.group('').resource('pods').subresource('log').namespace('apps').check('get').allowed()",
            False,
        ),
        ("authorizer.group('').resource('pods').fieldSelector('a=b').check('list').errored()", False),
        ("authorizer.requestResource.subresource('log').check('get').error()", ""),
    ],
)
def test_a_question_about_rights_is_put_together_word_by_word(text: str, value: Any) -> None:
    assert expressions.evaluate(text, {"authorizer": Rights(decide, {"resource": "pods"})}) == value
