"""What clients learn about the server: kinds, versions, health, and that it validates fields."""

from typing import Any

import pytest
from apiserver.asgi import Site, on_a_plane

from petset.api.kinds import KINDS
from petset.apiserver.app import Options
from petset.apiserver.discovery import aggregated, resource_list
from petset.apiserver.health import Check

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"


@on_a_plane
async def test_a_client_can_walk_from_groups_to_resources(site: Site) -> None:
    assert (await site.get("/api"))["versions"] == ["v1"]
    groups = await site.get("/apis")
    found = {"v1"} | {each["groupVersion"] for group in groups["groups"] for each in group["versions"]}
    assert found == {kind.api_version for kind in KINDS}
    apps = await site.get("/apis/apps/v1")
    by_name = {resource["name"]: resource for resource in apps["resources"]}
    assert by_name["statefulsets"]["shortNames"] == ["sts"]
    assert by_name["statefulsets/scale"] == {
        "name": "statefulsets/scale",
        "singularName": "",
        "namespaced": True,
        "group": "autoscaling",
        "version": "v1",
        "kind": "Scale",
        "verbs": ["get", "patch", "update"],
    }
    assert (await site.get("/apis/apps"))["kind"] == "APIGroup"
    assert {"/api", "/api/v1", "/apis/apps", "/apis/apps/v1", "/readyz"} < set((await site.get("/"))["paths"])


@on_a_plane
async def test_two_requests_tell_a_newer_client_everything(site: Site) -> None:
    resources: dict[tuple[str, str], Any] = {}
    for path in ("/api", "/apis"):
        answer = await site.ask("GET", path, accept=AGGREGATED)
        assert answer.headers["content-type"].endswith("as=APIGroupDiscoveryList")
        for group in answer.json["items"]:
            for version in group["versions"]:
                for resource in version["resources"]:
                    resources[group["metadata"]["name"], resource["resource"]] = resource
    assert set(resources) == {(kind.group, kind.resource) for kind in KINDS}
    assert {sub["subresource"] for sub in resources["", "pods"]["subresources"]} >= {"log", "exec", "eviction"}


@on_a_plane
async def test_the_version_is_kubernetes_own_with_ours_behind_it(site: Site) -> None:
    version = await site.get("/version")
    assert (version["major"], version["minor"]) == ("1", "37")
    assert version["gitVersion"] == "v1.37.0+petset-0"


@on_a_plane
async def test_openapi_tells_that_patches_take_field_validation(site: Site) -> None:
    index = await site.get("/openapi/v3")
    where = index["paths"]["apis/apps/v1"]["serverRelativeURL"]
    answer = await site.ask("GET", where)
    assert "immutable" in answer.headers["cache-control"]
    patch = answer.json["paths"]["/apis/apps/v1/namespaces/{namespace}/statefulsets/{name}"]["patch"]
    assert "fieldValidation" in {parameter["name"] for parameter in patch["parameters"]}
    swagger = await site.get("/openapi/v2")
    assert "io.k8s.api.apps.v1.StatefulSet" in swagger["definitions"]
    assert (await site.ask("GET", "/openapi/v2", accept="application/vnd.kubernetes.protobuf")).status == 406


@pytest.mark.parametrize(("path", "root"), [("/openapi/v2", "#/definitions/"), ("v3", "#/components/schemas/")])
@on_a_plane
async def test_schemas_have_every_field_with_its_type_and_how_it_merges(site: Site, path: str, root: str) -> None:
    if path == "v3":
        path = (await site.get("/openapi/v3"))["paths"]["apis/apps/v1"]["serverRelativeURL"]
    document = await site.get(path)
    types = document.get("definitions") or document["components"]["schemas"]
    stateful_set = types["io.k8s.api.apps.v1.StatefulSet"]
    gvk = {"group": "apps", "version": "v1", "kind": "StatefulSet"}
    assert stateful_set["x-kubernetes-group-version-kind"] == [gvk]
    assert types["io.k8s.api.apps.v1.StatefulSetSpec"]["required"] == ["selector", "template"]
    containers = types["io.k8s.api.core.v1.PodSpec"]["properties"]["containers"]
    one = {"$ref": f"{root}io.k8s.api.core.v1.Container"}
    assert containers["items"] == (one if "definitions" in document else {"allOf": [one]})
    assert types["io.k8s.api.core.v1.PodSpec"]["properties"]["dnsPolicy"]["enum"][0] == "ClusterFirst"
    assert containers["x-kubernetes-patch-merge-key"] == "name"
    assert containers["x-kubernetes-list-map-keys"] == ["name"]
    assert references(document) <= {root + name for name in types}


def references(document: Any) -> set[str]:
    if isinstance(document, dict):
        own = {document["$ref"]} if isinstance(document.get("$ref"), str) else set()
        return own.union(*map(references, document.values()))
    return set().union(*map(references, document)) if isinstance(document, list) else set()


async def well() -> None: ...


async def ill() -> None:
    raise OSError("the disk is gone")


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/livez", 200, "ok"),
        ("/livez?verbose", 200, "[+]ping ok\n[+]store ok\nlivez check passed\n"),
        ("/readyz", 500, "[+]ping ok\n[+]store ok\n[-]nodes failed: reason withheld\nreadyz check failed\n"),
        ("/readyz?exclude=nodes", 200, "ok"),
        ("/readyz/nodes", 500, "[-]nodes failed: reason withheld\nreadyz check failed\n"),
        ("/readyz/store", 200, "ok"),
    ],
)
@on_a_plane
async def test_health_is_the_sum_of_its_checks(site: Site, path: str, status: int, text: str) -> None:
    checks = (Check("store", well), Check("nodes", ill, readiness_only=True))
    checked = Site(site.plane, options=Options(checks=checks))
    answer = await checked.ask("GET", path)
    assert (answer.status, answer.body.decode()) == (status, text)


def test_every_subresource_of_every_kind_is_in_both_kinds_of_discovery() -> None:
    whole = {sub for kind in KINDS for sub in kind.subresources}
    listed = {r["name"].partition("/")[2] for r in resource_list("", "v1", KINDS)["resources"]} - {""}
    items = aggregated(KINDS)["items"]
    resources = [r for item in items for version in item["versions"] for r in version["resources"]]
    assert whole == listed == {sub["subresource"] for r in resources for sub in r.get("subresources", ())}
