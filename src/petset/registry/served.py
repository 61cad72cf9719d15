"""The kinds that a server serves: those built in, and those that the CustomResourceDefinitions in its store define.

What the definitions say is brought up to date right before each answer that depends on it, so that a kind is there
for the very request after the one that established it, also after a restart. Whoever asks for a built-in kind is
answered from the table of those alone.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from petset.api import kinds, objects
from petset.api.definitions import Definition
from petset.api.errors import NotFound
from petset.api.kinds import Kind
from petset.api.untyped import Untyped, model_of
from petset.registry.following import Following
from petset.registry.memo import Decoder
from petset.storage.port import Key, Record, Store, StoreExpired

DEFINITIONS = kinds.by_model(Definition)


class ServedKinds:
    """The `Kinds` of one store."""

    def __init__(self, store: Store, decoder: Decoder) -> None:
        self._decoder = decoder
        self._following = Following(store, DEFINITIONS.store_key, "", self._heard)
        self._changed = False
        self._defined: dict[str, _Defined] = {}
        self._by_type: dict[tuple[str, str], Kind] = {}
        self._by_resource: dict[tuple[str, str, str], Kind] = {}
        self._by_model: dict[type[Any], Kind] = {}
        self._custom: tuple[Kind, ...] = ()
        self._version = 0

    @property
    def version(self) -> int:
        self._catch_up()
        return self._version

    def custom(self) -> Sequence[Kind]:
        self._catch_up()
        return self._custom

    def every(self) -> Sequence[Kind]:
        return (*kinds.KINDS, *self.custom())

    def by_type(self, api_version: str, name: str) -> Kind | None:
        found = kinds.by_type(api_version, name)
        if found is None:
            self._catch_up()
            found = self._by_type.get((api_version, name))
        return found

    def by_resource(self, group: str, version: str, resource: str) -> Kind | None:
        found = kinds.by_resource(group, version, resource)
        if found is None:
            self._catch_up()
            found = self._by_resource.get((group, version, resource))
        return found

    def by_model(self, model: type[Any]) -> Kind:
        built_in = kinds.built_in(model)
        if built_in is not None:
            return built_in
        if not issubclass(model, Untyped):
            return kinds.by_model(model)
        self._catch_up()
        found = self._by_model.get(model)
        if found is None:  # its definition is gone, and whoever still follows it has not heard of that yet
            raise NotFound("the server could not find the requested resource")
        return found

    def _catch_up(self) -> None:
        with suppress(StoreExpired):  # the store is closed: what is known stays
            self._following.catch_up()
        if self._changed:
            self._index()

    def _heard(self, key: Key, record: Record | None) -> None:
        before = self._defined.pop(key.name, None)
        if record is None:
            self._changed = True
            return
        defined = self._defined[key.name] = _Defined(self._decoder.decode(DEFINITIONS, record), before)
        if before is None or defined.kinds is not before.kinds:
            self._changed = True

    def _index(self) -> None:
        served = [each for name in sorted(self._defined) for each in self._defined[name].kinds]
        self._by_model = {}
        for kind in served:
            assert kind.custom is not None
            if kind.version == kind.custom.storage_version:
                self._by_model[kind.model] = kind
        self._custom = tuple(kind for kind in served if kind.verbs)
        self._by_type = {(kind.api_version, kind.name): kind for kind in self._custom}
        self._by_resource = {(kind.group, kind.version, kind.resource): kind for kind in self._custom}
        self._version += 1
        self._changed = False


class _Defined:
    """A definition with the kinds it adds. They stay the same as long as what they follow from does, and so does
    their type, for as long as the definition is there."""

    def __init__(self, definition: Definition, before: "_Defined | None") -> None:
        if before is not None and before.uid != objects.uid_of(definition):
            before = None
        self.uid: str = objects.uid_of(definition)
        self.kinds: tuple[Kind, ...]
        self.model: type[Untyped] = before.model if before else model_of(definition.spec.names.kind)
        status = definition.status
        conditions = (status.conditions if status else None) or ()
        standing = {condition.type: condition.status for condition in conditions}
        self._basis = (definition.spec, status.acceptedNames if status else None, standing)
        if before is not None and before._basis == self._basis:
            self.kinds = before.kinds
        else:
            from petset.api.custom.definition import kinds_of  # only where there are definitions

            self.kinds = tuple(kinds_of(definition, self.model))
