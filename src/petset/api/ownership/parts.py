"""The schema as ownership sees it: what is owned field by field, and what only as a whole.

A struct is owned by its fields, a map by its keys, a list with keys by its elements, a set by its values. All else
is a leaf: scalars, lists without keys, and whatever the schema calls atomic.
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from petset.api.ownership.fieldsets import key_step, value_step
from petset.api.schema import Field, Type, per_type, shape


class Part(NamedTuple):
    """One kind of place. `of` is what a map or list holds; `keys` name a list's elements, with their defaults.

    A struct has its fields in a `model` or, where no model describes it, in `fields`; `of` is then what any other
    field holds, if there may be others.
    """

    form: Literal["leaf", "struct", "map", "list", "set", "raw"]
    model: type[Any] | None = None
    of: "Part | None" = None
    keys: tuple[tuple[str, Any], ...] = ()
    fields: "Mapping[str, Part] | None" = None

    def as_found(self, value: Any) -> "Part":
        """What nobody knows the type of is known by its value: objects have members, all else is a leaf."""
        if self.form != "raw":
            return self
        return _RAW_MAP if isinstance(value, dict) else LEAF

    def child(self, name: str) -> "Part | None":
        """A field of a struct or a key of a map; None where the struct has no such field."""
        if self.model is not None:
            return parts(self.model).get(name)
        if self.fields is not None:
            return self.fields.get(name) or self.of
        return self.of

    def has_field(self, name: str) -> bool:
        """Whether this is a struct with such a field, and no map with such a key."""
        known = self.fields if self.model is None else parts(self.model)
        return known is not None and name in known

    def below(self, step: str) -> "Part":
        """What a step of a field set leads to."""
        if self.form in ("list", "set"):
            assert self.of is not None
            return self.of
        return self.child(step[2:]) or RAW


LEAF = Part("leaf")
RAW = Part("raw")
_RAW_MAP = Part("map", of=RAW)
_DEFAULT_KEYS: Mapping[str, Any] = {"protocol": "TCP"}  # the one key of a list that may be left out
_ZEROS: Mapping[str, Any] = {"string": "", "int32": 0, "int64": 0}


def root(model: type[Any]) -> Part:
    """An object as a whole."""
    return Part("struct", model=model)


@per_type
def parts(model: type[Any]) -> Mapping[str, Part]:
    """The parts of a struct, by their names in documents."""
    return {name: _part_of(field) for name, field in shape(model).fields.items()}


def _part_of(field: Field) -> Part:
    kind = field.type
    if field.list_type == "granular" and kind.model is not None:
        return Part("struct", model=kind.model)
    if field.list_type == "atomic":
        return LEAF
    if kind.name == "list" and kind.of is not None:
        if field.list_type == "map":
            return Part("list", of=_plain(kind.of), keys=_keys(kind.of, field.list_keys))
        return Part("set", of=LEAF) if field.list_type == "set" else LEAF
    return _plain(kind)


def _plain(kind: Type) -> Part:
    """A type without anything said about it where it is used."""
    if kind.model is not None:
        return LEAF if shape(kind.model).atomic else Part("struct", model=kind.model)
    if kind.name == "map" and kind.of is not None:
        return Part("map", of=_plain(kind.of))
    return RAW if kind.name in ("raw", "object", "FieldsV1") else LEAF


def _keys(item: Type, names: tuple[str, ...]) -> tuple[tuple[str, Any], ...]:
    """Each key with what it is taken to be where an element leaves it out; None leaves it out of the step too."""
    fields = shape(item.model).fields if item.model is not None else {}
    zeros = {name: _ZEROS.get(fields[name].type.name) for name in names if fields[name].always}
    return tuple((name, _DEFAULT_KEYS.get(name, zeros.get(name))) for name in sorted(names))


def step_to(part: Part, item: Any) -> str:
    """The step from a list or set to one of its elements."""
    if part.form == "set":
        return value_step(item)
    found = item if isinstance(item, dict) else {}
    values = ((name, found.get(name, default)) for name, default in part.keys)
    return key_step({name: value for name, value in values if value is not None})
