"""Runs the Deployment controller: load, plan, carry out, report."""

import msgspec

from petset.api.models import apps_v1, core_v1
from petset.api.objects import controller_of, meta, namespace_of, uid_of
from petset.client.audience import METADATA
from petset.controllers.deployment import conditions as words
from petset.controllers.deployment.apply import CannotCreate, Executor, NameTaken
from petset.controllers.deployment.budget import is_rolling
from petset.controllers.deployment.conditions import Conditions
from petset.controllers.deployment.history import REVISION
from petset.controllers.deployment.model import Plan, Snapshot
from petset.controllers.deployment.plan import plan
from petset.ownership.hand import Hand
from petset.ownership.health import is_finished
from petset.ownership.membership import is_owned
from petset.ownership.tending import INDEXES, Bench, Tending

NAME = "deployment-controller"
"""The source component of this controller's events."""


class DeploymentController:
    """Brings every Deployment to its spec by creating and scaling ReplicaSets."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._sets = bench.pool.informer(apps_v1.ReplicaSet, INDEXES, METADATA)
        self._pods = bench.pool.informer(core_v1.Pod, INDEXES, METADATA)
        self._tending: Tending[apps_v1.Deployment] = Tending(
            bench, apps_v1.Deployment, [apps_v1.ReplicaSet], self._tend
        )
        self._pods.on_change(self._pod_changed, owner="ReplicaSet")

    async def run(self) -> None:
        """Work until cancelled."""
        await self._tending.run()

    async def _tend(self, deployment: apps_v1.Deployment, hand: Hand) -> float | None:
        sets = self._tending.candidates(apps_v1.ReplicaSet, deployment)
        made = plan(Snapshot(deployment, sets, self._bench.clock.now(), self._pods_of(deployment, sets)))
        executor = Executor(self._bench.client, hand, self._bench.events)
        try:
            for action in made.actions:
                await executor.act(action)
        except NameTaken:
            await hand.write_status(_with_collision(deployment))
            return None
        except CannotCreate as refused:
            await hand.write_status(self._with_refusal(deployment, refused))
            raise refused.cause from None
        await self._report(deployment, made, hand)
        return made.wake_after_seconds

    async def _report(self, deployment: apps_v1.Deployment, made: Plan, hand: Hand) -> None:
        notes = meta(deployment).annotations or {}
        revision = {REVISION: made.revision} if made.revision and notes.get(REVISION) != made.revision else None
        if revision or not words.same(deployment.status, made.status):
            await hand.write_status(made.status, revision)

    def _pods_of(
        self, deployment: apps_v1.Deployment, sets: tuple[apps_v1.ReplicaSet, ...]
    ) -> dict[str, tuple[core_v1.Pod, ...]]:
        """Only a Deployment that recreates its pods waits for them."""
        if is_rolling(deployment):
            return {}
        owned = [uid_of(each) for each in sets if is_owned(deployment, each)]
        return {uid: tuple(self._pods.by_index("controller-uid", uid)) for uid in owned}

    def _with_refusal(self, deployment: apps_v1.Deployment, refused: CannotCreate) -> apps_v1.DeploymentStatus:
        status = deployment.status or apps_v1.DeploymentStatus()
        conditions = Conditions(status.conditions or (), self._bench.clock.now())
        if words.deadline_seconds(deployment) is not None:
            text = f'Failed to create new replica set "{refused.name}": {refused.cause}'
            conditions.set(words.PROGRESSING, "False", "ReplicaSetCreateError", text)
        return msgspec.structs.replace(status, conditions=conditions.all())

    def _pod_changed(self, old: core_v1.Pod | None, new: core_v1.Pod | None) -> None:
        """A pod that has ended may be the last one that a Recreate waited for."""
        if old is None or (new is not None and not is_finished(new)):
            return
        owner = controller_of(old)
        replica_set = (
            self._sets.get(owner.name, namespace_of(old)) if owner and owner.kind == "ReplicaSet" else None
        )
        above = controller_of(replica_set) if replica_set else None
        deployment = self._tending.owners.get(above.name, namespace_of(old)) if above else None
        if deployment is not None and not is_rolling(deployment):
            self._tending.wake(deployment)


def _with_collision(deployment: apps_v1.Deployment) -> apps_v1.DeploymentStatus:
    status = deployment.status or apps_v1.DeploymentStatus()
    return msgspec.structs.replace(status, collisionCount=(status.collisionCount or 0) + 1)
