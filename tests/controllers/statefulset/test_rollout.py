"""Rules 46 and 51-57: which pods an update replaces, when, and from which template a pod comes back."""

import pytest
from controllers.statefulset.tiny import Tiny, make_set, rolling, steps, template

from petset.api.models import apps_v1
from petset.controllers.statefulset.history import decide
from petset.controllers.statefulset.model import Gates
from petset.controllers.statefulset.rollout import max_unavailable_of, template_for


def updating(replicas: int = 3, *, gates: Gates | None = None, **spec: object) -> Tiny:
    """A set whose pods are all Available, and a new template."""
    tiny = Tiny(make_set(replicas=replicas, **spec), gates=gates or Gates())
    tiny.run()
    tiny.change(template=template("new"))
    return tiny


def images(tiny: Tiny) -> list[str]:
    return [tiny.pods[name].spec.containers[0].image for name in tiny.names()]


def test_pods_are_replaced_from_the_highest_each_waiting_for_the_one_before() -> None:
    tiny = updating()
    seen = []
    for _ in range(12):
        seen += steps(tiny.look())
        tiny.nodes_work()
    assert seen == ["create revision"] + [
        step for n in (2, 1, 0) for step in (f"delete pod web-{n} (update)", f"create pod web-{n}")
    ]
    assert images(tiny) == ["new"] * 3


def test_a_partition_leaves_the_lower_ordinals_alone_and_never_completes() -> None:
    tiny = updating(updateStrategy=rolling(partition=2))
    tiny.run()
    assert images(tiny) == ["redis:7.0", "redis:7.0", "new"]
    assert tiny.set.status is not None
    assert tiny.set.status.currentRevision != tiny.set.status.updateRevision
    assert (tiny.set.status.currentReplicas, tiny.set.status.updatedReplicas) == (2, 1)


@pytest.mark.parametrize(
    ("strategy", "image"),
    [
        (apps_v1.StatefulSetUpdateStrategy(type="RollingUpdate"), "redis:7.0"),
        (rolling(partition=0), "new"),
        (apps_v1.StatefulSetUpdateStrategy(type="OnDelete"), "new"),
    ],
    ids=["no block: the old template", "default block: the new one", "OnDelete: the new one"],
)
def test_a_pod_deleted_in_the_middle_of_a_rollout_comes_back_from(
    strategy: apps_v1.StatefulSetUpdateStrategy, image: str
) -> None:
    tiny = updating(updateStrategy=strategy)
    tiny.look()  # web-2 goes, unless OnDelete
    tiny.gone("web-0")
    assert steps(tiny.look()) == ["create pod web-0"]
    assert images(tiny)[0] == image


def test_on_delete_replaces_nobody_by_itself() -> None:
    tiny = updating(updateStrategy=apps_v1.StatefulSetUpdateStrategy(type="OnDelete"))
    tiny.run()
    assert images(tiny) == ["redis:7.0"] * 3
    tiny.gone("web-1")
    tiny.run()
    assert images(tiny) == ["redis:7.0", "new", "redis:7.0"]


def test_on_delete_completes_once_every_pod_was_replaced() -> None:
    tiny = updating(updateStrategy=apps_v1.StatefulSetUpdateStrategy(type="OnDelete"))
    for name in tiny.names():
        tiny.gone(name)
    tiny.run()
    assert tiny.set.status is not None
    assert tiny.set.status.currentRevision == tiny.set.status.updateRevision


def test_ordered_with_a_budget_of_two_deletes_both_at_once_and_creates_one_by_one_upward() -> None:
    tiny = updating(5, updateStrategy=rolling(max_unavailable=2))
    assert steps(tiny.look())[1:] == ["delete pod web-4 (update)", "delete pod web-3 (update)"]
    tiny.nodes_work()
    assert steps(tiny.look()) == ["create pod web-3"]
    assert steps(tiny.look()) == []
    tiny.ready("web-3")
    assert steps(tiny.look()) == ["create pod web-4"]


def test_parallel_replaces_the_broken_outside_the_budget_and_the_healthy_within() -> None:
    tiny = updating(5, podManagementPolicy="Parallel", updateStrategy=rolling(max_unavailable=3))
    tiny.phase("web-1", "Pending")
    tiny.phase("web-0", "Pending")
    assert steps(tiny.look())[1:] == [f"delete pod web-{n} (update)" for n in (1, 0, 4)]


