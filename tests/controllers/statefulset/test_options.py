"""What section M lets a set ask for: each by an annotation, and without it exactly Kubernetes' way."""

import msgspec
import pytest
from controllers.statefulset.live import live
from controllers.statefulset.tiny import Tiny, claim_template, make_set, rolling, steps, template
from hypothesis import given, settings
from hypothesis import strategies as st

from petset.api.models import apps_v1, core_v1, meta_v1
from petset.api.objects import meta
from petset.controllers.statefulset.identity import wanted_ordinals
from petset.testing.loop import run

NO_BLOCK = apps_v1.StatefulSetUpdateStrategy(type="RollingUpdate")


def running(replicas: int = 3, **spec: object) -> Tiny:
    """A set at rest, made from the template `redis:7.0`."""
    tiny = Tiny(make_set(replicas=replicas, **spec))
    tiny.run()
    return tiny


def broken(*names: str, **spec: object) -> Tiny:
    """A set whose template has changed while these pods are not Ready."""
    tiny = running(**spec)
    for name in names:
        tiny.phase(name, "Running")
    tiny.change(template=template("new"))
    tiny.carry_out(tiny.plan().actions[0])  # the new revision, of which no test here tells
    return tiny


def images(tiny: Tiny) -> dict[str, str]:
    return {name: pod.spec.containers[0].image or "" for name, pod in tiny.pods.items() if pod.spec}


# -- rule 52: replace-broken-after


def test_a_broken_pod_of_a_former_template_is_replaced_when_its_time_is_over_and_no_sooner() -> None:
    tiny = broken("web-1")
    tiny.annotate(replace_broken_after="30s")
    tiny.pass_time(29)
    early = tiny.look()
    assert (steps(early), early.wake_after_seconds) == ([], 1)
    assert str(early.waiting[0]).endswith(
        "It is replaced in 1 s unless it becomes Ready (petset.dev/replace-broken-after)."
    )
    tiny.pass_time(1)
    assert steps(tiny.look()) == ["delete pod web-1 (update)"]
    tiny.gone("web-1")
    assert steps(tiny.look()) == ["create pod web-1"]
    tiny.run()
    assert set(images(tiny).values()) == {"new"}


def test_one_broken_pod_is_replaced_after_the_other_the_lowest_first() -> None:
    tiny = broken("web-0", "web-2")
    tiny.annotate(replace_broken_after="0s")
    assert steps(tiny.look()) == ["delete pod web-0 (update)"]
    assert steps(tiny.look()) == []
    tiny.gone("web-0")
    assert steps(tiny.look()) == ["create pod web-0"]
    assert steps(tiny.look()) == []
    tiny.ready("web-0")
    assert steps(tiny.look()) == ["delete pod web-2 (update)"]


@pytest.mark.parametrize(
    ("what", "names", "spec"),
    [
        ("without the annotation", ["web-1"], {}),
        ("below the partition", ["web-1"], {"updateStrategy": rolling(2)}),
        ("with OnDelete", ["web-1"], {"updateStrategy": apps_v1.StatefulSetUpdateStrategy(type="OnDelete")}),
        ("where it would come back as it is", ["web-0"], {"updateStrategy": NO_BLOCK}),
    ],
)
def test_a_broken_pod_is_waited_for(what: str, names: list[str], spec: dict[str, object]) -> None:
    tiny = broken(*names, **spec)
    if what != "without the annotation":
        tiny.annotate(replace_broken_after="0s")
    tiny.pass_time(100_000)
    made = tiny.look()
    assert steps(made) == [] and made.wake_after_seconds is None
    assert [wait.blocker for wait in made.waiting] == names


def test_a_pod_of_the_present_template_is_never_replaced_however_broken() -> None:
    tiny = running(annotations={"petset.dev/replace-broken-after": "0s"})
    tiny.phase("web-1", "Running")
    assert steps(tiny.look()) == []


def test_a_pod_that_is_ready_and_must_only_stay_so_is_not_replaced() -> None:
    tiny = broken(annotations={"petset.dev/replace-broken-after": "0s"}, minReadySeconds=60)
    tiny.ready("web-1")
    made = tiny.look()
    assert steps(made) == [] and made.wake_after_seconds == 60


def test_a_pod_of_which_nothing_is_known_is_waited_for_from_its_creation() -> None:
    tiny = broken(annotations={"petset.dev/replace-broken-after": "30s"})
    pod = tiny.pods["web-2"]
    born = meta(pod)
    born.creationTimestamp = tiny.now
    tiny.pods["web-2"] = core_v1.Pod(metadata=born, spec=pod.spec, status=core_v1.PodStatus(phase="Pending"))
    assert tiny.look().wake_after_seconds == 30
    tiny.pass_time(30)
    assert steps(tiny.look()) == ["delete pod web-2 (update)"]


