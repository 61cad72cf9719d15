"""New pods of a Job, and how long to wait before the next after failures."""

from datetime import UTC, datetime

import msgspec

from petset.api.models import batch_v1, core_v1
from petset.api.objects import copy, meta, name_of
from petset.controllers.job.failures import failures_before, failures_of_successor, has_failed
from petset.controllers.job.model import FINALIZER, INDEX
from petset.ownership.health import phase_of
from petset.ownership.pods import pod_of

FIRST_PAUSE_SECONDS = 10
LONGEST_PAUSE_SECONDS = 600
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def attempt(job: batch_v1.Job, index: int | None, predecessor: core_v1.Pod | None = None) -> core_v1.Pod:
    """A new pod, held by the finalizer until it is counted; `index` for an indexed Job.

    `predecessor`: the failed pod of the index whose failures it goes on counting.
    """
    assert job.spec is not None
    pod = pod_of(job.spec.template, job)
    metadata = meta(pod)
    metadata.finalizers = [*(metadata.finalizers or ()), FINALIZER]
    if index is not None:
        metadata.generateName = f"{name_of(job)}-{index}-"
        metadata.labels = {**(metadata.labels or {}), INDEX: str(index)}
        counted = {} if job.spec.backoffLimitPerIndex is None else failures_of_successor(job, predecessor)
        metadata.annotations = {**(metadata.annotations or {}), INDEX: str(index), **counted}
        pod.spec = _told_its_index(pod.spec, f"{name_of(job)}-{index}")
    return pod


def _told_its_index(spec: core_v1.PodSpec | None, hostname: str) -> core_v1.PodSpec:
    told: core_v1.PodSpec = copy(spec)  # type: ignore[assignment]
    told.hostname = told.hostname or hostname
    reference = core_v1.ObjectFieldSelector(apiVersion="v1", fieldPath=f"metadata.labels['{INDEX}']")
    for container in (*(told.initContainers or ()), *told.containers):
        if any(variable.name == "JOB_COMPLETION_INDEX" for variable in container.env or ()):
            continue
        source = core_v1.EnvVarSource(fieldRef=reference)
        container.env = [*(container.env or ()), core_v1.EnvVar(name="JOB_COMPLETION_INDEX", valueFrom=source)]
    return told


def pause_seconds(job: batch_v1.Job, pods: tuple[core_v1.Pod, ...], now: datetime) -> float:
    """10 s after the first failure since the last success, twice as long after each further one, at most 10 min."""
    last_success = max((ended_at(pod) for pod in pods if phase_of(pod) == "Succeeded"), default=_LONG_AGO)
    failures = [ended_at(pod) for pod in pods if has_failed(job, pod) and ended_at(pod) > last_success]
    return _rest_of_pause(len(failures), max(failures), now) if failures else 0.0


def pause_seconds_of_index(predecessor: core_v1.Pod | None, now: datetime) -> float:
    """The same for one index that has its own limit, whatever the others do."""
    if predecessor is None:
        return 0.0
    return _rest_of_pause(failures_before(predecessor) + 1, ended_at(predecessor), now)


def _rest_of_pause(failures: int, last: datetime, now: datetime) -> float:
    pause = min(FIRST_PAUSE_SECONDS * 2 ** min(failures - 1, 10), LONGEST_PAUSE_SECONDS)
    return max(0.0, float(pause) - (now - last).total_seconds())


def ended_at(pod: core_v1.Pod) -> datetime:
    """When its last container ended, or as near to that as its status tells."""
    statuses = (pod.status.containerStatuses if pod.status else None) or ()
    ends = [
        s.state.terminated.finishedAt for s in statuses if s.state is not None and s.state.terminated is not None
    ]
    known = [end for end in ends if end is not None]
    if known:
        return max(known)
    for condition in (pod.status.conditions if pod.status else None) or ():
        if condition.type == "Ready" and condition.lastTransitionTime is not None:
            return condition.lastTransitionTime
    return meta(pod).deletionTimestamp or meta(pod).creationTimestamp or _LONG_AGO


def without_finalizer(pod: core_v1.Pod) -> core_v1.Pod:
    """The pod once it is let go of."""
    kept = [each for each in meta(pod).finalizers or () if each != FINALIZER]
    return msgspec.structs.replace(pod, metadata=msgspec.structs.replace(meta(pod), finalizers=kept or None))
