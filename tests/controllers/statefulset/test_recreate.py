"""Rule 56: with the strategy Recreate all old pods go at once, and nobody comes before the last is gone."""

import msgspec
import pytest
from controllers.statefulset.tiny import Tiny, claim_template, make_set, retain, steps, template
from hypothesis import given
from hypothesis import strategies as st

from petset.api.gates import Gates
from petset.api.models import apps_v1
from petset.api.objects import meta
from petset.testing.loop import run
from petset.testing.world import World

RECREATE = apps_v1.StatefulSetUpdateStrategy(type="Recreate")
ON = Gates(recreate=True)


def updating(gates: Gates = ON, **spec: object) -> Tiny:
    """A set whose pods are all Available, and a new template."""
    tiny = Tiny(make_set(updateStrategy=RECREATE, **spec), gates=gates)
    tiny.run()
    tiny.change(template=template("new"))
    return tiny


def images(tiny: Tiny) -> set[str]:
    return {pod.spec.containers[0].image for pod in tiny.pods.values()}


@pytest.mark.parametrize("policy", ["OrderedReady", "Parallel"])
def test_all_old_pods_go_at_once(policy: str) -> None:
    tiny = updating(podManagementPolicy=policy)
    assert steps(tiny.look())[1:] == [f"delete pod web-{n} (update)" for n in (2, 1, 0)]


@pytest.mark.parametrize(
    ("policy", "created"),
    [("OrderedReady", ["create pod web-0"]), ("Parallel", [f"create pod web-{n}" for n in range(3)])],
)
def test_nobody_is_created_before_the_last_is_gone_and_then_as_the_policy_says(
    policy: str, created: list[str]
) -> None:
    tiny = updating(podManagementPolicy=policy)
    tiny.look()
    tiny.gone("web-1")
    tiny.gone("web-2")
    made = tiny.look()
    assert steps(made) == []
    assert [(w.subject, w.blocker, w.rule) for w in made.waiting] == [("web", "web-0", 56)]
    tiny.gone("web-0")
    assert steps(tiny.look()) == created
    tiny.run()
    assert images(tiny) == {"new"}
    assert tiny.set.status is not None
    assert tiny.set.status.currentRevision == tiny.set.status.updateRevision


def test_a_broken_old_pod_does_not_hold_up_the_change() -> None:
    tiny = updating()
    tiny.phase("web-1", "Running")
    tiny.look()
    assert all(pod.metadata and pod.metadata.deletionTimestamp for pod in tiny.pods.values())


def test_condemned_pods_go_with_the_others_and_their_claims_as_the_policy_says() -> None:
    claims = {
        "volumeClaimTemplates": [claim_template()],
        "persistentVolumeClaimRetentionPolicy": retain("Retain", "Delete"),
    }
    tiny = updating(**claims)
    tiny.change(replicas=1)
    done = steps(tiny.look())[1:]
    assert done == [
        "own claim data-web-2", "own claim data-web-1",
        "delete pod web-2 (update)", "delete pod web-1 (update)", "delete pod web-0 (update)",
    ]  # fmt: skip
    tiny.run()
    assert list(tiny.claims) == ["data-web-0"]


def test_claims_of_replicas_stay() -> None:
    tiny = updating(volumeClaimTemplates=[claim_template()])
    before = dict(tiny.claims)
    tiny.run()
    assert tiny.claims == before


def test_with_the_gate_off_a_stored_set_replaces_nobody_by_itself() -> None:
    tiny = updating(gates=Gates())
    tiny.run()
    assert images(tiny) == {"redis:7.0"}
    tiny.gone("web-1")
    tiny.run()
    assert tiny.pods["web-1"].spec.containers[0].image == "new"


@given(
    st.sampled_from(["OrderedReady", "Parallel"]),
    st.integers(0, 4),
    st.lists(st.tuples(st.sampled_from(["look", "nodes", "break"]), st.integers(0, 4)), max_size=8),
)
def test_old_and_new_pods_never_live_side_by_side(
    policy: str, stop_after: int, events: list[tuple[str, int]]
) -> None:
    """Also when a plan is interrupted after any of its actions; and in the end all are new."""
    tiny = updating(podManagementPolicy=policy)
    tiny.look(stop_after=stop_after)
    for event, number in events:
        match event:
            case "look":
                tiny.look(stop_after=number)
            case "nodes":
                tiny.nodes_work()
            case "break" if f"web-{number}" in tiny.pods:
                tiny.phase(f"web-{number}", "Running")
        assert len(images(tiny)) <= 1
    for name in list(tiny.pods):
        tiny.ready(name)
    tiny.run()
    assert images(tiny) == {"new"}


@pytest.mark.parametrize(("policy", "side_by_side"), [("OrderedReady", False), ("Parallel", True)])
def test_the_stages_of_a_recreation(policy: str, side_by_side: bool) -> None:
    """Claims of condemned pods get their owners first; the pods go in one stage of its own."""
    claims = {
        "volumeClaimTemplates": [claim_template()],
        "persistentVolumeClaimRetentionPolicy": retain("Retain", "Delete"),
    }
    tiny = updating(podManagementPolicy=policy, **claims)
    tiny.change(replicas=1)
    assert [(stage.name, stage.concurrent) for stage in tiny.plan().stages] == [
        ("history", False),
        ("claims of condemned", side_by_side),
        ("recreation", False),
    ]


@pytest.mark.parametrize("strategy", [None, apps_v1.StatefulSetUpdateStrategy(type="RollingUpdate")])
def test_with_the_gate_on_other_strategies_are_as_they_were(
    strategy: apps_v1.StatefulSetUpdateStrategy | None,
) -> None:
    tiny = updating()
    tiny.change(updateStrategy=strategy)
    assert steps(tiny.look())[1:] == ["delete pod web-2 (update)"]


def test_on_a_whole_control_plane_old_and_new_pods_never_meet() -> None:
    async def story() -> None:
        async with World(seed=5, gates=ON) as world:
            made = make_set(updateStrategy=RECREATE)
            meta(made).uid = None
            await world.client.create(made)
            await world.run_until(lambda: world.is_settled("web"), seconds=60)
            now = await world.client.get(apps_v1.StatefulSet, "web", "default")
            changed = msgspec.structs.replace(now.spec, template=template("new"))
            await world.client.update(msgspec.structs.replace(now, spec=changed))
            while not world.is_settled("web"):
                await world.run_for(0.01)
                living = world.pods_of("web")
                assert len({pod.spec.containers[0].image for pod in living if pod.spec}) <= 1
            assert sorted(world.witness.deleted) == ["web-0", "web-1", "web-2"]  # all are asked to go at once

    run(story(), seed=5)
