"""What no plan of a Job may ever ask for."""

from petset.api.objects import uid_of
from petset.controllers.job import indexes
from petset.controllers.job.failures import has_failed, ruling_on
from petset.controllers.job.model import CreatePod, DeleteJob, LetGo, Plan, Snapshot, is_tracked
from petset.controllers.job.plan import finished_at
from petset.ownership.membership import is_owned
from petset.ownership.pods import is_active


def violations(snapshot: Snapshot, plan: Plan) -> tuple[str, ...]:
    """The promises that `plan` would break in the state of `snapshot`."""
    job = snapshot.job
    assert job.spec is not None
    active = sum(1 for pod in snapshot.pods if is_owned(job, pod) and is_active(pod))
    created = sum(isinstance(action, CreatePod) for action in plan.actions)
    broken = []
    if created and active + created > (1 if job.spec.parallelism is None else job.spec.parallelism):
        broken.append("never more than parallelism run")
    if created and finished_at(job):
        broken.append("a Job that has ended starts nothing")
    if any(isinstance(action, DeleteJob) for action in plan.actions) and not finished_at(job):
        broken.append("only a finished Job expires")
    stored = job.status.uncountedTerminatedPods if job.status else None
    named = {*((stored.succeeded if stored else None) or ()), *((stored.failed if stored else None) or ())}
    let_go = [action.pod for action in plan.actions if isinstance(action, LetGo)]
    is_indexed = job.spec.completionMode == "Indexed"
    owed = [pod for pod in let_go if not (has_failed(job, pod) and not ruling_on(job, pod).counts)]
    if not finished_at(job) and not is_indexed and any(uid_of(pod) not in named for pod in owed):
        broken.append("nobody is let go of before the status has named it")
    over = {*indexes.parse(job.status.failedIndexes if job.status else None, job.spec.completions or 0)}
    if over & {indexes.index_of(action.pod) for action in plan.actions if isinstance(action, CreatePod)}:
        broken.append("an index that has failed for good is not tried again")
    if any(not is_tracked(pod) for pod in let_go):
        broken.append("nobody is let go of twice")
    return tuple(broken)
