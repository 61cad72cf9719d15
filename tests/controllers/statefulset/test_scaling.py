"""Rules 43-50: up one by one, down one by one, and what holds either up."""

from datetime import timedelta

import pytest
from controllers.statefulset.tiny import START, Tiny, claim_template, make_set, retain, rolling, steps, template

from petset.api.models import apps_v1


def running(replicas: int = 3, **spec: object) -> Tiny:
    """A set whose pods are all Available."""
    tiny = Tiny(make_set(replicas=replicas, **spec))
    tiny.run()
    return tiny


def waits(tiny: Tiny) -> list[str]:
    return [f"{w.subject} for {w.blocker} by {w.rule}" for w in tiny.plan().waiting]


def test_ordered_start_creates_one_pod_and_waits_until_it_is_available() -> None:
    tiny = Tiny()
    assert steps(tiny.look()) == ["create revision", "create pod web-0"]
    assert steps(tiny.look()) == []
    assert waits(tiny) == ["web-1 for web-0 by 47"]
    tiny.ready("web-0")
    assert steps(tiny.look()) == ["create pod web-1"]


def test_parallel_creates_all_at_once() -> None:
    tiny = Tiny(make_set(podManagementPolicy="Parallel"))
    assert steps(tiny.look())[1:] == ["create pod web-0", "create pod web-1", "create pod web-2"]


def test_a_pod_that_is_gone_is_created_again() -> None:
    tiny = running()
    tiny.gone("web-1")
    assert steps(tiny.look()) == ["create pod web-1"]


@pytest.mark.parametrize("phase", ["Failed", "Succeeded"])
def test_a_finished_pod_is_deleted_once_and_created_again_when_it_is_gone(phase: str) -> None:
    tiny = running()
    tiny.phase("web-1", phase)
    assert steps(tiny.look()) == ["delete pod web-1 (finished)"]
    assert steps(tiny.look()) == []
    tiny.gone("web-1")
    assert steps(tiny.look()) == ["create pod web-1"]


def test_a_terminating_pod_holds_up_those_above_it() -> None:
    tiny = running()
    tiny.gone("web-2")
    tiny.delete("web-0")
    assert steps(tiny.look()) == []
    assert waits(tiny) == ["web-2 for web-0 by 47"]


def test_min_ready_seconds_hold_up_the_next_pod_and_set_the_alarm() -> None:
    tiny = Tiny(make_set(minReadySeconds=10))
    tiny.look()
    tiny.ready("web-0")
    tiny.pass_time(4)
    made = tiny.plan()
    assert steps(made) == []
    assert made.wake_after_seconds == 6
    assert "minReadySeconds" in str(made.waiting[0])
    tiny.pass_time(6)
    assert steps(tiny.look()) == ["create pod web-1"]


def test_scaling_down_takes_the_highest_and_waits_until_it_is_gone() -> None:
    tiny = running(5)
    tiny.change(replicas=3)
    assert steps(tiny.look()) == ["delete pod web-4 (condemned)"]
    assert steps(tiny.look()) == []
    assert waits(tiny) == ["web-3 for web-4 by 49"]
    tiny.gone("web-4")
    assert steps(tiny.look()) == ["delete pod web-3 (condemned)"]


def test_an_unready_wanted_replica_holds_up_all_scaling_down() -> None:
    tiny = running(3)
    tiny.phase("web-0", "Running")
    tiny.change(replicas=1)
    assert steps(tiny.look()) == []


def test_one_unready_condemned_pod_does_not_hold_up_scaling_down() -> None:
    tiny = running(3)
    tiny.phase("web-2", "Running")
    tiny.change(replicas=1)
    assert steps(tiny.look()) == ["delete pod web-2 (condemned)"]


def test_two_unready_condemned_pods_hold_up_each_other() -> None:
    tiny = running(5)
    tiny.phase("web-2", "Running")
    tiny.phase("web-4", "Running")
    tiny.change(replicas=1)
    assert steps(tiny.look()) == []
    assert waits(tiny) == ["web-4 for web-2 by 49"]
    tiny.ready("web-4")
    assert steps(tiny.look()) == ["delete pod web-4 (condemned)"]


def test_parallel_takes_all_condemned_at_once_whatever_their_health() -> None:
    tiny = running(4, podManagementPolicy="Parallel")
    tiny.phase("web-0", "Running")
    tiny.phase("web-3", "Pending")
    tiny.change(replicas=1)
    assert steps(tiny.look()) == [f"delete pod web-{n} (condemned)" for n in (3, 2, 1)]


def test_parallel_removes_before_it_creates_so_that_a_full_quota_cannot_block_it() -> None:
    tiny = running(3, podManagementPolicy="Parallel")
    tiny.change(replicas=3, ordinals=apps_v1.StatefulSetOrdinals(start=1))
    assert steps(tiny.look()) == ["delete pod web-0 (condemned)", "create pod web-3"]


def test_a_new_start_ordinal_creates_the_high_ones_in_order_then_removes_from_the_highest_condemned() -> None:
    tiny = running(3)
    tiny.change(ordinals=apps_v1.StatefulSetOrdinals(start=2))
    seen = []
    for _ in range(8):
        seen += steps(tiny.look())
        tiny.nodes_work()
    assert seen == [
        "create pod web-3", "create pod web-4", "delete pod web-1 (condemned)", "delete pod web-0 (condemned)",
    ]  # fmt: skip


def test_scaling_comes_before_updating() -> None:
    tiny = running(3)
    tiny.change(replicas=2, template=template("new"))
    assert steps(tiny.look()) == ["create revision", "delete pod web-2 (condemned)"]


