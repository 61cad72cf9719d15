"""Server-side apply and `managedFields` through the API."""

from typing import Any

import msgspec
import pytest
from apiserver.asgi import CONFIG_MAPS, PODS, SETS, Site, config_map, on_a_plane, pod, stateful_set

from petset.api.models import core_v1, meta_v1
from petset.client.accounts import controller

APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"


async def apply(site: Site, url: str, document: Any, manager: str = "ann", query: str = "") -> Any:
    body = document if isinstance(document, bytes) else msgspec.json.encode(document)
    answer = await site.ask("PATCH", f"{url}?fieldManager={manager}{query}", body, content_type=APPLY)
    assert answer.status in (200, 201), answer
    return answer.json


def owners(document: Any) -> dict[tuple[str, str, str], Any]:
    entries = document["metadata"].get("managedFields", [])
    return {(e["manager"], e["operation"], e.get("subresource", "")): e["fieldsV1"] for e in entries}


@on_a_plane
async def test_applying_what_is_not_there_creates_it(site: Site) -> None:
    document = config_map("a")
    answer = await site.ask("PATCH", f"{CONFIG_MAPS}/a?fieldManager=ann", document, content_type=APPLY)
    assert answer.status == 201, answer
    assert owners(answer.json) == {("ann", "Apply", ""): {"f:data": {"f:k": {}}}}
    entry = answer.json["metadata"]["managedFields"][0]
    assert (entry["apiVersion"], entry["fieldsType"]) == ("v1", "FieldsV1")
    assert entry["time"] == answer.json["metadata"]["creationTimestamp"]
    yaml = b"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  k: w\n"
    changed = await site.ask("PATCH", f"{CONFIG_MAPS}/a?fieldManager=ann", yaml, content_type=APPLY)
    assert (changed.status, changed.json["data"]) == (200, {"k": "w"})


@on_a_plane
async def test_applying_without_effect_makes_nothing(site: Site) -> None:
    shown = await apply(site, f"{CONFIG_MAPS}/a", config_map("a"), query="&dryRun=All")
    assert shown["data"] == {"k": "v"} and owners(shown)
    assert (await site.ask("GET", f"{CONFIG_MAPS}/a")).status == 404


@on_a_plane
async def test_who_creates_owns_the_defaults_and_who_applies_does_not(site: Site) -> None:
    made = await site.made(f"{PODS}?fieldManager=ann", pod("a"))
    (fields,) = owners(made).values()
    assert fields["f:spec"]["f:restartPolicy"] == {}
    assert fields["f:spec"]["f:containers"]['k:{"name":"c"}']["f:resources"] == {}
    assert "f:tolerations" not in fields["f:spec"] and "f:status" not in fields
    applied = await apply(site, f"{PODS}/b", pod("b"))
    (fields,) = owners(applied).values()
    assert fields == {
        "f:metadata": {"f:labels": {"f:app": {}}},
        "f:spec": {"f:containers": {'k:{"name":"c"}': {".": {}, "f:image": {}, "f:name": {}}}},
    }


@on_a_plane
async def test_applying_the_same_again_writes_nothing(site: Site) -> None:
    first = await apply(site, f"{SETS}/web", stateful_set("web"))
    await site.plane.clock.sleep(5)
    assert await apply(site, f"{SETS}/web", stateful_set("web")) == first
    site_of_another = await apply(site, f"{SETS}/web", stateful_set("web"), "bob")
    assert set(owners(site_of_another)) == {("ann", "Apply", ""), ("bob", "Apply", "")}
    assert site_of_another["metadata"]["generation"] == 1
    replaced = await site.ask("PUT", f"{SETS}/web?fieldManager=eve", site_of_another)
    assert replaced.json == site_of_another


@on_a_plane
async def test_a_conflict_names_who_owns_what_and_force_takes_it(site: Site) -> None:
    await apply(site, f"{SETS}/web", stateful_set("web", 3))
    patch = {"spec": {"replicas": 5}}
    await site.ask("PATCH", f"{SETS}/web?fieldManager=eve", patch, content_type=MERGE)
    answer = await site.ask("PATCH", f"{SETS}/web?fieldManager=ann", stateful_set("web", 4), content_type=APPLY)
    assert (answer.status, answer.json["reason"]) == (409, "Conflict")
    assert answer.json["message"] == (
        'Apply failed with 1 conflict: conflict with "eve" using apps/v1: .spec.replicas'
    )
    assert answer.json["details"]["causes"] == [
        {
            "reason": "FieldManagerConflict",
            "message": 'conflict with "eve" using apps/v1',
            "field": ".spec.replicas",
        }
    ]
    forced = await apply(site, f"{SETS}/web", stateful_set("web", 4), query="&force=true")
    assert forced["spec"]["replicas"] == 4
    assert set(owners(forced)) == {("ann", "Apply", "")}


