"""Rules 63-68: the status, field by field."""

import msgspec
import pytest
from controllers.statefulset.tiny import Tiny, make_set, steps, template

from petset.api.models import apps_v1
from petset.controllers.statefulset.status import differs


def counts(tiny: Tiny) -> dict[str, int]:
    status = tiny.plan().status
    names = ("replicas", "readyReplicas", "availableReplicas", "currentReplicas", "updatedReplicas")
    return {name.removesuffix("Replicas"): getattr(status, name) or 0 for name in names}


def test_a_new_set_has_counts_of_nothing_and_one_revision() -> None:
    status = Tiny().plan().status
    assert msgspec.to_builtins(status) == {
        "replicas": 0,
        "availableReplicas": 0,
        "collisionCount": 0,
        "currentRevision": status.updateRevision,
        "updateRevision": status.updateRevision,
        "observedGeneration": 1,
    }


def test_ready_counts_before_available_when_pods_must_stay_ready() -> None:
    tiny = Tiny(make_set(minReadySeconds=10, replicas=1))
    tiny.look()
    tiny.ready("web-0")
    assert counts(tiny) == {"replicas": 1, "ready": 1, "available": 0, "current": 1, "updated": 1}


def test_a_terminating_pod_counts_as_replica_and_ready_but_not_for_a_revision() -> None:
    tiny = Tiny(make_set(replicas=2))
    tiny.run()
    tiny.delete("web-1")
    assert counts(tiny) == {"replicas": 2, "ready": 2, "available": 2, "current": 1, "updated": 1}


def test_condemned_pods_count_while_they_are_there() -> None:
    tiny = Tiny(make_set(replicas=3))
    tiny.run()
    tiny.change(replicas=1)
    assert counts(tiny)["replicas"] == 3


def test_a_pod_that_is_replaced_leaves_the_current_ones_at_once() -> None:
    tiny = Tiny()
    tiny.run()
    tiny.change(template=template("new"))
    assert counts(tiny) == {"replicas": 3, "ready": 3, "available": 3, "current": 2, "updated": 0}


def test_a_third_revision_never_counts_below_nothing() -> None:
    tiny = Tiny(make_set(replicas=1))
    tiny.run()
    tiny.change(template=template("second"), replicas=3)
    for _ in range(6):
        tiny.look()
        tiny.nodes_work()
        assert counts(tiny)["current"] >= 0
    tiny.change(template=template("third"))
    for _ in range(12):
        tiny.look()
        tiny.nodes_work()
        assert counts(tiny)["current"] >= 0


def test_conditions_that_others_set_are_kept() -> None:
    tiny = Tiny()
    tiny.run()
    condition = apps_v1.StatefulSetCondition(type="Audited", status="True")
    assert tiny.set.status is not None
    tiny.set.status.conditions = [condition]
    assert tiny.plan().status.conditions == [condition]


def test_a_status_is_written_only_when_it_says_something_new() -> None:
    tiny = Tiny()
    tiny.run()
    assert tiny.set.status is not None
    assert not differs(tiny.set.status, tiny.plan().status)
    assert not differs(tiny.set.status, msgspec.structs.replace(tiny.set.status, collisionCount=7))
    tiny.change(minReadySeconds=0)
    assert differs(tiny.set.status, tiny.plan().status)


def test_there_is_nothing_to_say_of_a_complete_set() -> None:
    tiny = Tiny()
    tiny.run()
    made = tiny.plan()
    assert (made.stages, made.waiting, made.wake_after_seconds) == ((), (), None)


def test_a_status_without_a_generation_is_older_than_any() -> None:
    """Rule 63."""
    nothing = apps_v1.StatefulSetStatus(replicas=0)
    assert not differs(nothing, apps_v1.StatefulSetStatus(replicas=0))
    assert differs(nothing, apps_v1.StatefulSetStatus(replicas=0, observedGeneration=1))
    assert differs(None, nothing)


@pytest.mark.parametrize(
    "field", ["replicas", "readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"]
)
def test_every_count_is_worth_a_write(field: str) -> None:
    """Rule 63; none and nothing are the same."""
    old = apps_v1.StatefulSetStatus(replicas=0)
    assert differs(old, msgspec.structs.replace(old, **{field: 1}))
    assert not differs(old, msgspec.structs.replace(old, **{field: 0}))


@pytest.mark.parametrize("field", ["currentRevision", "updateRevision"])
def test_a_revision_is_worth_a_write(field: str) -> None:
    """Rule 63."""
    old = apps_v1.StatefulSetStatus(replicas=0)
    assert differs(old, msgspec.structs.replace(old, **{field: "web-1"}))


def test_a_pod_of_which_nobody_has_said_anything_does_not_count_yet() -> None:
    """Rule 65."""
    tiny = Tiny(make_set(replicas=1))
    tiny.look()
    assert counts(tiny) == {"replicas": 1, "ready": 0, "available": 0, "current": 1, "updated": 1}
    tiny.pods["web-0"] = msgspec.structs.replace(tiny.pods["web-0"], status=None)
    assert counts(tiny) == {"replicas": 0, "ready": 0, "available": 0, "current": 0, "updated": 0}


def test_counts_of_nothing_are_written_where_kubernetes_writes_them() -> None:
    """Rule 64."""
    status = Tiny(make_set(replicas=0)).plan().status
    assert {"replicas": 0, "availableReplicas": 0, "collisionCount": 0}.items() <= msgspec.to_builtins(
        status
    ).items()
    assert (status.readyReplicas, status.currentReplicas, status.updatedReplicas) == (None, None, None)


def test_a_rollout_is_complete_only_with_the_last_wanted_pod() -> None:
    """Rule 66: updated, Ready, and as many as the spec wants."""
    tiny = Tiny(make_set(replicas=2))
    tiny.run()
    old = tiny.plan().status.currentRevision
    tiny.change(template=template("new"))
    while tiny.plan().status.updatedReplicas != 2:
        assert tiny.look().status.currentRevision == old
        tiny.nodes_work()
    tiny.phase("web-0", "Running")
    assert tiny.plan().status.currentRevision == old
    tiny.ready("web-0")
    made = tiny.plan().status
    assert (made.currentRevision, made.currentReplicas) == (made.updateRevision, 2)


def test_a_replaced_pod_of_a_middle_revision_is_not_taken_from_the_current_ones() -> None:
    """Rule 67, as it is better here: web-1 had the second of three templates."""
    tiny = Tiny(make_set(replicas=2))
    tiny.run()
    tiny.change(template=template("second"))
    tiny.look()
    tiny.gone("web-1")
    tiny.look()
    tiny.ready("web-1")
    tiny.change(template=template("third"))
    made = tiny.plan()
    assert "delete pod web-1 (update)" in steps(made)
    assert made.status.currentReplicas == 1


def test_a_rollout_of_one_is_not_complete_before_its_pod_is_ready() -> None:
    """Rule 66."""
    tiny = Tiny(make_set(replicas=1))
    tiny.run()
    tiny.change(template=template("new"))
    tiny.look()
    tiny.gone("web-0")
    tiny.look()
    status = tiny.plan().status
    assert (status.updatedReplicas, status.readyReplicas) == (1, None)
    assert status.currentRevision != status.updateRevision
