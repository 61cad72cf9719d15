"""Runs the APIService controller: it looks at its start, and whenever a definition or an APIService changes."""

from petset.aio.clock import Clock
from petset.aio.reconciler import Reconciler
from petset.api.definitions import Definition
from petset.api.kinds import KINDS, REGISTRATION
from petset.client.pool import InformerPool
from petset.client.port import Client
from petset.controllers.apiservices import invariants
from petset.controllers.apiservices.apply import apply
from petset.controllers.apiservices.model import APIService, Served, Snapshot
from petset.controllers.apiservices.plan import plan

BUILT_IN = tuple(
    Served(group, version)
    for group, version in dict.fromkeys((kind.group, kind.version) for kind in KINDS)
    if group != REGISTRATION
)
"""APIServices themselves are served by nobody else, and need no registration."""
_ALL = "all"


class ApiServiceController:
    """Registers what is served."""

    def __init__(self, client: Client, clock: Clock, pool: InformerPool) -> None:
        self._client = client
        self._present = pool.informer(APIService)
        self._started = False
        self._work = Reconciler("apiservices", clock, self._reconcile, workers=1)
        pool.informer(Definition).on_change(lambda old, new: self._work.wake(_ALL))
        self._present.on_change(self._changed)

    async def run(self) -> None:
        """Work until cancelled."""
        self._work.wake(_ALL)
        await self._work.run()

    async def _reconcile(self, _: str) -> None:
        defined = dict.fromkeys(Served(kind.group, kind.version, True) for kind in self._client.kinds.custom())
        known = {(each.group, each.version) for each in BUILT_IN}
        served = [*BUILT_IN, *(each for each in defined if (each.group, each.version) not in known)]
        snapshot = Snapshot(served, self._present.list(), starts=not self._started)
        decided = plan(snapshot)
        assert invariants.is_safe(snapshot, decided)
        for action in decided.actions:
            await apply(self._client, action)
        self._started = True

    def _changed(self, old: APIService | None, new: APIService | None) -> None:
        if new is None:
            self._work.wake(_ALL)
