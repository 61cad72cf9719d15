"""Who has ended how, counted once each, whatever dies in between.

A pod that has ended is kept by a finalizer. First the status names it among the uncounted; once that is stored its
finalizer goes; once the finalizer (or the pod) is seen gone, it moves from the uncounted into the number. So a pod
that vanishes has been named, and a pod that is named twice is counted once.

Pods whose failure the policy ignores are let go of without being named. With a limit for each index the last failed
pod of an index is neither named nor let go of before it has a successor (`failures.py`).
"""

from dataclasses import dataclass, field

from petset.api.models import batch_v1, core_v1
from petset.api.objects import is_terminating, uid_of
from petset.controllers.job import failures, indexes
from petset.controllers.job.failures import has_failed
from petset.controllers.job.model import interim_of, is_tracked
from petset.ownership.health import phase_of
from petset.ownership.pods import is_active


@dataclass(frozen=True)
class Tally:
    """`succeeded` and `failed` include the uncounted, those `stored_` do not; `counted` may be let go of.

    `failed_indexes` is empty without a limit for each index; `held`: by index, who waits for a successor.
    """

    succeeded: int
    failed: int
    stored_succeeded: int
    stored_failed: int
    uncounted: batch_v1.UncountedTerminatedPods
    completed: frozenset[int]
    counted: tuple[core_v1.Pod, ...]
    failed_indexes: frozenset[int] = frozenset()
    held: dict[int, core_v1.Pod] = field(default_factory=dict)

    @property
    def is_settled(self) -> bool:
        """Nobody waits to be counted."""
        return not self.uncounted.succeeded and not self.uncounted.failed and not self.held


@dataclass
class _Count:
    """A tally in the making."""

    job: batch_v1.Job
    held: dict[int, core_v1.Pod]
    named: dict[str, list[str]]
    waiting: int = 0
    counted: list[core_v1.Pod] = field(default_factory=list)

    def take(self, pod: core_v1.Pod) -> None:
        """One pod that its finalizer still holds."""
        uid, index = uid_of(pod), indexes.index_of(pod) if _is_indexed(self.job) else None
        if uid in self.named["succeeded"] or uid in self.named["failed"]:
            self.counted.append(pod)
        elif has_failed(self.job, pod):
            self._take_failed(pod, uid, index)
        elif phase_of(pod) != "Succeeded":
            if interim_of(self.job) and is_terminating(pod):
                self.counted.append(pod)  # stopped because it is not needed: no failure
        elif not _is_indexed(self.job):
            self.named["succeeded"].append(uid)
        elif index is None or index in _stored_indexes(self.job) or index >= _end(self.job):
            self.counted.append(pod)

    def _take_failed(self, pod: core_v1.Pod, uid: str, index: int | None) -> None:
        is_stray = _is_indexed(self.job) and (index is None or index >= _end(self.job))
        counts = failures.ruling_on(self.job, pod).counts and not is_stray
        if index is not None and self.held.get(index) is pod:
            self.waiting += counts
        elif counts:
            self.named["failed"].append(uid)
        else:
            self.counted.append(pod)


def take(job: batch_v1.Job, pods: tuple[core_v1.Pod, ...]) -> Tally:
    """Count anew from what is stored and what is there."""
    status = job.status or batch_v1.JobStatus()
    before = status.uncountedTerminatedPods or batch_v1.UncountedTerminatedPods()
    tracked = [pod for pod in pods if is_tracked(pod)]
    there = {uid_of(pod) for pod in tracked}
    left = {
        "succeeded": [uid for uid in before.succeeded or () if uid in there],
        "failed": [uid for uid in before.failed or () if uid in there],
    }
    stored_succeeded = (status.succeeded or 0) + len(before.succeeded or ()) - len(left["succeeded"])
    stored_failed = (status.failed or 0) + len(before.failed or ()) - len(left["failed"])
    completed, failed_indexes = _completed(job, tracked), _failed(job, tracked)
    active = frozenset(index for index in map(indexes.index_of, filter(is_active, pods)) if index is not None)
    settled = completed | failed_indexes
    held = {} if interim_of(job) else failures.held_for_successors(job, tracked, settled, active)
    count = _Count(job, held, left)
    for pod in tracked:
        count.take(pod)
    if _is_indexed(job):
        stored_succeeded = len(completed)
    return Tally(
        succeeded=stored_succeeded + len(left["succeeded"]),
        failed=stored_failed + len(left["failed"]) + count.waiting,
        stored_succeeded=stored_succeeded,
        stored_failed=stored_failed,
        uncounted=batch_v1.UncountedTerminatedPods(
            succeeded=left["succeeded"] or None, failed=left["failed"] or None
        ),
        completed=completed,
        counted=tuple(count.counted),
        failed_indexes=failed_indexes,
        held=held,
    )


def _is_indexed(job: batch_v1.Job) -> bool:
    return job.spec is not None and job.spec.completionMode == "Indexed"


def _end(job: batch_v1.Job) -> int:
    return (job.spec.completions if job.spec else None) or 0


def _stored_indexes(job: batch_v1.Job) -> set[int]:
    return indexes.parse(job.status.completedIndexes if job.status else None, _end(job))


def _completed(job: batch_v1.Job, tracked: list[core_v1.Pod]) -> frozenset[int]:
    if not _is_indexed(job):
        return frozenset()
    found = (indexes.index_of(pod) for pod in tracked if phase_of(pod) == "Succeeded")
    return frozenset(_stored_indexes(job) | {index for index in found if index is not None and index < _end(job)})


def _failed(job: batch_v1.Job, tracked: list[core_v1.Pod]) -> frozenset[int]:
    if job.spec is None or job.spec.backoffLimitPerIndex is None:
        return frozenset()
    stored = indexes.parse(job.status.failedIndexes if job.status else None, _end(job))
    found = (indexes.index_of(pod) for pod in tracked if failures.ends_its_index(job, pod))
    return frozenset(stored | {index for index in found if index is not None and index < _end(job)})
