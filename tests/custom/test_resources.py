"""Custom objects through every verb, as clients of the real API find them."""

from apiserver.asgi import TABLE
from custom.databases import BETA, DATABASES, Data, Document, database, definition, simple, version, with_data

ORDERS = f"{DATABASES}/orders"
STRICT = "?fieldValidation=Strict"


@with_data
async def test_an_object_is_made_with_its_defaults_and_without_what_its_schema_does_not_know(data: Data) -> None:
    await data.define()
    sent = database(
        storage={"className": None, "nonsense": 1}, extra={"any": {"thing": 1}}, users=[{"name": "ann", "x": 1}]
    )
    made = await data.made(DATABASES, sent)
    assert made["spec"] == {
        "engine": "postgres", "version": "17", "replicas": 1, "maxUnavailable": 1,
        "storage": {"size": "1Gi", "className": None},
        "extra": {"any": {"thing": 1}},
        "users": [{"name": "ann", "superuser": False}],
    }  # fmt: skip
    assert made["metadata"]["generation"] == 1
    assert made["metadata"]["uid"]
    assert (made["apiVersion"], made["kind"]) == ("data.example.com/v1", "Database")
    assert await data.get(ORDERS) == made


@with_data
async def test_unknown_fields_are_refused_warned_of_or_dropped(data: Data) -> None:
    await data.define()
    sent = database(storage={"nonsense": 1}, colour="red")
    refused = await data.ask("POST", DATABASES + STRICT, sent)
    assert refused.status == 400
    assert refused.json["message"] == (
        'Database in version "v1" cannot be handled as a Database: strict decoding error: '
        'unknown field "spec.storage.nonsense", unknown field "spec.colour"'
    )
    warned = await data.ask("POST", DATABASES, sent)
    assert warned.status == 201
    assert warned.headers["warning"] == '299 - "unknown field \\"spec.colour\\""'
    assert "colour" not in warned.json["spec"]


@with_data
async def test_the_status_is_written_by_itself_and_the_generation_counts_wishes_alone(data: Data) -> None:
    await data.define()
    made = await data.made(DATABASES, database() | {"status": {"phase": "Bogus"}})
    assert "status" not in made
    patched = await data.patch(ORDERS, {"spec": {"replicas": 3}, "status": {"phase": "Bogus"}})
    assert patched.json["metadata"]["generation"] == 2
    assert "status" not in patched.json
    told = await data.patch(f"{ORDERS}/status", {"spec": {"replicas": 9}, "status": {"phase": "Running"}})
    assert told.json["status"] == {"phase": "Running"}
    assert told.json["spec"]["replicas"] == 3
    assert told.json["metadata"]["generation"] == 2
    replaced = await data.ask("PUT", f"{ORDERS}/status", told.json | {"status": {"phase": "Done"}})
    assert replaced.json["status"] == {"phase": "Done"}
    labelled = await data.patch(ORDERS, {"metadata": {"labels": {"tier": "gold"}}})
    assert labelled.json["metadata"]["generation"] == 2


@with_data
async def test_without_a_status_of_its_own_an_object_is_written_whole(data: Data) -> None:
    await data.define(simple())
    where = "/apis/data.example.com/v1/namespaces/default/widgets"
    body: Document = {"metadata": {"name": "w"}, "free": {"form": [1, 2.5, None]}, "status": {"ok": True}}
    made = await data.made(where, body)
    assert (made["status"], made["free"]) == ({"ok": True}, {"form": [1, 2.5, None]})
    changed = await data.patch(f"{where}/w", {"status": {"ok": False}})
    assert changed.json["metadata"]["generation"] == 2
    assert (await data.ask("GET", f"{where}/w/status")).status == 404


@with_data
async def test_every_patch_but_the_strategic_one_is_taken(data: Data) -> None:
    await data.define()
    await data.made(DATABASES, database())
    by_json = await data.patch(
        ORDERS, [{"op": "replace", "path": "/spec/replicas", "value": 4}], by="json-patch+json"
    )
    assert by_json.json["spec"]["replicas"] == 4
    refused = await data.patch(ORDERS, {}, by="strategic-merge-patch+json")
    assert refused.status == 415
    assert refused.json["message"].endswith(
        "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"
    )


