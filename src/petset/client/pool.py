"""One informer per kind, shared by all components of a process: each object is cached once and watched once."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from petset.aio.clock import Clock
from petset.aio.tasks import Supervisor
from petset.api.kinds import by_model
from petset.api.objects import Object, namespace_of
from petset.client.informer import Informer
from petset.client.port import Client

T = TypeVar("T")


def by_namespace(obj: Object) -> list[str]:
    """Index: the namespace."""
    return [namespace_of(obj)]


class InformerPool:
    """Ask for informers, with the indexes you need, before `run`; `synced` once all hold the present state."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._informers: dict[type[Any], Informer[Any]] = {}

    def informer(
        self, kind: type[T], indexes: Mapping[str, Callable[[T], Iterable[str]]] | None = None
    ) -> Informer[T]:
        """The one informer of a kind. Index names are shared too: the same name means the same function."""
        informer = self._informers.get(kind)
        if informer is None:
            informer = self._informers[kind] = Informer(self._client, self._clock, kind)
        for name, values in (indexes or {}).items():
            informer.add_index(name, values)
        return informer

    async def run(self) -> None:
        """Keep every cache current until cancelled."""
        async with Supervisor("informers") as tasks:
            for kind, informer in self._informers.items():
                tasks.start(by_model(kind).resource, informer.run())
            await tasks.wait()

    async def synced(self) -> None:
        """Return once every cache has been filled for the first time."""
        for informer in self._informers.values():
            await informer.synced()
