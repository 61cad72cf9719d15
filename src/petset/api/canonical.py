"""One stored form for each meaning: what a Go server's encoder does to an object, done to ours.

Clients and hashes see the stored form, so it must be Kubernetes' own: `hostNetwork: false`, `""`, `0`, `[]` and
`{}` vanish where Go omits zero values, stay where the field is a pointer; structs held by value are always there
(`resources: {}`); quantities are canonical; times are UTC and whole seconds. Settling twice changes nothing.

For speed each type gets its own list of steps, made once; a field that needs nothing is in no list.
"""

from binascii import Error as BinasciiError
from binascii import a2b_base64
from collections.abc import Callable
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, TypeVar

import msgspec

from petset.api import embedded, quantity
from petset.api.schema import Field, Type, per_type, shape
from petset.api.untyped import Untyped

T = TypeVar("T")
Step = Callable[[Any], Any]
_FieldStep = tuple[str, Step | None, bool]
"""A field's name, how its value is settled, and whether a value that says nothing vanishes."""
_Filler = tuple[str, Callable[[], Any]]
"""The name of a field that is always there, and what makes its zero value."""

DEEPEST = 250
"""How many levels a free-form document may have: the recursion limit of the interpreter, with room to spare."""

TOO_DEEP = "exceeded max depth"


class Misfit(ValueError):
    """A value that its Go type cannot hold, such as a number among labels."""


def settle(obj: T) -> T:
    """Bring an object (in place) into its stored form, and return it. Raises Misfit."""
    _settler(type(obj))(obj)
    return obj


@per_type
def _settler(model: type[Any]) -> Step:
    """The function that settles structs of this type. It finds out how when first called: types name themselves."""
    if issubclass(model, Untyped):
        return _settle_untyped
    fillers: list[_Filler] = []
    steps: list[_FieldStep] = []
    values: Callable[[Any], tuple[Any, ...]] | None = None  # of the fields in `steps`

    def settle_struct(obj: Any) -> Any:
        nonlocal values
        if values is None:
            fillers[:], steps[:] = _fillers_of(model), _steps_of(model)
            values = _getter([name for name, _, _ in steps])
        for name, make in fillers:
            if getattr(obj, name) is None:
                setattr(obj, name, make())
        for value, (name, step, vanishes) in zip(values(obj), steps):  # noqa: B905 - `strict` would take a fifth more
            if value is None:
                continue
            if vanishes and not value:
                setattr(obj, name, None)
            elif step is not None:
                settled = step(value)
                if settled is not value:
                    setattr(obj, name, settled)
        return obj

    return settle_struct


def _steps_of(model: type[Any]) -> list[_FieldStep]:
    found: list[_FieldStep] = []
    for field in shape(model).fields.values():
        step, vanishes = _value_step(field.type), _vanishes(field)
        if step is not None or vanishes:
            found.append((field.attribute, step, vanishes))
    return found


def _fillers_of(model: type[Any]) -> list[_Filler]:
    found: list[_Filler] = []
    for field in shape(model).fields.values():
        if field.always and not field.pointer and field.json not in ("apiVersion", "kind"):
            make = zero(field.type)
            if make is not None:
                found.append((field.attribute, make))
    return found


def _settle_untyped(obj: Untyped) -> Untyped:
    """What is in the document is as its writer wants it; only the metadata has a form."""
    if obj.metadata is not None:
        settle(obj.metadata)
    check_depth(obj.content)
    return obj


