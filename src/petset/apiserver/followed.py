"""What decisions about access rest on, heard of right before each of them: a right holds for the very next request.

Nothing needs to run for that. Where somebody keeps what they have been told, `run` tells them of changes as they
come.
"""

from collections.abc import Callable, Iterable, Iterator

from petset.api.errors import Expired
from petset.api.kinds import Kind
from petset.api.models import rbac_v1
from petset.api.objects import namespace_of
from petset.registry.port import ListOptions, Registry, Watch, WatchItem
from petset.storage.port import Key

Binding = rbac_v1.RoleBinding | rbac_v1.ClusterRoleBinding
Subject = tuple[str, str]


class Followed:
    """The objects of one kind. `changed` is called after each batch of changes."""

    def __init__(self, registry: Registry, kind: Kind, changed: Callable[[], None] = lambda: None) -> None:
        self._registry = registry
        self._kind = kind
        self._changed = changed
        self.watch: Watch | None = None

    def catch_up(self) -> None:
        """Take in all that has happened."""
        try:
            items = self._opened().take()
            if not items:
                return
            while items:
                for item in items:
                    self._note(item)
                items = self._opened().take()
        except Expired:
            self._begin_anew()
            self.catch_up()
        self._changed()

    async def run(self) -> None:
        """Take in changes as they come, until cancelled."""
        while True:
            try:
                items = await self._opened().next()
            except Expired:
                self._begin_anew()
                continue
            for item in items:
                self._note(item)
            self._changed()

    def _opened(self) -> Watch:
        if self.watch is None:
            self.watch = self._registry.watch(self._kind, "", ListOptions())
        return self.watch

    def _begin_anew(self) -> None:
        """Nobody has asked for so long that the news are no longer kept: all will come again."""
        self.watch = None
        self._forget()

    def _note(self, item: WatchItem) -> None:
        """One object came, changed or went."""

    def _forget(self) -> None:
        """Nothing is known any more."""


class Bindings(Followed):
    """The bindings of one kind, filed by the namespace in which they hold and by whom they name."""

    def __init__(self, registry: Registry, kind: Kind, changed: Callable[[], None]) -> None:
        super().__init__(registry, kind, changed)
        self._filed: dict[tuple[str, Subject], dict[Key, Binding]] = {}
        self._known: dict[Key, Binding] = {}

    def naming(self, namespace: str, subjects: Iterable[Subject]) -> Iterator[tuple[Binding, Subject]]:
        """The bindings that hold in the namespace and name one of the subjects."""
        for subject in subjects:
            for binding in self._filed.get((namespace, subject), {}).values():
                yield binding, subject

    def _note(self, item: WatchItem) -> None:
        old = self._known.pop(item.record.key, None)
        if old is not None:
            self._unfile(item.record.key, old)
        if item.type != "DELETED":
            self._file(item.record.key, self._registry.decode(self._kind, item.record))

    def _forget(self) -> None:
        self._filed, self._known = {}, {}

    def _file(self, key: Key, binding: Binding) -> None:
        self._known[key] = binding
        for place in _places(binding):
            self._filed.setdefault(place, {})[key] = binding

    def _unfile(self, key: Key, binding: Binding) -> None:
        for place in set(_places(binding)):
            filed = self._filed[place]
            del filed[key]
            if not filed:
                del self._filed[place]


def _places(binding: Binding) -> Iterator[tuple[str, Subject]]:
    """Where a binding is filed: once for each that it names."""
    namespace = namespace_of(binding)
    for subject in binding.subjects or ():
        account = subject.kind == "ServiceAccount"
        name = f"{subject.namespace or namespace}/{subject.name}" if account else subject.name
        yield namespace, (subject.kind, name)
