"""Jobs on a whole simulated control plane, while containers fail and controllers die."""

from collections.abc import Awaitable, Callable

import msgspec
import pytest

from petset.api.models import batch_v1, core_v1, meta_v1
from petset.api.objects import meta, name_of
from petset.ownership.pods import is_active
from petset.testing.loop import run
from petset.testing.world import World


def made(name: str = "sum", **spec: object) -> batch_v1.Job:
    pod = core_v1.PodSpec(
        containers=[core_v1.Container(name="main", image="redis:7.0")],
        restartPolicy="Never",
        terminationGracePeriodSeconds=1,
    )
    given = {"template": core_v1.PodTemplateSpec(spec=pod), **spec}
    return batch_v1.Job(metadata=meta_v1.ObjectMeta(name=name, namespace="default"), spec=batch_v1.JobSpec(**given))


class Story:
    """One Job `sum` in a world whose containers end when `work` says."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.most_at_once = 0

    async def create(self, **spec: object) -> None:
        await self.world.client.create(made(**spec))

    async def change(self, **spec: object) -> None:
        now = self.job
        await self.world.client.update(msgspec.structs.replace(now, spec=msgspec.structs.replace(now.spec, **spec)))

    @property
    def job(self) -> batch_v1.Job:
        found = self.world.get(batch_v1.Job, "sum")
        assert found is not None
        return found

    @property
    def status(self) -> batch_v1.JobStatus:
        return self.job.status or batch_v1.JobStatus()

    @property
    def pods(self) -> list[core_v1.Pod]:
        return self.world.every(core_v1.Pod)

    @property
    def active(self) -> list[core_v1.Pod]:
        found = [pod for pod in self.pods if is_active(pod)]
        self.most_at_once = max(self.most_at_once, len(found))
        return found

    def true(self) -> list[tuple[str, str]]:
        return [(c.type, c.reason) for c in self.status.conditions or () if c.status == "True"]

    def has(self, kind: str) -> bool:
        return any(kind == each for each, _ in self.true())

    async def work(self, until: str, exit_code: Callable[[core_v1.Pod], int] = lambda pod: 0) -> None:
        """Every container that runs ends, until the Job has this condition."""

        def end_what_runs() -> bool:
            for pod in self.active:
                if pod.status is not None and pod.status.phase == "Running":
                    self.world.runtime.exit(name_of(pod), "main", exit_code(pod))
            return self.has(until)

        await self.world.run_until(end_what_runs, 3000)


async def tell(story: Callable[[Story], Awaitable[None]], **world: object) -> None:
    async with World(**world) as w:
        await story(Story(w))


def test_as_many_pods_succeed_as_asked_for_and_never_more_run_than_parallelism() -> None:
    async def story(job: Story) -> None:
        await job.create(completions=5, parallelism=2)
        await job.work("Complete")
        await job.world.run_for(1)
        assert (job.status.succeeded, job.status.failed, job.most_at_once) == (5, None, 2)
        assert job.true() == [("SuccessCriteriaMet", "CompletionsReached"), ("Complete", "CompletionsReached")]
        assert job.status.completionTime is not None
        assert all(not meta(pod).finalizers for pod in job.pods)
        labels = {"batch.kubernetes.io/job-name": "sum", "job-name": "sum"}
        assert all(labels.items() <= meta(pod).labels.items() for pod in job.pods)

    run(tell(story, seed=1), seed=1)


def test_failures_are_tried_again_ever_more_slowly_until_the_limit() -> None:
    async def story(job: Story) -> None:
        await job.create(backoffLimit=2)
        start = job.world.plane.clock.monotonic()
        await job.work("Failed", lambda pod: 1)
        assert job.world.plane.clock.monotonic() - start >= 30  # 10 s, then 20 s
        assert job.true()[-1] == ("Failed", "BackoffLimitExceeded")
        assert (job.status.failed, job.most_at_once) == (3, 1)

    run(tell(story, seed=2), seed=2)


def test_an_indexed_job_runs_every_index_once_and_says_which_are_done() -> None:
    async def story(job: Story) -> None:
        await job.create(completions=4, parallelism=3, completionMode="Indexed")
        await job.world.run_until(lambda: len(job.active) == 3, 30)
        (first, *_) = sorted(job.pods, key=name_of)
        assert first.spec.hostname == "sum-0" and name_of(first).startswith("sum-0-")
        assert any(variable.name == "JOB_COMPLETION_INDEX" for variable in first.spec.containers[0].env)
        await job.work("Complete")
        assert (job.status.completedIndexes, job.status.succeeded) == ("0-3", 4)

    run(tell(story, seed=3), seed=3)


def test_a_job_whose_time_is_over_stops_its_pods() -> None:
    async def story(job: Story) -> None:
        await job.create(activeDeadlineSeconds=20)
        await job.world.run_until(lambda: job.has("Failed"), 60)
        assert job.true()[-1] == ("Failed", "DeadlineExceeded")
        assert not job.active

    run(tell(story, seed=4), seed=4)


def test_a_suspended_job_has_no_pods_and_goes_on_when_resumed() -> None:
    async def story(job: Story) -> None:
        await job.create(suspend=True)
        await job.world.run_until(lambda: job.has("Suspended"), 30)
        assert not job.pods and job.status.startTime is None
        await job.change(suspend=False)
        await job.world.run_until(lambda: len(job.active) == 1, 30)
        await job.change(suspend=True)
        await job.world.run_until(lambda: not job.pods, 60)
        await job.change(suspend=False)
        await job.work("Complete")
        assert (job.status.succeeded, job.status.failed) == (1, None)

    run(tell(story, seed=5), seed=5)


def test_a_finished_job_goes_after_its_time_with_its_pods() -> None:
    async def story(job: Story) -> None:
        await job.create(ttlSecondsAfterFinished=30)
        await job.work("Complete")
        await job.world.run_for(20)
        assert job.pods
        await job.world.run_until(lambda: job.world.get(batch_v1.Job, "sum") is None, 30)
        await job.world.run_until(lambda: not job.pods, 30)

    run(tell(story, seed=6), seed=6)


@pytest.mark.parametrize("policy", ["Background", "Foreground"])
def test_a_job_that_is_deleted_while_it_runs_leaves_no_pod_held_back(policy: str) -> None:
    async def story(job: Story) -> None:
        await job.create(parallelism=2, completions=2)
        await job.world.run_until(lambda: len(job.active) == 2, 30)
        options = meta_v1.DeleteOptions(propagationPolicy=policy)
        await job.world.client.delete(batch_v1.Job, "sum", "default", options)
        await job.world.run_until(lambda: not job.pods, 60)
        assert job.world.get(batch_v1.Job, "sum") is None

    run(tell(story, seed=7), seed=7)


@pytest.mark.parametrize("seed", range(4))
def test_every_pod_is_counted_once_though_controllers_die_and_hear_late(seed: int) -> None:
    async def story(job: Story) -> None:
        await job.create(completions=6, parallelism=3, backoffLimit=6)
        failed: set[str] = set()

        def code(pod: core_v1.Pod) -> int:
            failed.update([name_of(pod)] if not failed else [])
            return int(name_of(pod) in failed)

        for _ in range(5):
            for pod in job.active:
                if pod.status is not None and pod.status.phase == "Running":
                    job.world.runtime.exit(name_of(pod), "main", code(pod))
            await job.world.run_for(job.world.plane.random.uniform(0.0, 2.0))
            await job.world.restart_controllers()
        await job.work("Complete", code)
        assert (job.status.succeeded, job.most_at_once <= 3) == (6, True)
        assert (job.status.failed or 0) == len(failed)

    run(tell(story, seed=seed, lag_seconds=0.4), seed=seed)


@pytest.mark.parametrize("seed", range(3))
def test_indexes_fail_for_good_one_by_one_though_controllers_die_and_hear_late(seed: int) -> None:
    """Index 1 always fails and index 3 is stopped once for a reason that does not count."""

    async def story(job: Story) -> None:
        ignored = batch_v1.PodFailurePolicyOnExitCodesRequirement(operator="In", values=[9])
        rule = batch_v1.PodFailurePolicyRule(action="Ignore", onExitCodes=ignored)
        await job.create(
            completions=5,
            parallelism=3,
            completionMode="Indexed",
            backoffLimitPerIndex=1,
            podFailurePolicy=batch_v1.PodFailurePolicy(rules=[rule]),
        )
        stopped: set[str] = set()

        def code(pod: core_v1.Pod) -> int:
            index = meta(pod).annotations["batch.kubernetes.io/job-completion-index"]
            stopped.update([name_of(pod)] if index == "3" and not stopped else [])
            return 9 if name_of(pod) in stopped else int(index == "1")

        for _ in range(5):
            for pod in job.active:
                if pod.status is not None and pod.status.phase == "Running":
                    job.world.runtime.exit(name_of(pod), "main", code(pod))
            await job.world.run_for(job.world.plane.random.uniform(0.0, 4.0))
            await job.world.restart_controllers()
        await job.work("Failed", code)
        status = job.status
        assert (status.completedIndexes, status.failedIndexes, status.failed) == ("0,2-4", "1", 2)
        assert job.true()[-1] == ("Failed", "FailedIndexes")

    run(tell(story, seed=seed, lag_seconds=0.4), seed=seed)
