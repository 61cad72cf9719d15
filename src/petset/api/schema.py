"""The shape of every type: what its fields hold, which may vanish, and how patches merge them.

The structs of `petset.api.models` say which fields there are. A Kubernetes server knows more, and clients can
tell: which integers are 32 bits wide, which strings are quantities or times, which zero values vanish when an
object is stored, by which key a list merges. Those facts stand in `schema_data.json` (written by
`tools/generate_schema.py`, see docs/decisions) in a notation close to Go's:

    *int32                  a pointer: absent and zero are different things
    []core_v1.Container!    a list of structs; `!` is written even when empty
    {}Quantity              a map from string to quantity
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, wraps
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from petset.api import models

T = TypeVar("T")


def per_type(make: Callable[[type[Any]], T]) -> Callable[[type[Any]], T]:
    """Remembers what `make` returns for each struct type."""
    known: dict[type[Any], T] = {}

    @wraps(make)
    def find(model: type[Any]) -> T:
        found = known.get(model)
        if found is None:
            found = known[model] = make(model)
        return found

    return find


class _Entry(msgspec.Struct):
    fields: dict[str, str] = {}
    merge: dict[str, tuple[str, str]] = {}
    lists: dict[str, list[str]] = {}
    atomic: bool = False


@dataclass(frozen=True)
class Type:
    """What a field holds. `name` is a scalar's name (`int32`, `Quantity`, …), `struct`, `list` or `map`, `raw` for
    any document, `object` for one with fields that nobody names, `FieldsV1` for one that structs carry as bytes.

    A list or map has its element type in `of`, a struct its class in `model`.
    """

    name: str
    of: "Type | None" = None
    model: type[Any] | None = None

    @property
    def go(self) -> str:
        """How Kubernetes' messages name it: `int32`, `[]v1.Container`, `map[string]string`."""
        if self.model is not None:
            return f"{self.model.__module__.rpartition('_')[2]}.{self.model.__name__}"
        if self.of is not None:
            return ("[]" if self.name == "list" else "map[string]") + self.of.go
        return _GO_NAMES.get(self.name, self.name)


_GO_NAMES = {
    "object": "map[string]interface {}",
    "FieldsV1": "map[string]interface {}",
    "Quantity": "resource.Quantity",
    "bytes": "[]uint8",
    "IntOrString": "intstr.IntOrString",
}


@dataclass(frozen=True)
class Field:
    """One field. `json` is its name in documents, `attribute` in the struct (`continue_` for `continue`)."""

    json: str
    attribute: str
    type: Type
    pointer: bool = False
    always: bool = False
    strategies: frozenset[str] = frozenset()
    merge_key: str = ""
    list_type: str = ""
    list_keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shape:
    """A type's fields, by their name in documents. `atomic` types are replaced as a whole by server-side apply."""

    model: type[Any]
    fields: dict[str, Field]
    atomic: bool = False


@cache
def _entries() -> dict[str, _Entry]:
    """The data file. The api room reads this and the numbers of `petset.api.protobuf`, nothing else."""
    data = Path(__file__).with_name("schema_data.json").read_bytes()
    return msgspec.json.decode(data, type=dict[str, _Entry])


def _parse(text: str) -> Type:
    if text.startswith("[]"):
        return Type("list", of=_parse(text[2:]))
    if text.startswith("{}"):
        return Type("map", of=_parse(text[2:]))
    if "." not in text:
        return Type(text)
    module, _, name = text.partition(".")
    return Type("struct", model=getattr(getattr(models, module), name))


def key_of(model: type[Any]) -> str:
    """A struct's name in the data file: `core_v1.Pod`."""
    return f"{model.__module__.rpartition('.')[2]}.{model.__name__}"


@per_type
def shape(model: type[Any]) -> Shape:
    """The shape of a struct. Raises KeyError for one that no served kind reaches: a mistake in our own code."""
    entry = _entries()[key_of(model)]
    attributes = dict(zip(model.__struct_encode_fields__, model.__struct_fields__, strict=True))
    fields = {name: _field(name, attributes[name], text, entry) for name, text in entry.fields.items()}
    return Shape(model, fields, entry.atomic)


def _field(name: str, attribute: str, text: str, entry: _Entry) -> Field:
    strategy, merge_key = entry.merge.get(name, ("", ""))
    list_type, *list_keys = entry.lists.get(name, [""])
    return Field(
        json=name,
        attribute=attribute,
        type=_parse(text.removeprefix("*").removesuffix("!")),
        pointer=text.startswith("*"),
        always=text.endswith("!"),
        strategies=frozenset(strategy.split(",")) - {""},
        merge_key=merge_key,
        list_type=list_type,
        list_keys=tuple(list_keys),
    )
