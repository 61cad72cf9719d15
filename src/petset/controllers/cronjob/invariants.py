"""What no plan of a CronJob may ever ask for."""

from petset.api.objects import name_of
from petset.controllers.cronjob.model import CreateJob, DeleteJob, Plan, Snapshot
from petset.controllers.cronjob.plan import ending_of


def violations(snapshot: Snapshot, plan: Plan) -> tuple[str, ...]:
    """The promises that `plan` would break in the state of `snapshot`."""
    spec = snapshot.cron_job.spec
    assert spec is not None
    created = [action.job for action in plan.actions if isinstance(action, CreateJob)]
    deleted = {name_of(action.job) for action in plan.actions if isinstance(action, DeleteJob)}
    running = {name_of(job) for job in snapshot.jobs if not ending_of(job)}
    broken = []
    if {name_of(job) for job in created} & {name_of(job) for job in snapshot.jobs} or len(created) > 1:
        broken.append("at most one Job for each moment")
    if created and running and spec.concurrencyPolicy == "Forbid":
        broken.append("no Job beside another where that is forbidden")
    if deleted & running and spec.concurrencyPolicy != "Replace":
        broken.append("no Job is stopped unless it is replaced")
    if created and spec.suspend:
        broken.append("a suspended CronJob starts nothing")
    return tuple(broken)