def test_parallel_with_the_budget_spent_on_the_new_replaces_only_the_broken_above_the_partition() -> None:
    """Rule 55: web-3 is new and not Ready yet; web-2 and web-0 are old and broken, and web-0 is to stay old."""
    tiny = updating(4, podManagementPolicy="Parallel", updateStrategy=rolling(partition=1))
    tiny.look()
    tiny.gone("web-3")
    tiny.look()
    assert steps(tiny.look()) == [], "with nobody broken the budget holds everything up"
    tiny.phase("web-2", "Running")
    tiny.phase("web-0", "Running")
    assert steps(tiny.look()) == ["delete pod web-2 (update)"]


def test_parallel_with_the_budget_spent_still_replaces_a_broken_first_revision() -> None:
    tiny = Tiny(make_set(podManagementPolicy="Parallel", template=template("broken")))
    tiny.look()
    tiny.change(template=template("fixed"))
    assert steps(tiny.look())[1:] == [f"delete pod web-{n} (update)" for n in (2, 1, 0)]


def test_parallel_without_a_block_spares_a_broken_pod_that_would_come_back_as_it_is() -> None:
    """Two others still have the current revision, so ordinal 1 would get it again (rule 46), again and again."""
    tiny = updating(
        podManagementPolicy="Parallel", updateStrategy=apps_v1.StatefulSetUpdateStrategy(type="RollingUpdate")
    )
    tiny.phase("web-1", "Pending")
    assert steps(tiny.look()) == ["create revision"]
    assert steps(tiny.look()) == []
    tiny.ready("web-1")
    assert steps(tiny.look()) == ["delete pod web-2 (update)"]
    tiny.run()
    assert images(tiny) == ["new"] * 3


@pytest.mark.parametrize("start", [0, 3])
@pytest.mark.parametrize(
    ("broken", "replaced"),
    [
        ((3,), (3,)), ((3, 2, 1), (3, 2, 1)), ((2, 1), ()), ((3, 1), (3,)), ((0,), ()), ((3, 2, 0), (3, 2)),
        ((3, 2, 1, 0), (3, 2, 1, 0)),
    ],
)  # fmt: skip
def test_parallel_without_a_block_replaces_the_broken_from_the_top_as_far_as_they_come_back_new(
    start: int, broken: tuple[int, ...], replaced: tuple[int, ...]
) -> None:
    """Rules 46 and 55: who goes makes room for one more, and a gap ends it."""
    tiny = updating(
        4,
        podManagementPolicy="Parallel",
        updateStrategy=apps_v1.StatefulSetUpdateStrategy(type="RollingUpdate"),
        ordinals=apps_v1.StatefulSetOrdinals(start=start),
    )
    for place in broken:
        tiny.phase(f"web-{start + place}", "Running")
    assert steps(tiny.look())[1:] == [f"delete pod web-{start + place} (update)" for place in replaced]


def test_parallel_without_a_block_replaces_a_broken_pod_of_a_middle_template_wherever_it_is() -> None:
    """It comes back from the current template, if not from the newest: not as it is."""
    strategy = apps_v1.StatefulSetUpdateStrategy(type="OnDelete")
    tiny = updating(3, podManagementPolicy="Parallel", updateStrategy=strategy)
    tiny.look()
    tiny.gone("web-0")
    tiny.look()
    tiny.phase("web-0", "Running")
    tiny.change(template=template("newest"), updateStrategy=apps_v1.StatefulSetUpdateStrategy(type="RollingUpdate"))
    assert steps(tiny.look())[1:] == ["delete pod web-0 (update)"]


def test_nobody_is_updated_in_a_set_that_wants_nobody() -> None:
    tiny = updating(2, podManagementPolicy="Parallel")
    tiny.change(replicas=0)
    assert steps(tiny.look())[1:] == ["delete pod web-1 (condemned)", "delete pod web-0 (condemned)"]


def test_ordered_stays_on_a_broken_pod_for_ever_and_says_so() -> None:
    tiny = updating(template=template("good"))
    tiny.look()
    tiny.gone("web-2")
    tiny.look()  # web-2 comes back from the bad template
    tiny.phase("web-2", "Pending")
    tiny.change(template=template("good"))
    made = tiny.look()
    assert steps(made) == ["renumber revision"]
    assert "web-2 is not Ready" in str(made.waiting[0])


