"""Runs the controllers of ReplicaSets and of ReplicationControllers: load, plan, carry out, report.

A step that the API refused is reported too.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from petset.api.errors import ApiError
from petset.api.models import apps_v1, core_v1
from petset.api.objects import controller_of, namespace_of
from petset.controllers.replicaset.apply import carry_out
from petset.controllers.replicaset.model import Plan, Replicated, Snapshot, Status
from petset.controllers.replicaset.plan import plan
from petset.ownership.hand import Hand
from petset.ownership.pods import is_active
from petset.ownership.tending import Bench, Tending

NAME = "replicaset-controller"
OLDER_NAME = "replication-controller"
"""The source components of these controllers' events."""
FAILURE = "ReplicaFailure"


class ReplicaSetController:
    """Keeps as many pods of each ReplicaSet, or of each ReplicationController, as its spec says."""

    def __init__(self, bench: Bench, kind: type[Replicated] = apps_v1.ReplicaSet) -> None:
        self._bench = bench
        self._tending: Tending[Replicated] = Tending(bench, kind, [core_v1.Pod], self._tend)

    async def run(self) -> None:
        """Work until cancelled."""
        await self._tending.run()

    async def _tend(self, replica_set: Replicated, hand: Hand) -> float | None:
        pods = self._tending.candidates(core_v1.Pod, replica_set)
        made = plan(Snapshot(replica_set, pods, self._bench.clock.now(), self._beside(replica_set)))
        failure: ApiError | None = None
        try:
            await carry_out(made, hand, self._bench.events)
        except ApiError as error:
            failure = error
        status = with_failure(made, failure, self._bench.clock.now())
        if status != replica_set.status:
            await hand.write_status(status)
        if failure is not None:
            raise failure
        return made.wake_after_seconds

    def _beside(self, replica_set: Replicated) -> Mapping[str, int]:
        """Pods on each node, of the set and of its siblings: doubled ones go first."""
        owner = controller_of(replica_set)
        family = [replica_set]
        if owner is not None:
            others = self._tending.owners.list()
            near = (rs for rs in others if namespace_of(rs) == namespace_of(replica_set))
            family = [rs for rs in near if (ref := controller_of(rs)) is not None and ref.uid == owner.uid]
        pods = (pod for rs in family for pod in self._tending.children(core_v1.Pod, rs) if is_active(pod))
        return Counter(pod.spec.nodeName for pod in pods if pod.spec and pod.spec.nodeName)


def with_failure(made: Plan, failure: ApiError | None, now: datetime) -> Status:
    """The planned status with, or without, the condition that says why pods cannot be made or deleted."""
    before: list[Any] = [*(made.status.conditions or ())]
    condition_type: type[Any] = apps_v1.ReplicaSetCondition
    if isinstance(made.status, core_v1.ReplicationControllerStatus):
        condition_type = core_v1.ReplicationControllerCondition
    others = [condition for condition in before if condition.type != FAILURE]
    known = next((condition for condition in before if condition.type == FAILURE), None)
    if failure is not None and (made.creations or made.deletions):
        reason = "FailedCreate" if made.creations else "FailedDelete"
        if known is None or known.reason != reason:
            known = condition_type(
                type=FAILURE, status="True", reason=reason, message=str(failure), lastTransitionTime=now
            )
        others.append(known)
    return msgspec.structs.replace(made.status, conditions=others or None)
