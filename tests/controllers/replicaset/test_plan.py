"""What a ReplicaSet decides: how many pods, which go first, and what its status says."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from controllers.deployment.made import replica_set
from hypothesis import given
from hypothesis import strategies as st

from petset.api.models import apps_v1, core_v1, meta_v1
from petset.api.objects import meta, name_of, owner_reference
from petset.controllers.replicaset.invariants import violations
from petset.controllers.replicaset.model import CreatePod, DeletePod, Snapshot
from petset.controllers.replicaset.plan import plan
from petset.ownership.membership import Adopt, Release
from petset.ownership.pods import DELETION_COST, to_remove

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def the_set(replicas: int = 3) -> apps_v1.ReplicaSet:
    made = replica_set(replicas=replicas)
    meta(made).uid, meta(made).generation = "uid-web", 1
    return made


def pod(
    name: str,
    phase: str = "Running",
    ready_for: float | None = 60.0,
    node: str = "n1",
    *,
    owned: bool = True,
    labels: dict[str, str] | None = None,
    restarts: int = 0,
    cost: str = "",
    going: bool = False,
    age: float = 60.0,
) -> core_v1.Pod:
    ready = core_v1.PodCondition(
        type="Ready",
        status="False" if ready_for is None else "True",
        lastTransitionTime=NOW - timedelta(seconds=ready_for or 0),
    )
    container = core_v1.ContainerStatus(name="main", image="i", imageID="i", ready=True, restartCount=restarts)
    return core_v1.Pod(
        metadata=meta_v1.ObjectMeta(
            name=name,
            namespace="default",
            uid=f"uid-{name}",
            labels={"app": "web"} if labels is None else labels,
            annotations={DELETION_COST: cost} if cost else None,
            ownerReferences=[owner_reference(the_set())] if owned else None,
            creationTimestamp=NOW - timedelta(seconds=age),
            deletionTimestamp=NOW if going else None,
        ),
        spec=core_v1.PodSpec(containers=[], nodeName=node or None),
        status=core_v1.PodStatus(phase=phase, conditions=[ready], containerStatuses=[container]),
    )


def looked_at(*pods: core_v1.Pod, replicas: int = 3) -> Snapshot:
    return Snapshot(the_set(replicas), pods, NOW, {})


def test_what_is_missing_is_created_at_once_but_never_more_than_five_hundred() -> None:
    assert len(plan(looked_at()).creations) == 3
    assert len(plan(looked_at(replicas=1000)).creations) == 500


def test_finished_and_terminating_pods_are_replaced() -> None:
    made = plan(looked_at(pod("a"), pod("b", "Failed"), pod("c", "Succeeded"), pod("d", going=True)))
    assert len(made.creations) == 2
    assert (made.status.replicas, made.status.terminatingReplicas) == (1, 1)


def test_orphans_with_the_labels_are_adopted_and_strangers_are_released() -> None:
    made = plan(looked_at(pod("a", owned=False), pod("b", labels={"app": "x"}), pod("c")))
    assert [type(change) for change in made.ownership] == [Adopt, Release]
    assert len(made.creations) == 1


def test_a_set_that_is_going_does_nothing() -> None:
    snapshot = looked_at(pod("a"))
    going = msgspec.structs.replace(meta(snapshot.set), deletionTimestamp=NOW)
    snapshot = Snapshot(msgspec.structs.replace(snapshot.set, metadata=going), snapshot.pods, NOW, {})
    assert plan(snapshot).actions == ()


def test_a_ready_pod_becomes_available_by_waiting() -> None:
    snapshot = looked_at(pod("a", ready_for=4))
    spec = msgspec.structs.replace(snapshot.set.spec, minReadySeconds=10, replicas=1)
    snapshot = Snapshot(msgspec.structs.replace(snapshot.set, spec=spec), snapshot.pods, NOW, {})
    made = plan(snapshot)
    assert (made.status.readyReplicas, made.status.availableReplicas) == (1, None)
    assert made.wake_after_seconds == 6


LESS_MISSED = {
    "without a node": (pod("x", node=""), pod("y")),
    "pending": (pod("x", "Pending"), pod("y")),
    "not ready": (pod("x", ready_for=None), pod("y")),
    "cheap": (pod("x", cost="-5"), pod("y")),
    "on a crowded node": (pod("x", node="crowded"), pod("y")),
    "ready for a short time": (pod("x", ready_for=1), pod("y", ready_for=1000)),
    "often restarted": (pod("x", restarts=5), pod("y")),
    "young": (pod("x", age=1), pod("y", age=100_000)),
}


@pytest.mark.parametrize("why", LESS_MISSED)
def test_the_pod_that_is_missed_least_goes_first(why: str) -> None:
    less, more = LESS_MISSED[why]
    for pods in ((less, more), (more, less)):
        assert [name_of(p) for p in to_remove(pods, 1, {"crowded": 3, "n1": 1}, NOW)] == ["x"]


PODS = st.lists(
    st.builds(
        lambda phase, owned, labels, going: (phase, owned, labels, going),
        st.sampled_from(["Pending", "Running", "Failed", "Succeeded"]),
        st.booleans(),
        st.sampled_from([{"app": "web"}, {"app": "x"}]),
        st.booleans(),
    ),
    max_size=8,
)


@given(PODS, st.integers(0, 6))
def test_no_promise_is_broken_and_the_pods_come_to_the_replicas(
    given_pods: list[tuple[str, bool, dict[str, str], bool]], replicas: int
) -> None:
    pods = {
        f"p{n}": pod(f"p{n}", phase, owned=owned, labels=labels, going=going)
        for n, (phase, owned, labels, going) in enumerate(given_pods)
    }
    made = plan(looked_at(*pods.values(), replicas=replicas))
    for number, action in enumerate(made.actions):
        assert violations(looked_at(*pods.values(), replicas=replicas), action) == ()
        match action:
            case Adopt(orphan):
                pods[name_of(orphan)] = pod(name_of(orphan))
            case Release(stranger):
                del pods[name_of(stranger)]
            case CreatePod():
                pods[f"new{number}"] = pod(f"new{number}")
            case DeletePod(gone):
                del pods[name_of(gone)]
        # Whatever was done so far, planning anew from there asks for the rest and no more.
        rest = plan(looked_at(*pods.values(), replicas=replicas))
        assert len(rest.actions) == len(made.actions) - number - 1
