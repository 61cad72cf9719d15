"""What a budget allows: how many pods are expected, which are healthy, how many may go."""

from datetime import timedelta

import pytest
from controllers.disruption.made import NOW, announced, budget, pod, status
from hypothesis import given
from hypothesis import strategies as st

from petset.api.disruptions import condition_of, note_of
from petset.api.errors import TooManyRequests
from petset.api.models import core_v1, policy_v1
from petset.api.objects import is_terminating, name_of, replace
from petset.controllers.disruption import announced as announcements
from petset.controllers.disruption.invariants import violations
from petset.controllers.disruption.model import Calm, Plan, Scale, Snapshot, Tell, Unscaled, WriteStatus
from petset.controllers.disruption.plan import plan
from petset.ownership.pods import is_ready
from petset.registry.eviction import decide

SCALES = {"uid-web": Scale("uid-web", 3)}


def looked_at(guard: policy_v1.PodDisruptionBudget, *pods: core_v1.Pod, scales: object = SCALES) -> Snapshot:
    return Snapshot(guard, pods, scales, NOW)  # type: ignore[arg-type]


def written(snapshot: Snapshot) -> policy_v1.PodDisruptionBudgetStatus:
    made = plan(snapshot)
    assert not list(violations(snapshot, made))
    found = [action.budget.status for action in made.actions if isinstance(action, WriteStatus)]
    assert len(found) == 1 and found[0] is not None
    return found[0]


def told(made: Plan) -> list[str]:
    return [action.reason for action in made.actions if isinstance(action, Tell)]


THREE = (pod("web-0"), pod("web-1"), pod("web-2"))


@pytest.mark.parametrize(
    ("spec", "pods", "expected", "desired", "allowed"),
    [
        ({"maxUnavailable": 1}, THREE, 3, 2, 1),
        ({"maxUnavailable": 0}, THREE, 3, 3, 0),
        ({"maxUnavailable": 7}, THREE, 3, 0, 3),
        ({"maxUnavailable": "30%"}, THREE, 3, 2, 1),  # a share of pods is rounded up
        ({"maxUnavailable": 1}, THREE[:2], 3, 2, 0),  # of the scale, not of the pods that are there
        ({"minAvailable": 2}, THREE, 3, 2, 1),
        ({"minAvailable": 2}, THREE[:2], 2, 2, 0),
        ({"minAvailable": "50%"}, THREE, 3, 2, 1),
        ({"minAvailable": "100%"}, THREE, 3, 3, 0),
        ({}, THREE, 0, 0, 0),
        ({"maxUnavailable": 1}, (), 0, 0, 0),
        ({"maxUnavailable": 2}, (*THREE[:2], pod("web-2", ready=False)), 3, 1, 1),
        ({"maxUnavailable": 2}, (*THREE[:2], pod("web-2", going=True)), 3, 1, 1),
    ],
)
def test_a_budget_allows_what_is_healthy_beyond_what_is_desired(
    spec: dict[str, object], pods: tuple[core_v1.Pod, ...], expected: int, desired: int, allowed: int
) -> None:
    found = written(looked_at(budget(**spec), *pods))
    assert (found.expectedPods, found.desiredHealthy, found.disruptionsAllowed) == (expected, desired, allowed)
    assert found.observedGeneration == 1
    condition = condition_of(found)
    assert condition is not None
    reason = "SufficientPods" if allowed else "InsufficientPods"
    assert (condition.status, condition.reason) == ("True" if allowed else "False", reason)


def test_a_share_is_of_the_scale_of_each_owner_counted_once() -> None:
    """Two ReplicaSets of one Deployment have one number; another owner adds its own."""
    pods = (pod("a", owner="ReplicaSet/old"), pod("b", owner="ReplicaSet/new"), pod("c"))
    scales = {"uid-old": Scale("uid-d", 4), "uid-new": Scale("uid-d", 4), "uid-web": Scale("uid-web", 1)}
    assert written(looked_at(budget(maxUnavailable=1), *pods, scales=scales)).expectedPods == 5


def test_pods_without_an_owner_are_told_of_where_a_scale_is_needed() -> None:
    lonely = pod("x", owner="")
    assert "UnmanagedPods" in told(plan(looked_at(budget(maxUnavailable=1), *THREE, lonely)))
    assert "UnmanagedPods" not in told(plan(looked_at(budget(minAvailable=1), *THREE, lonely)))


