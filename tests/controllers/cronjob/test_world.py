"""CronJobs in simulated time: what is started when, and what happens to what runs already."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from controllers.job.test_world import made as job
from hypothesis import given, settings
from hypothesis import strategies as st

from petset.api.errors import Invalid
from petset.api.models import batch_v1, meta_v1
from petset.api.objects import meta, name_of
from petset.api.schedules import Schedule
from petset.controllers.cronjob.invariants import violations
from petset.controllers.cronjob.model import CreateJob, DeleteJob, Snapshot
from petset.controllers.cronjob.plan import ending_of, plan
from petset.testing.loop import run
from petset.testing.world import World

START = datetime(2026, 1, 1, tzinfo=UTC)


def made(schedule: str = "*/5 * * * *", **spec: object) -> batch_v1.CronJob:
    template = batch_v1.JobTemplateSpec(spec=job(activeDeadlineSeconds=30).spec)
    return batch_v1.CronJob(
        metadata=meta_v1.ObjectMeta(name="tick", namespace="default"),
        spec=batch_v1.CronJobSpec(schedule=schedule, jobTemplate=template, **spec),
    )


async def tell(story: Callable[[World], Awaitable[None]], seed: int) -> None:
    async with World(seed) as world:
        await story(world)


def status(world: World) -> batch_v1.CronJobStatus:
    found = world.get(batch_v1.CronJob, "tick")
    assert found is not None and found.status is not None
    return found.status


def test_each_moment_gets_one_job_that_says_which_and_old_ones_are_forgotten() -> None:
    async def story(world: World) -> None:
        await world.client.create(made(failedJobsHistoryLimit=1))
        await world.run_for(16 * 60)
        assert status(world).lastScheduleTime is not None
        minutes = int(status(world).lastScheduleTime.timestamp()) // 60
        (left,) = world.every(batch_v1.Job)  # those before have failed at their deadline, and one is kept
        assert name_of(left) == f"tick-{minutes}" and minutes % 5 == 0
        assert "batch.kubernetes.io/cronjob-scheduled-timestamp" in meta(left).annotations
        assert not status(world).active

    run(tell(story, 1), seed=1)


@pytest.mark.parametrize(
    ("minutes", "spec", "told"),
    [
        (99, {}, False),
        (100, {}, False),
        (101, {}, True),
        (5_000_000, {}, True),
        (5_000_000, {"startingDeadlineSeconds": 600}, False),
    ],
)
def test_more_than_a_hundred_missed_moments_are_told_of(minutes: int, spec: dict[str, int], told: bool) -> None:
    cron_job = made("* * * * *", **spec)
    cron_job.metadata.creationTimestamp = START
    decided = plan(Snapshot(cron_job, (), START + timedelta(minutes=minutes, seconds=1)))
    assert [type(action) for action in decided.actions] == [CreateJob]
    assert [(kind, reason) for kind, reason, _ in decided.told] == [("Warning", "TooManyMissedTimes")] * told


@pytest.mark.parametrize(("policy", "at_once"), [("Allow", 4), ("Forbid", 1), ("Replace", 1)])
def test_jobs_that_still_run_are_joined_waited_for_or_replaced(policy: str, at_once: int) -> None:
    async def story(world: World) -> None:
        endless = batch_v1.JobTemplateSpec(spec=job().spec)
        template = made("* * * * *", concurrencyPolicy=policy)
        template.spec = msgspec.structs.replace(template.spec, jobTemplate=endless)
        await world.client.create(template)
        first = await _first(world)
        await world.run_for(185)
        running = [name_of(each) for each in world.every(batch_v1.Job) if not ending_of(each)]
        assert len(running) == at_once
        assert (first in running) == (policy != "Replace")

    run(tell(story, 2), seed=2)


async def _first(world: World) -> str:
    await world.run_until(lambda: bool(world.every(batch_v1.Job)), 90)
    return name_of(world.every(batch_v1.Job)[0])


def test_a_wrong_schedule_or_zone_is_refused_with_the_field() -> None:
    async def story(world: World) -> None:
        with pytest.raises(Invalid, match="expected exactly 5 fields, found 2") as refused:
            await world.client.create(made("1 2", timeZone="Nowhere/Land"))
        assert [cause.field for cause in refused.value.causes] == ["spec.schedule", "spec.timeZone"]

    run(tell(story, 3), seed=3)


def test_a_schedule_keeps_to_its_zone_through_the_change_of_the_clocks() -> None:
    noon = Schedule("0 12 * * *", "Europe/Berlin")
    winter = noon.next_after(datetime(2026, 3, 27, 23, tzinfo=UTC))
    assert winter == datetime(2026, 3, 28, 11, tzinfo=UTC)
    assert noon.next_after(winter) == datetime(2026, 3, 29, 10, tzinfo=UTC)
    assert Schedule("@every 90m").latest(START, START + timedelta(hours=4)) == START + timedelta(hours=3)


SPECS = st.fixed_dictionaries(
    {
        "concurrencyPolicy": st.sampled_from(["Allow", "Forbid", "Replace"]),
        "suspend": st.booleans(),
        "startingDeadlineSeconds": st.sampled_from([None, 30, 600]),
    }
)
STEPS = st.lists(
    st.tuples(st.integers(1, 900), st.sampled_from(["Complete", "Failed", "", "crash"])), min_size=1, max_size=12
)


@given(SPECS, STEPS)
@settings(max_examples=80, deadline=None)
def test_at_most_one_job_for_each_moment_though_looks_are_late_or_cut_short(
    spec: dict[str, object], steps: list[tuple[int, str]]
) -> None:
    cron_job, now, ever = made(**spec), START, list[str]()
    meta(cron_job).creationTimestamp, meta(cron_job).uid = START, "uid"
    jobs: dict[str, batch_v1.Job] = {}
    for seconds, event in steps:
        now += timedelta(seconds=seconds)
        snapshot = Snapshot(cron_job, tuple(jobs.values()), now)
        decided = plan(snapshot)
        assert violations(snapshot, decided) == ()
        for action in decided.actions:
            match action:
                case CreateJob(new):
                    ever.append(name_of(new))
                    jobs[name_of(new)] = new
                case DeleteJob(old):
                    jobs.pop(name_of(old))
        if event != "crash":
            cron_job = msgspec.structs.replace(cron_job, status=decided.status)
        if jobs and event in ("Complete", "Failed"):
            name = min(jobs)
            ended = batch_v1.JobStatus(conditions=[batch_v1.JobCondition(type=event, status="True")])
            jobs[name] = msgspec.structs.replace(jobs[name], status=ended)
    assert len(set(ever)) == len(ever)
