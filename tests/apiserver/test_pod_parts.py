"""Sub-resources that change one part of a pod: ephemeral containers."""

from typing import Any

import pytest
from apiserver.asgi import MERGE, PODS, Answer, Site, on_a_plane, pod

STRATEGIC = "application/strategic-merge-patch+json"
URL = f"{PODS}/web-0/ephemeralcontainers"


def ephemeral(name: str = "debug", **more: Any) -> dict[str, Any]:
    return {"name": name, "image": "busybox", **more}


async def add(site: Site, *containers: dict[str, Any]) -> Answer:
    """As kubectl debug does it."""
    patch = {"spec": {"ephemeralContainers": list(containers)}}
    return await site.ask("PATCH", URL, patch, **{"content-type": STRATEGIC})


@on_a_plane
async def test_an_ephemeral_container_comes_to_a_pod_and_gets_its_defaults(site: Site) -> None:
    await site.made(PODS, pod("web-0"))
    added = (await add(site, ephemeral(targetContainerName="c", stdin=True, tty=True))).json
    assert added["kind"] == "Pod" and added["metadata"]["generation"] == 2
    (container,) = added["spec"]["ephemeralContainers"]
    assert container["imagePullPolicy"] == "Always" and container["terminationMessagePath"]
    second = (await add(site, ephemeral("more"))).json  # the list is merged by name
    assert {c["name"] for c in second["spec"]["ephemeralContainers"]} == {"debug", "more"}
    assert (await site.get(URL))["spec"] == second["spec"]


@on_a_plane
async def test_nothing_else_of_the_pod_changes_by_this_way_and_this_by_no_other(site: Site) -> None:
    made = await site.made(PODS, pod("web-0"))
    made["metadata"]["labels"] = {"new": "label"}
    made["spec"]["containers"][0]["image"] = "redis:8"
    made["spec"]["ephemeralContainers"] = [ephemeral()]
    put = (await site.ask("PUT", URL, made)).json
    assert put["metadata"]["labels"] == {"app": "web"} and put["spec"]["containers"][0]["image"] == "redis:7.0"
    assert len(put["spec"]["ephemeralContainers"]) == 1
    patch = {"spec": {"ephemeralContainers": []}}
    refused = await site.ask("PATCH", f"{PODS}/web-0", patch, **{"content-type": MERGE})
    assert refused.status == 422
    stale = await site.ask("PUT", URL, made)
    assert stale.status == 409


@pytest.mark.parametrize(
    ("container", "message"),
    [
        (ephemeral("c"), 'spec.ephemeralContainers[0].name: Duplicate value: "c"'),
        (ephemeral(targetContainerName="x"), 'spec.ephemeralContainers[0].targetContainerName: Not found: "x"'),
        (
            ephemeral(ports=[{"containerPort": 80}]),
            "spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container",
        ),
        (
            ephemeral(resources={"limits": {"cpu": "1"}}),
            "spec.ephemeralContainers[0].resources: Forbidden: cannot be set for an Ephemeral Container",
        ),
        ({"name": "debug"}, "spec.ephemeralContainers[0].image: Required value"),
    ],
)
def test_an_ephemeral_container_must_be_right(container: dict[str, Any], message: str) -> None:
    @on_a_plane
    async def story(site: Site) -> None:
        await site.made(PODS, pod("web-0"))
        refused = await add(site, container)
        assert refused.status == 422 and message in refused.json["message"]

    story()


@on_a_plane
async def test_what_has_come_neither_changes_nor_goes(site: Site) -> None:
    await site.made(PODS, pod("web-0"))
    await add(site, ephemeral())
    changed = await add(site, ephemeral(image="other"))
    assert (
        changed.status == 422
        and 'existing ephemeral containers "debug" may not be changed' in changed.json["message"]
    )
    patch = {"spec": {"ephemeralContainers": []}}
    removed = await site.ask("PATCH", URL, patch, **{"content-type": MERGE})
    assert removed.status == 422 and "may not be removed" in removed.json["message"]


@on_a_plane
async def test_a_new_pod_has_none(site: Site) -> None:
    refused = await site.ask("POST", PODS, pod("web-0", ephemeralContainers=[ephemeral()]))
    assert refused.status == 422 and "cannot be set on create" in refused.json["message"]
