"""The connection of one process to the API, through whatever weather there is.

Even in bad weather the API keeps its promises: changes are late but in order, and a watch that is cut off is listed
again, or resumed with what it has told last; a lost answer is lost, the write stands. A process that dies dies
between two of its writes, with the answer to the last one on its way, and none of its writes comes after its death.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from random import Random  # noqa: TID251 - the type of an argument
from typing import Any, TypeVar

import msgspec

from petset.aio.clock import Clock
from petset.api.errors import ApiError, Expired, Timeout
from petset.api.models import meta_v1
from petset.api.objects import meta, name_of, namespace_of
from petset.client.accounts import API_SERVER, Account
from petset.client.port import Client, ClientWatch, WatchEvent
from petset.registry.port import Patch
from petset.testing.faults import LateWatches

T = TypeVar("T")

TOUCHED = "petset.dev/touched-in-between"


@dataclass
class Weather:
    """How bad it is between components and the API at present; a change counts from the next call on.

    `lag_seconds` is the most by which changes are late; rates are chances from 0 to 1: of another writer coming in
    between a component's read and its update, of a write's answer being lost, of a watch being cut off, of changes
    being told twice.
    """

    lag_seconds: float = 0.0
    conflict_rate: float = 0.0
    lost_answer_rate: float = 0.0
    cut_rate: float = 0.0
    repeat_rate: float = 0.0

    def clear(self) -> None:
        """The sun comes out. Lateness stays: it is no fault but the distance to the API."""
        self.conflict_rate = self.lost_answer_rate = self.cut_rate = self.repeat_rate = 0.0


@dataclass
class Fate:
    """When a process dies: after so many more writes, whichever of its accounts makes them; None: not foreseen."""

    writes_left: int | None = None
    died: Callable[[], None] = lambda: None


class Link(LateWatches):
    """A `Client` in the weather. Once it is broken its process is dead for the API: no call ever returns."""

    def __init__(
        self, client: Client, clock: Clock, weather: Weather, source: Random, fate: Fate | None = None
    ) -> None:
        super().__init__(client, clock, lambda kind: source.uniform(0, weather.lag_seconds))
        self._weather = weather
        self._random = source
        self._fate = fate or Fate()

    def acting_as(self, account: Account) -> Client:
        return Link(self._client.acting_as(account), self._clock, self._weather, self._random, self._fate)

    def break_after(self, writes: int, died: Callable[[], None] = lambda: None) -> None:
        """Let so many more writes pass; the last of them is stored, and nobody here hears of it but `died`."""
        self._fate.writes_left, self._fate.died = writes, died

    def disarm(self) -> None:
        """Do not break after all, unless it has happened."""
        if self._fate.writes_left:
            self._fate.writes_left = None

    def watch(
        self, kind: type[T], namespace: str = "", *, resource_version: str, labels: str = "", fields: str = ""
    ) -> ClientWatch[T]:
        watch = super().watch(kind, namespace, resource_version=resource_version, labels=labels, fields=fields)
        return _ShakyWatch(
            watch, lambda: self._strikes(self._weather.cut_rate), lambda: self._strikes(self._weather.repeat_rate)
        )

    async def create(self, obj: T) -> T:
        return await self._write(super().create(obj))

    async def update(self, obj: T, subresource: str = "") -> T:
        if self._strikes(self._weather.conflict_rate):
            await self._touch(obj)
        return await self._write(super().update(obj, subresource))

    async def patch(self, kind: type[T], name: str, namespace: str, patch: Patch, subresource: str = "") -> T:
        return await self._write(super().patch(kind, name, namespace, patch, subresource))

    async def delete(
        self, kind: type[Any], name: str, namespace: str = "", options: meta_v1.DeleteOptions | None = None
    ) -> None:
        await self._write(super().delete(kind, name, namespace, options))

    async def bind(self, namespace: str, pod: str, node: str) -> None:
        await self._write(super().bind(namespace, pod, node))

    async def _write(self, write: Coroutine[Any, Any, T]) -> T:
        fate = self._fate
        if fate.writes_left == 0:
            write.close()
            await _for_ever()
        if fate.writes_left is not None:
            fate.writes_left -= 1
        is_last = fate.writes_left == 0
        try:
            answer = await write
        finally:
            if is_last:
                fate.died()
        if fate.writes_left == 0:
            await _for_ever()
        if self._strikes(self._weather.lost_answer_rate):
            raise Timeout("the answer was lost on the way")
        return answer

    async def _touch(self, obj: Any) -> None:
        """Somebody else writes the object first, nothing that matters."""
        try:
            other = self._client.acting_as(API_SERVER)
            there = await other.get(type(obj), name_of(obj), namespace_of(obj))
            annotations = {**(meta(there).annotations or {}), TOUCHED: meta(there).resourceVersion or ""}
            metadata = msgspec.structs.replace(meta(there), annotations=annotations)
            await other.update(msgspec.structs.replace(there, metadata=metadata))
        except ApiError:
            return

    def _strikes(self, rate: float) -> bool:
        return rate > 0 and self._random.random() < rate


async def _for_ever() -> None:
    await asyncio.get_running_loop().create_future()


class _ShakyWatch:
    """A watch that now and then ends before its next batch, as one does that fell behind, or tells a batch twice,
    as one does that is resumed from the version before.
    """

    def __init__(
        self, watch: ClientWatch[Any], is_cut: Callable[[], bool], is_repeated: Callable[[], bool]
    ) -> None:
        self._watch = watch
        self._is_cut = is_cut
        self._is_repeated = is_repeated

    @property
    def resource_version(self) -> str:
        return self._watch.resource_version

    async def next(self) -> Sequence[WatchEvent[Any]]:
        batch = await self._watch.next()
        if self._is_cut():
            raise Expired("this watch was cut off: list again")
        return [*batch, *batch] if self._is_repeated() else batch

    def close(self) -> None:
        self._watch.close()
