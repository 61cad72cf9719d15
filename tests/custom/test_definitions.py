"""Definitions: how they are accepted, what they are refused for, and how they go."""

from custom.databases import DATABASES, DEFINITIONS, Data, conditions, database, with_data

NAME = f"{DEFINITIONS}/databases.data.example.com"


@with_data
async def test_a_definition_gets_its_names_and_is_established(data: Data) -> None:
    found = await data.define()
    assert conditions(found) == {
        "NamesAccepted": ("True", "NoConflicts"),
        "Established": ("True", "InitialNamesAccepted"),
    }
    assert found["status"]["acceptedNames"] == {
        "plural": "databases", "singular": "database", "shortNames": ["db"],
        "kind": "Database", "listKind": "DatabaseList", "categories": ["all", "data"],
    }  # fmt: skip
    assert found["status"]["storedVersions"] == ["v1"]
    assert found["spec"]["conversion"] == {"strategy": "None"}


@with_data
async def test_a_kind_is_served_from_its_definition_on_and_no_longer(data: Data) -> None:
    assert (await data.ask("GET", DATABASES)).status == 404
    await data.define()
    await data.made(DATABASES, database())
    assert [db["metadata"]["name"] for db in (await data.get(DATABASES))["items"]] == ["orders"]
    deleted = await data.ask("DELETE", NAME)
    assert deleted.json["metadata"]["finalizers"] == ["customresourcecleanup.apiextensions.k8s.io"]
    await data.cluster.settle(1)
    assert (await data.ask("GET", NAME)).status == 404
    assert (await data.ask("GET", DATABASES)).status == 404
    await data.define()
    assert (await data.get(DATABASES))["items"] == []