@on_a_plane
async def test_what_is_left_out_is_removed_and_what_others_wrote_stays(site: Site) -> None:
    document = config_map("a")
    document["metadata"]["labels"] = {"tier": "data"}
    await apply(site, f"{CONFIG_MAPS}/a", document)
    patch = {"data": {"more": "1"}}
    await site.ask("PATCH", f"{CONFIG_MAPS}/a?fieldManager=eve", patch, content_type=MERGE)
    left = await apply(site, f"{CONFIG_MAPS}/a", {**config_map("a"), "data": {}})
    assert left["data"] == {"more": "1"}
    assert "labels" not in left["metadata"]


@on_a_plane
async def test_scaling_takes_the_replicas_and_the_status_belongs_to_who_reports_it(site: Site) -> None:
    await apply(site, f"{SETS}/web", stateful_set("web", 3))
    scale = {"apiVersion": "autoscaling/v1", "kind": "Scale", "spec": {"replicas": 5}}
    refused = await site.ask("PATCH", f"{SETS}/web/scale?fieldManager=hpa", scale, content_type=APPLY)
    assert 'conflict with "ann": .spec.replicas' in refused.json["message"]
    scaled = await apply(site, f"{SETS}/web/scale", scale, "hpa", "&force=true")
    assert scaled["spec"]["replicas"] == 5
    status = {**stateful_set("web", 9), "status": {"replicas": 2}}
    reported = await apply(site, f"{SETS}/web/status", status, "operator")
    assert (reported["spec"]["replicas"], reported["status"]["replicas"]) == (5, 2)
    found = owners(await site.get(f"{SETS}/web"))
    assert found["hpa", "Apply", "scale"] == {"f:spec": {"f:replicas": {}}}
    assert found["operator", "Apply", "status"] == {"f:status": {"f:replicas": {}}}
    assert "f:replicas" not in found["ann", "Apply", ""]["f:spec"]


@on_a_plane
async def test_an_object_that_nobody_owns_was_there_before_the_first_apply(site: Site) -> None:
    await site.plane.client.create(
        core_v1.ConfigMap(data={"k": "v"}, metadata=meta_v1.ObjectMeta(name="a", namespace="default"))
    )
    patch = {"data": {"k": "w"}}
    changed = await site.ask("PATCH", f"{CONFIG_MAPS}/a?fieldManager=eve", patch, content_type=MERGE)
    assert "managedFields" not in changed.json["metadata"]
    refused = await site.ask("PATCH", f"{CONFIG_MAPS}/a?fieldManager=ann", config_map("a"), content_type=APPLY)
    assert refused.json["message"].endswith('conflict with "before-first-apply" using v1: .data.k')
    forced = await apply(site, f"{CONFIG_MAPS}/a", config_map("a"), query="&force=true")
    assert set(owners(forced)) == {("ann", "Apply", ""), ("before-first-apply", "Update", "")}


@pytest.mark.parametrize(
    ("content_type", "patch"),
    [
        (MERGE, {"metadata": {"managedFields": [{}]}}),
        (MERGE, {"metadata": {"managedFields": []}}),
        (JSON_PATCH, [{"op": "replace", "path": "/metadata/managedFields", "value": [{}]}]),
    ],
)
@on_a_plane
async def test_the_owners_are_forgotten_when_a_client_asks_for_it(
    site: Site, content_type: str, patch: Any
) -> None:
    await apply(site, f"{CONFIG_MAPS}/a", config_map("a"))
    answer = await site.ask("PATCH", f"{CONFIG_MAPS}/a", patch, content_type=content_type)
    assert answer.status == 200
    assert "managedFields" not in answer.json["metadata"]