def test_a_pod_that_is_replaced_does_not_wait_for_its_claim_which_would_wait_for_the_pod() -> None:
    """Rule 28 and seed 304221: no claim goes while its pod is there."""
    tiny = broken(annotations={"petset.dev/replace-broken-after": "30s"}, volumeClaimTemplates=[claim_template()])
    tiny.phase("web-1", "Pending")
    going = msgspec.structs.replace(meta(tiny.claims["data-web-1"]), deletionTimestamp=tiny.now)
    tiny.claims["data-web-1"] = msgspec.structs.replace(tiny.claims["data-web-1"], metadata=going)
    assert steps(tiny.look()) == ["refuse web-1 for claim data-web-1"]
    tiny.pass_time(30)
    assert steps(tiny.look()) == ["delete pod web-1 (update)"]


def nodes_work(tiny: Tiny) -> None:
    """As `Tiny.nodes_work`, but nothing that runs the template `bad` ever becomes Ready."""
    tiny.nodes_work()
    for name, image in images(tiny).items():
        if image == "bad":
            tiny.phase(name, "Running")


ROUNDS = st.lists(st.tuples(st.sampled_from(["bad", "good", "better"]), st.integers(0, 6)), max_size=4)


STRATEGIES = st.sampled_from([rolling(), rolling(0, 2), NO_BLOCK])


@given(ROUNDS, st.integers(1, 4), STRATEGIES, st.sampled_from(["0s", "5s"]))
@settings(max_examples=100)
def test_whatever_bad_templates_came_before_a_good_one_is_reached(
    rounds: list[tuple[str, int]], replicas: int, strategy: apps_v1.StatefulSetUpdateStrategy, patience: str
) -> None:
    tiny = Tiny(make_set(replicas=replicas, updateStrategy=strategy))
    tiny.annotate(replace_broken_after=patience)
    for image, looks in [*rounds, ("last", 60)]:
        tiny.change(template=template(image))
        for _ in range(looks):
            tiny.look()
            nodes_work(tiny)
            tiny.pass_time(5)
    assert list(images(tiny)) and set(images(tiny).values()) == {"last"}
    assert sorted(tiny.pods) == [f"web-{ordinal}" for ordinal in wanted_ordinals(tiny.set)]


# -- rule 49: remove-broken


def test_broken_pods_that_are_to_go_do_not_hold_each_other_up() -> None:
    tiny = running(5)
    tiny.phase("web-2", "Running")
    tiny.phase("web-4", "Running")
    tiny.change(replicas=1)
    assert steps(tiny.look()) == []
    tiny.annotate(remove_broken="true")
    removed = []
    for _ in range(12):
        removed += steps(tiny.look())
        tiny.nodes_work()
    assert removed == [f"delete pod web-{n} (condemned)" for n in (4, 3, 2, 1)]


def test_a_broken_pod_that_is_to_stay_still_holds_all_removal_up() -> None:
    tiny = running(3, annotations={"petset.dev/remove-broken": "true"})
    tiny.phase("web-0", "Running")
    tiny.change(replicas=1)
    made = tiny.look()
    assert steps(made) == [] and made.waiting[0].blocker == "web-0"


# -- rule 62: leave-strays


@pytest.mark.parametrize("policy", ["OrderedReady", "Parallel"])
@pytest.mark.parametrize("name", ["web-7", "web-007"])
def test_a_stray_pod_is_left_alone(policy: str, name: str) -> None:
    tiny = running(1, podManagementPolicy=policy, annotations={"petset.dev/leave-strays": "true"})
    tiny.stray(name)
    assert steps(tiny.look()) == []
    assert tiny.set.status is not None and tiny.set.status.replicas == 1


def test_a_stray_pod_that_the_set_comes_to_want_is_taken_in() -> None:
    tiny = running(1, annotations={"petset.dev/leave-strays": "true"})
    tiny.stray("web-1")
    tiny.change(replicas=2)
    assert steps(tiny.look())[0] == "adopt pod web-1"


def test_a_set_that_changes_its_mind_is_looked_at_anew() -> None:
    """An annotation changes no generation; the roster that is kept up must follow it all the same."""

    async def story() -> None:
        async with live() as it:
            await it.start(replicas=1, annotations={"petset.dev/leave-strays": "true"})
            await it.ready("web-0")
            metadata = meta_v1.ObjectMeta(name="web-7", namespace="default", labels={"app": "web"})
            await it.plane.client.create(core_v1.Pod(metadata=metadata, spec=template().spec))
            await it.settle()
            assert await it.pods() == ["web-0", "web-7"]
            await it.annotate(leave_strays="false")
            assert await it.pods() == ["web-0"]

    run(story())


def test_the_time_of_a_broken_pod_ends_without_any_event() -> None:
    async def story() -> None:
        async with live() as it:
            await it.start(replicas=1, annotations={"petset.dev/replace-broken-after": "1m"})
            await it.phase("web-0", "Running")
            await it.change(template=template("new"))
            await it.settle(50)
            (before,) = await it.all(core_v1.Pod)
            assert meta(before).deletionTimestamp is None
            await it.settle(15)
            (after,) = await it.all(core_v1.Pod)
            assert meta(after).deletionTimestamp or meta(after).uid != meta(before).uid

    run(story())


def test_a_pod_that_was_the_sets_own_is_removed_as_ever() -> None:
    tiny = running(2, annotations={"petset.dev/leave-strays": "true"})
    tiny.change(replicas=1)
    assert steps(tiny.look()) == ["delete pod web-1 (condemned)"]
