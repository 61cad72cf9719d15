"""A quota's status says what is used of it."""

from controllers.cluster import Cluster, claim, cluster, pod
from hypothesis import given
from hypothesis import strategies as st

from petset.api import objects, quantity
from petset.api.models import core_v1, meta_v1
from petset.api.quotas.charging import Tally
from petset.controllers.resourcequota import invariants
from petset.controllers.resourcequota.model import Snapshot
from petset.controllers.resourcequota.plan import plan
from petset.testing.loop import run

amounts = st.dictionaries(st.sampled_from(["pods", "cpu", "secrets"]), st.integers(1, 9).map(str))


def quota(**hard: str) -> core_v1.ResourceQuota:
    metadata = meta_v1.ObjectMeta(name="q", namespace="default", resourceVersion="1")
    return core_v1.ResourceQuota(metadata=metadata, spec=core_v1.ResourceQuotaSpec(hard=hard))


def made(**hard: str) -> core_v1.ResourceQuota:
    fresh = quota(**hard)
    objects.meta(fresh).resourceVersion = None
    return fresh


async def status(c: Cluster) -> tuple[dict[str, str], dict[str, str]]:
    await c.settle()
    found = await c.get(core_v1.ResourceQuota, "q", "default")
    assert found is not None and found.status is not None
    return found.status.hard or {}, found.status.used or {}


def test_the_status_follows_what_is_there() -> None:
    async def main() -> None:
        async with cluster() as c:
            await c.create(pod("before"))
            await c.create(made(pods="3", **{"requests.storage": "5Gi", "count/leases.coordination.k8s.io": "1"}))
            hard, used = await status(c)
            assert hard == {"pods": "3", "requests.storage": "5Gi", "count/leases.coordination.k8s.io": "1"}
            assert used == {"pods": "1", "requests.storage": "0", "count/leases.coordination.k8s.io": "0"}
            await c.create(pod("after"))
            await c.create(claim("data", "2Gi"))
            assert (await status(c))[1] == used | {"pods": "2", "requests.storage": "2Gi"}
            await c.plane.client.delete(core_v1.Pod, "before", "default")
            assert (await status(c))[1]["pods"] == "1"

    run(main())


def test_limits_that_change_are_counted_anew() -> None:
    async def main() -> None:
        async with cluster() as c:
            await c.create(made(pods="3"))
            await c.create(pod("a"))
            found = objects.copy(await c.get(core_v1.ResourceQuota, "q", "default"))
            assert found is not None and found.spec is not None
            found.spec.hard = {"count/pods": "7"}
            await c.plane.client.update(found)
            assert await status(c) == ({"count/pods": "7"}, {"count/pods": "1"})

    run(main())


@given(hard=amounts, used=amounts)
def test_safety_and_liveness_one_step_makes_the_status_right_and_then_there_is_none(
    hard: dict[str, str], used: dict[str, str]
) -> None:
    snapshot = Snapshot(quota(**hard), {name: quantity.parse(text) for name, text in used.items()})
    decided = plan(snapshot)
    assert invariants.is_safe(snapshot, decided)
    for action in decided.actions:
        snapshot.quota.status = core_v1.ResourceQuotaStatus(hard=dict(action.hard), used=dict(action.used))
    assert not plan(snapshot).actions


@given(st.lists(st.tuples(st.integers(0, 3), amounts)))
def test_a_tally_is_the_sum_of_what_is_there_whatever_came_and_went(puts: list[tuple[int, dict[str, str]]]) -> None:
    tally, present = Tally(), {}
    for key, listed in puts:
        present[key] = {name: quantity.parse(text) for name, text in listed.items()}
        tally.put(key, present[key])
    for name in ("pods", "cpu", "secrets"):
        expected = sum(usage[name].nanos for usage in present.values() if name in usage)
        assert (tally.used[name].nanos if name in tally.used else 0) == expected
