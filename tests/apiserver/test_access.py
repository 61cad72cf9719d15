"""Who may do what over HTTP: roles and bindings, acting as another, handing out rights, and asking about them."""

from typing import Any

import pytest
from apiserver.asgi import CONFIG_MAPS, MERGE, PODS, Site, config_map, on_a_plane, pod

from petset.apiserver.authenticate import Peer
from petset.registry.roles import ensure_roles

JANE = Peer("jane", ("dev",))
AS_JANE = {"peer": JANE}
RBAC = "/apis/rbac.authorization.k8s.io/v1"
REVIEWS = "/apis/authorization.k8s.io/v1"
ROLES = f"{RBAC}/namespaces/default/roles"
BINDINGS = f"{RBAC}/namespaces/default/rolebindings"


def rule(verbs: str, resources: str, group: str = "") -> dict[str, Any]:
    return {"verbs": verbs.split(), "apiGroups": [group], "resources": resources.split()}


def role(name: str, *rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, "rules": list(rules), **more}


def binding(name: str, kind: str, role_name: str, *subjects: str) -> dict[str, Any]:
    """Subjects as `User jane`, `ServiceAccount shop/web`."""
    listed: list[dict[str, Any]] = []
    for subject in subjects:
        subject_kind, _, who = subject.partition(" ")
        namespace, _, account = who.rpartition("/")
        listed.append({"kind": subject_kind, "name": account, **({"namespace": namespace} if namespace else {})})
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role_name}
    return {"metadata": {"name": name}, "roleRef": reference, "subjects": listed}


async def grant(site: Site, *rules: dict[str, Any], to: str = "User jane", name: str = "r") -> None:
    await site.made(ROLES, role(name, *rules))
    await site.made(BINDINGS, binding(name, "Role", name, to))


@on_a_plane
async def test_a_right_holds_from_the_next_request_on_and_ends_with_its_binding(site: Site) -> None:
    assert (await site.ask("GET", CONFIG_MAPS, **AS_JANE)).status == 403
    await grant(site, rule("get list", "configmaps"))
    assert (await site.ask("GET", CONFIG_MAPS, **AS_JANE)).status == 200
    assert (await site.ask("POST", CONFIG_MAPS, config_map("a"), **AS_JANE)).status == 403
    elsewhere = await site.ask("GET", CONFIG_MAPS.replace("default", "kube-public"), **AS_JANE)
    assert elsewhere.status == 403
    await site.ask("PATCH", f"{ROLES}/r", {"rules": [rule("create", "configmaps")]}, content_type=MERGE)
    assert (await site.ask("POST", CONFIG_MAPS, config_map("a"), **AS_JANE)).status == 201
    await site.ask("DELETE", f"{BINDINGS}/r")
    assert (await site.ask("POST", CONFIG_MAPS, config_map("b"), **AS_JANE)).status == 403


@on_a_plane
async def test_an_apply_that_creates_needs_the_right_to_create_and_hands_out_no_more_than_a_creation(
    site: Site,
) -> None:
    await grant(site, rule("patch", "configmaps"), rule("patch create", "roles", "rbac.authorization.k8s.io"))

    async def apply(url: str, document: dict[str, Any]) -> Any:
        content_type = "application/apply-patch+yaml"
        return await site.ask("PATCH", f"{url}?fieldManager=m", document, content_type=content_type, **AS_JANE)

    refused = await apply(f"{CONFIG_MAPS}/a", config_map("a"))
    assert refused.status == 403 and 'cannot create resource "configmaps"' in refused.json["message"]
    await site.made(CONFIG_MAPS, config_map("a"))
    assert (await apply(f"{CONFIG_MAPS}/a", config_map("a"))).status == 200
    more = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", **role("more", rule("*", "secrets"))}
    assert (await apply(f"{ROLES}/more", more)).status == 403


@on_a_plane
async def test_groups_and_service_accounts_are_bound_and_a_cluster_role_holds_in_one_namespace(site: Site) -> None:
    await site.made(f"{RBAC}/clusterroles", role("reader", rule("list", "configmaps")))
    await site.made(BINDINGS, binding("dev", "ClusterRole", "reader", "Group dev"))
    await site.made(BINDINGS, binding("sa", "ClusterRole", "reader", "ServiceAccount shop/web"))
    assert (await site.ask("GET", CONFIG_MAPS, **AS_JANE)).status == 200
    assert (await site.ask("GET", "/api/v1/configmaps", **AS_JANE)).status == 403
    account = await site.ask("GET", CONFIG_MAPS, impersonate_user="system:serviceaccount:shop:web")
    assert account.status == 200
    await site.made(f"{RBAC}/clusterrolebindings", binding("all", "ClusterRole", "reader", "User jane"))
    assert (await site.ask("GET", "/api/v1/configmaps", **AS_JANE)).status == 200


