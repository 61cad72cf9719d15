"""What a Job makes of a pod that failed: its `podFailurePolicy`, and the failures of each index.

The first rule that matches decides. `Ignore` counts nothing, `FailJob` ends the Job, `FailIndex` ends the pod's
index, `Count` and no rule at all count one more failure.

With `backoffLimitPerIndex` every index has a count of its own, which stands in an annotation of its pods: a
successor takes over its predecessor's and adds one. So a failed pod is held by its finalizer until it has a
successor, however often the controller dies in between.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from petset.api.models import batch_v1, core_v1
from petset.api.objects import is_terminating, meta, name_of, namespace_of
from petset.controllers.job import indexes
from petset.controllers.job.model import is_failing, is_tracked
from petset.ownership.health import phase_of

FAILURES = "batch.kubernetes.io/job-index-failure-count"
IGNORED_FAILURES = "batch.kubernetes.io/job-index-ignored-failure-count"


@dataclass(frozen=True)
class Ruling:
    """What the policy says of a failed pod; `message` tells why it ends the Job."""

    action: str = ""
    message: str = ""

    @property
    def counts(self) -> bool:
        """It is one of the failures that `backoffLimit` is about."""
        return self.action != "Ignore"


NO_RULE = Ruling()


def has_failed(job: batch_v1.Job, pod: core_v1.Pod) -> bool:
    """Failed; or on its way out, unless only a pod that has ended counts (`podReplacementPolicy: Failed`).

    One that never came to a node, or whose Job is failing, will not end in any other way.
    """
    if phase_of(pod) == "Failed":
        return True
    if not is_terminating(pod) or phase_of(pod) == "Succeeded":
        return False
    placed = pod.spec is not None and pod.spec.nodeName
    return not replaces_only_failed(job) or not placed or is_failing(job)


def replaces_only_failed(job: batch_v1.Job) -> bool:
    """A pod on its way out is not replaced before it has ended."""
    spec = job.spec
    return spec is not None and (spec.podReplacementPolicy == "Failed" or spec.podFailurePolicy is not None)


def ruling_on(job: batch_v1.Job, pod: core_v1.Pod) -> Ruling:
    """The first rule of the policy that a failed pod matches."""
    policy = job.spec.podFailurePolicy if job.spec else None
    for number, rule in enumerate(policy.rules if policy else ()):
        what = _matched(rule, pod)
        if what:
            told = f"{what} matching {rule.action} rule at index {number}" if rule.action == "FailJob" else ""
            return Ruling(rule.action, told)
    return NO_RULE


def fatal_message(job: batch_v1.Job, pods: Iterable[core_v1.Pod]) -> str:
    """Why the Job is to fail at once, because of one of its pods; empty if it is not."""
    if job.spec is None or job.spec.podFailurePolicy is None:
        return ""
    messages = (ruling_on(job, pod).message for pod in pods if has_failed(job, pod))
    return next(filter(None, messages), "")


def ends_its_index(job: batch_v1.Job, pod: core_v1.Pod) -> bool:
    """With this pod its index has failed for good."""
    if not has_failed(job, pod):
        return False
    ruling = ruling_on(job, pod)
    limit = job.spec.backoffLimitPerIndex if job.spec else None
    if limit is None:
        return False
    return ruling.action == "FailIndex" or (ruling.counts and _count(pod, FAILURES) >= limit)


def failures_of_successor(job: batch_v1.Job, failed: core_v1.Pod | None) -> dict[str, str]:
    """The annotations of the pod that comes after this one; of the first of its index, if there was none."""
    if failed is None:
        return {FAILURES: "0"}
    counts = ruling_on(job, failed).counts
    ignored = _count(failed, IGNORED_FAILURES) + (not counts)
    found = {FAILURES: str(_count(failed, FAILURES) + counts)}
    return {**found, IGNORED_FAILURES: str(ignored)} if ignored else found


def failures_before(pod: core_v1.Pod) -> int:
    """How many pods of its index failed before this one, for whatever reason."""
    return _count(pod, FAILURES) + _count(pod, IGNORED_FAILURES)


def held_for_successors(
    job: batch_v1.Job, pods: Sequence[core_v1.Pod], settled: frozenset[int], active: frozenset[int]
) -> dict[int, core_v1.Pod]:
    """By index the last failed pod that has no successor yet and needs one."""
    if job.spec is None or job.spec.backoffLimitPerIndex is None:
        return {}
    last: dict[int, core_v1.Pod] = {}
    for pod in sorted(pods, key=lambda pod: (failures_before(pod), name_of(pod))):
        index = indexes.index_of(pod)
        if index is None or index in settled or index in active or index >= (job.spec.completions or 0):
            continue
        if is_tracked(pod) and has_failed(job, pod):
            last[index] = pod
    return last


def _matched(rule: batch_v1.PodFailurePolicyRule, pod: core_v1.Pod) -> str:
    """What of the pod matches, in Kubernetes' words; empty if nothing does."""
    where = f"{namespace_of(pod)}/{name_of(pod)}"
    if rule.onExitCodes is not None:
        ended = _ended_as(rule.onExitCodes, pod)
        return f"Container {ended[0]} for pod {where} failed with exit code {ended[1]}" if ended else ""
    for condition in (pod.status.conditions if pod.status else None) or ():
        for pattern in rule.onPodConditions or ():
            if (condition.type, condition.status) == (pattern.type, pattern.status or "True"):
                return f"Pod {where} has condition {condition.type}"
    return ""


def _ended_as(wanted: batch_v1.PodFailurePolicyOnExitCodesRequirement, pod: core_v1.Pod) -> tuple[str, int] | None:
    """The first container that ended with one of the codes meant, and the code; success is never meant."""
    status = pod.status or core_v1.PodStatus()
    for container in (*(status.containerStatuses or ()), *(status.initContainerStatuses or ())):
        ended = container.state.terminated if container.state else None
        if ended is None or ended.exitCode == 0 or wanted.containerName not in (None, container.name):
            continue
        if (ended.exitCode in wanted.values) == (wanted.operator == "In"):
            return container.name, ended.exitCode
    return None


def _count(pod: core_v1.Pod, annotation: str) -> int:
    text = (meta(pod).annotations or {}).get(annotation, "")
    return int(text) if text.isdecimal() and int(text) < 2**31 else 0