def test_a_set_that_is_being_deleted_gets_its_status_and_nothing_else() -> None:
    tiny = running(2)
    assert tiny.set.metadata is not None
    tiny.set.metadata.deletionTimestamp = START + timedelta(hours=1)
    tiny.gone("web-1")
    made = tiny.look()
    assert made.stages == ()
    assert made.status.replicas == 1


def test_a_pod_is_created_after_all_its_claims() -> None:
    tiny = Tiny(make_set(replicas=1, volumeClaimTemplates=[claim_template("data"), claim_template("log")]))
    assert steps(tiny.look())[1:] == ["create claim data-web-0", "create claim log-web-0", "create pod web-0"]


def test_an_update_strategy_without_a_type_counts_as_rolling() -> None:
    tiny = running(2, updateStrategy=None)
    tiny.change(template=template("new"))
    assert steps(tiny.look()) == ["create revision", "delete pod web-1 (update)"]


def test_the_partition_counts_from_the_first_ordinal() -> None:
    tiny = running(3, ordinals=apps_v1.StatefulSetOrdinals(start=5), updateStrategy=rolling(partition=2))
    tiny.change(template=template("new"))
    tiny.run()
    assert [tiny.pods[name].spec.containers[0].image for name in tiny.names()] == ["redis:7.0"] * 2 + ["new"]


@pytest.mark.parametrize(
    ("policy", "stages"),
    [
        (
            "OrderedReady",
            [("history", False), ("claims of condemned", False), ("condemned", False)],
        ),
        (
            "Parallel",
            [
                ("history", False), ("claims of condemned", True), ("condemned", True), ("replicas", True),
                ("rollout", False),
            ],
        ),
    ],
)  # fmt: skip
def test_the_stages_of_a_sync_and_which_work_side_by_side(policy: str, stages: list[tuple[str, bool]]) -> None:
    """Rules 44 and 45; in Parallel the condemned go first (section M)."""
    tiny = running(
        4,
        podManagementPolicy=policy,
        volumeClaimTemplates=[claim_template()],
        persistentVolumeClaimRetentionPolicy=retain("Retain", "Delete"),
        updateStrategy=rolling(max_unavailable=2),
    )
    if policy == "Parallel":
        tiny.gone("web-0")
    tiny.change(replicas=2, template=template("new"))
    assert [(stage.name, stage.concurrent) for stage in tiny.plan().stages] == stages


def test_the_replicas_of_an_ordered_set_are_a_stage_in_order() -> None:
    (history, replicas) = Tiny().plan().stages
    assert (history.name, replicas.name, replicas.concurrent) == ("history", "replicas", False)


def test_a_set_with_nothing_to_do_and_a_pod_that_is_not_ready_waits_for_that_pod() -> None:
    tiny = running(3, podManagementPolicy="Parallel")
    tiny.phase("web-1", "Running")
    assert steps(tiny.look()) == []
    assert waits(tiny) == ["web for web-1 by 47"]


@pytest.mark.parametrize("policy", ["OrderedReady", "Parallel"])
def test_a_finished_pod_is_waited_for_in_order_only(policy: str) -> None:
    """Rule 47."""
    tiny = running(3, podManagementPolicy=policy)
    tiny.gone("web-2")
    tiny.phase("web-1", "Failed")
    made = tiny.look()
    waiting = [f"{w.subject} for {w.blocker} by {w.rule}" for w in made.waiting]
    if policy == "OrderedReady":
        assert (steps(made), waiting) == (["delete pod web-1 (finished)"], ["web-2 for web-1 by 47"])
    else:
        assert (steps(made), waiting) == (["delete pod web-1 (finished)", "create pod web-2"], [])


def test_after_the_last_condemned_pod_the_set_itself_waits() -> None:
    tiny = running(2)
    tiny.change(replicas=1)
    tiny.look()
    assert waits(tiny) == ["web for web-1 by 49"]


def test_a_condemned_pod_that_is_ready_and_not_yet_available_holds_up_those_above_it() -> None:
    """Rule 49."""
    tiny = running(5, minReadySeconds=10)
    tiny.ready("web-2")
    tiny.phase("web-4", "Running")
    tiny.change(replicas=1)
    made = tiny.look()
    assert steps(made) == []
    assert [f"{w.subject} for {w.blocker} by {w.rule}" for w in made.waiting] == ["web-4 for web-2 by 49"]
    assert "must stay so for 10 s" in made.waiting[0].because


def test_parallel_asks_each_condemned_pod_to_go_once() -> None:
    """Rule 50."""
    tiny = running(3, podManagementPolicy="Parallel")
    tiny.change(replicas=1)
    assert steps(tiny.look()) == ["delete pod web-2 (condemned)", "delete pod web-1 (condemned)"]
    assert steps(tiny.look()) == []
    assert waits(tiny) == ["web for web-2 by 47"]


def test_the_lowest_condemned_pod_waits_for_the_one_above_it() -> None:
    """Rule 60: condemned are below the wanted here."""
    tiny = running(2)
    tiny.change(ordinals=apps_v1.StatefulSetOrdinals(start=2))
    while "delete pod web-1 (condemned)" not in steps(tiny.look()):
        tiny.nodes_work()
    assert waits(tiny) == ["web-0 for web-1 by 49"]


def test_ownership_comes_before_all_else() -> None:
    """Rule 44."""
    tiny = running(2)
    tiny.edit("web-1", ownerReferences=None)
    tiny.change(template=template("new"))
    assert [stage.name for stage in tiny.plan().stages] == ["membership", "history", "rollout"]