@on_a_plane
async def test_who_nobody_asks_about_for_long_is_still_told_right(site: Site) -> None:
    await site.ask("GET", CONFIG_MAPS, **AS_JANE)
    for number in range(1200):  # more than a watch may fall behind
        body = {"metadata": {"labels": {"n": str(number)}}}
        await site.ask("PATCH", f"{RBAC}/clusterrolebindings/system:node", body, content_type=MERGE)
    await grant(site, rule("list", "configmaps"))
    assert (await site.ask("GET", CONFIG_MAPS, **AS_JANE)).status == 200


@on_a_plane
async def test_a_binding_to_a_role_that_is_missing_says_so_in_the_refusal(site: Site) -> None:
    await site.made(BINDINGS, binding("dangling", "ClusterRole", "nothing", "User jane"))
    refused = await site.ask("GET", CONFIG_MAPS, **AS_JANE)
    assert refused.json["message"] == (
        'configmaps is forbidden: User "jane" cannot list resource "configmaps" in API group "" in the namespace '
        '"default": RBAC: clusterrole.rbac.authorization.k8s.io "nothing" not found'
    )


@pytest.mark.parametrize(
    ("url", "body", "says"),
    [
        (ROLES, role("r", {"verbs": []}), "rules[0].verbs: Required value: verbs must contain at least one value"),
        (ROLES, role("r", {"verbs": ["get"], "nonResourceURLs": ["/a"]}), "namespaced rules cannot apply"),
        (ROLES, role("a/b", rule("get", "pods")), "metadata.name: Invalid value: \"a/b\": may not contain '/'"),
        (BINDINGS, binding("b", "Deployment", "x"), 'roleRef.kind: Unsupported value: "Deployment"'),
        (BINDINGS, binding("b", "Role", ""), "roleRef.name: Required value"),
        (BINDINGS, binding("b", "Role", "x", "Robot r"), 'subjects[0].kind: Unsupported value: "Robot"'),
        (f"{RBAC}/clusterrolebindings", binding("b", "Role", "x"), 'supported values: "ClusterRole"'),
        (
            f"{RBAC}/clusterrolebindings",
            binding("b", "ClusterRole", "x", "ServiceAccount web"),
            "subjects[0].namespace: Required value",
        ),
        (f"{RBAC}/clusterroles", role("c", aggregationRule={}), "at least one clusterRoleSelector required"),
    ],
)
@on_a_plane
async def test_what_is_no_role_is_refused(site: Site, url: str, body: dict[str, Any], says: str) -> None:
    refused = await site.ask("POST", url, body)
    assert refused.status == 422 and says in refused.json["message"], refused.json


@on_a_plane
async def test_a_binding_keeps_its_role(site: Site) -> None:
    await site.made(BINDINGS, binding("b", "ClusterRole", "view", "User jane"))
    body = {"roleRef": {"kind": "ClusterRole", "name": "admin"}}
    refused = await site.ask("PATCH", f"{BINDINGS}/b", body, content_type=MERGE)
    assert refused.status == 422 and "cannot change roleRef" in refused.json["message"]


_MAY_WRITE_ROLES = rule("create update patch get", "roles rolebindings", "rbac.authorization.k8s.io")


@on_a_plane
async def test_nobody_hands_out_what_they_do_not_have(site: Site) -> None:
    await grant(site, _MAY_WRITE_ROLES, rule("get list", "pods"))
    assert (await site.ask("POST", ROLES, role("mine", rule("get", "pods")), **AS_JANE)).status == 201
    more = await site.ask("POST", ROLES, role("more", rule("get delete create", "pods")), **AS_JANE)
    assert (more.status, more.json["message"]) == (
        403,
        'roles.rbac.authorization.k8s.io "more" is forbidden: user "jane" (groups=["dev" "system:authenticated"]) '
        "is attempting to grant RBAC permissions not currently held:\n"
        '{APIGroups:[""], Resources:["pods"], Verbs:["delete" "create"]}',
    )
    body = {"rules": [rule("*", "*")]}
    assert (await site.ask("PATCH", f"{ROLES}/mine", body, content_type=MERGE, **AS_JANE)).status == 403
    bound = await site.ask("POST", BINDINGS, binding("mine", "Role", "mine", "User joe"), **AS_JANE)
    assert bound.status == 201
    admin = binding("admin", "ClusterRole", "cluster-admin", "User jane")
    assert (await site.ask("POST", BINDINGS, admin, **AS_JANE)).status == 403
    missing = await site.ask("POST", BINDINGS, binding("x", "ClusterRole", "nothing", "User jane"), **AS_JANE)
    assert missing.status == 404


