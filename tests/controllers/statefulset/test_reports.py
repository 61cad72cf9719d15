"""Counts that go on changing are written ten times a second; what somebody may act on, at once."""

import pytest
from controllers.statefulset.live import Live, live
from controllers.statefulset.tiny import Tiny, make_set, rolling, template

from petset.aio.measures import Histogram
from petset.api.models import apps_v1
from petset.controllers.statefulset.controller import COLLECT_SECONDS
from petset.controllers.statefulset.reports import SECONDS_BETWEEN_COUNTS, Reports, is_urgent
from petset.testing.loop import run


def half_way() -> Tiny:
    """web-0 is Ready and said to be; web-1 has become Ready."""
    tiny = Tiny(make_set(replicas=3))
    for name in ("web-0", "web-1"):
        tiny.look()
        tiny.ready(name)
    return tiny


def test_one_more_ready_pod_among_many_can_wait() -> None:
    tiny = half_way()
    assert not is_urgent(tiny.set, tiny.plan())


@pytest.mark.parametrize("change", [{"replicas": 4}, {"template": template("new")}, {"updateStrategy": rolling(1)}])
def test_a_generation_is_reported_at_once(change: dict[str, object]) -> None:
    tiny = half_way()
    tiny.change(**change)
    assert is_urgent(tiny.set, tiny.plan())


def test_a_set_at_rest_is_reported_at_once() -> None:
    tiny = Tiny(make_set(replicas=1))
    tiny.look()
    tiny.look()
    tiny.ready("web-0")
    assert is_urgent(tiny.set, tiny.plan())


def test_a_count_that_the_next_plan_reads_is_reported_at_once() -> None:
    """Rule 46: without a rollingUpdate block `currentReplicas` says which template a pod comes back from."""
    tiny = Tiny(make_set(replicas=3, updateStrategy=apps_v1.StatefulSetUpdateStrategy(type="RollingUpdate")))
    tiny.look()
    tiny.look()
    tiny.ready("web-0")
    tiny.look()
    assert is_urgent(tiny.set, tiny.plan())


def test_a_status_that_can_wait_waits_for_the_rest_of_the_tenth_of_a_second() -> None:
    tiny, reports = half_way(), Reports()
    reports.written("uid-web", 10.0)
    made = tiny.plan()
    assert reports.wait_seconds("uid-web", tiny.set, made, 10.04) == pytest.approx(0.06)
    assert reports.wait_seconds("uid-web", tiny.set, made, 10.0 + SECONDS_BETWEEN_COUNTS) == 0
    reports.forget("uid-web")
    assert reports.wait_seconds("uid-web", tiny.set, made, 10.04) == 0


def test_what_waited_is_written_though_nothing_more_happens() -> None:
    async def story() -> None:
        async with live() as world:
            await world.start(replicas=3)
            await world.phase("web-0", "Running", ready=True)
            await world.settle(SECONDS_BETWEEN_COUNTS)
            status = (await world.the_set()).status
            assert status is not None and (status.replicas, status.readyReplicas) == (2, 1)

    run(story())


def _looks(it: Live) -> float:
    """How often the controller has taken a set up."""
    (worked,) = [f for f in it.controller.measures() if f.name == "workqueue_work_duration_seconds"]
    duration = worked.samples[0].value
    assert isinstance(duration, Histogram)
    return sum(duration.counts)


def test_a_pod_that_gets_a_node_is_looked_at_a_moment_later_and_one_that_runs_at_once() -> None:
    async def story() -> None:
        async with live() as it:
            await it.start(replicas=1)
            before = _looks(it)
            await it.plane.client.bind("default", "web-0", "node-1")
            await it.settle(COLLECT_SECONDS / 2)
            assert _looks(it) == before
            await it.settle(COLLECT_SECONDS)
            assert _looks(it) == before + 1
            await it.phase("web-0", "Running", ready=True)
            await it.settle(0.001)
            assert _looks(it) > before + 1

    run(story())
