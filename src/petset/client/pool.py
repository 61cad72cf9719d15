"""One informer per kind, shared by all components of a process: each object is cached once and watched once.

Built-in kinds are followed because a component has asked for them before the start. Custom kinds come and go: who
wants them all is told of each when it appears, and each is followed for as long as its definition is there.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from petset.aio.clock import Clock
from petset.aio.tasks import Supervisor
from petset.api.kinds import Kind, by_model
from petset.api.models import apiextensions_v1
from petset.api.objects import Object, namespace_of
from petset.client.audience import EVERYTHING, Parts
from petset.client.informer import Informer
from petset.client.port import Client

T = TypeVar("T")
Appeared = Callable[[Kind, Informer[Any]], None]
"""Called with a custom kind and its informer, before that has seen anything."""


def by_namespace(obj: Object) -> list[str]:
    """Index: the namespace."""
    return [namespace_of(obj)]


class InformerPool:
    """Ask for informers, with the indexes you need, before `run`; `synced` once all hold the present state."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._informers: dict[type[Any], Informer[Any]] = {}
        self._appeared: list[Appeared] = []
        self._custom: dict[type[Any], _Followed] = {}
        self._tasks: Supervisor | None = None

    def informer(
        self,
        kind: type[T],
        indexes: Mapping[str, Callable[[T], Iterable[str]]] | None = None,
        looks_at: Parts = EVERYTHING,
    ) -> Informer[T]:
        """The one informer of a kind. Index names are shared too: the same name means the same function.

        `looks_at`: the parts of an object that decide where these indexes file it.
        """
        informer = self._informers.get(kind)
        if informer is None:
            informer = self._informers[kind] = Informer(self._client, self._clock, kind)
        for name, values in (indexes or {}).items():
            informer.add_index(name, values, looks_at)
        return informer

    def on_custom_kind(self, appeared: Appeared) -> None:
        """Follow all custom kinds, and tell of each one when it appears."""
        if not self._appeared:
            self.informer(apiextensions_v1.CustomResourceDefinition).on_change(self._definition_changed)
        self._appeared.append(appeared)

    def custom_kinds(self) -> list[Kind]:
        """The custom kinds that are followed at the moment, each once."""
        return [followed.kind for followed in self._custom.values()]

    async def run(self) -> None:
        """Keep every cache current until cancelled."""
        async with Supervisor("informers") as tasks:
            self._tasks = tasks
            for kind, informer in self._informers.items():
                tasks.start(by_model(kind).resource, informer.run())
            await tasks.wait()

    async def synced(self) -> None:
        """Return once every cache has been filled for the first time."""
        for informer in self._informers.values():
            await informer.synced()
        for followed in list(self._custom.values()):
            await followed.informer.synced()

    def _definition_changed(self, old: Any, new: Any) -> None:
        """Whatever has changed, the kinds that are served now are to be followed, and no others."""
        assert self._tasks is not None, "definitions are heard of by an informer that runs"
        if self._tasks.stopping:
            return
        served = {kind.model: kind for kind in reversed(self._client.kinds.custom())}
        for model in [model for model in self._custom if model not in served]:
            self._custom.pop(model).stop()
        for model, kind in served.items():
            if model in self._custom:
                self._custom[model].kind = kind
            else:
                self._follow(kind)

    def _follow(self, kind: Kind) -> None:
        assert self._tasks is not None, "definitions are heard of by an informer that runs"
        informer: Informer[Any] = Informer(self._client, self._clock, kind.model)
        for appeared in self._appeared:
            appeared(kind, informer)
        task = self._tasks.start(kind.qualified, informer.run())
        self._custom[kind.model] = _Followed(kind, informer, task.cancel)


@dataclass
class _Followed:
    kind: Kind
    informer: Informer[Any]
    cancel: Callable[[], bool]

    def stop(self) -> None:
        """The definition is gone, and so is all that it defined."""
        self.cancel()
        self.informer.forget()
