"""Runs the control plane ahead on a copy of what a server holds, until the sets in question rest.

Store, verbs, controllers and scheduler are the real ones, so what they would do is what is told. Only nodes and
time are simulated (`nodes`), and nothing leaves this process.
"""

import random  # noqa: TID251 - the seed is fixed: the same question has the same answer
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from petset.aio.tasks import Supervisor
from petset.api.decode import decode
from petset.api.encode import encode
from petset.api.gates import DEFAULT, Gates
from petset.api.kinds import KINDS, Kind, by_model, by_type
from petset.api.models import core_v1
from petset.api.objects import meta, name_of, namespace_of
from petset.api.options import options_of
from petset.cli.documents import Document, Observed
from petset.cli.documents import namespace_of as namespace_in
from petset.cli.why import explain
from petset.client.local import LocalClient
from petset.controllers.manager import ControllerManager, Settings
from petset.registry.bootstrap import bootstrap
from petset.registry.port import ListOptions, WriteOptions
from petset.registry.registry import Registry
from petset.storage.memory import MemoryStore
from petset.storage.port import Key, Store, StoreExpired
from petset.testing.clock import SimulatedClock
from petset.testing.directories import SimulatedDirectories
from petset.testing.forecast.beliefs import Beliefs
from petset.testing.forecast.nodes import ForecastNodes
from petset.testing.forecast.trace import Change, Step, steps
from petset.testing.loop import run

NOT_COPIED = ("events", "leases")
TRACED = ("Pod", "PersistentVolumeClaim", "PersistentVolume", "ControllerRevision", "StatefulSet")
QUIET_SECONDS = 400.0
"""So long nothing happens before a set counts as stuck: longer than a pod bears a silent node."""
LONGEST_SECONDS = 30 * 24 * 3600.0


@dataclass(frozen=True)
class Question:
    """`present` is all that the server holds, `wanted` the objects as they are to be, defaults filled in.

    `warnings` are the present Warning events; `now` the server's time, `gates` its features.
    """

    now: datetime
    present: Sequence[Document]
    wanted: Sequence[Document]
    warnings: Sequence[Document] = ()
    gates: Gates = DEFAULT


@dataclass(frozen=True)
class Outlook:
    """Where one set ends up: as its spec says, or stuck; the sentences say why."""

    set: str
    is_reached: bool
    sentences: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class Forecast:
    """All steps in order, and how each set that was asked about ends."""

    steps: tuple[Step, ...] = ()
    outlooks: tuple[Outlook, ...] = ()


def forecast(question: Question) -> Forecast:
    """What will happen when the wanted objects are applied. The same question has the same answer."""
    return run(_Run(question).run())