@pytest.mark.parametrize(
    ("scales", "message"),
    [
        ({}, 'found no controllers for pod "web-0"'),
        (
            {"uid-web": Unscaled("jobs.batch does not implement the scale subresource")},
            "jobs.batch does not implem",
        ),
    ],
)
def test_what_cannot_be_counted_allows_nothing_and_says_why(scales: dict[str, object], message: str) -> None:
    guard = budget(maxUnavailable=1)
    guard.status = status(allowed=2, healthy=3, desired=1)
    snapshot = looked_at(guard, *THREE, scales=scales)
    found = written(snapshot)
    condition = condition_of(found)
    assert found.disruptionsAllowed == 0 and condition is not None
    assert condition.reason == "SyncFailed" and condition.message.startswith(message)
    assert told(plan(snapshot)) == ["CalculateExpectedPodCountFailed"]


def test_a_budget_without_pods_says_so() -> None:
    assert told(plan(looked_at(budget(maxUnavailable=1)))) == ["NoPods"]


def test_a_granted_eviction_counts_until_it_is_seen_or_two_minutes_are_over() -> None:
    guard = budget(maxUnavailable=1)
    notes = {
        name: note_of(NOW - timedelta(seconds=ago)) for name, ago in (("web-0", 20), ("web-1", 120), ("gone", 1))
    }
    guard.status = status(disruptedPods=notes)
    snapshot = looked_at(guard, *THREE)
    found, made = written(snapshot), plan(snapshot)
    assert found.currentHealthy == 2
    assert list(found.disruptedPods or {}) == ["web-0"]
    assert made.wake_after_seconds == 100
    assert [(name_of(a.about), a.reason) for a in made.actions if isinstance(a, Tell)] == [("web-1", "NotDeleted")]


def test_a_status_that_says_it_already_is_not_written_again() -> None:
    guard = budget(maxUnavailable=1)
    guard.status = written(looked_at(guard, *THREE))
    assert not plan(looked_at(guard, *THREE)).actions


@given(
    st.sampled_from(["maxUnavailable", "minAvailable"]),
    st.one_of(st.integers(0, 5), st.integers(0, 100).map(lambda share: f"{share}%")),
    st.lists(st.tuples(st.booleans(), st.booleans()), max_size=6),
    st.integers(0, 6),
    st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=10),
)
def test_whatever_is_evicted_and_however_late_the_controller_looks_enough_healthy_pods_stay(
    field: str, amount: int | str, kinds: list[tuple[bool, bool]], replicas: int, wishes: list[tuple[int, bool]]
) -> None:
    """Safety: a granted eviction of a Ready pod leaves at least the desired ones. Liveness: one look settles."""
    pods = {f"web-{n}": pod(f"web-{n}", ready=ready, going=going) for n, (ready, going) in enumerate(kinds)}
    guard = budget(**{field: amount})
    scales = {"uid-web": Scale("uid-web", replicas)}

    def look(at: policy_v1.PodDisruptionBudget) -> policy_v1.PodDisruptionBudget:
        snapshot = looked_at(at, *pods.values(), scales=scales)
        made = plan(snapshot)
        assert not list(violations(snapshot, made))
        for action in made.actions:
            if isinstance(action, WriteStatus):
                at = action.budget
        assert not [
            a for a in plan(looked_at(at, *pods.values(), scales=scales)).actions if isinstance(a, WriteStatus)
        ]
        return at

    guard = look(guard)
    for number, controller_looks in wishes:
        victim = pods.get(f"web-{number}")
        if victim is None:
            continue
        try:
            granted = decide(victim, [guard], NOW)
        except TooManyRequests:
            continue
        guard = granted.spent or guard
        if granted.spent is not None:
            left = sum(is_ready(p) and not is_terminating(p) for p in pods.values() if p is not victim)
            assert guard.status is not None and left >= (guard.status.desiredHealthy or 0)
        if controller_looks:
            guard = look(guard)  # before the deletion shows
        pods[f"web-{number}"] = replace(victim, metadata=replace(victim.metadata, deletionTimestamp=NOW))
        if controller_looks:
            guard = look(guard)


@pytest.mark.parametrize(
    ("victim", "left"),
    [
        (announced(0), 120.0),
        (announced(119), 1.0),
        (announced(120), 0.0),
        (announced(500), 0.0),
        (announced(500, reason="TerminationByKubelet"), None),
        (announced(500, going=True), None),
        (announced(500, phase="Failed"), None),
        (pod("web-0"), None),
    ],
)
def test_an_announced_disruption_that_does_not_come_is_taken_back_after_two_minutes(
    victim: core_v1.Pod, left: float | None
) -> None:
    made = announcements.plan(victim, NOW)
    assert made.actions == ((Calm(victim, NOW),) if left == 0.0 else ())
    assert made.wake_after_seconds == (left or None)
