"""Rule 48: when a pod is Ready, and when it is Available."""

from datetime import timedelta

import pytest
from controllers.statefulset.tiny import START

from petset.api.models import core_v1, meta_v1
from petset.ownership import health


def pod(phase: str, ready: str = "True", *, since: float | None = 0, going: bool = False) -> core_v1.Pod:
    """A pod whose Ready condition changed `since` seconds before START."""
    moment = None if since is None else START - timedelta(seconds=since)
    condition = core_v1.PodCondition(type="Ready", status=ready, lastTransitionTime=moment)
    metadata = meta_v1.ObjectMeta(name="web-0", deletionTimestamp=START if going else None)
    return core_v1.Pod(metadata=metadata, status=core_v1.PodStatus(phase=phase, conditions=[condition]))


CASES = {
    "long enough": (pod("Running", since=10), True, True),
    "not long enough": (pod("Running", since=9.5), True, False),
    "nobody knows since when": (pod("Running", since=None), True, True),
    "not Ready": (pod("Running", "False", since=60), False, False),
    "the phase counts for Ready only": (pod("Pending", since=60), False, True),
    "nothing known": (core_v1.Pod(metadata=meta_v1.ObjectMeta(name="web-0")), False, False),
}


@pytest.mark.parametrize("case", CASES)
def test_ready_needs_the_phase_and_available_needs_the_time(case: str) -> None:
    seen, ready, available = CASES[case]
    assert health.is_running_and_ready(seen) is ready
    assert health.is_available(seen, 10, START) is available


def test_a_pod_on_its_way_out_is_unavailable_however_well_it_is() -> None:
    assert health.is_unavailable(pod("Running", since=60, going=True), 0, START)


def test_since_when_a_pod_is_not_ready_stands_in_that_condition_alone() -> None:
    unready = pod("Running", "False", since=5)
    assert unready.status and unready.status.conditions
    scheduled = core_v1.PodCondition(
        type="PodScheduled", status="True", lastTransitionTime=START - timedelta(hours=1)
    )
    unready.status.conditions.insert(0, scheduled)
    assert health.not_ready_since(unready) == START - timedelta(seconds=5)
    assert health.not_ready_since(pod("Running", "True", since=5)) is None
