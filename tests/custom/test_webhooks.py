"""Webhooks of operators: asked about the objects of their own kinds."""

from typing import Any

import pytest
from controllers.cluster import cluster
from custom.databases import DATABASES, Data, database, definition, version
from registry.given import meta_v1
from registry.test_webhooks import YES, Sites, mutating, mutator, no, patching, rule

from petset.testing.loop import run


def webhooks(policy: str, *hosts: str) -> Any:
    beta = rule("databases", "databases/*", groups=["data.example.com"])
    beta.apiVersions = ["v1beta1"]
    return mutating(*(mutator(host, beta, matchPolicy=policy) for host in hosts))


@pytest.mark.parametrize("policy", ["Equivalent", "Exact"])
def test_a_custom_object_is_shown_in_the_version_that_the_webhook_knows(policy: str) -> None:
    sites = Sites(a=patching({"op": "replace", "path": "/spec/engine", "value": "mysql"}))

    async def main() -> None:
        async with cluster(caller=sites) as c:
            data = Data(c)
            await data.define(definition(version(), version("v1beta1", storage=False)))
            await c.create(webhooks(policy, "a"))
            made = await data.made(DATABASES, database())
            assert made["apiVersion"] == "data.example.com/v1"
            if policy == "Exact":
                assert (made["spec"]["engine"], sites.asked) == ("postgres", [])
                return
            request = sites.asked[0][1]
            assert made["spec"]["engine"] == "mysql"
            assert request["kind"]["version"] == request["resource"]["version"] == "v1beta1"
            assert request["requestKind"]["version"] == request["requestResource"]["version"] == "v1"
            assert request["object"]["apiVersion"] == "data.example.com/v1beta1"
            assert request["object"]["spec"]["version"] == "17"

    run(main())


def test_what_a_webhook_makes_of_a_custom_object_is_held_to_its_schema_and_may_be_refused() -> None:
    sites = Sites(a=patching({"op": "replace", "path": "/spec/replicas", "value": 2}), b=YES)

    async def main() -> None:
        async with cluster(caller=sites) as c:
            data = Data(c)
            await data.define()
            every = rule("databases", "databases/*", groups=["data.example.com"])
            await c.create(mutating(mutator("a", every, objectSelector=meta_v1.LabelSelector())))
            made = await data.made(DATABASES, database())
            assert made["spec"]["replicas"] == 2
            sites.answers["a"] = no(message="leave it", code=409)
            refused = await data.patch(f"{DATABASES}/orders/status", {"status": {"phase": "Up"}})
            assert (refused.status, refused.json["message"]) == (
                409,
                'admission webhook "a.example.com" denied the request: leave it',
            )

    run(main())
