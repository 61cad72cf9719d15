"""Who hears of a change: subscribers found by resource and namespace, never by asking each of them.

A commit's events are handed to a subscriber as one batch. A subscriber that does not fetch them is cut off once too
many wait, so that it costs the others nothing but that much memory.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence

from petset.storage.port import Event, StoreExpired

Scope = tuple[str, str]
"""A resource, and a namespace or empty for all of them."""


class HubSubscription:
    """One watcher's waiting events."""

    def __init__(self, hub: "Hub", scope: Scope, after: int, backlog: Sequence[Event]) -> None:
        self._hub = hub
        self._scope = scope
        self._after = after  # what the watcher has been told, or started from
        self._waiting: list[Event] = list(backlog)
        self.idle = not backlog  # as `_waiting` and `_end` have it, for those who look often
        self._waiter: asyncio.Future[None] | None = None
        self._end: str = ""

    @property
    def revision(self) -> int:
        """Every event up to this revision has been handed out."""
        return self._after if self._waiting or self._end else max(self._after, self._hub.revision)

    async def next(self) -> Sequence[Event]:
        """All events that wait, at least one. Raises StoreExpired once cut off or closed."""
        while not self._waiting:
            if self._end:
                raise StoreExpired(self._end)
            assert self._waiter is None, "two are reading one subscription"
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return self.take()

    def take(self) -> Sequence[Event]:
        """The events that wait, none where none do. Raises StoreExpired once cut off or closed."""
        if not self._waiting:
            if self._end:
                raise StoreExpired(self._end)
            return ()
        events, self._waiting = self._waiting, []
        self.idle = True
        self._after = events[-1].record.revision
        return events

    def close(self) -> None:
        """Hear of nothing more."""
        self._hub.forget(self._scope, self)
        self.end("this watch was closed")

    def offer(self, events: Sequence[Event], most_waiting: int) -> None:
        """Take over events, in order, that are newer than what the watcher asked for."""
        if events[0].record.revision > self._after:
            self._waiting += events  # as nearly always
        else:
            self._waiting += [event for event in events if event.record.revision > self._after]
        if len(self._waiting) > most_waiting:
            self._hub.forget(self._scope, self)
            self.end(f"this watch fell {len(self._waiting)} events behind: list again")
        elif self._waiting:
            self.idle = False
            self._wake()

    def end(self, reason: str) -> None:
        """Drop what waits and fail whoever reads."""
        self._end = self._end or reason
        self._waiting.clear()
        self.idle = False
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Hub:
    """All subscriptions. `revision` is that of the last published event."""

    def __init__(self, revision: int, most_waiting: int) -> None:
        self.revision = revision
        self._most_waiting = most_waiting
        # A dictionary keeps the order of arrival, which a set would not: runs must replay.
        self._subscriptions: dict[Scope, dict[HubSubscription, None]] = {}

    def subscribe(self, scope: Scope, after: int, backlog: Sequence[Event]) -> HubSubscription:
        """Hear of every event in the scope after those of the backlog, which come first."""
        subscription = HubSubscription(self, scope, after, backlog)
        self._subscriptions.setdefault(scope, {})[subscription] = None
        return subscription

    def forget(self, scope: Scope, subscription: HubSubscription) -> None:
        """Stop telling the subscription anything."""
        subscriptions = self._subscriptions.get(scope, {})
        subscriptions.pop(subscription, None)
        if not subscriptions:
            self._subscriptions.pop(scope, None)

    def publish(self, events: Sequence[Event]) -> None:
        """Hand the events of one commit to those who watch their scopes."""
        self.revision = events[-1].record.revision
        for scope, batch in self._by_scope(events).items():
            for subscription in list(self._subscriptions[scope]):
                subscription.offer(batch, self._most_waiting)

    def close(self) -> None:
        """End every watch."""
        for subscriptions in list(self._subscriptions.values()):
            for subscription in list(subscriptions):
                subscription.end("the store is closing")
        self._subscriptions.clear()

    def _by_scope(self, events: Sequence[Event]) -> dict[Scope, list[Event]]:
        watched: dict[Scope, list[Event]] = defaultdict(list)
        for event in events:
            key = event.record.key
            if (key.resource, "") in self._subscriptions:
                watched[key.resource, ""].append(event)
            if key.namespace and (key.resource, key.namespace) in self._subscriptions:
                watched[key.resource, key.namespace].append(event)
        return watched
