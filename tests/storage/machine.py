"""Any history of writes, failures, reads, watches and restarts, against a model that keeps every state."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from petset.storage.live import LiveStore
from petset.storage.port import Event, Key, Record, StoreConflict, StoreFailed, Subscription

KEYS = [Key(res, ns, name) for res in ("pods", "services") for ns in ("a-b", "a") for name in ("x", "y", "z")]
SCOPES = [("pods", ""), ("pods", "a"), ("services", "a-b"), ("nodes", "")]

State = dict[Key, int]
"""At which revision each key that is there was written; the values follow from that."""


class Op(NamedTuple):
    """One write. `seen` is what the writer goes by: the durable state, the newest accepted, or a wrong guess."""

    key: Key
    delete: bool
    seen: str


OPS = st.builds(Op, st.sampled_from(KEYS), st.booleans(), st.sampled_from(["durable", "accepted", "wrong"]))


class Told(NamedTuple):
    """An event, as the model and the store must agree on it."""

    key: Key
    revision: int
    previous: int
    deleted: bool


def value_at(key: Key, revision: int) -> bytes:
    return f"{key.name}@{revision}".encode()


class StoreMachine(RuleBasedStateMachine):
    """A subclass says how to open, break and (where it is durable) reopen a store."""

    durable = False

    def open(self) -> LiveStore:
        raise NotImplementedError

    def broken_disk(self) -> AbstractContextManager[None]:
        raise NotImplementedError

    @initialize()
    def begin(self) -> None:
        self.runner = asyncio.Runner()
        self.states: list[State] = [{}]  # by revision
        self.events: list[Told] = []
        self.watches: list[tuple[Subscription, tuple[str, str], int]] = []
        self._open()

    def _open(self) -> None:
        async def main() -> LiveStore:
            return self.open()

        self.store = self.runner.run(main())
        self.floor = self.store.revision

    def teardown(self) -> None:
        self.runner.run(self.store.close())
        self.runner.close()

    # What happens

    @rule(ops=st.lists(OPS, min_size=1, max_size=6), broken=st.sampled_from([False, False, True]))
    def write_side_by_side(self, ops: list[Op], broken: bool) -> None:
        durable, state, events = self.states[-1], dict(self.states[-1]), list[Told]()
        calls: list[tuple[Op, int]] = []
        outcomes: list[type] = []
        states: list[State] = []
        for op in ops:
            expected = {"durable": durable, "accepted": state, "wrong": {}}[op.seen].get(op.key, 0)
            expected += 1000 if op.seen == "wrong" else 0
            calls.append((op, expected))
            previous = state.get(op.key, 0)
            if previous == expected and not (op.delete and not previous):
                revision = len(self.states) + len(states)
                state = {key: at for key, at in state.items() if key != op.key}
                state |= {} if op.delete else {op.key: revision}
                states.append(state)
                events.append(Told(op.key, revision, previous, op.delete))
                outcomes.append(StoreFailed if broken else Record)
            elif broken and durable.get(op.key, 0) == expected and not (op.delete and not expected):
                outcomes.append(StoreFailed)  # the write it would have lost against is lost
            else:
                outcomes.append(StoreConflict)
        with self.broken_disk() if broken else nullcontext():
            results = self.runner.run(self._gather(calls))
        assert [type(result) for result in results] == outcomes
        if not broken:
            self.states += states
            self.events += events

    async def _gather(self, calls: list[tuple[Op, int]]) -> list[object]:
        writes = [
            (self.store.delete if op.delete else self.store.put)(op.key, _draft(op.key), expected)
            for op, expected in calls
        ]
        return await asyncio.gather(*writes, return_exceptions=True)

    @rule(scope=st.sampled_from(SCOPES), back=st.integers(0, 8))
    def open_a_watch(self, scope: tuple[str, str], back: int) -> None:
        after = max(self.floor, self.store.revision - back)
        self.watches.append((self.store.watch(*scope, after=after), scope, after))

    @rule(data=st.data())
    def read_a_watch(self, data: st.DataObject) -> None:
        ready = [watch for watch in self.watches if self._expected_events(watch)]
        if ready:
            chosen = data.draw(st.sampled_from(ready))
            self.watches.remove(chosen)
            watch, scope, _ = chosen
            assert [_told(event) for event in self.runner.run(_next(watch))] == self._expected_events(chosen)
            assert watch.revision == self.store.revision
            self.watches.append((watch, scope, self.store.revision))

    def _expected_events(self, watch: tuple[Subscription, tuple[str, str], int]) -> list[Told]:
        _, (resource, namespace), after = watch
        return [
            event
            for event in self.events
            if event.revision > after and event.key.resource == resource and namespace in ("", event.key.namespace)
        ]

    @precondition(lambda self: self.durable)
    @rule()
    def restart(self) -> None:
        self.runner.run(self.store.close())
        self.watches.clear()
        self._open()

    # What must hold

    @rule(
        scope=st.sampled_from(SCOPES),
        back=st.integers(0, 8),
        limit=st.integers(0, 4),
        after=st.none() | st.sampled_from(KEYS),
    )
    def list_a_page(self, scope: tuple[str, str], back: int, limit: int, after: Key | None) -> None:
        resource, namespace = scope
        revision = max(self.floor, self.store.revision - back) or self.store.revision  # 0 means now
        listing = self.store.list(
            resource, namespace, after=after and after._replace(resource=resource), limit=limit, revision=revision
        )
        expected = sorted(
            (
                key
                for key in self.states[revision]
                if key.resource == resource and namespace in ("", key.namespace)
                if after is None or _path(key) > _path(after)
            ),
            key=_path,
        )
        page = expected[: limit or None]
        assert [record.key for record in listing.records] == page
        assert [record.revision for record in listing.records] == [self.states[revision][key] for key in page]
        assert listing.remaining == len(expected) - len(page)
        assert listing.revision == revision

    @invariant()
    def the_present_is_the_models(self) -> None:
        if not hasattr(self, "store"):
            return
        assert self.store.revision == len(self.states) - 1
        for key in KEYS:
            record = self.store.get(key)
            at = self.states[-1].get(key)
            assert (record and (record.revision, record.value)) == (at and (at, value_at(key, at)))


def _path(key: Key) -> str:
    return f"{key.namespace}/{key.name}"


def _draft(key: Key) -> Callable[[int], tuple[bytes, None]]:
    return lambda revision: (value_at(key, revision), None)


def _told(event: Event) -> Told:
    previous = event.previous.revision if event.previous else 0
    return Told(event.record.key, event.record.revision, previous, event.deleted)


async def _next(watch: Subscription) -> list[Event]:
    return list(await watch.next())
