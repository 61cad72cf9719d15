"""Sub-resources that change one part of a pod: its ephemeral containers, its resources."""

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


RESIZE = f"{PODS}/web-0/resize"


def resources(cpu: str | None = "100m", memory: str | None = "64Mi", limit: str | None = None, **more: str) -> Any:
    requests = {"cpu": cpu, "memory": memory, **more}
    found: dict[str, Any] = {"requests": {name: amount for name, amount in requests.items() if amount}}
    return found | ({"limits": {"memory": limit}} if limit else {})


async def burstable(site: Site, **spec: Any) -> dict[str, Any]:
    made = pod("web-0", **spec)
    made["spec"]["containers"][0]["resources"] = resources(limit="128Mi")
    return await site.made(PODS, made)


async def resize(site: Site, wanted: Any, **container: Any) -> Answer:
    """As `kubectl patch --subresource resize` does it."""
    patch = {"spec": {"containers": [{"name": "c", "resources": wanted, **container}]}}
    return await site.ask("PATCH", RESIZE, patch, **{"content-type": STRATEGIC})


@on_a_plane
async def test_a_pod_is_resized_and_nothing_else_of_it_changes(site: Site) -> None:
    await burstable(site)
    resized = (await resize(site, resources("200m", limit="256Mi"), image="other")).json
    (container,) = resized["spec"]["containers"]
    assert container["resources"] == {"limits": {"memory": "256Mi"}, "requests": {"cpu": "200m", "memory": "64Mi"}}
    assert container["image"] == "redis:7.0" and resized["metadata"]["generation"] == 2
    assert (await site.get(RESIZE))["spec"] == resized["spec"]
    patch = {"spec": {"containers": [{"name": "c", "resources": resources("300m")}]}}
    assert (await site.ask("PATCH", f"{PODS}/web-0", patch, **{"content-type": STRATEGIC})).status == 422


@pytest.mark.parametrize(
    ("wanted", "container", "message"),
    [
        (
            {"limits": {"cpu": "100m", "memory": "64Mi"}},
            {},
            'spec: Invalid value: "Burstable": Pod QOS Class may not',
        ),
        (resources("200m", limit="32Mi"), {}, "must be less than or equal to memory limit of 32Mi"),
        ({"requests": {"cpu": "-1"}}, {}, "must be greater than or equal to 0"),
        (
            {"requests": {"ephemeral-storage": "1Gi"}},
            {},
            "spec: Forbidden: only cpu and memory resources are mutable",
        ),
        (
            {"requests": {"cpu": None}},
            {},
            "spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed",
        ),
        (
            {"limits": {"memory": None}},
            {},
            "spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed",
        ),
        (
            resources("200m"),
            {"resizePolicy": [{"resourceName": "cpu", "restartPolicy": "RestartContainer"}]},
            "must be 'NotRequired' when `restartPolicy` is 'Never'",
        ),
    ],
)
def test_a_resize_changes_processor_and_memory_alone(
    wanted: dict[str, Any], container: dict[str, Any], message: str
) -> None:
    @on_a_plane
    async def story(site: Site) -> None:
        await burstable(site, restartPolicy="Never")
        refused = await resize(site, wanted, **container)
        assert refused.status == 422 and message in refused.json["message"], refused.json["message"]

    story()


@on_a_plane
async def test_a_pod_with_resources_of_its_own_is_resized_as_a_whole(site: Site) -> None:
    whole = {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "1Gi"}}
    made = pod("web-0", resources=whole)
    made["spec"]["containers"][0]["resources"] = resources()  # what they limited, the pod would by default
    await site.made(PODS, made)
    more = {"requests": {"cpu": "1", "memory": "64Mi"}, "limits": {"memory": "1Gi"}}
    answer = await site.ask("PATCH", RESIZE, {"spec": {"resources": more}}, content_type=STRATEGIC)
    assert answer.status == 200 and answer.json["spec"]["resources"] == more, answer
    for wanted, why in (
        ({"limits": {"memory": None}}, "spec.resources.limits: Forbidden: resource limits cannot be removed"),
        (
            {"requests": {"hugepages-2Mi": "2Mi"}, "limits": {"hugepages-2Mi": "2Mi"}},
            "spec: Forbidden: only cpu and memory resources at pod-level are mutable",
        ),
        ({"requests": {"cpu": "1m"}}, "must be greater than or equal to aggregate container requests"),
    ):
        answer = await site.ask("PATCH", RESIZE, {"spec": {"resources": wanted}}, content_type=STRATEGIC)
        assert answer.status == 422 and why in answer.json["message"], answer
