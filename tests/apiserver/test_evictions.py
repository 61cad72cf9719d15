"""Evictions over HTTP: what clients such as `kubectl drain` are answered, and what is stored."""

import asyncio
from typing import Any

from apiserver.asgi import MERGE, PODS, Answer, Site, on_a_plane, pod

from petset.api.models import core_v1, policy_v1
from petset.api.objects import copy

BUDGETS = "/apis/policy/v1/namespaces/default/poddisruptionbudgets"


def eviction(name: str = "web-0", **options: Any) -> dict[str, Any]:
    return {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}, "deleteOptions": options}


async def evict(site: Site, name: str = "web-0", query: str = "", **options: Any) -> Answer:
    return await site.ask("POST", f"{PODS}/{name}/eviction{query}", eviction(name, **options))


async def running(site: Site, *names: str, ready: bool = True) -> None:
    """Pods on a node whose agent says that they run."""
    for name in names:
        await site.made(PODS, pod(name, nodeName="n1"))
        stored = copy(await site.plane.client.get(core_v1.Pod, name, "default"))
        condition = core_v1.PodCondition(type="Ready", status="True" if ready else "False")
        stored.status = core_v1.PodStatus(phase="Running", conditions=[condition])
        await site.plane.client.update(stored, "status")


async def guarded(site: Site, allowed: int, name: str = "web") -> None:
    """A budget over every pod, as its controller left it."""
    spec = {"minAvailable": 1, "selector": {}}
    metadata = {"name": name}
    await site.made(
        BUDGETS, {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": metadata, "spec": spec}
    )
    stored = copy(await site.plane.client.get(policy_v1.PodDisruptionBudget, name, "default"))
    stored.status = policy_v1.PodDisruptionBudgetStatus(
        currentHealthy=1 + allowed,
        desiredHealthy=1,
        expectedPods=1 + allowed,
        disruptionsAllowed=allowed,
        observedGeneration=1,
    )
    await site.plane.client.update(stored, "status")


@on_a_plane
async def test_a_budget_lets_as_many_pods_go_as_it_allows_and_refuses_the_next(site: Site) -> None:
    await running(site, "web-0", "web-1")
    await guarded(site, allowed=1)
    assert (await evict(site)).json["status"] == "Success"
    gone = await site.get(f"{PODS}/web-0")
    assert gone["metadata"]["deletionTimestamp"]
    target = next(c for c in gone["status"]["conditions"] if c["type"] == "DisruptionTarget")
    assert (target["status"], target["reason"]) == ("True", "EvictionByEvictionAPI")
    assert target["message"] == "Eviction API: evicting" and target["lastTransitionTime"]
    status = (await site.get(f"{BUDGETS}/web"))["status"]
    assert status["disruptionsAllowed"] == 0 and list(status["disruptedPods"]) == ["web-0"]
    refused = await evict(site, "web-1")
    assert refused.status == 429 and "retry-after" not in refused.headers
    assert (refused.json["reason"], refused.json["code"]) == ("TooManyRequests", 429)
    assert refused.json["message"] == "Cannot evict pod as it would violate the pod's disruption budget."
    assert [cause["reason"] for cause in refused.json["details"]["causes"]] == ["DisruptionBudget"]
    assert "deletionTimestamp" not in (await site.get(f"{PODS}/web-1"))["metadata"]
    assert (await evict(site)).status == 201  # it is on its way out already


@on_a_plane
async def test_of_many_evictions_at_once_only_as_many_succeed_as_are_allowed(site: Site) -> None:
    names = [f"web-{number}" for number in range(6)]
    await running(site, *names)
    await guarded(site, allowed=2)
    answers = await asyncio.gather(*(evict(site, name) for name in names))
    assert sorted(answer.status for answer in answers) == [201, 201, 429, 429, 429, 429]
    assert len((await site.get(f"{BUDGETS}/web"))["status"]["disruptedPods"]) == 2


@on_a_plane
async def test_a_budget_that_is_not_looked_at_yet_says_when_to_come_again(site: Site) -> None:
    await running(site, "web-0")
    spec = {"minAvailable": 1, "selector": {}}
    named = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web"}, "spec": spec}
    await site.made(BUDGETS, named)
    refused = await evict(site)
    assert (refused.status, refused.headers["retry-after"]) == (429, "10")
    assert refused.json["details"]["retryAfterSeconds"] == 10


@on_a_plane
async def test_two_budgets_for_one_pod_are_an_error_of_the_server(site: Site) -> None:
    await running(site, "web-0")
    await guarded(site, 1)
    await guarded(site, 1, "second")
    refused = await evict(site)
    assert refused.status == 500 and "reason" not in refused.json
    assert refused.json["message"].startswith("This pod has more than one PodDisruptionBudget")


@on_a_plane
async def test_a_dry_run_asks_the_budget_and_changes_nothing(site: Site) -> None:
    await running(site, "web-0")
    await guarded(site, allowed=1)
    before = await site.get(f"{BUDGETS}/web"), await site.get(f"{PODS}/web-0")
    assert (await evict(site, query="?dryRun=All")).status == 201
    assert (await evict(site, dryRun=["All"])).status == 201
    assert (await site.get(f"{BUDGETS}/web"), await site.get(f"{PODS}/web-0")) == before
    await guarded(site, 1, "second")
    assert (await evict(site, query="?dryRun=All")).status == 500


@on_a_plane
async def test_an_eviction_means_the_pod_that_its_preconditions_name(site: Site) -> None:
    await running(site, "web-0")
    await guarded(site, allowed=1)
    for wrong in ({"uid": "another"}, {"resourceVersion": "1"}):
        refused = await evict(site, preconditions=wrong)
        assert (refused.status, refused.json["reason"]) == (409, "Conflict")
        assert "in the precondition" in refused.json["message"]
    assert (await site.get(f"{BUDGETS}/web"))["status"]["disruptionsAllowed"] == 1  # nothing was spent
    version = (await site.get(f"{PODS}/web-0"))["metadata"]["resourceVersion"]
    assert (await evict(site, preconditions={"resourceVersion": version}, gracePeriodSeconds=7)).status == 201
    assert (await site.get(f"{PODS}/web-0"))["metadata"]["deletionGracePeriodSeconds"] == 7


@on_a_plane
async def test_an_eviction_names_its_pod_twice(site: Site) -> None:
    await running(site, "web-0")
    refused = await site.ask("POST", f"{PODS}/web-0/eviction", eviction("web-1"))
    assert (refused.status, refused.json["message"]) == (400, "name in URL does not match name in Eviction object")
    assert (await evict(site, "web-7")).status == 404


@on_a_plane
async def test_an_unready_pod_goes_without_cost_while_the_others_are_well(site: Site) -> None:
    await running(site, "web-0")
    await running(site, "web-1", ready=False)
    await guarded(site, allowed=0)
    assert (await evict(site, "web-1")).status == 201
    assert "disruptedPods" not in (await site.get(f"{BUDGETS}/web"))["status"]


@on_a_plane
async def test_no_budget_counts_below_nothing(site: Site) -> None:
    await guarded(site, allowed=1)
    patch = {"status": {"disruptionsAllowed": -1}}
    refused = await site.ask("PATCH", f"{BUDGETS}/web/status", patch, **{"content-type": MERGE})
    assert refused.status == 422
    assert (
        "status.disruptionsAllowed: Invalid value: -1: must be greater than or equal to 0"
        in refused.json["message"]
    )
