"""The verbs over HTTP: what goes in, what comes out, and with which status."""

import gzip
from typing import Any

import pytest
from apiserver.asgi import CONFIG_MAPS, MERGE, PODS, SETS, TABLE, Site, config_map, on_a_plane, pod, stateful_set

import petset.apiserver.render
from petset.apiserver.authenticate import Peer

APPLY = "application/apply-patch+yaml"


@on_a_plane
async def test_an_object_is_created_read_replaced_and_deleted(site: Site) -> None:
    made = await site.made(CONFIG_MAPS, config_map("a"))
    assert made["metadata"]["uid"] and made["data"] == {"k": "v"}
    assert await site.get(f"{CONFIG_MAPS}/a") == made
    replaced = await site.ask("PUT", f"{CONFIG_MAPS}/a", {**made, "data": {"k": "w"}})
    assert (replaced.status, replaced.json["data"]) == (200, {"k": "w"})
    stale = await site.ask("PUT", f"{CONFIG_MAPS}/a", made)
    assert (stale.status, stale.json["reason"]) == (409, "Conflict")
    gone = await site.ask("DELETE", f"{CONFIG_MAPS}/a")
    assert gone.json["status"] == "Success"
    assert gone.json["details"] == {"name": "a", "kind": "configmaps", "uid": made["metadata"]["uid"]}
    missing = await site.ask("GET", f"{CONFIG_MAPS}/a")
    assert (missing.status, missing.json["message"]) == (404, 'configmaps "a" not found')


@on_a_plane
async def test_a_list_says_what_it_lists_and_goes_on_where_it_stopped(site: Site) -> None:
    for name in ("a", "b", "c"):
        await site.made(CONFIG_MAPS, config_map(name))
    first = await site.get(f"{CONFIG_MAPS}?limit=2")
    assert (first["kind"], first["apiVersion"]) == ("ConfigMapList", "v1")
    assert first["metadata"]["remainingItemCount"] == 1
    rest = await site.get(f"{CONFIG_MAPS}?limit=2&continue={first['metadata']['continue']}")
    assert [item["metadata"]["name"] for item in first["items"] + rest["items"]] == ["a", "b", "c"]
    assert (await site.get(f"{CONFIG_MAPS}?fieldSelector=metadata.name%3Db"))["items"][0]["metadata"]["name"] == "b"


@on_a_plane
async def test_the_same_objects_come_as_a_table_as_metadata_and_as_yaml(site: Site) -> None:
    await site.made(CONFIG_MAPS, config_map("a"))
    table = await site.get(CONFIG_MAPS, accept=TABLE)
    assert [c["name"] for c in table["columnDefinitions"]] == ["Name", "Data", "Age"]
    assert [r["cells"] for r in table["rows"]] == [["a", 1, "0s"]]
    assert table["metadata"]["resourceVersion"]
    one = await site.get(f"{CONFIG_MAPS}/a", accept=TABLE)
    assert one["rows"][0]["object"]["kind"] == "PartialObjectMetadata"
    bare = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
    listed = await site.get(CONFIG_MAPS, accept=bare)
    assert listed["kind"] == "PartialObjectMetadataList" and "data" not in listed["items"][0]
    yaml = await site.ask("GET", f"{CONFIG_MAPS}/a", accept="application/yaml")
    assert yaml.headers["content-type"] == "application/yaml" and b"\nkind: ConfigMap\n" in yaml.body
    pretty = await site.ask("GET", f"{CONFIG_MAPS}/a?pretty=true")
    assert b'\n  "kind": "ConfigMap"' in pretty.body


@on_a_plane
async def test_a_yaml_body_is_read_as_kubectl_reads_yaml(site: Site) -> None:
    body = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {day: '2026-01-02'}\nimmutable: y\n"
    made = await site.ask("POST", CONFIG_MAPS, body, content_type="application/yaml")
    assert (made.status, made.json["immutable"]) == (201, True)
    twice = await site.ask("POST", CONFIG_MAPS, b"a: 1\n---\nb: 2\n", content_type="application/yaml")
    assert twice.status == 400


