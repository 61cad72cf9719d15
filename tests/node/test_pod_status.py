"""A pod's status at every point of its life, as a kubelet would write it."""

from datetime import timedelta

import pytest
from node.pod_world import PodWorld, world
from node.world import a_container, condition

from petset.api.models import core_v1
from petset.api.objects import copy, replace
from petset.node.pods.model import Health
from petset.node.pods.recall import recall
from petset.node.runtime import Container, ContainerState


def reported(w: PodWorld) -> core_v1.PodStatus:
    w.plan()
    assert w.pod is not None
    assert w.pod.status is not None
    return w.pod.status


def the(w: PodWorld, type_: str) -> core_v1.PodCondition:
    return next(c for c in reported(w).conditions or () if c.type == type_)


def first(w: PodWorld) -> core_v1.ContainerStatus:
    statuses = reported(w).containerStatuses
    assert statuses
    return statuses[0]


def test_a_new_pod_is_pending_and_its_containers_are_being_created() -> None:
    w = world()
    status = reported(w)
    assert status.phase == "Pending"
    assert first(w).state == core_v1.ContainerState(
        waiting=core_v1.ContainerStateWaiting(reason="ContainerCreating")
    )
    assert the(w, "PodReadyToStartContainers").status == "False"
    assert the(w, "Initialized").status == "True"
    assert the(w, "Ready").reason == "ContainersNotReady"
    assert the(w, "Ready").message == "containers with unready status: [app]"
    assert first(w).restartCount == 0
    assert first(w).started is False


def test_containers_are_reported_by_name_in_order() -> None:
    w = world(containers=[a_container("b"), a_container("a")])
    assert [s.name for s in reported(w).containerStatuses or ()] == ["a", "b"]


def test_a_running_pod_is_ready_and_its_times_stay() -> None:
    w = world()
    w.settle()
    since = the(w, "Ready").lastTransitionTime
    w.now += timedelta(hours=1)
    assert reported(w).phase == "Running"
    assert the(w, "Ready").lastTransitionTime == since
    assert first(w).state == core_v1.ContainerState(running=core_v1.ContainerStateRunning(startedAt=since))
    w.memory.note("app", health=Health(ready=False))
    assert the(w, "Ready").lastTransitionTime == since + timedelta(hours=1)


def test_conditions_of_others_are_kept_and_gates_hold_the_pod_back() -> None:
    w = world(readinessGates=[core_v1.PodReadinessGate(conditionType="petset.dev/open")])
    w.settle()
    missing = 'corresponding condition of pod readiness gate "petset.dev/open" does not exist.'
    assert (the(w, "Ready").reason, the(w, "Ready").message) == ("ReadinessGatesNotReady", missing)
    assert the(w, "ContainersReady").status == "True"
    assert w.pod is not None
    opened = copy(w.pod)
    assert opened.status is not None
    opened.status.conditions = [
        *(opened.status.conditions or ()), core_v1.PodCondition(type="petset.dev/open", status="True"),
    ]  # fmt: skip
    w._store(opened)
    assert the(w, "Ready").status == "True"
    assert condition(w.pod, "petset.dev/open") == "True"


def test_what_has_ended_says_how() -> None:
    cases = {0: "Completed", 1: "Error"}
    for code, reason in cases.items():
        w = world(restartPolicy="Never")
        w.settle()
        w.exit("app", code)
        state = first(w).state
        assert state is not None
        assert state.terminated is not None
        assert (state.terminated.reason, state.terminated.exitCode) == (reason, code)
        assert reported(w).phase == ("Failed" if code else "Succeeded")
        assert the(w, "Ready").reason == ("PodFailed" if code else "PodCompleted")


def test_out_of_memory_is_a_reason_of_its_own() -> None:
    w = world(restartPolicy="Never")
    w.settle()
    w.exit("app", 137)
    latest = replace(w.memory.attempts["app"][-1], oom_killed=True)
    w.memory.take_container(latest)
    state = first(w).state
    assert state is not None
    assert state.terminated is not None
    assert state.terminated.reason == "OOMKilled"


def test_a_container_in_its_back_off_waits_and_shows_its_last_end() -> None:
    w = world()
    w.settle()
    for _ in range(2):
        w.exit("app", 1)
        w.step()
        w.step()
        w.step()
    status = first(w)
    assert status.state is not None
    assert status.state.waiting is not None
    assert status.state.waiting.reason == "CrashLoopBackOff"
    assert status.lastState is not None
    assert status.lastState.terminated is not None
    assert status.restartCount == 1
    assert reported(w).phase == "Running"


@pytest.mark.parametrize(
    ("init", "phase", "reason"),
    [(None, "Pending", "ContainersNotInitialized"), ("Always", "Running", None)],
)
def test_an_init_container_holds_the_pod_pending_until_it_is_done(
    init: str | None, phase: str, reason: str | None
) -> None:
    w = world(initContainers=[a_container("init", restartPolicy=init)])
    w.settle()
    assert reported(w).phase == phase
    assert the(w, "Initialized").reason == reason
    if reason:
        assert the(w, "Initialized").message == "containers with incomplete status: [init]"


def test_a_pod_past_its_deadline_has_failed_for_that_reason() -> None:
    w = world(activeDeadlineSeconds=60)
    for _ in range(4):
        w.step()
    assert reported(w).phase == "Running"
    w.now += timedelta(seconds=61)
    w.settle()
    status = reported(w)
    assert (status.phase, status.reason) == ("Failed", "DeadlineExceeded")
    assert status.message == "Pod was active on the node longer than the specified deadline"
    assert w.running == set()


def test_a_pod_on_the_hosts_network_has_the_hosts_address() -> None:
    w = world(hostNetwork=True)
    w.settle()
    assert reported(w).podIP == reported(w).hostIP == "192.168.0.1"


def test_an_attempt_that_the_runtime_has_lost_is_recalled_from_the_status() -> None:
    w = world()
    w.settle()
    reported(w)
    assert w.pod is not None
    (lost,) = recall(w.pod, {})["app"]
    assert (lost.attempt, lost.exit_code, lost.sandbox_uid) == (0, 137, "")
    known = Container("app-0", "uid-1", "app", 0, "i", "i", ContainerState.RUNNING)
    assert recall(w.pod, {"app": (known,)})["app"] == (known,)
    newer = replace(known, attempt=1, id="app-1")
    assert [a.attempt for a in recall(w.pod, {"app": (newer,)})["app"]] == [0, 1]