def _getter(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    """Reads all of these attributes at once, which takes half as long as one after the other."""
    if len(names) > 1:
        return attrgetter(*names)
    if not names:
        return lambda obj: ()
    read = attrgetter(*names)
    return lambda obj: (read(obj),)


def zero(kind: Type) -> Callable[[], Any] | None:
    """Makes what Go writes for a value that nobody set, or None where that is `null`."""
    if kind.model is not None:
        return lambda: empty(kind.model)
    values: dict[str, Any] = {
        "string": "",
        "int32": 0,
        "int64": 0,
        "bool": False,
        "Quantity": "0",
        "IntOrString": 0,
    }
    if kind.name not in values:
        return None
    return lambda: values[kind.name]


def empty(model: Any) -> Any:
    """A struct with every field at Go's zero value."""
    return model(**{field.attribute: _nothing(field) for field in _needed(model)})


def needs_fields(model: Any) -> bool:
    """Whether there is a field that the struct cannot do without."""
    return bool(_needed(model))


@per_type
def _needed(model: type[Any]) -> list[Field]:
    """The fields that the struct cannot do without."""
    fields = {field.attribute: field for field in shape(model).fields.values()}
    return [fields[each.name] for each in msgspec.structs.fields(model) if each.required]


def _nothing(field: Field) -> Any:
    """The zero value of a field that the struct cannot do without."""
    make = None if field.pointer else zero(field.type)
    if make is not None:
        return make()
    return [] if field.type.name == "list" else None


def _vanishes(field: Field) -> bool:
    """Whether Go leaves the field out where it has its type's zero value."""
    if field.pointer or field.always:
        return False
    name = field.type.name
    return name in ("list", "map") or name.startswith("int") or _value_step(field.type) is None


def _value_step(kind: Type) -> Step | None:
    if kind.model is not None:
        return _settler(kind.model)
    if kind.of is not None:
        return _list_step(kind.of) if kind.name == "list" else _MAPS.get(kind.of.name)
    return _SCALARS.get(kind.name)


def _list_step(item: Type) -> Step | None:
    if item.model is not None:
        settle_item = _settler(item.model)

        def settle_structs(items: list[Any]) -> list[Any]:
            for each in items:
                settle_item(each)
            return items

        return settle_structs
    step = _value_step(item)
    return None if step is None else lambda items: [step(each) for each in items]


def _int32(value: int) -> int:
    if not -(2**31) <= value < 2**31:
        raise Misfit(f"{value} does not fit int32")
    return value


def _int64(value: int) -> int:
    if not -(2**63) <= value < 2**63:
        raise Misfit(f"{value} does not fit int64")
    return value


def _time(value: datetime) -> datetime:
    if value.tzinfo is not UTC:
        value = _micro_time(value)
    return value.replace(microsecond=0) if value.microsecond else value


def _micro_time(value: datetime) -> datetime:
    if value.tzinfo is UTC:
        return value
    if value.tzinfo is None:
        raise Misfit(f"the time {value} has no zone")
    return value.astimezone(UTC)


def _quantity(value: str) -> str:
    try:
        return quantity.canonical(value)
    except ValueError as error:
        raise Misfit(str(error)) from error


def _quantities(values: dict[str, Any]) -> dict[str, Any]:
    try:
        settled = {key: quantity.canonical_resource(value) for key, value in values.items()}
    except (ValueError, TypeError) as error:
        raise Misfit(str(error)) from error
    return values if settled == values else settled


def _strings(values: dict[str, Any]) -> dict[str, Any]:
    for value in values.values():
        if type(value) is not str:
            raise Misfit(f"{value!r} is not a string")
    return values


def _bytes(values: dict[str, Any]) -> dict[str, Any]:
    try:
        settled = {key: base64_form(value) for key, value in values.items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise Misfit(str(error)) from error
    return values if settled == values else settled


def base64_form(text: str) -> str:
    """Base64 without line breaks. Raises ValueError in Go's words, with the first byte at fault."""
    compact = text.replace("\n", "").replace("\r", "")
    try:
        a2b_base64(compact, strict_mode=True)
    except (BinasciiError, ValueError) as error:
        wrong = next((i for i, char in enumerate(text) if char not in _BASE64), len(text) // 4 * 4)
        raise ValueError(f"illegal base64 data at input byte {wrong}") from error
    return compact


def check_depth(value: Any) -> Any:
    """A document that nobody knows the type of must at least be one that can be walked."""
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise Misfit(TOO_DEEP)
        inner = [each for each in level if isinstance(each, dict | list)]
        level = [item for each in inner for item in (each.values() if isinstance(each, dict) else each)]
    return value


def _object(value: Any) -> Any:
    """A document with fields, whose names nobody knows."""
    if not isinstance(value, dict):
        raise Misfit(f"{type(value).__name__} where an object belongs")
    return check_depth(value)


def _fields(value: Any) -> Any:
    """What names fields, in its one spelling, and in memory of its own instead of the body's."""
    tree = embedded.tree_of(value) if isinstance(value, msgspec.Raw) else value
    return embedded.kept(_object(tree)) if tree is not None else None


_BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n")
_SCALARS: dict[str, Step] = {
    "int32": _int32,
    "int64": _int64,
    "Time": _time,
    "MicroTime": _micro_time,
    "Quantity": _quantity,
    "raw": check_depth,
    "object": _object,
    "FieldsV1": _fields,
}
_MAPS: dict[str, Step] = {"string": _strings, "bytes": _bytes, "Quantity": _quantities}