@on_a_plane
async def test_a_manager_without_a_name_is_called_as_its_program(site: Site) -> None:
    answer = await site.ask("POST", CONFIG_MAPS, config_map("a"), user_agent="tool/v1 (linux)")
    assert set(owners(answer.json)) == {("tool", "Update", "")}
    answer = await site.ask("POST", CONFIG_MAPS, config_map("b"))
    assert set(owners(answer.json)) == {("unknown", "Update", "")}


@on_a_plane
async def test_our_own_components_own_what_they_write_into_an_object_that_has_owners(site: Site) -> None:
    await apply(site, f"{CONFIG_MAPS}/a", config_map("a"))
    stored = await site.plane.client.get(core_v1.ConfigMap, "a", "default")
    publisher = site.plane.client.acting_as(controller("root-ca-cert-publisher"))
    await publisher.update(msgspec.structs.replace(stored, data={"k": "w"}))
    assert owners(await site.get(f"{CONFIG_MAPS}/a")) == {
        ("kube-controller-manager", "Update", ""): {"f:data": {"f:k": {}}}
    }


UNKNOWN = {**config_map("a"), "datum": {}}
TWICE = pod("a", "c", "c")
OWNED = {**config_map("a"), "metadata": {"name": "a", "managedFields": [{}]}}


@pytest.mark.parametrize(
    ("url", "query", "body", "status", "says"),
    [
        (f"{CONFIG_MAPS}/a", "", config_map("a"), 422, "fieldManager: Required value: is required for apply patch"),
        (f"{CONFIG_MAPS}/a", "fieldManager=" + "x" * 129, config_map("a"), 422, "may not be more than 128 bytes"),
        (f"{CONFIG_MAPS}/a", "fieldManager=a%0a", config_map("a"), 422, "invalid character U+000A (at position 1)"),
        (f"{CONFIG_MAPS}/a", "fieldManager=m", b"a: [", 400, "error decoding YAML"),
        (f"{CONFIG_MAPS}/a", "fieldManager=m", b"[]", 400, "error decoding YAML"),
        (f"{CONFIG_MAPS}/a", "fieldManager=m", b'{"a":' * 500 + b"1" + b"}" * 500, 400, "apiVersion|version|depth"),
        (f"{CONFIG_MAPS}/a", "fieldManager=m", b'{"metadata":{"name":"\\ud800"}}', 400, "error decoding YAML"),
        (
            f"{CONFIG_MAPS}/a",
            "fieldManager=m",
            {"kind": "ConfigMap"},
            400,
            "Incorrect version specified in apply patch. Specified patch version: , expected: v1",
        ),
        (f"{CONFIG_MAPS}/a", "fieldManager=m", OWNED, 400, "metadata.managedFields must be nil"),
        (f"{CONFIG_MAPS}/b", "fieldManager=m", config_map("a"), 400, "does not match the name on the URL (b)"),
        (
            f"{CONFIG_MAPS}/a",
            "fieldManager=m",
            UNKNOWN,
            400,
            "failed to create typed patch object (/a; /v1, Kind=ConfigMap): .datum: field not declared in schema",
        ),
        (f"{PODS}/a", "fieldManager=m", TWICE, 400, '.spec.containers: duplicate entries for key [name="c"]'),
        (f"{CONFIG_MAPS}/a", "fieldManager=m", {**config_map("a"), "data": {"k": 1}}, 400, "ConfigMap"),
        (
            f"{CONFIG_MAPS}/a",
            "fieldManager=m&fieldValidation=Strict",
            b'{"apiVersion":"v1","kind":"ConfigMap","data":{"a":"1","a":"2"}}',
            400,
            'error strict decoding YAML: duplicate field "data.a"',
        ),
        (f"{CONFIG_MAPS}/a/x", "fieldManager=m", config_map("a"), 404, ""),
    ],
)
@on_a_plane
async def test_what_cannot_be_applied(site: Site, url: str, query: str, body: Any, status: int, says: str) -> None:
    answer = await site.ask("PATCH", f"{url}?{query}", body, content_type=APPLY)
    assert answer.status == status, answer
    assert any(each in answer.json["message"] for each in says.split("|")), answer


@on_a_plane
async def test_only_an_apply_can_be_forced(site: Site) -> None:
    await site.made(CONFIG_MAPS, config_map("a"))
    answer = await site.ask("PATCH", f"{CONFIG_MAPS}/a?force=true", {"data": {}}, content_type=MERGE)
    assert answer.json["message"] == (
        'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch'
    )
