"""Who has ended how, counted once each, whatever dies in between.

A pod that has ended is kept by a finalizer. First the status names it among the uncounted; once that is stored its
finalizer goes; once the finalizer (or the pod) is seen gone, it moves from the uncounted into the number. So a pod
that vanishes has been named, and a pod that is named twice is counted once.
"""

from dataclasses import dataclass

from petset.api.models import batch_v1, core_v1
from petset.api.objects import is_terminating, meta, uid_of
from petset.controllers.job import indexes
from petset.controllers.job.model import FINALIZER
from petset.ownership.health import phase_of


@dataclass(frozen=True)
class Tally:
    """`succeeded` and `failed` include the uncounted, those `stored_` do not; `counted` may be let go of."""

    succeeded: int
    failed: int
    stored_succeeded: int
    stored_failed: int
    uncounted: batch_v1.UncountedTerminatedPods
    completed: frozenset[int]
    counted: tuple[core_v1.Pod, ...]

    @property
    def is_settled(self) -> bool:
        """Nobody waits to be counted."""
        return not self.uncounted.succeeded and not self.uncounted.failed


def is_tracked(pod: core_v1.Pod) -> bool:
    """The finalizer still holds it."""
    return FINALIZER in (meta(pod).finalizers or ())


def has_failed(job: batch_v1.Job, pod: core_v1.Pod) -> bool:
    """Failed; or on its way out, unless only a pod that has ended counts (`podReplacementPolicy: Failed`)."""
    if phase_of(pod) == "Failed":
        return True
    only_ended = job.spec is not None and job.spec.podReplacementPolicy == "Failed"
    return not only_ended and is_terminating(pod) and phase_of(pod) != "Succeeded"


def take(job: batch_v1.Job, pods: tuple[core_v1.Pod, ...]) -> Tally:
    """Count anew from what is stored and what is there."""
    status = job.status or batch_v1.JobStatus()
    before = status.uncountedTerminatedPods or batch_v1.UncountedTerminatedPods()
    named = {"succeeded": list(before.succeeded or ()), "failed": list(before.failed or ())}
    held = {uid_of(pod) for pod in pods if is_tracked(pod)}
    left = {how: [uid for uid in uids if uid in held] for how, uids in named.items()}
    stored = {
        "succeeded": (status.succeeded or 0) + len(named["succeeded"]) - len(left["succeeded"]),
        "failed": (status.failed or 0) + len(named["failed"]) - len(left["failed"]),
    }
    known = {*named["succeeded"], *named["failed"]}
    completed, old_completed, counted = _completed(job, pods), _stored_indexes(job), []
    for pod in pods:
        if not is_tracked(pod):
            continue
        uid, index = uid_of(pod), indexes.index_of(pod) if _is_indexed(job) else None
        if uid in known or (index is not None and phase_of(pod) == "Succeeded" and index in old_completed):
            counted.append(pod)
        elif has_failed(job, pod):
            left["failed"].append(uid)
        elif phase_of(pod) == "Succeeded" and not _is_indexed(job):
            left["succeeded"].append(uid)
    if _is_indexed(job):
        stored["succeeded"] = len(completed)
    return Tally(
        succeeded=stored["succeeded"] + len(left["succeeded"]),
        failed=stored["failed"] + len(left["failed"]),
        stored_succeeded=stored["succeeded"],
        stored_failed=stored["failed"],
        uncounted=batch_v1.UncountedTerminatedPods(
            succeeded=left["succeeded"] or None, failed=left["failed"] or None
        ),
        completed=frozenset(completed),
        counted=tuple(counted),
    )


def _is_indexed(job: batch_v1.Job) -> bool:
    return job.spec is not None and job.spec.completionMode == "Indexed"


def _end(job: batch_v1.Job) -> int:
    return (job.spec.completions if job.spec else None) or 0


def _stored_indexes(job: batch_v1.Job) -> set[int]:
    return indexes.parse(job.status.completedIndexes if job.status else None, _end(job))


def _completed(job: batch_v1.Job, pods: tuple[core_v1.Pod, ...]) -> set[int]:
    if not _is_indexed(job):
        return set()
    found = (indexes.index_of(pod) for pod in pods if phase_of(pod) == "Succeeded" and is_tracked(pod))
    return _stored_indexes(job) | {index for index in found if index is not None and index < _end(job)}