@with_data
async def test_an_update_names_the_version_it_replaces(data: Data) -> None:
    await data.define()
    made = await data.made(DATABASES, database())
    made["spec"]["replicas"] = 2
    updated = await data.ask("PUT", ORDERS, made)
    assert (updated.status, updated.json["spec"]["replicas"]) == (200, 2)
    assert (await data.ask("PUT", ORDERS, made)).status == 409
    unversioned = await data.ask("PUT", ORDERS, database())
    assert unversioned.status == 422
    assert "must be specified for an update" in unversioned.json["message"]


@with_data
async def test_the_number_of_replicas_is_read_and_written_through_scale(data: Data) -> None:
    await data.define()
    await data.made(DATABASES, database())
    await data.patch(f"{ORDERS}/status", {"status": {"replicas": 1, "selector": "app=orders"}})
    scale = await data.get(f"{ORDERS}/scale")
    assert (scale["kind"], scale["spec"]) == ("Scale", {"replicas": 1})
    assert scale["status"] == {"replicas": 1, "selector": "app=orders"}
    scaled = await data.patch(f"{ORDERS}/scale", {"spec": {"replicas": 5}})
    assert scaled.json["spec"] == {"replicas": 5}
    found = await data.get(ORDERS)
    assert (found["spec"]["replicas"], found["metadata"]["generation"]) == (5, 2)


@with_data
async def test_fields_have_owners_by_the_lists_of_the_schema(data: Data) -> None:
    await data.define()
    mine = database(replicas=2, users=[{"name": "ann", "databases": ["a"]}], placement={"zone": "1"})
    yours = database(users=[{"name": "bob"}])
    apply = f"{ORDERS}?fieldManager="
    assert (await data.patch(apply + "me", mine, by="apply-patch+yaml")).status == 201
    both = await data.patch(apply + "you", yours, by="apply-patch+yaml")
    assert [user["name"] for user in both.json["spec"]["users"]] == ["ann", "bob"]
    owners = {entry["manager"]: entry["fieldsV1"]["f:spec"] for entry in both.json["metadata"]["managedFields"]}
    assert owners["me"]["f:users"] == {
        'k:{"name":"ann"}': {".": {}, "f:databases": {'v:"a"': {}}, "f:name": {}},
    }
    assert owners["me"]["f:placement"] == {}
    conflict = await data.patch(apply + "you", database(replicas=7), by="apply-patch+yaml")
    assert conflict.status == 409
    assert conflict.json["details"]["causes"] == [
        {"reason": "FieldManagerConflict", "message": 'conflict with "me"', "field": ".spec.replicas"}
    ]
    forced = await data.patch(f"{apply}you&force=true", database(replicas=7), by="apply-patch+yaml")
    assert forced.json["spec"]["replicas"] == 7
    assert [user["name"] for user in forced.json["spec"]["users"]] == ["ann"]


@with_data
async def test_a_table_has_the_columns_that_the_definition_names(data: Data) -> None:
    await data.define()
    await data.made(DATABASES, database())
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}
    await data.patch(f"{ORDERS}/status", {"status": {"conditions": [ready]}})
    table = await data.get(DATABASES, accept=TABLE)
    columns = [(c["name"], c["type"], c["priority"]) for c in table["columnDefinitions"]]
    assert columns == [
        ("Name", "string", 0), ("Engine", "string", 0), ("Replicas", "integer", 0), ("Ready", "string", 0),
        ("Backup", "date", 1), ("Age", "date", 0),
    ]  # fmt: skip
    assert table["columnDefinitions"][1]["description"] == "Which database runs."
    assert table["rows"][0]["cells"] == ["orders", "postgres", 1, "True", None, "0s"]


