"""Hears which of the objects that its pods name have changed: a name is enough, for objects are read when needed.

So nothing is cached here. A node is told only of what its own pods name, which may have been there long before the
pod was: an informer would take the end of such an object for the end of nothing.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from petset.aio.backoff import Backoff
from petset.aio.clock import Clock
from petset.api.errors import ApiError, Expired
from petset.client.port import Client, Kept
from petset.node.references import Reference, ReferencedKind

Heard = Callable[[str, Reference], None]
"""Called with the namespace and the reference of an object that may have changed."""

_BACKOFF = Backoff(first_seconds=0.8, factor=2, most_seconds=30)
_log = logging.getLogger(__name__)


class News:
    """The changes of one kind from the first list on; after a gap everything that was told of is told again."""

    def __init__(self, client: Client, clock: Clock, kind: ReferencedKind, model: type[Any], heard: Heard) -> None:
        self._client = client
        self._clock = clock
        self._kind = kind
        self._model = model
        self._heard = heard
        self._told: dict[tuple[str, str], None] = {}
        self._started = asyncio.Event()

    async def started(self) -> None:
        """Return once no change will be missed any more."""
        await self._started.wait()

    async def run(self) -> None:
        """Listen until cancelled. What the server refuses is tried again, ever more slowly."""
        failures = 0
        while True:
            try:
                version = await self._list()
                failures = 0
                await self._follow(version)
            except Expired:
                continue
            except ApiError as error:
                failures += 1
                delay = _BACKOFF.delay(failures)
                _log.warning("cannot follow %s, again in %.1f s: %s", self._kind, delay, error)
                await self._clock.sleep(delay)

    async def _list(self) -> str:
        listing = await self._client.list(self._model)
        present = {(kept.namespace, kept.name): None for kept in listing.kept}
        if self._started.is_set():
            for namespace, name in self._told | present:
                self._heard(namespace, Reference(self._kind, name))
        self._told = present
        self._started.set()
        return listing.resource_version

    async def _follow(self, version: str) -> None:
        watch = self._client.watch(self._model, resource_version=version)
        try:
            while True:
                for event in await watch.next():
                    self._tell(event.kept, gone=event.type == "DELETED")
        finally:
            watch.close()

    def _tell(self, kept: Kept[Any], *, gone: bool) -> None:
        key = (kept.namespace, kept.name)
        if gone:
            self._told.pop(key, None)
        else:
            self._told[key] = None
        self._heard(kept.namespace, Reference(self._kind, kept.name))