@pytest.mark.parametrize(
    ("method", "url", "body", "headers", "status", "says"),
    [
        ("POST", CONFIG_MAPS, b"{", {}, 400, "unexpected end of JSON input"),
        ("POST", CONFIG_MAPS, b"\xff", {}, 400, ""),
        ("POST", CONFIG_MAPS, b"[" * 100_000, {}, 400, ""),
        ("POST", CONFIG_MAPS, {"data": 5}, {}, 400, "ConfigMap"),
        ("POST", CONFIG_MAPS, pod("a"), {}, 400, "Pod"),
        ("POST", CONFIG_MAPS, {"metadata": {}}, {}, 422, "name or generateName is required"),
        ("POST", f"{CONFIG_MAPS}?fieldValidation=Strict", config_map("a", x=1), {}, 400, 'unknown field "x"'),
        ("POST", CONFIG_MAPS, b"k8s", {"content_type": "application/vnd.kubernetes.protobuf"}, 400, "protobuf"),
        ("GET", CONFIG_MAPS, None, {"accept": "application/vnd.kubernetes.protobuf"}, 406, "application/json"),
        (
            "PATCH",
            f"{CONFIG_MAPS}/a",
            b"{}",
            {"content_type": APPLY},
            422,
            "fieldManager: Required value: is required for apply patch",
        ),
        ("PATCH", f"{CONFIG_MAPS}/a", b"{}", {"content_type": "application/json"}, 415, "merge-patch"),
        ("PATCH", f"{CONFIG_MAPS}/a", b"{", {"content_type": MERGE}, 400, "error decoding patch"),
        ("DELETE", f"{CONFIG_MAPS}/a", b"[]", {}, 400, "DeleteOptions"),
        ("POST", CONFIG_MAPS, b" " * 3_200_000, {}, 413, "limit is 3145728"),
        ("GET", "/api/v1/ponies", None, {}, 404, "could not find the requested resource"),
        ("GET", "/ponies", None, {}, 404, "could not find the requested resource"),
        ("POST", "/api/v1/pods", pod("a"), {}, 405, "does not allow this method"),
        ("DELETE", "/version", None, {}, 405, "does not allow this method"),
        ("GET", f"{PODS}?labelSelector=a%3D%3D%3Db", None, {}, 400, ""),
        ("GET", f"{PODS}?limit=x", None, {}, 400, "limit"),
    ],
)
@on_a_plane
async def test_a_bad_request_is_answered_with_a_status_that_says_why(
    site: Site, method: str, url: str, body: Any, headers: dict[str, str], status: int, says: str
) -> None:
    answer = await site.ask(method, url, body, **headers)
    assert answer.status == status, answer
    assert (answer.json["kind"], answer.json["code"]) == ("Status", status)
    assert says in answer.json["message"]
    assert answer.headers["audit-id"]


@on_a_plane
async def test_users_of_the_older_endpoints_are_told(site: Site) -> None:
    told = await site.ask("GET", "/api/v1/endpoints")
    assert told.headers["warning"] == (
        '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"'
    )


@on_a_plane
async def test_warnings_travel_in_headers(site: Site) -> None:
    made = await site.ask("POST", CONFIG_MAPS, config_map("a", odd="1"))
    assert made.status == 201
    assert made.headers["warning"] == r'299 - "unknown field \"odd\""'


@on_a_plane
async def test_a_dry_run_answers_and_changes_nothing(site: Site) -> None:
    made = await site.made(f"{CONFIG_MAPS}?dryRun=All", config_map("a"))
    assert made["metadata"]["name"] == "a"
    assert (await site.ask("GET", f"{CONFIG_MAPS}/a")).status == 404


@on_a_plane
async def test_each_patch_type_changes_what_it_says(site: Site) -> None:
    await site.made(SETS, stateful_set("web"))
    merge = await site.ask("PATCH", f"{SETS}/web", {"spec": {"replicas": 4}}, content_type=MERGE)
    assert merge.json["spec"]["replicas"] == 4
    strategic = {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "redis:7.2"}]}}}}
    media = "application/strategic-merge-patch+json"
    answer = await site.ask("PATCH", f"{SETS}/web", strategic, content_type=media)
    assert answer.json["spec"]["template"]["spec"]["containers"][0]["image"] == "redis:7.2"
    steps = [{"op": "replace", "path": "/spec/replicas", "value": 1}]
    answer = await site.ask("PATCH", f"{SETS}/web", steps, content_type="application/json-patch+json")
    assert answer.json["spec"]["replicas"] == 1


