"""Runs the definitions controller: one definition at a time, so that no name is given out twice."""

from collections.abc import Sequence

from petset.aio.clock import Clock
from petset.aio.reconciler import Reconciler
from petset.api.definitions import Definition
from petset.api.errors import Conflict, NotFound
from petset.api.kinds import Kind
from petset.api.objects import is_terminating, name_of, namespace_of, uid_of
from petset.client.informer import Informer
from petset.client.pool import InformerPool
from petset.client.port import Client
from petset.controllers.definitions import invariants
from petset.controllers.definitions.apply import apply
from petset.controllers.definitions.model import Instance, ReportStatus, Snapshot
from petset.controllers.definitions.plan import plan


class DefinitionController:
    """Establishes definitions, and empties those that go."""

    def __init__(self, client: Client, clock: Clock, pool: InformerPool) -> None:
        self._client = client
        self._clock = clock
        self._definitions = pool.informer(Definition)
        self._definitions.on_change(self._changed)
        self._work = Reconciler("definitions", clock, self._reconcile, workers=1)
        pool.on_custom_kind(self._appeared)

    async def run(self) -> None:
        """Work until cancelled."""
        await self._work.run()

    async def _reconcile(self, name: str) -> None:
        """The API is asked, for a cache may not show yet what was accepted a moment ago."""
        listing = await self._client.list(Definition)
        definition = next((each for each in listing.items if name_of(each) == name), None)
        if definition is None:
            return
        kind = self._kind_of(definition)
        snapshot = await self._look(definition, listing.items, kind)
        decided = plan(snapshot)
        assert invariants.is_safe(snapshot, decided)
        try:
            for action in decided.actions:
                await apply(self._client, kind, action)
        except (Conflict, NotFound):
            self._work.wake(name)
            return
        if any(isinstance(action, ReportStatus) for action in decided.actions):
            self._wake_others(definition)

    async def _look(self, definition: Definition, every: Sequence[Definition], kind: Kind | None) -> Snapshot:
        group = definition.spec.group
        others = [each for each in every if each.spec.group == group and name_of(each) != name_of(definition)]
        instances: list[Instance] = []
        if kind is not None and is_terminating(definition):
            found = await self._client.list(kind.model)
            instances = [Instance(namespace_of(o), name_of(o), uid_of(o), is_terminating(o)) for o in found.items]
        return Snapshot(definition, self._clock.now().replace(microsecond=0), others, instances)

    def _kind_of(self, definition: Definition) -> Kind | None:
        """Any of the kinds that the definition adds, once it is established."""
        name = name_of(definition)
        return next((kind for kind in self._client.kinds.custom() if kind.qualified == name), None)

    def _changed(self, old: Definition | None, new: Definition | None) -> None:
        if new is not None:
            self._work.wake(name_of(new))
        elif old is not None:
            self._wake_others(old)

    def _wake_others(self, definition: Definition) -> None:
        """A name may have become free for them."""
        for other in self._definitions.list():
            if other.spec.group == definition.spec.group and name_of(other) != name_of(definition):
                self._work.wake(name_of(other))

    def _appeared(self, kind: Kind, informer: Informer[object]) -> None:
        def changed(old: object | None, new: object | None) -> None:
            if new is None:  # one object less to wait for
                self._work.wake(kind.qualified)

        informer.on_change(changed)
