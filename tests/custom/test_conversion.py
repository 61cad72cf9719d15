"""Versions that differ in more than their name: the definition's webhook makes one of the other."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from controllers.cluster import cluster
from custom.databases import DEFINITIONS, Data, definition
from registry.given import meta_v1
from registry.test_webhooks import Sites, mutating, mutator, patching, rule

from petset.registry.webhooks.port import BadAnswer, CallFailed
from petset.testing.loop import run

Document = dict[str, Any]
NEW = "/apis/data.example.com/v1/namespaces/default/links"
OLD = "/apis/data.example.com/v1beta1/namespaces/default/links"
HOOK = {"clientConfig": {"url": "https://convert.example.com/links"}, "conversionReviewVersions": ["v1"]}


def _version(name: str, storage: bool, **fields: str) -> Document:
    spec = {
        "type": "object",
        "properties": {field: {"type": kind} for field, kind in fields.items()},
        "required": list(fields),
    }
    status = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    schema = {"type": "object", "properties": {"spec": spec, "status": status}}
    paths = {"specReplicasPath": ".spec.port", "statusReplicasPath": ".status.port"}
    return {
        "name": name,
        "served": True,
        "storage": storage,
        "schema": {"openAPIV3Schema": schema},
        "subresources": {"status": {}, "scale": paths} if name == "v1" else {"status": {}},
    }


def links(stored: str = "v1", hook: Document | None = None) -> Document:
    """`v1` has a host and a port, `v1beta1` an address of both."""
    versions = (
        _version("v1", stored == "v1", host="string", port="integer"),
        _version("v1beta1", stored == "v1beta1", address="string"),
    )
    return definition(
        *versions, plural="links", kind="Link", conversion={"strategy": "Webhook", "webhook": hook or HOOK}
    )


def old(name: str = "a", address: str = "db:5432", **metadata: Any) -> Document:
    return {
        "apiVersion": "data.example.com/v1beta1",
        "kind": "Link",
        "metadata": {"name": name, **metadata},
        "spec": {"address": address},
    }


def converted(document: Document, wanted: str) -> Document:
    spec = document["spec"]
    if wanted.endswith("v1"):
        host, _, port = spec["address"].rpartition(":")
        spec = {"host": host, "port": int(port)}
    else:
        spec = {"address": f"{spec['host']}:{spec['port']}"}
    return {**document, "apiVersion": wanted, "spec": spec}


def answer(request: Document) -> Document:
    found = [converted(each, request["desiredAPIVersion"]) for each in request["objects"]]
    return {"result": {"status": "Success"}, "convertedObjects": found}


def with_links(test: Callable[[Data, Sites], Any], **more: Any) -> None:
    """Run a test where the webhook of links is there, as `sites.answers["convert"]`."""

    async def main() -> None:
        sites = Sites(convert=answer, **more)
        async with cluster(caller=sites) as c:
            data = Data(c)
            await data.define(links())
            await test(data, sites)

    run(main())


def test_an_object_is_stored_in_one_version_and_shown_in_the_other() -> None:
    async def check(data: Data, sites: Sites) -> None:
        made = await data.made(OLD, old(labels={"app": "shop"}))
        assert (made["apiVersion"], made["spec"]) == ("data.example.com/v1beta1", {"address": "db:5432"})
        stored = data.cluster.plane.store.list("links.data.example.com", "default").records[0].value
        assert msgspec.json.decode(stored)["spec"] == {"host": "db", "port": 5432}
        asked = len(sites.asked)
        shown = await data.get(f"{NEW}/a")
        assert (shown["spec"], shown["metadata"]) == ({"host": "db", "port": 5432}, made["metadata"])
        assert len(sites.asked) == asked, "nobody is asked about an object of the version that is stored"
        assert (await data.get(f"{OLD}/a"))["spec"] == {"address": "db:5432"}

    with_links(check)


def test_changes_are_made_in_the_version_of_whoever_makes_them() -> None:
    async def check(data: Data, _: Sites) -> None:
        made = await data.made(OLD, old())
        patched = await data.patch(f"{OLD}/a", {"spec": {"address": "db:1"}})
        assert (patched.json["spec"], patched.json["metadata"]["generation"]) == ({"address": "db:1"}, 2)
        same = await data.patch(f"{OLD}/a", {"spec": {"address": "db:1"}})
        assert same.json["metadata"]["resourceVersion"] == patched.json["metadata"]["resourceVersion"]
        config = {**old(address="db:2"), "metadata": {"name": "a"}}
        url = f"{OLD}/a?fieldManager=me&force=true"
        applied = await data.patch(url, config, by="apply-patch+yaml")
        assert applied.json["spec"] == {"address": "db:2"}
        status = await data.patch(f"{OLD}/a/status", {"status": {"up": True}})
        assert (status.status, status.json["status"]) == (200, {"up": True})
        scaled = await data.patch(f"{NEW}/a/scale", {"spec": {"replicas": 3}})
        assert scaled.json["spec"] == {"replicas": 3}
        assert (await data.get(f"{NEW}/a/scale"))["spec"] == {"replicas": 3}
        refused = await data.patch(f"{OLD}/a", {"spec": {"address": 7}})
        assert (refused.status, "spec.address" in refused.json["message"]) == (422, True)
        dry = await data.patch(f"{OLD}/a?dryRun=All", {"spec": {"address": "dry:9"}})
        assert dry.json["spec"] == {"address": "dry:9"}
        shown = await data.get(f"{OLD}/a")
        assert (shown["spec"], shown["metadata"]["uid"]) == ({"address": "db:3"}, made["metadata"]["uid"])
        gone = await data.ask("DELETE", f"{OLD}/a")
        assert (gone.status, (await data.ask("GET", f"{OLD}/a")).status) == (200, 404)

    with_links(check)


def test_a_list_is_one_question_and_what_was_asked_is_remembered() -> None:
    async def check(data: Data, sites: Sites) -> None:
        for name in ("a", "b", "c"):
            await data.made(NEW, converted(old(name), "data.example.com/v1"))
        assert sites.asked == []
        for _ in range(2):
            found = await data.get(OLD)
            assert [item["spec"]["address"] for item in found["items"]] == ["db:5432"] * 3
            assert [len(request["objects"]) for _, request in sites.asked] == [3]
        assert sites.reached[0].url == "https://convert.example.com/links?timeout=30s"

    with_links(check)


def test_a_watch_shows_what_happens_in_its_own_version() -> None:
    async def check(data: Data, sites: Sites) -> None:
        await data.made(NEW, converted(old("a"), "data.example.com/v1"))
        async with data.opened(f"{OLD}?watch=true") as watch:
            first = await watch.line()
            await data.made(NEW, converted(old("b", "web:80"), "data.example.com/v1"))
            second = await watch.line()
            seen = [(line["type"], line["object"]["spec"]["address"]) for line in (first, second)]
            assert seen == [("ADDED", "db:5432"), ("ADDED", "web:80")]
            sites.answers["convert"] = CallFailed("gone")
            await data.made(NEW, converted(old("c"), "data.example.com/v1"))
            last = await watch.line()
            assert (last["type"], "conversion webhook for" in last["object"]["message"]) == ("ERROR", True)

    with_links(check)


def test_what_was_stored_before_in_another_version_is_converted_too() -> None:
    """The version that is stored has changed since."""

    async def check(data: Data, sites: Sites) -> None:
        await data.made(OLD, old())
        turned = [{**each, "storage": each["name"] == "v1beta1"} for each in links()["spec"]["versions"]]
        await data.patch(f"{DEFINITIONS}/links.data.example.com", {"spec": {"versions": turned}})
        await data.cluster.settle()
        asked = len(sites.asked)
        assert (await data.get(f"{OLD}/a"))["spec"] == {"address": "db:5432"}
        assert [item["spec"] for item in (await data.get(NEW))["items"]] == [{"host": "db", "port": 5432}]
        assert len(sites.asked) == asked + 1

    with_links(check)


def _but(**metadata: Any) -> Callable[[Document], Document]:
    def spoilt(request: Document) -> Document:
        good = answer(request)
        for each in good["convertedObjects"]:
            each["metadata"] = {**each["metadata"], **metadata}
        return good

    return spoilt


def test_a_webhook_may_change_labels_and_annotations_and_nothing_else_of_the_metadata() -> None:
    async def check(data: Data, sites: Sites) -> None:
        await data.made(NEW, converted(old(labels={"a": "b"}), "data.example.com/v1"))
        sites.answers["convert"] = _but(labels={"from": "v1"}, annotations=None, finalizers=["x.example.com/y"])
        shown = (await data.get(f"{OLD}/a"))["metadata"]
        assert shown["labels"] == {"from": "v1"}
        assert "finalizers" not in shown and "annotations" not in shown

    with_links(check)


_URL = "https://convert.example.com/links?timeout=30s"
_MISSING = "the server could not find the requested resource"
_FAILED = "conversion webhook for data.example.com/v1, Kind=Link failed: "
_RETURNED = "conversion webhook for data.example.com/v1, Kind=Link returned "


@pytest.mark.parametrize(
    ("spoilt", "message"),
    [
        (CallFailed("connection refused"), f'{_FAILED}Post "{_URL}": connection refused'),
        (BadAnswer(_MISSING), f"{_FAILED}{_MISSING}"),
        ({"result": {"status": "Failure", "message": "not today"}}, f"{_FAILED}not today"),
        ({"result": {"status": ""}}, f"{_FAILED}response.result.status was '', not 'Success'"),
        ({"uid": "other"}, f'{_FAILED}expected response.uid="'),
        (b'{"kind":"ConversionReview","apiVersion":"apiextensions.k8s.io/v1"}', f"{_FAILED}no response provided"),
        (b'{"kind":"Pod","apiVersion":"v1"}', f"{_FAILED}expected webhook response of apiextensions.k8s.io/v1, "),
        (b"[", f"{_FAILED}the response cannot be read"),
        ({"result": {"status": "Success"}}, f"{_RETURNED}0 objects, expected 1"),
        (
            {"result": {"status": "Success"}, "convertedObjects": [7]},
            f"{_RETURNED}invalid object at index 0: it is no object",
        ),
        (
            lambda request: {"result": {"status": "Success"}, "convertedObjects": request["objects"]},
            f"{_RETURNED}invalid object at index 0: invalid groupVersion (expected data.example.com/v1beta1, "
            "received data.example.com/v1)",
        ),
        (_but(name="b"), f"{_RETURNED}invalid object: must have the same name: a != b"),
        (_but(uid="1"), f"{_RETURNED}invalid object: must have the same UID: "),
        (_but(labels={"a b": "c"}), f"{_RETURNED}invalid metadata: metadata.labels: Invalid value"),
        (_but(labels={"a": 1}), f"{_RETURNED}invalid metadata: metadata.labels[a] must be a string in c"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_answer_is_told_in_kubernetes_words(spoilt: Any, message: str) -> None:
    async def check(data: Data, sites: Sites) -> None:
        await data.made(NEW, converted(old(), "data.example.com/v1"))
        sites.answers["convert"] = spoilt
        refused = await data.ask("GET", f"{OLD}/a")
        assert (refused.status, refused.json["message"][: len(message)]) == (500, message)
        assert (await data.ask("GET", f"{NEW}/a")).status == 200

    with_links(check)


def test_a_list_that_cannot_be_converted_says_of_which_object() -> None:
    async def check(data: Data, sites: Sites) -> None:
        for name in ("a", "b"):
            await data.made(NEW, converted(old(name), "data.example.com/v1"))
        sites.answers["convert"] = _but(namespace="other")
        refused = await data.ask("GET", OLD)
        assert refused.json["message"] == (
            "conversion webhook for data.example.com/v1, Kind=LinkList returned invalid converted object at "
            "index 0: must have the same namespace: default != other"
        )

    with_links(check)


def test_an_admission_webhook_gets_the_version_that_it_knows_and_changes_that() -> None:
    async def check(data: Data, _: Sites) -> None:
        new = rule("links", groups=["data.example.com"])
        new.apiVersions = ["v1"]
        await data.cluster.create(mutating(mutator("a", new, objectSelector=meta_v1.LabelSelector())))
        made = await data.made(OLD, old())
        assert made["spec"] == {"address": "db:7"}

    port = patching({"op": "replace", "path": "/spec/port", "value": 7})
    with_links(check, a=lambda request: port if request["object"]["spec"] == {"host": "db", "port": 5432} else {})


@pytest.mark.parametrize(
    ("hook", "field", "message"),
    [
        (
            {"conversionReviewVersions": ["v1"]},
            "webhookClientConfig",
            "required when strategy is set to Webhook",
        ),
        (
            {**HOOK, "clientConfig": {}},
            "webhookClientConfig",
            "exactly one of url or service is required",
        ),
        (
            {**HOOK, "clientConfig": {"url": "http://a"}},
            "webhookClientConfig.url",
            "'https' is the only allowed URL scheme",
        ),
        ({**HOOK, "conversionReviewVersions": []}, "conversionReviewVersions", "Required value"),
        (
            {**HOOK, "conversionReviewVersions": ["v7"]},
            "conversionReviewVersions",
            "at least one of v1, v1beta1",
        ),
    ],
)
def test_a_webhook_that_cannot_be_asked_refuses_its_definition(hook: Document, field: str, message: str) -> None:
    async def main() -> None:
        async with cluster() as c:
            refused = await Data(c).ask("POST", DEFINITIONS, links(hook=hook))
            causes = refused.json["details"]["causes"]
            assert [cause["field"] for cause in causes] == [f"spec.conversion.{field}"]
            assert message in causes[0]["message"]

    run(main())