@on_a_plane
async def test_status_is_written_apart_from_the_rest(site: Site) -> None:
    await site.made(SETS, stateful_set("web"))
    patch = {"spec": {"replicas": 9}, "status": {"replicas": 3, "readyReplicas": 2}}
    answer = await site.ask("PATCH", f"{SETS}/web/status", patch, content_type=MERGE)
    assert (answer.json["spec"]["replicas"], answer.json["status"]["readyReplicas"]) == (3, 2)
    assert (await site.get(f"{SETS}/web/status"))["status"]["readyReplicas"] == 2


@on_a_plane
async def test_scale_shows_and_sets_replicas(site: Site) -> None:
    await site.made(SETS, stateful_set("web"))
    scale = await site.get(f"{SETS}/web/scale")
    assert (scale["kind"], scale["spec"], scale["status"]["selector"]) == ("Scale", {"replicas": 3}, "app=web")
    shown = (await site.ask("GET", f"{SETS}/web/scale", accept=TABLE)).json
    assert [column["name"] for column in shown["columnDefinitions"]] == ["Name", "Desired", "Available", "Age"]
    assert shown["rows"][0]["cells"][:3] == ["web", 3, 0]
    put = await site.ask("PUT", f"{SETS}/web/scale", {**scale, "spec": {"replicas": 5}})
    assert (put.status, put.json["spec"]["replicas"]) == (200, 5)
    patched = await site.ask("PATCH", f"{SETS}/web/scale", {"spec": {"replicas": 2}}, content_type=MERGE)
    assert patched.json["spec"]["replicas"] == 2
    refused = await site.ask("PATCH", f"{SETS}/web/scale", {"spec": {"replicas": -1}}, content_type=MERGE)
    assert refused.status == 422


@on_a_plane
async def test_a_pod_is_bound_once_and_evicted(site: Site) -> None:
    await site.made(PODS, pod("web-0"))
    binding = {
        "apiVersion": "v1",
        "kind": "Binding",
        "metadata": {"name": "web-0"},
        "target": {"kind": "Node", "name": "n1"},
    }
    assert (await site.made(f"{PODS}/web-0/binding", binding))["status"] == "Success"
    assert (await site.get(f"{PODS}/web-0"))["spec"]["nodeName"] == "n1"
    assert (await site.ask("POST", f"{PODS}/web-0/binding", binding)).status == 409
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "web-0"}}
    assert (await site.made(f"{PODS}/web-0/eviction", eviction))["status"] == "Success"
    assert (await site.get(f"{PODS}/web-0"))["metadata"]["deletionTimestamp"]


@on_a_plane
async def test_a_pod_is_shown_while_it_terminates_and_when_it_is_gone(site: Site) -> None:
    await site.made(PODS, pod("web-0", nodeName="n1"))
    going = await site.ask("DELETE", f"{PODS}/web-0")
    assert (going.status, going.json["kind"]) == (200, "Pod")
    assert going.json["metadata"]["deletionGracePeriodSeconds"] == 30
    gone = await site.ask("DELETE", f"{PODS}/web-0?gracePeriodSeconds=0")
    assert gone.json["kind"] == "Pod"
    assert (await site.ask("GET", f"{PODS}/web-0")).status == 404


@on_a_plane
async def test_a_grace_period_may_be_longer_than_the_calendar(site: Site) -> None:
    await site.made(PODS, pod("web-0", nodeName="n1"))
    for seconds in (2**62, 2**61, 5):
        going = await site.ask("DELETE", f"{PODS}/web-0?gracePeriodSeconds={seconds}")
        assert going.status == 200, going
    assert going.json["metadata"]["deletionTimestamp"] == "2026-01-01T00:00:05Z"


@on_a_plane
async def test_delete_options_come_in_the_body_too(site: Site) -> None:
    await site.made(SETS, stateful_set("web"))
    body = {"kind": "DeleteOptions", "apiVersion": "apps/v1", "propagationPolicy": "Foreground"}
    answer = await site.ask("DELETE", f"{SETS}/web", body)
    assert (answer.status, answer.json["metadata"]["finalizers"]) == (200, ["foregroundDeletion"])


