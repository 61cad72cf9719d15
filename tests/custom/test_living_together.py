"""Custom objects among all others: owners, namespaces, rights, restarts."""

from typing import Any

import pytest
from apiserver.asgi import CONFIG_MAPS, config_map
from custom.databases import (
    DATABASES,
    DEFINITIONS,
    Data,
    Document,
    conditions,
    database,
    definition,
    simple,
    with_data,
)

from petset.api.errors import Expired, NotFound
from petset.api.kinds import by_resource
from petset.apiserver.authenticate import Peer
from petset.client.local import LocalClient
from petset.registry.port import ListOptions
from petset.registry.registry import Registry

ORDERS = f"{DATABASES}/orders"
JANE = Peer("jane", ())


def owned_by(owner: Document, **more: Any) -> Document:
    metadata = owner["metadata"]
    reference = {"apiVersion": owner["apiVersion"], "kind": owner["kind"]}
    return {"ownerReferences": [reference | {"name": metadata["name"], "uid": metadata["uid"]}], **more}


@with_data
async def test_what_a_custom_object_owns_goes_with_it_and_what_owns_it_takes_it_along(data: Data) -> None:
    await data.define()
    root = await data.made(CONFIG_MAPS, config_map("root"))
    middle = database() | {"metadata": {"name": "orders", **owned_by(root)}}
    middle = await data.made(DATABASES, middle)
    await data.made(CONFIG_MAPS, config_map("leaf") | {"metadata": {"name": "leaf", **owned_by(middle)}})
    await data.cluster.settle(1)
    assert (await data.ask("GET", f"{CONFIG_MAPS}/leaf")).status == 200
    await data.ask("DELETE", f"{CONFIG_MAPS}/root")
    await data.cluster.settle(2)
    assert (await data.ask("GET", ORDERS)).status == 404
    assert (await data.ask("GET", f"{CONFIG_MAPS}/leaf")).status == 404


@with_data
async def test_a_deletion_in_the_foreground_waits_for_custom_dependents(data: Data) -> None:
    await data.define()
    owner = await data.made(DATABASES, database("owner"))
    held = {"name": "orders", "finalizers": ["example.com/hold"], **owned_by(owner)}
    held["ownerReferences"][0]["blockOwnerDeletion"] = True
    await data.made(DATABASES, database() | {"metadata": held})
    await data.cluster.settle(1)
    await data.ask("DELETE", f"{DATABASES}/owner?propagationPolicy=Foreground")
    await data.cluster.settle(2)
    assert (await data.get(f"{DATABASES}/owner"))["metadata"]["finalizers"] == ["foregroundDeletion"]
    await data.patch(ORDERS, {"metadata": {"finalizers": None}})
    await data.cluster.settle(2)
    assert (await data.get(DATABASES))["items"] == []


@with_data
async def test_a_namespace_takes_its_custom_objects_with_it(data: Data) -> None:
    await data.define()
    await data.made("/api/v1/namespaces", {"metadata": {"name": "shop"}})
    there = DATABASES.replace("/default/", "/shop/")
    await data.made(there, database())
    await data.made(DATABASES, database())
    await data.ask("DELETE", "/api/v1/namespaces/shop")
    await data.cluster.settle(3)
    assert (await data.ask("GET", "/api/v1/namespaces/shop")).status == 404
    assert (await data.get("/apis/data.example.com/v1/databases"))["items"] == (await data.get(DATABASES))["items"]
    assert len((await data.get(DATABASES))["items"]) == 1


@with_data
async def test_what_custom_objects_own_goes_with_their_definition(data: Data) -> None:
    await data.define()
    orders = await data.made(DATABASES, database())
    for number in range(8):  # so many that the definition is gone before the collector has seen to them all
        metadata = {"name": f"leaf-{number}", **owned_by(orders)}
        await data.made(CONFIG_MAPS, config_map("leaf") | {"metadata": metadata})
    stranger = {"apiVersion": "gone.example.com/v1", "kind": "Nobody", "name": "x", "uid": "unheard-of"}
    await data.made(CONFIG_MAPS, config_map("kept") | {"metadata": {"name": "kept", "ownerReferences": [stranger]}})
    await data.cluster.settle(1)
    await data.ask("DELETE", f"{DEFINITIONS}/databases.data.example.com")
    await data.cluster.settle(3)
    assert (await data.ask("GET", f"{DEFINITIONS}/databases.data.example.com")).status == 404
    left = {item["metadata"]["name"] for item in (await data.get(CONFIG_MAPS))["items"]}
    assert left - {"kube-root-ca.crt"} == {"kept"}


