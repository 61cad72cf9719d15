"""What goes wrong between a component and the API, for tests to put in its way.

Faults keep the API's promises: a late watch is late, never out of order, and what it was late with still arrives.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from petset.aio.clock import Clock
from petset.api.kinds import Kinds
from petset.api.models import autoscaling_v1, meta_v1
from petset.client.accounts import Account
from petset.client.port import Client, ClientWatch, Listing, WatchEvent
from petset.registry.port import Patch

T = TypeVar("T")
Lag = Callable[[type[Any]], float]
"""How many seconds the next batch of changes of a kind is late."""


class LateWatches:
    """A `Client` whose watches are late; reads and writes go straight through."""

    def __init__(self, client: Client, clock: Clock, lag: Lag) -> None:
        self._client = client
        self._clock = clock
        self._lag = lag

    def watch(
        self, kind: type[T], namespace: str = "", *, resource_version: str, labels: str = "", fields: str = ""
    ) -> ClientWatch[T]:
        watch = self._client.watch(kind, namespace, resource_version=resource_version, labels=labels, fields=fields)
        return _LateWatch(watch, self._clock, lambda: self._lag(kind))

    @property
    def kinds(self) -> Kinds:
        return self._client.kinds

    def acting_as(self, account: Account) -> Client:
        return LateWatches(self._client.acting_as(account), self._clock, self._lag)

    async def get(self, kind: type[T], name: str, namespace: str = "") -> T:
        return await self._client.get(kind, name, namespace)

    async def get_scale(self, kind: type[Any], name: str, namespace: str = "") -> autoscaling_v1.Scale:
        return await self._client.get_scale(kind, name, namespace)

    async def list(self, kind: type[T], namespace: str = "", *, labels: str = "", fields: str = "") -> Listing[T]:
        return await self._client.list(kind, namespace, labels=labels, fields=fields)

    async def create(self, obj: T) -> T:
        return await self._client.create(obj)

    async def update(self, obj: T, subresource: str = "") -> T:
        return await self._client.update(obj, subresource)

    async def patch(self, kind: type[T], name: str, namespace: str, patch: Patch, subresource: str = "") -> T:
        return await self._client.patch(kind, name, namespace, patch, subresource)

    async def delete(
        self, kind: type[Any], name: str, namespace: str = "", options: meta_v1.DeleteOptions | None = None
    ) -> None:
        await self._client.delete(kind, name, namespace, options)

    async def bind(self, namespace: str, pod: str, node: str) -> None:
        await self._client.bind(namespace, pod, node)


class _LateWatch:
    """The watch of the real client, each batch of it held back for a while."""

    def __init__(self, watch: ClientWatch[Any], clock: Clock, lag: Callable[[], float]) -> None:
        self._watch = watch
        self._clock = clock
        self._lag = lag
        self.resource_version = watch.resource_version

    async def next(self) -> Sequence[WatchEvent[Any]]:
        batch = await self._watch.next()
        version = self._watch.resource_version
        await self._clock.sleep(self._lag())
        self.resource_version = version
        return batch

    def close(self) -> None:
        self._watch.close()
