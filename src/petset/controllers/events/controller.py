"""Looks at all events now and then. It keeps no cache of them: a list every few minutes costs less."""

from petset.aio.clock import Clock
from petset.aio.reconciler import Reconciler
from petset.api.models import core_v1
from petset.client.port import Client
from petset.controllers.events import invariants
from petset.controllers.events.apply import apply
from petset.controllers.events.model import Snapshot
from petset.controllers.events.plan import plan

_ALL = "all"


class EventSweeper:
    """Clears away events that are over."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._work = Reconciler("events", clock, self._sweep, workers=1)

    async def run(self) -> None:
        """Work until cancelled."""
        self._work.wake(_ALL)
        await self._work.run()

    async def _sweep(self, key: str) -> float:
        listing = await self._client.list(core_v1.Event)
        snapshot = Snapshot(listing.items, self._clock.now())
        decided = plan(snapshot)
        assert invariants.is_safe(snapshot, decided)
        for action in decided.actions:
            await apply(self._client, action)
        return decided.wake_after_seconds