@with_data
async def test_a_definition_waits_for_objects_that_finalizers_hold_and_takes_no_new_ones(data: Data) -> None:
    await data.define()
    await data.made(DATABASES, database() | {"metadata": {"name": "orders", "finalizers": ["example.com/hold"]}})
    url = f"{DEFINITIONS}/databases.data.example.com"
    await data.ask("DELETE", url)
    await data.cluster.settle(1)
    assert conditions(await data.get(url))["Terminating"] == ("True", "InstanceDeletionInProgress")
    late = await data.ask("POST", DATABASES, database("late"))
    assert (late.status, late.json["message"]) == (
        405,
        "create not allowed while custom resource definition is terminating",
    )
    await data.patch(ORDERS, {"metadata": {"finalizers": None}})
    await data.cluster.settle(1)
    assert (await data.ask("GET", url)).status == 404


@with_data
async def test_rights_are_given_by_group_and_resource(data: Data) -> None:
    await data.define()
    refused = await data.ask("GET", DATABASES, peer=JANE)
    assert refused.status == 403
    assert refused.json["message"] == (
        'databases.data.example.com is forbidden: User "jane" cannot list resource "databases" in API group '
        '"data.example.com" in the namespace "default"'
    )
    rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/default"
    rule = {"apiGroups": ["data.example.com"], "resources": ["databases"], "verbs": ["list"]}
    await data.made(f"{rbac}/roles", {"metadata": {"name": "reader"}, "rules": [rule]})
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"}
    subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "jane"}
    await data.made(f"{rbac}/rolebindings", {"metadata": {"name": "jane"}, "roleRef": role, "subjects": [subject]})
    assert (await data.ask("GET", DATABASES, peer=JANE)).status == 200
    assert (await data.ask("GET", ORDERS, peer=JANE)).status == 403


@with_data
async def test_whoever_follows_a_kind_that_is_gone_is_told_so(data: Data) -> None:
    await data.define()
    kind = data.plane.registry.kinds.by_resource("data.example.com", "v1", "databases")
    assert kind is not None
    watch = data.plane.client.watch(kind.model, resource_version="0")
    await data.made(DATABASES, database())
    assert len(await watch.next()) == 1
    await data.ask("DELETE", f"{DEFINITIONS}/databases.data.example.com")
    await data.cluster.settle(1)
    with pytest.raises(Expired):
        await watch.next()
    with pytest.raises(NotFound):
        await data.plane.client.list(kind.model)


@with_data
async def test_a_cluster_wide_kind_has_no_namespaces(data: Data) -> None:
    await data.define(simple("zones", scope="Cluster"))
    await data.made("/apis/data.example.com/v1/zones", {"metadata": {"name": "eu"}})
    assert (await data.ask("GET", "/apis/data.example.com/v1/namespaces/default/zones")).status == 404
    assert (await data.get("/apis/data.example.com/v1/zones/eu"))["metadata"]["name"] == "eu"


@with_data
async def test_a_name_belongs_to_whoever_had_it_first_until_it_goes(data: Data) -> None:
    await data.define()
    second = definition(plural="stores", kind="Store")
    second["spec"]["names"]["shortNames"] = ["db"]
    found = await data.define(second)
    assert conditions(found) == {
        "NamesAccepted": ("False", "ShortNamesConflict"),
        "Established": ("False", "NotAccepted"),
    }
    assert (await data.ask("GET", "/apis/data.example.com/v1/stores")).status == 404
    await data.ask("DELETE", f"{DEFINITIONS}/databases.data.example.com")
    await data.cluster.settle(1)
    found = await data.get(f"{DEFINITIONS}/stores.data.example.com")
    assert conditions(found)["Established"] == ("True", "InitialNamesAccepted")
    assert found["status"]["acceptedNames"]["shortNames"] == ["db"]
    assert (await data.get("/apis/data.example.com/v1/stores"))["kind"] == "StoreList"


@with_data
async def test_kinds_and_objects_are_there_after_a_restart(data: Data) -> None:
    await data.define()
    made = await data.made(DATABASES, database())
    plane = data.plane
    for event in [plane.store.get(record.key) for record in plane.store.list("databases.data.example.com").records]:
        assert event is not None
        event.memo = None
    again = Registry(plane.store, plane.clock.now, lambda: "uid", plane.random)
    kind = again.kinds.by_resource("data.example.com", "v1", "databases")
    assert kind is not None
    [record] = again.list(kind, "default", ListOptions()).records
    assert again.render(kind, record) == plane.registry.render(kind, record)
    found = await LocalClient(again).get(kind.model, "orders", "default")
    assert found.metadata.uid == made["metadata"]["uid"]
    assert by_resource("data.example.com", "v1", "databases") is None
