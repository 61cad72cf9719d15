"""Runs the DaemonSet controller: load, plan, carry out, report. Nodes that come, go or change wake every set."""

import msgspec

from petset.api.models import apps_v1, core_v1
from petset.api.objects import meta
from petset.controllers.daemonset.apply import carry_out
from petset.controllers.daemonset.model import Snapshot
from petset.controllers.daemonset.plan import plan
from petset.ownership.hand import Hand, RevisionCollision
from petset.ownership.tending import Bench, Tending

NAME = "daemonset-controller"
"""The source component of this controller's events."""


class DaemonSetController:
    """Keeps a pod of each DaemonSet on every node that it means."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._nodes = bench.pool.informer(core_v1.Node)
        self._tending: Tending[apps_v1.DaemonSet] = Tending(
            bench, apps_v1.DaemonSet, [core_v1.Pod, apps_v1.ControllerRevision], self._tend
        )
        self._nodes.on_change(self._node_changed)

    async def run(self) -> None:
        """Work until cancelled."""
        await self._tending.run()

    async def _tend(self, daemon_set: apps_v1.DaemonSet, hand: Hand) -> float | None:
        made = plan(
            Snapshot(
                set=daemon_set,
                nodes=tuple(self._nodes.list()),
                pods=self._tending.candidates(core_v1.Pod, daemon_set),
                revisions=self._tending.candidates(apps_v1.ControllerRevision, daemon_set),
                now=self._bench.clock.now(),
            )
        )
        status = made.status
        try:
            await carry_out(made, hand, self._bench.events)
        except RevisionCollision:
            status = msgspec.structs.replace(status, collisionCount=(status.collisionCount or 0) + 1)
        finally:
            if status != daemon_set.status:
                await hand.write_status(status)
        return made.wake_after_seconds

    def _node_changed(self, old: core_v1.Node | None, new: core_v1.Node | None) -> None:
        """Heartbeats change nothing that matters here."""
        if old is not None and new is not None and (meta(old).labels, old.spec) == (meta(new).labels, new.spec):
            return
        for daemon_set in self._tending.owners.list():
            self._tending.wake(daemon_set)