@with_data
async def test_two_versions_show_the_same_objects(data: Data) -> None:
    await data.define(definition(version(), version("v1beta1", storage=False)))
    await data.made(BETA, database() | {"apiVersion": "data.example.com/v1beta1"})
    assert (await data.get(ORDERS))["apiVersion"] == "data.example.com/v1"
    beta = await data.get(f"{BETA}/orders")
    assert beta["apiVersion"] == "data.example.com/v1beta1"
    assert [item["apiVersion"] for item in (await data.get(BETA))["items"]] == ["data.example.com/v1beta1"]
    patched = await data.patch(f"{BETA}/orders", {"spec": {"replicas": 3}})
    assert patched.json["apiVersion"] == "data.example.com/v1beta1"
    found = await data.get(ORDERS)
    assert (found["apiVersion"], found["spec"]["replicas"]) == ("data.example.com/v1", 3)


@with_data
async def test_an_object_of_another_version_or_kind_is_refused_by_name(data: Data) -> None:
    await data.define(definition(version(), version("v1beta1", storage=False)))
    for wrong, message in (
        (
            {"apiVersion": "data.example.com/v1beta1"},
            "the API version in the data (data.example.com/v1beta1) does not match the expected API version "
            "(data.example.com/v1)",
        ),
        (
            {"kind": "Store"},
            'Store in version "v1" cannot be handled as a Database: no kind "Store" is registered for version '
            '"data.example.com/v1" in scheme "petset"',
        ),
    ):
        refused = await data.ask("POST", DATABASES, database() | wrong)
        assert (refused.status, refused.json["message"]) == (400, message)
    body = b"k8s\x00"
    binary = await data.ask("POST", DATABASES, body, content_type="application/vnd.kubernetes.protobuf")
    assert (binary.status, binary.json["message"].rpartition(": ")[2]) == (
        415,
        "application/json, application/yaml",
    )