@dataclass
class _Run:
    question: Question
    changes: list[tuple[int, Change]] = field(default_factory=list)

    async def run(self) -> Forecast:
        source = random.Random(0)  # noqa: S311 - names of a copy, no secrets
        self.clock, self.store = SimulatedClock(self.question.now), MemoryStore()
        self.registry = Registry(self.store, self.clock.now, partial(_new_id, source), source, self.question.gates)
        client = LocalClient(self.registry)
        try:
            await _copy(self.store, self.question.present)
            await bootstrap(self.registry)
            async with Supervisor("forecast") as tasks:
                for kind in KINDS:
                    if kind.name in TRACED:
                        tasks.start(f"trace of {kind.resource}", self._trace(kind, self.store.revision))
                await self._apply()
                settings = Settings("/volumes", gates=self.question.gates)
                manager = ControllerManager(client, self.clock, source, SimulatedDirectories(), settings)
                self.manager = manager
                tasks.start("controllers", manager.run())
                nodes = ForecastNodes(client, self.clock, self._believer(), self._living_nodes())
                tasks.start("nodes", nodes.run())
                await self._until_quiet()
                return self._answer()
        finally:
            await self.store.close()

    async def _apply(self) -> None:
        ordered = sorted(self.question.wanted, key=lambda d: d["kind"] != "Namespace")
        for document in ordered:
            kind = by_type(document["apiVersion"], document["kind"])
            assert kind is not None, "the command line has refused kinds that nobody serves"
            obj = decode(kind, {k: v for k, v in document.items() if k != "status"}).obj
            metadata = meta(obj)
            metadata.resourceVersion = metadata.uid = None
            namespace, name = namespace_of(obj), name_of(obj)
            key = Key(kind.store_key, namespace, name)
            present = self.store.get(key)
            if present is None:
                await self.registry.create(kind, namespace, obj, WriteOptions())
            else:
                metadata.resourceVersion = str(present.revision)  # some kinds are not updated without
                await self.registry.update(kind, namespace, name, obj, WriteOptions())

    async def _until_quiet(self) -> None:
        """Until nothing that concerns the sets has happened for a while."""
        patience = QUIET_SECONDS + max(map(_longest_wait, self._wanted_sets()), default=0)
        seen, since = -1, self.clock.monotonic()
        while self.clock.monotonic() < LONGEST_SECONDS:
            await self.clock.sleep(1.0)
            if len(self.changes) != seen:
                seen, since = len(self.changes), self.clock.monotonic()
            elif self.clock.monotonic() - since >= patience:
                return

    async def _trace(self, kind: Kind, revision: int) -> None:
        watch = self.store.watch(kind.store_key, after=revision)
        try:
            while True:
                for event in await watch.next():
                    old = msgspec.json.decode(event.previous.value) if event.previous is not None else None
                    new = None if event.deleted else msgspec.json.decode(event.record.value)
                    change = Change(self.clock.monotonic(), kind.name, old, new)
                    self.changes.append((event.record.revision, change))
        except StoreExpired:
            return  # the store is closed

    def _answer(self) -> Forecast:
        ordered = [change for _, change in sorted(self.changes, key=lambda pair: pair[0])]
        observed = self._observed()
        asked = {(namespace_in(s), s["metadata"]["name"]) for s in self._wanted_sets()}
        owners = [s for s in observed.sets if (namespace_in(s), s["metadata"]["name"]) in asked]
        every = [(step.seconds, n, step) for owner in owners for n, step in enumerate(steps(owner, ordered))]
        every.sort(key=lambda entry: entry[:2])
        outlooks = tuple(self._outlook(owner, observed, [s for *_, s in every]) for owner in owners)
        return Forecast(tuple(step for *_, step in every), outlooks)

    def _outlook(self, owner: Document, observed: Observed, taken: Sequence[Step]) -> Outlook:
        name = f"{namespace_in(owner)}/{owner['metadata']['name']}"
        found = explain(owner, observed)
        last = max((step.seconds for step in taken if step.set == name), default=0.0)
        return Outlook(name, found.is_reached, found.sentences, last)

    def _observed(self) -> Observed:
        waits = [
            {
                "namespace": key.namespace, "name": key.name, "pod": w.subject, "blocker": w.blocker,
                "rule": w.rule, "because": w.because, "remedy": w.remedy, "message": str(w),
            }
            for key, waits in self.manager.stateful_sets.all_waiting()
            for w in waits
        ]  # fmt: skip
        told = [e for e in self._documents("Event") if e.get("type") == "Warning"]
        return Observed(
            sets=self._documents("StatefulSet"),
            pods=self._documents("Pod"),
            claims=self._documents("PersistentVolumeClaim"),
            warnings=[*self.question.warnings, *told],
            waiting=waits,
        )

    def _documents(self, name: str) -> list[dict[str, Any]]:
        kind = next(k for k in KINDS if k.name == name)
        records = self.registry.list(kind, "", ListOptions()).records
        return [msgspec.json.decode(record.value) for record in records]

    def _believer(self) -> Any:
        pods = [d for d in self.question.present if d["kind"] == "Pod"]
        claims = [d for d in self.question.present if d["kind"] == "PersistentVolumeClaim"]
        beliefs = Beliefs(pods, Observed([], pods, claims, self.question.warnings))
        return lambda pod: beliefs.why_not(namespace_of(pod), name_of(pod), meta(pod).labels or {})

    def _living_nodes(self) -> list[str]:
        selected = self.registry.list(by_model(core_v1.Node), "", ListOptions()).records
        nodes = [self.registry.decode(by_model(core_v1.Node), record) for record in selected]
        return [name_of(node) for node in nodes if _is_alive(node)]

    def _wanted_sets(self) -> list[Document]:
        return [d for d in self.question.wanted if d["kind"] == "StatefulSet"]


def _new_id(source: random.Random) -> str:
    return str(uuid.UUID(int=source.getrandbits(128), version=4))


def _is_alive(node: core_v1.Node) -> bool:
    conditions = (node.status.conditions if node.status else None) or ()
    return any(c.type == "Ready" and c.status == "True" for c in conditions)


async def _copy(store: Store, present: Sequence[Document]) -> None:
    """Put everything there just as it is, with uid, status and owners; only the revisions are the copy's own."""
    for document in present:
        kind = by_type(document["apiVersion"], document["kind"])
        if kind is None or kind.resource in NOT_COPIED:
            continue
        obj = decode(kind, dict(document)).obj
        key = Key(kind.store_key, namespace_of(obj) if kind.namespaced else "", name_of(obj))
        await store.put(key, _draft(obj), 0)


def _draft(obj: Any) -> Any:
    def draft(revision: int) -> tuple[bytes, None]:
        obj.metadata.resourceVersion = str(revision)
        return encode(obj), None

    return draft


def _longest_wait(stateful_set: Document) -> int:
    """For how many seconds nothing may happen to a set that goes on all the same."""
    asked = options_of(stateful_set["metadata"].get("annotations"))
    return max(stateful_set["spec"].get("minReadySeconds") or 0, asked.replace_broken_after_seconds or 0)
