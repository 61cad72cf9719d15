"""Runs the Job controller: load, plan, carry out, report; and lets go of pods whose Job is gone."""

from contextlib import suppress
from typing import Literal, cast

from petset.aio.reconciler import Reconciler
from petset.aio.tasks import Supervisor
from petset.api.errors import Conflict, NotFound
from petset.api.models import batch_v1, core_v1
from petset.api.objects import controller_of, name_of, namespace_of, uid_of
from petset.client.audience import METADATA
from petset.client.port import Client
from petset.controllers.job.apply import carry_out
from petset.controllers.job.attempts import without_finalizer
from petset.controllers.job.model import Snapshot, is_tracked
from petset.controllers.job.plan import plan
from petset.ownership.hand import Hand
from petset.ownership.tending import INDEXES, Bench, OwnerKey, Tending

NAME = "job-controller"
"""The source component of this controller's events."""


class JobController:
    """Runs the pods of every Job to their end."""

    def __init__(self, bench: Bench, cleaner: Client) -> None:
        """`cleaner` removes Jobs whose time is over."""
        self._bench = bench
        self._cleaner = cleaner
        self._tending: Tending[batch_v1.Job] = Tending(bench, batch_v1.Job, [core_v1.Pod], self._tend)
        self._pods = bench.pool.informer(core_v1.Pod, INDEXES, METADATA)
        self._left: Reconciler[OwnerKey] = Reconciler("job-orphans", bench.clock, self._free)
        self._pods.on_change(self._pod_changed, owner="Job")
        self._tending.owners.on_change(self._job_changed)

    async def run(self) -> None:
        """Work until cancelled."""
        async with Supervisor("jobs") as tasks:
            tasks.start("jobs", self._tending.run())
            tasks.start("orphans", self._left.run())
            await tasks.wait()

    async def _tend(self, job: batch_v1.Job, hand: Hand) -> float | None:
        snapshot = Snapshot(job, self._tending.candidates(core_v1.Pod, job), self._bench.clock.now())
        made = plan(snapshot)
        try:
            await carry_out(made, hand, self._bench.events, self._cleaner)
        finally:
            if made.status != job.status:
                await hand.write_status(made.status)
        for kind, reason, message in made.told:
            self._bench.events.event(job, cast(Literal["Normal", "Warning"], kind), reason, message)
        return made.wake_after_seconds

    def _job_changed(self, old: batch_v1.Job | None, new: batch_v1.Job | None) -> None:
        if old is not None and (new is None or uid_of(new) != uid_of(old)):
            for pod in self._tending.children(core_v1.Pod, old):
                self._left.wake(OwnerKey(namespace_of(pod), name_of(pod)))

    def _pod_changed(self, old: core_v1.Pod | None, new: core_v1.Pod | None) -> None:
        if new is not None and is_tracked(new) and self._is_left(new):
            self._left.wake(OwnerKey(namespace_of(new), name_of(new)))

    def _is_left(self, pod: core_v1.Pod) -> bool:
        """No Job will ever count it."""
        owner = controller_of(pod)
        if owner is None or owner.kind != "Job":
            return owner is None
        job = self._tending.owners.get(owner.name, namespace_of(pod))
        return job is None or uid_of(job) != owner.uid

    async def _free(self, key: OwnerKey) -> None:
        """A look at the API itself comes first: the cache of Jobs may be behind that of pods."""
        pod = self._pods.get(key.name, key.namespace)
        if pod is None or not is_tracked(pod) or not self._is_left(pod):
            return
        owner = controller_of(pod)
        if owner is not None:
            with suppress(NotFound):
                job = await self._bench.client.get(batch_v1.Job, owner.name, key.namespace)
                if uid_of(job) == owner.uid:
                    return
        with suppress(NotFound, Conflict):
            await self._bench.client.update(without_finalizer(pod))
