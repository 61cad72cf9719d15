"""How the parts of the control plane are, by the older way to ask."""

import pytest
from apiserver.asgi import TABLE, Site, on_a_plane

HERE = "/api/v1/componentstatuses"


@on_a_plane
async def test_every_part_is_well_and_the_way_to_ask_is_deprecated(site: Site) -> None:
    answer = await site.ask("GET", HERE)
    assert answer.json["kind"] == "ComponentStatusList"
    names = [item["metadata"]["name"] for item in answer.json["items"]]
    assert names == ["controller-manager", "etcd-0", "scheduler"]
    healthy = [{"type": "Healthy", "status": "True", "message": "ok"}]
    assert all(item["conditions"] == healthy for item in answer.json["items"])
    assert "v1 ComponentStatus is deprecated in v1.19+" in answer.headers["warning"]


@on_a_plane
async def test_a_part_is_asked_for_by_its_name(site: Site) -> None:
    table = (await site.ask("GET", f"{HERE}/scheduler", accept=TABLE)).json
    assert [row["cells"] for row in table["rows"]] == [["scheduler", "Healthy", "ok", ""]]
    missing = await site.ask("GET", f"{HERE}/cloud")
    assert (missing.status, missing.json["message"]) == (404, "Component not found: cloud")


@pytest.mark.parametrize(
    ("query", "count"), [("labelSelector=a%3Db", 0), ("fieldSelector=metadata.name%3Detcd-0", 1)]
)
@on_a_plane
async def test_selectors_select(site: Site, query: str, count: int) -> None:
    assert len((await site.get(f"{HERE}?{query}"))["items"]) == count


@on_a_plane
async def test_nothing_of_them_can_be_written_or_watched(site: Site) -> None:
    for method, path in [("POST", HERE), ("DELETE", f"{HERE}/scheduler"), ("GET", f"{HERE}?watch=1")]:
        assert (await site.ask(method, path, {} if method == "POST" else None)).status == 405
