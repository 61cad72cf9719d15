"""Runs the CronJob controller: load, plan, carry out, report."""

from typing import Literal, cast

from petset.api.errors import AlreadyExists, ApiError
from petset.api.models import batch_v1, meta_v1
from petset.api.objects import name_of
from petset.controllers.cronjob.model import Action, CreateJob, Snapshot
from petset.controllers.cronjob.plan import plan
from petset.ownership.hand import Hand
from petset.ownership.tending import Bench, Tending

NAME = "cronjob-controller"
"""The source component of this controller's events."""


class CronJobController:
    """Starts the Jobs of every CronJob when they are due."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._tending: Tending[batch_v1.CronJob] = Tending(bench, batch_v1.CronJob, [batch_v1.Job], self._tend)

    async def run(self) -> None:
        """Work until cancelled."""
        await self._tending.run()

    async def _tend(self, cron_job: batch_v1.CronJob, hand: Hand) -> float | None:
        jobs = tuple(self._tending.children(batch_v1.Job, cron_job))
        made = plan(Snapshot(cron_job, jobs, self._bench.clock.now()))
        for action in made.actions:
            await self._act(action, hand)
        if made.status != cron_job.status:
            await hand.write_status(made.status)
        for kind, reason, message in made.told:
            self._bench.events.event(cron_job, cast(Literal["Normal", "Warning"], kind), reason, message)
        return made.wake_after_seconds

    async def _act(self, action: Action, hand: Hand) -> None:
        verb = "Create" if isinstance(action, CreateJob) else "Delete"
        try:
            if isinstance(action, CreateJob):
                await hand.create(action.job)
            else:
                await hand.delete(action.job, meta_v1.DeleteOptions(propagationPolicy="Background"))
        except AlreadyExists:
            return  # the Job of this moment is there, or somebody else's is and stays
        except ApiError as error:
            doing = "creating" if verb == "Create" else "deleting"
            self._bench.events.event(hand.owner, "Warning", f"Failed{verb}", f"Error {doing} job: {error}")
            raise
        self._bench.events.event(hand.owner, "Normal", f"Successful{verb}", f"{verb}d job {name_of(action.job)}")