@on_a_plane
async def test_who_may_bind_or_escalate_may_hand_out_more_than_they_have(site: Site) -> None:
    group = "rbac.authorization.k8s.io"
    bind = {**rule("bind", "clusterroles", group), "resourceNames": ["view"]}
    await grant(site, _MAY_WRITE_ROLES, bind, rule("escalate", "roles", group))
    assert (await site.ask("POST", ROLES, role("more", rule("*", "*")), **AS_JANE)).status == 201
    await site.ask("PATCH", f"{RBAC}/clusterroles/view", {"rules": [rule("get", "pods")]}, content_type=MERGE)
    view, edit = (binding(name, "ClusterRole", name, "User joe") for name in ("view", "cluster-admin"))
    assert (await site.ask("POST", BINDINGS, view, **AS_JANE)).status == 201
    assert (await site.ask("POST", BINDINGS, edit, **AS_JANE)).status == 403


@on_a_plane
async def test_only_an_administrator_makes_a_role_that_gathers(site: Site) -> None:
    gathering = {"aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]}}
    await site.made(
        f"{RBAC}/clusterroles", role("writer", rule("create", "clusterroles", "rbac.authorization.k8s.io"))
    )
    await site.made(f"{RBAC}/clusterrolebindings", binding("writer", "ClusterRole", "writer", "User jane"))
    refused = await site.ask("POST", f"{RBAC}/clusterroles", role("all", **gathering), **AS_JANE)
    assert refused.status == 403 and "must have cluster-admin privileges" in refused.json["message"]


@on_a_plane
async def test_acting_as_another_needs_a_right_for_every_part_of_the_other(site: Site) -> None:
    refused = await site.ask("GET", PODS, **AS_JANE, impersonate_user="joe")
    assert (refused.status, refused.json["message"]) == (
        403,
        'users "joe" is forbidden: User "jane" cannot impersonate resource "users" in API group "" '
        "at the cluster scope",
    )
    await site.made(
        f"{RBAC}/clusterroles", role("as-joe", {**rule("impersonate", "users"), "resourceNames": ["joe"]})
    )
    await site.made(f"{RBAC}/clusterrolebindings", binding("as-joe", "ClusterRole", "as-joe", "User jane"))
    as_joe = await site.ask("GET", PODS, **AS_JANE, impersonate_user="joe")
    assert as_joe.status == 403 and 'User "joe" cannot list' in as_joe.json["message"]
    root = await site.ask("GET", PODS, **AS_JANE, impersonate_user="joe", impersonate_group="system:masters")
    assert root.status == 403 and 'groups "system:masters" is forbidden: User "jane"' in root.json["message"]
    extra = await site.ask("GET", PODS, **AS_JANE, impersonate_user="joe", impersonate_extra_scopes="all")
    assert 'resource "userextras/scopes" in API group "authentication.k8s.io"' in extra.json["message"]
    nobody = await site.ask("GET", PODS, impersonate_group="dev")
    assert nobody.status == 400
    assert (await site.ask("GET", PODS, peer=None, impersonate_user="kubernetes-admin")).status == 401


async def review(site: Site, kind: str, spec: Any, **headers: Any) -> Any:
    group = "authentication" if kind in ("selfsubjectreviews", "tokenreviews") else "authorization"
    answer = await site.ask("POST", f"/apis/{group}.k8s.io/v1/{kind}", {"spec": spec} if spec else {}, **headers)
    assert answer.status == 201, answer
    return answer.json["status"]


@on_a_plane
async def test_everybody_may_ask_what_they_may_and_is_told_why(site: Site) -> None:
    asked = {"resourceAttributes": {"verb": "list", "resource": "pods", "namespace": "default"}}
    assert await review(site, "selfsubjectaccessreviews", asked, **AS_JANE) == {"allowed": False}
    await grant(site, rule("list", "pods"))
    assert await review(site, "selfsubjectaccessreviews", asked, **AS_JANE) == {
        "allowed": True,
        "reason": 'RBAC: allowed by RoleBinding "r/default" of Role "r" to User "jane"',
    }
    path = {"nonResourceAttributes": {"verb": "get", "path": "/metrics"}}
    assert not (await review(site, "selfsubjectaccessreviews", path, **AS_JANE))["allowed"]
    assert (await review(site, "selfsubjectaccessreviews", path))["allowed"]
    both = await site.ask("POST", f"{REVIEWS}/selfsubjectaccessreviews", {"spec": {**asked, **path}})
    assert both.status == 422
    assert (await site.ask("POST", f"{REVIEWS}/selfsubjectaccessreviews", {"spec": {}})).status == 422
    rules = await review(site, "selfsubjectrulesreviews", {"namespace": "default"}, **AS_JANE)
    assert {"verbs": ["list"], "apiGroups": [""], "resources": ["pods"]} in rules["resourceRules"]
    assert any("/api/*" in each["nonResourceURLs"] for each in rules["nonResourceRules"])


@on_a_plane
async def test_an_administrator_asks_what_others_may(site: Site) -> None:
    asked = {"resourceAttributes": {"verb": "list", "resource": "pods", "namespace": "default"}}
    assert (await site.ask("POST", f"{REVIEWS}/subjectaccessreviews", {"spec": asked}, **AS_JANE)).status == 403
    await grant(site, rule("list", "pods"), to="Group dev")
    joe = await review(site, "subjectaccessreviews", {**asked, "user": "joe", "groups": ["dev"]})
    assert joe["allowed"] and joe["reason"].endswith('to Group "dev"')
    assert not (await review(site, "subjectaccessreviews", {**asked, "user": "joe"}))["allowed"]
    local = f"{REVIEWS}/namespaces/kube-system/localsubjectaccessreviews"
    elsewhere = await site.ask("POST", local, {"spec": {**asked, "user": "joe"}})
    assert elsewhere.status == 400
    assert (await site.ask("GET", f"{REVIEWS}/subjectaccessreviews")).status == 405


@on_a_plane
async def test_everybody_may_ask_who_they_are_and_services_whose_a_token_is(site: Site) -> None:
    me = await review(site, "selfsubjectreviews", None, **AS_JANE)
    assert me == {"userInfo": {"username": "jane", "groups": ["dev", "system:authenticated"]}}
    other = await review(
        site, "selfsubjectreviews", None, impersonate_user="joe", impersonate_uid="7", impersonate_extra_a="b"
    )
    assert other["userInfo"] == {
        "username": "joe", "uid": "7", "groups": ["system:authenticated"], "extra": {"a": ["b"]},
    }  # fmt: skip
    known = await review(site, "tokenreviews", {"token": "jane-token"})
    assert known["authenticated"] and known["user"]["username"] == "jane"
    unknown = await review(site, "tokenreviews", {"token": "wrong"})
    assert "authenticated" not in unknown and unknown["error"] == "invalid bearer token"
    assert known["audiences"] == ["https://kubernetes.default.svc.cluster.local"]
    elsewhere = await review(site, "tokenreviews", {"token": "jane-token", "audiences": ["vault"]})
    assert "authenticated" not in elsewhere and elsewhere["error"] == "invalid bearer token"


@on_a_plane
async def test_a_command_over_websocket_needs_the_right_to_create(site: Site) -> None:
    await site.made(PODS, pod("web-0"))
    await grant(site, rule("get", "pods/exec"))
    scope = f"{PODS}/web-0/exec?command=true&stdout=1"
    async with site.opened(scope, kind="websocket", peer=JANE, subprotocols="v5.channel.k8s.io") as ws:
        start = await ws.hear()
        assert start["status"] == 403
        assert b'cannot create resource \\"pods/exec\\"' in (await ws.hear())["body"]


@on_a_plane
async def test_the_default_roles_come_back_and_keep_what_was_added(site: Site) -> None:
    url = f"{RBAC}/clusterroles/system:basic-user"
    added = rule("list", "nodes")
    await site.ask("PATCH", url, {"rules": [added]}, content_type=MERGE)
    off = {"metadata": {"annotations": {"rbac.authorization.kubernetes.io/autoupdate": "false"}}, "rules": []}
    await site.ask("PATCH", f"{RBAC}/clusterroles/system:discovery", off, content_type=MERGE)
    await site.ask("DELETE", f"{RBAC}/clusterrolebindings/system:monitoring")
    await ensure_roles(site.plane.registry)
    basic = await site.get(url)
    assert added in basic["rules"] and len(basic["rules"]) == 3
    assert not (await site.get(f"{RBAC}/clusterroles/system:discovery")).get("rules")
    assert (await site.get(f"{RBAC}/clusterrolebindings/system:monitoring"))["subjects"]
    before = site.plane.store.revision
    await ensure_roles(site.plane.registry)
    assert site.plane.store.revision == before, "a start that finds everything as it should be writes nothing"


@on_a_plane
async def test_applying_what_is_not_there_needs_the_right_to_create_and_escalates_nothing(site: Site) -> None:
    await grant(site, rule("patch", "configmaps"), rule("patch create", "roles", "rbac.authorization.k8s.io"))
    apply = {"content_type": "application/apply-patch+yaml", **AS_JANE}
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    refused = await site.ask("PATCH", f"{CONFIG_MAPS}/a?fieldManager=t", body, **apply)
    assert refused.status == 403 and 'cannot create resource "configmaps"' in refused.json["message"]
    typed = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role"}
    for verb, status in (("patch", 201), ("get", 403)):
        granted = {**typed, **role("x", rule(verb, "configmaps"))}
        assert (await site.ask("PATCH", f"{ROLES}/x?fieldManager=t", granted, **apply)).status == status
