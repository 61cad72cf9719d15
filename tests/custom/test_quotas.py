"""Quotas on custom objects."""

from custom.databases import DATABASES, Data, database, with_data

QUOTAS = "/api/v1/namespaces/default/resourcequotas"
COUNT = "count/databases.data.example.com"


@with_data
async def test_a_quota_counts_custom_objects_also_those_that_were_there_before_it(data: Data) -> None:
    await data.define()
    await data.made(DATABASES, database("first"))
    await data.made(QUOTAS, {"metadata": {"name": "q"}, "spec": {"hard": {COUNT: "2"}}})
    await data.made(DATABASES, database("second"))
    refused = await data.ask("POST", DATABASES, database("third"))
    assert (refused.status, refused.json["message"]) == (
        403,
        'databases.data.example.com "third" is forbidden: '
        f"exceeded quota: q, requested: {COUNT}=1, used: {COUNT}=2, limited: {COUNT}=2",
    )
    await data.cluster.settle()
    assert (await data.get(f"{QUOTAS}/q"))["status"] == {"hard": {COUNT: "2"}, "used": {COUNT: "2"}}
    await data.ask("DELETE", f"{DATABASES}/first")
    await data.cluster.settle()
    assert (await data.get(f"{QUOTAS}/q"))["status"]["used"] == {COUNT: "1"}