@with_data
async def test_what_is_stored_follows_a_schema_that_has_changed(data: Data) -> None:
    await data.define()
    await data.made(DATABASES, database())
    changed = version()
    properties = changed["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    properties["tier"] = {"type": "string", "default": "free"}
    del properties["maxUnavailable"]
    url = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/databases.data.example.com"
    assert (await data.patch(url, {"spec": {"versions": [changed]}})).status == 200
    found = await data.get(ORDERS)
    assert found["spec"]["tier"] == "free"
    assert "maxUnavailable" not in found["spec"]
    assert (await data.get(DATABASES))["items"][0]["spec"] == found["spec"]


@with_data
async def test_a_dry_run_changes_nothing(data: Data) -> None:
    await data.define()
    assert (await data.ask("POST", f"{DATABASES}?dryRun=All", database())).status == 201
    assert (await data.get(DATABASES))["items"] == []


@with_data
async def test_a_collection_is_deleted_and_a_watch_tells_of_it(data: Data) -> None:
    await data.define()
    for name in ("a", "b"):
        await data.made(DATABASES, database(name))
    async with data.opened(f"{DATABASES}?watch=true") as watch:
        assert [(await watch.line())["type"] for _ in range(2)] == ["ADDED", "ADDED"]
        assert (await data.ask("DELETE", DATABASES)).status == 200
        lines = [await watch.line() for _ in range(2)]
        assert [(line["type"], line["object"]["metadata"]["name"]) for line in lines] == [
            ("DELETED", "a"), ("DELETED", "b"),
        ]  # fmt: skip


@with_data
async def test_discovery_tells_of_the_kind_in_all_of_its_versions(data: Data) -> None:
    await data.define(
        definition(version("v1beta1", storage=False), version("v1"), version("v2alpha1", storage=False))
    )
    group = await data.get("/apis/data.example.com")
    assert [v["version"] for v in group["versions"]] == ["v1", "v1beta1", "v2alpha1"]
    assert group["preferredVersion"]["version"] == "v1"
    found = (await data.get("/apis/data.example.com/v1beta1"))["resources"]
    assert [r["name"] for r in found] == ["databases", "databases/status", "databases/scale"]
    assert (found[0]["shortNames"], found[0]["categories"]) == (["db"], ["all", "data"])
    assert "data.example.com/v2alpha1" in [
        v["groupVersion"] for g in (await data.get("/apis"))["groups"] for v in g["versions"]
    ]
    aggregated = await data.get(
        "/apis", accept="application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    )
    [item] = [item for item in aggregated["items"] if item["metadata"]["name"] == "data.example.com"]
    assert [v["version"] for v in item["versions"]] == ["v1", "v1beta1", "v2alpha1"]
    assert item["versions"][0]["resources"][0]["singularResource"] == "database"


@with_data
async def test_openapi_describes_the_kind(data: Data) -> None:
    before = await data.get("/openapi/v3")
    assert "apis/data.example.com/v1" not in before["paths"]
    await data.define()
    after = await data.get("/openapi/v3")
    assert "apis/data.example.com/v1" in after["paths"]
    document = await data.get("/openapi/v3/apis/data.example.com/v1")
    schema = document["components"]["schemas"]["com.example.data.v1.Database"]
    assert schema["properties"]["spec"]["properties"]["engine"]["description"] == "Which database to run."
    assert schema["x-kubernetes-group-version-kind"] == [
        {"group": "data.example.com", "version": "v1", "kind": "Database"}
    ]
    swagger = await data.get("/openapi/v2")
    assert "com.example.data.v1.Database" in swagger["definitions"]


@with_data
async def test_a_watch_ends_when_its_definition_says_something_else(data: Data) -> None:
    await data.define()
    url = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/databases.data.example.com"
    async with data.opened(f"{DATABASES}?watch=true") as watch:
        await data.made(DATABASES, database())
        assert (await watch.line())["type"] == "ADDED"
        await data.patch(
            url, {"metadata": {"labels": {"a": "b"}}, "spec": {"names": {"shortNames": ["db", "dbs"]}}}
        )
        await data.cluster.settle()
        await data.patch(ORDERS, {"spec": {"replicas": 2}})
        assert (await watch.line())["type"] == "MODIFIED"
        changed = version()
        changed["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["tier"] = {"type": "string"}
        await data.patch(url, {"spec": {"versions": [changed]}})
        await data.patch(ORDERS, {"spec": {"tier": "gold"}})
        ended = await watch.line()
        assert (ended["type"], ended["object"]["code"]) == ("ERROR", 410)


@with_data
async def test_users_of_a_deprecated_version_are_told(data: Data) -> None:
    old = version("v1beta1", storage=False, deprecated=True)
    older = version("v1alpha1", storage=False, deprecated=True, deprecationWarning="use v1")
    await data.define(definition(version(), old, older))
    assert "warning" not in (await data.ask("GET", DATABASES)).headers
    told = await data.ask("GET", BETA)
    assert told.headers["warning"] == '299 - "data.example.com/v1beta1 Database is deprecated"'
    told = await data.ask("GET", BETA.replace("v1beta1", "v1alpha1"))
    assert told.headers["warning"] == '299 - "use v1"'


@with_data
async def test_a_format_that_nobody_knows_is_warned_of(data: Data) -> None:
    schema = {"type": "object", "properties": {"spec": {"type": "string", "format": "colour"}}}
    told = await data.ask("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", simple(schema=schema))
    assert told.headers["warning"] == '299 - "unrecognized format \\"colour\\""'


@with_data
async def test_a_definition_is_applied_by_the_server_and_changed_by_its_owner(data: Data) -> None:
    url = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/databases.data.example.com?fieldManager=helm"
    assert (await data.patch(url, definition(), by="apply-patch+yaml")).status == 201
    await data.cluster.settle()
    changed = definition(version(), version("v1beta1", storage=False))
    applied = await data.patch(url, changed, by="apply-patch+yaml")
    assert (applied.status, len(applied.json["spec"]["versions"])) == (200, 2)
    await data.cluster.settle()
    assert (await data.ask("GET", BETA)).status == 200