def test_with_the_gate_off_one_pod_goes_at_a_time_and_an_unavailable_updated_one_holds_the_rest_up() -> None:
    off = Gates(max_unavailable=False)
    tiny = updating(gates=off, podManagementPolicy="Parallel", updateStrategy=rolling(max_unavailable=3))
    assert steps(tiny.look())[1:] == ["delete pod web-2 (update)"]
    tiny.gone("web-2")
    assert steps(tiny.look()) == ["create pod web-2"]
    made = tiny.look()
    assert steps(made) == []
    assert [w.blocker for w in made.waiting] == ["web-2"]
    tiny.ready("web-2")
    assert steps(tiny.look()) == ["delete pod web-1 (update)"]


def test_with_the_gate_off_a_broken_stale_pod_is_replaced_without_waiting() -> None:
    tiny = updating(gates=Gates(max_unavailable=False), podManagementPolicy="Parallel")
    tiny.phase("web-2", "Pending")
    assert steps(tiny.look())[1:] == ["delete pod web-2 (update)"]


@pytest.mark.parametrize(
    ("value", "replicas", "pods"),
    [(None, 3, 1), (2, 3, 2), ("50%", 5, 2), ("10%", 5, 1), ("100%", 4, 4)],
)
def test_max_unavailable_counts_pods_or_percent_rounded_down_but_never_none(
    value: int | str | None, replicas: int, pods: int
) -> None:
    assert max_unavailable_of(make_set(replicas=replicas, updateStrategy=rolling(0, value))) == pods


@pytest.mark.parametrize(
    ("strategy", "kept", "new_from"),
    [
        (rolling(partition=2), None, 7),
        (rolling(partition=0), 3, 5),
        (apps_v1.StatefulSetUpdateStrategy(type="RollingUpdate"), 2, 7),
        (apps_v1.StatefulSetUpdateStrategy(type="RollingUpdate"), 0, 5),
        (apps_v1.StatefulSetUpdateStrategy(type="RollingUpdate"), None, 5),
        (apps_v1.StatefulSetUpdateStrategy(type=""), 2, 7),
        (apps_v1.StatefulSetUpdateStrategy(), 2, 7),
        (None, 2, 7),
        (apps_v1.StatefulSetUpdateStrategy(type="OnDelete"), 2, 5),
    ],
    ids=[
        "the partition", "a block without one", "no block: as many as are current", "no block: none is current",
        "no block, no status", "no type", "an absent type", "no strategy", "OnDelete",
    ],
)  # fmt: skip
def test_the_first_ordinal_that_comes_back_new(
    strategy: apps_v1.StatefulSetUpdateStrategy | None, kept: int | None, new_from: int
) -> None:
    """Rule 46, counted from the first ordinal."""
    tiny = Tiny(make_set(replicas=4, ordinals=apps_v1.StatefulSetOrdinals(start=5)))
    tiny.run()
    tiny.change(template=template("new"), updateStrategy=strategy)
    assert tiny.set.status is not None
    tiny.set.status.currentReplicas = kept
    past = decide(tiny.snapshot())
    made = [template_for(past, ordinal) for ordinal in range(5, 9)]
    assert [t.spec.containers[0].image for t, _ in made if t.spec] == [
        "redis:7.0" if ordinal < new_from else "new" for ordinal in range(5, 9)
    ]
    assert [label for _, label in made] == [
        past.current_label if ordinal < new_from else past.update_label for ordinal in range(5, 9)
    ]


def test_who_spends_the_budget_is_told_with_the_rule_and_the_time_left() -> None:
    """Rule 53."""
    tiny = updating(2, podManagementPolicy="Parallel", minReadySeconds=10)
    tiny.look()
    tiny.gone("web-1")
    tiny.look()
    tiny.ready("web-1")
    (waiting,) = tiny.look().waiting
    assert (waiting.subject, waiting.blocker, waiting.rule) == ("web-0", "web-1", 53)
    assert "must stay so for 10 s" in waiting.because


@pytest.mark.parametrize("policy", ["OrderedReady", "Parallel"])
def test_a_pod_that_goes_already_spends_the_budget(policy: str) -> None:
    """Rule 53: of two that may be away, one is on its way."""
    tiny = updating(4, podManagementPolicy=policy, updateStrategy=rolling(max_unavailable=2))
    tiny.delete("web-0")
    if policy == "OrderedReady":  # stage (a) waits for it before anything is updated (rule 52)
        assert steps(tiny.look()) == ["create revision"]
    else:
        assert steps(tiny.look())[1:] == ["delete pod web-3 (update)"]
