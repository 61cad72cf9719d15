"""An APIService for each group and version that is served."""

from controllers.cluster import Cluster, cluster
from custom.databases import definition, version
from hypothesis import given
from hypothesis import strategies as st

from petset.api.decode import decode
from petset.api.definitions import Definition
from petset.api.kinds import by_model
from petset.api.models import apiregistration_v1, meta_v1
from petset.api.objects import meta, name_of
from petset.controllers.apiservices import invariants
from petset.controllers.apiservices.model import MANAGED, APIService, Deregister, Register, Served, Snapshot
from petset.controllers.apiservices.plan import plan
from petset.testing.loop import run

CORE, SCALING = Served("", "v1"), Served("autoscaling", "v2")
OWN, OTHER = Served("example.com", "v1", defined=True), Served("other.example.com", "v1", defined=True)
EVERY = (CORE, SCALING, OWN, OTHER)


def present(name: str, managed: str = "true") -> APIService:
    version, _, group = name.partition(".")
    return APIService(
        metadata=meta_v1.ObjectMeta(
            name=name, uid=f"uid of {name}", labels={MANAGED: managed} if managed else None
        ),
        spec=apiregistration_v1.APIServiceSpec(
            group=group, version=version, groupPriorityMinimum=1000, versionPriority=100
        ),
    )


def decided(snapshot: Snapshot) -> list[str]:
    found = plan(snapshot)
    assert invariants.is_safe(snapshot, found)
    return [
        f"+{name_of(action.api_service)}" if isinstance(action, Register) else f"-{action.name}"
        for action in found.actions
    ]


def test_at_the_start_everything_that_is_served_is_registered() -> None:
    assert decided(Snapshot(EVERY, [], starts=True)) == [f"+{each.name}" for each in EVERY]
    made = [a.api_service for a in plan(Snapshot(EVERY, [], starts=True)).actions if isinstance(a, Register)]
    priorities = [(each.spec.groupPriorityMinimum, each.spec.versionPriority) for each in made if each.spec]
    assert priorities == [(18000, 1), (17500, 30), (1000, 100), (1000, 100)]
    assert [(meta(each).labels or {})[MANAGED] for each in made] == ["onstart", "onstart", "true", "true"]


def test_what_is_built_in_and_was_deleted_waits_for_the_next_start_and_what_is_defined_does_not() -> None:
    assert decided(Snapshot(EVERY, [])) == [f"+{OWN.name}", f"+{OTHER.name}"]


def test_what_is_served_no_longer_goes_and_what_others_have_registered_stays() -> None:
    there = [present("v1.gone.example.com"), present("v1beta1.metrics.k8s.io", ""), present("v1.old", "onstart")]
    assert decided(Snapshot((CORE,), [*there, present(CORE.name, "onstart")])) == ["-v1.gone.example.com"]


@given(st.sets(st.sampled_from(EVERY)), st.sets(st.sampled_from(EVERY)), st.booleans(), st.integers(0, 8))
def test_wherever_it_is_interrupted_it_ends_with_what_is_served(
    served: set[Served], there: set[Served], starts: bool, done: int
) -> None:
    """Safety: nobody else's goes (`is_safe`). Liveness: a second look ends what the first has begun."""
    now = {each.name: present(each.name, "true" if each.defined else "onstart") for each in there}
    for steps in (done, 8):
        snapshot = Snapshot(sorted(served), list(now.values()), starts)
        decided(snapshot)
        for action in plan(snapshot).actions[:steps]:
            if isinstance(action, Deregister):
                del now[action.name]
            else:
                now[name_of(action.api_service)] = action.api_service
    assert not decided(Snapshot(sorted(served), list(now.values()), starts))
    wanted = {each.name for each in served if each.defined or starts}
    assert {name for name in now if name.endswith("example.com")} <= wanted <= set(now)


async def registered(c: Cluster) -> list[str]:
    return sorted(name_of(each) for each in await c.all(APIService))


def test_a_definition_registers_its_versions_for_as_long_as_it_is_served() -> None:
    async def story() -> None:
        async with cluster(registers_apis=True) as c:
            await c.settle()
            built_in = await registered(c)
            assert {"v1.", "v1.apps", "v1.autoscaling", "v2.autoscaling"} <= set(built_in)
            conditions = [each.status.conditions for each in await c.all(APIService) if each.status]
            assert {(found[0].status, found[0].reason) for found in conditions if found} == {("True", "Local")}
            two = definition(version(), version("v2", storage=False))
            await c.create(decode(by_model(Definition), two).obj)
            await c.settle()
            own = ["v1.data.example.com", "v2.data.example.com"]
            assert await registered(c) == sorted([*built_in, *own])
            await c.plane.client.delete(APIService, own[0])
            await c.plane.client.delete(APIService, "v1.apps")
            await c.settle()
            built_in.remove("v1.apps")
            assert await registered(c) == sorted([*built_in, *own])
            await c.plane.client.delete(Definition, two["metadata"]["name"])
            await c.settle(1)
            assert await registered(c) == built_in

    run(story())
