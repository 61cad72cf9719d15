"""Requests that cannot be meant, and what Kubernetes says of each: the options of deletions, versions, patches."""

from typing import Any

import pytest
from apiserver.asgi import CONFIG_MAPS, MERGE, SETS, Site, config_map, on_a_plane, stateful_set

JSON_PATCH = "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
POLICIES = 'supported values: "Foreground", "Background", "Orphan", "nil"'
BOTH = "orphanDependents and deletionPropagation cannot be both set"


async def refused(site: Site, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, str]:
    answer = await site.ask(method, path, body, **more)
    return answer.status, answer.json["message"]


@pytest.mark.parametrize(
    ("query", "body", "fault"),
    [
        ("", {"dryRun": ["Some"]}, 'dryRun: Unsupported value: ["Some"]: supported values: "All"'),
        ("?dryRun=Some", None, 'dryRun: Unsupported value: ["Some"]: supported values: "All"'),
        ("", {"propagationPolicy": "Later"}, f'propagationPolicy: Unsupported value: "Later": {POLICIES}'),
        ("?propagationPolicy=Later", None, f'propagationPolicy: Unsupported value: "Later": {POLICIES}'),
        (
            "",
            {"propagationPolicy": "Orphan", "orphanDependents": True},
            f'propagationPolicy: Invalid value: "Orphan": {BOTH}',
        ),
    ],
)
def test_options_of_a_deletion_that_cannot_be_meant(query: str, body: Any, fault: str) -> None:
    @on_a_plane
    async def story(site: Site) -> None:
        await site.made(CONFIG_MAPS, config_map("a"))
        for path in (f"{CONFIG_MAPS}/a{query}", f"{CONFIG_MAPS}{query}"):
            said = await refused(site, "DELETE", path, body)
            assert said == (422, f'DeleteOptions.meta.k8s.io "" is invalid: {fault}')
        assert (await site.ask("GET", f"{CONFIG_MAPS}/a")).status == 200

    story()


@pytest.mark.parametrize(
    ("method", "kind"), [("POST", "CreateOptions"), ("PUT", "UpdateOptions"), ("PATCH", "PatchOptions")]
)
def test_a_dry_run_of_parts_is_refused_by_the_name_of_the_verbs_options(method: str, kind: str) -> None:
    @on_a_plane
    async def story(site: Site) -> None:
        path = CONFIG_MAPS if method == "POST" else f"{CONFIG_MAPS}/a"
        said = await refused(site, method, f"{path}?dryRun=Some", config_map("a"), content_type=MERGE)
        fault = 'dryRun: Unsupported value: ["Some"]: supported values: "All"'
        assert said == (422, f'{kind}.meta.k8s.io "" is invalid: {fault}')

    story()


@on_a_plane
async def test_a_negative_grace_period_is_one_second(site: Site) -> None:
    for number, (query, body) in enumerate((("?gracePeriodSeconds=-5", None), ("", {"gracePeriodSeconds": -5}))):
        await site.made(CONFIG_MAPS, config_map(f"a{number}"))
        assert (await site.ask("DELETE", f"{CONFIG_MAPS}/a{number}{query}", body)).status == 200


@on_a_plane
async def test_only_the_older_way_to_ask_for_dependents_is_answered_as_accepted(site: Site) -> None:
    for name, body, status in (
        ("a", {"propagationPolicy": "Foreground"}, 200),
        ("b", {"orphanDependents": False}, 202),
    ):
        made = {**config_map(name), "metadata": {"name": name, "finalizers": ["shop.example/hold"]}}
        await site.made(CONFIG_MAPS, made)
        assert (await site.ask("DELETE", f"{CONFIG_MAPS}/{name}", body)).status == status


@on_a_plane
async def test_a_version_that_is_no_number(site: Site) -> None:
    fault = 'resourceVersion: Invalid value: "new": strconv.ParseUint: parsing "new": invalid syntax'
    said = await refused(site, "GET", f"{CONFIG_MAPS}?resourceVersion=new")
    assert said == (400, f"invalid resource version: {fault}")
    said = await refused(site, "GET", f"{CONFIG_MAPS}?watch=true&resourceVersion=new")
    assert said == (422, f'configmaps "" is invalid: {fault}')


@pytest.mark.parametrize(
    ("content_type", "patch", "value", "why"),
    [
        (
            MERGE,
            {"data": {"k": 1}},
            None,
            "json: cannot unmarshal number into Go struct field ConfigMap.data of type string",
        ),
        (
            JSON_PATCH,
            [{"op": "add", "path": "/data/k", "value": 1}],
            None,
            "json: cannot unmarshal number into Go struct field ConfigMap.data of type string",
        ),
        (
            STRATEGIC,
            {"data": {"z": 1, "a": ["b", None, True]}},
            '"map[data:map[a:[b <nil> true] z:1]]"',
            "json: cannot unmarshal number into Go struct field ConfigMap.data of type string",
        ),
        (
            MERGE,
            {"kind": "Secret"},
            None,
            "converting (v1.Secret) to (core.ConfigMap): unknown conversion",
        ),
    ],
)
def test_a_patch_that_makes_no_object(content_type: str, patch: Any, value: str | None, why: str) -> None:
    @on_a_plane
    async def story(site: Site) -> None:
        await site.made(CONFIG_MAPS, config_map("a"))
        answer = await site.ask("PATCH", f"{CONFIG_MAPS}/a", patch, content_type=content_type)
        message = answer.json["message"]
        assert (answer.status, answer.json["reason"]) == (422, "Invalid")
        assert message.startswith(f' "" is invalid: patch: Invalid value: {value or ""}')
        assert message.endswith(f": {why}")
        assert answer.json["details"]["causes"][0]["field"] == "patch"
        if value is None:
            assert '\\"name\\":\\"a\\"' in message  # what it would have become

    story()


@on_a_plane
async def test_an_unknown_field_in_a_strict_patch_is_refused_as_the_patchs_fault(site: Site) -> None:
    await site.made(CONFIG_MAPS, config_map("a"))
    path = f"{CONFIG_MAPS}/a?fieldValidation=Strict"
    status, message = await refused(site, "PATCH", path, {"colour": 1}, content_type=MERGE)
    assert (status, message.rpartition("strict")[2]) == (422, ' decoding error: unknown field "colour"')


@on_a_plane
async def test_an_object_of_another_kind_is_told_apart_by_the_servers_own_types(site: Site) -> None:
    said = await refused(site, "POST", CONFIG_MAPS, {"apiVersion": "apps/v1", "kind": "Deployment"})
    why = "converting (v1.Deployment) to (core.ConfigMap): unknown conversion"
    assert said == (400, f'Deployment in version "v1" cannot be handled as a ConfigMap: {why}')
    said = await refused(site, "POST", SETS, {**stateful_set("w"), "apiVersion": "v1", "kind": "Pod"})
    assert said[1].endswith("converting (v1.Pod) to (apps.StatefulSet): unknown conversion")