@on_a_plane
async def test_a_collection_is_deleted_by_selector(site: Site) -> None:
    for name in ("a", "b"):
        await site.made(CONFIG_MAPS, {**config_map(name), "metadata": {"name": name, "labels": {"x": name}}})
    answer = await site.ask("DELETE", f"{CONFIG_MAPS}?labelSelector=x%3Da")
    assert [item["metadata"]["name"] for item in answer.json["items"]] == ["a"]
    assert (await site.ask("GET", f"{CONFIG_MAPS}/b")).status == 200


@on_a_plane
async def test_events_are_one_thing_under_two_names(site: Site) -> None:
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "e", "namespace": "default"},
        "involvedObject": {"kind": "Pod", "name": "web-0", "namespace": "default"},
        "reason": "Started",
        "message": "hello",
    }
    await site.made("/api/v1/namespaces/default/events", event)
    other = await site.get("/apis/events.k8s.io/v1/namespaces/default/events")
    assert (other["items"][0]["apiVersion"], other["items"][0]["note"]) == ("events.k8s.io/v1", "hello")
    table = await site.get("/apis/events.k8s.io/v1/namespaces/default/events", accept=TABLE)
    assert table["rows"][0]["cells"][3] == "pod/web-0"


@on_a_plane
async def test_long_answers_are_compressed_for_those_who_take_it(site: Site) -> None:
    for index in range(3):
        await site.made(CONFIG_MAPS, {**config_map(f"big-{index}"), "data": {"k": "x" * 60_000}})
    answer = await site.ask("GET", CONFIG_MAPS, accept_encoding="gzip")
    assert answer.headers["content-encoding"] == "gzip"
    assert len(gzip.decompress(answer.body)) > 180_000 > len(answer.body)
    assert "content-encoding" not in (await site.ask("GET", CONFIG_MAPS)).headers


@on_a_plane
async def test_head_and_options_answer_without_a_body(site: Site) -> None:
    head = await site.ask("HEAD", CONFIG_MAPS)
    assert (head.status, head.body) == (200, b"") and int(head.headers["content-length"]) > 0
    assert (await site.ask("HEAD", f"{CONFIG_MAPS}?watch=true")).body == b""
    options = await site.ask("OPTIONS", CONFIG_MAPS)
    assert options.headers["allow"] == "DELETE, GET, HEAD, POST"


@on_a_plane
async def test_only_those_who_may_are_let_in(site: Site) -> None:
    nobody = await site.ask("GET", PODS, peer=None)
    assert (nobody.status, nobody.json["reason"], nobody.json["message"]) == (401, "Unauthorized", "Unauthorized")
    wrong = await site.ask("GET", "/readyz", peer=None, authorization="Bearer wrong")
    assert wrong.status == 401
    jane = await site.ask("GET", PODS, peer=None, authorization="Bearer jane-token")
    assert jane.status == 403
    assert jane.json["message"] == (
        'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default"'
    )
    by_token = await site.ask("GET", PODS, peer=None, authorization="Bearer admin-token")
    assert by_token.status == 200
    by_certificate = await site.ask("GET", PODS, peer=Peer("root", ("system:masters",)))
    assert by_certificate.status == 200


@pytest.mark.parametrize(
    ("path", "token", "status"),
    [
        ("/healthz", "", 200),
        ("/readyz/ping", "", 200),
        ("/version", "", 200),
        ("/apis", "", 401),
        ("/openapi/v3", "", 401),
        ("/apis", "jane-token", 200),
        ("/metrics", "jane-token", 403),
        ("/metrics", "admin-token", 404),
        ("/versions", "", 401),
    ],
)
@on_a_plane
async def test_anybody_may_ask_for_health_and_whoever_is_known_for_discovery(
    site: Site, path: str, token: str, status: int
) -> None:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    assert (await site.ask("GET", path, peer=None, **headers)).status == status


@on_a_plane
async def test_a_mistake_of_ours_is_a_status_with_an_id_that_the_log_knows(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(petset.apiserver.render, "_list_metadata", broken)
    answer = await site.ask("GET", PODS)
    assert (answer.status, answer.json["reason"]) == (500, "InternalError")
    assert answer.headers["audit-id"] in answer.json["message"]
    assert answer.headers["audit-id"] in caplog.text
