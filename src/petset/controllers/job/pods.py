"""Which pods a Job makes and which it stops.

A Job that ends or is suspended stops its pods; another has `parallelism` of them, or as many as are left to
succeed. After a failure there is a pause; where every index has a limit of its own, each index pauses by itself.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice

from petset.api.models import batch_v1, core_v1
from petset.api.objects import is_terminating
from petset.controllers.job import indexes
from petset.controllers.job.attempts import attempt, pause_seconds, pause_seconds_of_index
from petset.controllers.job.failures import replaces_only_failed
from petset.controllers.job.model import Action, CreatePod, DeletePod, Snapshot
from petset.controllers.job.tally import Tally
from petset.controllers.job.verdict import Verdict
from petset.ownership.health import is_finished
from petset.ownership.pods import to_remove

BURST = 500


def decide(
    snapshot: Snapshot,
    members: tuple[core_v1.Pod, ...],
    active: Sequence[core_v1.Pod],
    tally: Tally,
    verdict: Verdict,
) -> tuple[list[Action], float | None]:
    """Pods to make or stop, and in how long to look again."""
    job = snapshot.job
    assert job.spec is not None
    if is_terminating(job):
        return [], None
    if verdict.reason:
        return [DeletePod(pod, uncounted=False) for pod in active], None
    if job.spec.suspend:
        return [DeletePod(pod, uncounted=True) for pod in active], None
    wanted = _wanted(job.spec, tally, len(active))
    surplus = _surplus(job, active, wanted, snapshot.now)
    if surplus:
        return [DeletePod(pod, uncounted=True) for pod in surplus[:BURST]], None
    occupied = [*active]
    if replaces_only_failed(job):
        occupied += [pod for pod in members if is_terminating(pod) and not is_finished(pod)]
    if wanted <= len(occupied):
        return [], None
    return _attempts(snapshot, members, occupied, tally, min(wanted - len(occupied), BURST))


def _surplus(job: batch_v1.Job, active: Sequence[core_v1.Pod], wanted: int, now: datetime) -> list[core_v1.Pod]:
    """Pods of no index, or of one that is not wanted or has another pod already; then those beyond the number."""
    doomed: list[core_v1.Pod] = []
    left = list(active)
    if job.spec is not None and job.spec.completionMode == "Indexed":
        by_index: dict[int | None, list[core_v1.Pod]] = {}
        for pod in active:
            by_index.setdefault(indexes.index_of(pod), []).append(pod)
        for index, pods in by_index.items():
            is_wanted = index is not None and index < (job.spec.completions or 0)
            doomed += to_remove(pods, len(pods) - is_wanted, {}, now)
        left = [pod for pod in active if pod not in doomed]
    return [*doomed, *to_remove(left, max(0, len(left) - wanted), {}, now)]


def _wanted(spec: batch_v1.JobSpec, tally: Tally, active: int) -> int:
    """How many pods shall run: without a number of completions no more are started once one has succeeded."""
    parallelism = 1 if spec.parallelism is None else spec.parallelism
    if spec.completions is None:
        return min(active, parallelism) if tally.succeeded else parallelism
    return max(0, min(parallelism, spec.completions - tally.succeeded))


def _attempts(
    snapshot: Snapshot, members: tuple[core_v1.Pod, ...], occupied: Sequence[core_v1.Pod], tally: Tally, count: int
) -> tuple[list[Action], float | None]:
    """New pods, and in how long there may be more: after failures of the Job, or of an index, there is a pause."""
    job, now = snapshot.job, snapshot.now
    assert job.spec is not None
    pause = 0.0 if job.spec.backoffLimitPerIndex is not None else pause_seconds(job, members, now)
    if pause > 0:
        return [], pause
    if job.spec.completionMode != "Indexed":
        return [CreatePod(attempt(job, None))] * count, None
    over = tally.completed | tally.failed_indexes | {indexes.index_of(pod) for pod in occupied}
    free = list(islice((index for index in range(job.spec.completions or 0) if index not in over), count))
    pauses = {index: pause_seconds_of_index(tally.held.get(index), now) for index in free}
    ready = [CreatePod(attempt(job, index, tally.held.get(index))) for index in free if not pauses[index]]
    return [*ready], min(filter(None, pauses.values()), default=None)
