"""All that is checked of a custom object beyond its metadata: its schema, lists with keys, embedded objects, rules.

An update is not refused for what was wrong before and has not been touched: schemas become stricter, and objects
must be able to change in other places all the same.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from petset.api.custom.definition import Custom
from petset.api.custom.structural import Schema
from petset.api.custom.validating import NOWHERE, is_blocking
from petset.api.encode import to_document
from petset.api.untyped import Untyped
from petset.api.validation.fields import Faults

_UNCHECKED = (
    "some validation rules were not checked because the object was invalid; "
    "correct the existing errors to complete validation"
)


def check(custom: Custom, new: Untyped, old: Untyped | None, faults: Faults) -> None:
    """Add what is wrong with an object, or with its change from `old`."""
    document, before = _document(new), _document(old) if old is not None else None
    found = Faults(faults.gates)
    custom.validator.check(document, found)
    _check_structure(custom.schema, document, found)
    _keep_new(custom.schema, found, document, before, faults)
    _check_rules(custom, document, before, faults)


def check_status(custom: Custom, new: Untyped, old: Untyped, faults: Faults) -> None:
    """The same for a write of the status alone: nothing else is looked at but by rules."""
    schema = custom.schema.properties.get("status")
    document, before = _document(new), _document(old)
    if schema is not None and "status" in document:
        found = Faults(faults.gates)
        custom.status_validator.check(document["status"], found)
        _check_structure(schema, document["status"], found, "status")
        _keep_new(custom.schema, found, document, before, faults)
    _check_rules(custom, document, before, faults)


def _document(obj: Untyped) -> dict[str, Any]:
    """The object as its schema describes it; nobody's schema is about who owns which field."""
    assert obj.metadata is not None
    return to_document(
        msgspec.structs.replace(obj, metadata=msgspec.structs.replace(obj.metadata, managedFields=None))
    )


def _check_rules(custom: Custom, document: dict[str, Any], before: dict[str, Any] | None, faults: Faults) -> None:
    if not custom.has_rules:
        return
    if is_blocking(faults):
        faults.invalid(NOWHERE, None, _UNCHECKED)
        return
    from petset.api.custom.rules import check_rules  # only where there are rules

    check_rules(custom.rules, document, before, faults)


def _check_structure(schema: Schema, value: Any, faults: Faults, path: str = "") -> None:
    """Elements that cannot be told apart, and embedded objects without a type."""
    if isinstance(value, dict):
        if schema.embedded and path:
            for name in ("apiVersion", "kind"):
                if not value.get(name):
                    faults.required(f"{path}.{name}", "must not be empty")
        for name, each in value.items():
            inner = schema.child(name)
            if inner is not None:
                _check_structure(inner, each, faults, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and schema.items is not None:
        for index in _repeated(schema, value):
            faults.duplicate(f"{path}[{index}]", _identity(schema, value[index]))
        for index, each in enumerate(value):
            _check_structure(schema.items, each, faults, f"{path}[{index}]")


def _repeated(schema: Schema, items: list[Any]) -> Iterator[int]:
    """The places of elements that have come before."""
    if schema.list_type not in ("set", "map"):
        return
    seen: set[bytes] = set()
    for index, item in enumerate(items):
        identity = msgspec.json.encode(_identity(schema, item), order="sorted")
        if identity in seen:
            yield index
        seen.add(identity)


def _identity(schema: Schema, item: Any) -> Any:
    if schema.list_type == "set" or not isinstance(item, dict):
        return item
    return {key: item[key] for key in schema.list_keys if key in item}


def _keep_new(schema: Schema, found: Faults, new: Any, old: Any, faults: Faults) -> None:
    """Take over what was found, but for faults at places that are as they were."""
    for cause in found.causes:
        place = cause.field.rpartition(".")[0] if cause.reason == "FieldValueRequired" else cause.field
        if cause.field == NOWHERE:
            place = cause.message.partition(': "')[2].partition('"')[0]
        if old is None or not _is_untouched(schema, place, new, old):
            faults.causes.append(cause)


def _is_untouched(schema: Schema | None, path: str, new: Any, old: Any) -> bool:
    """Whether some place on the way to a path has the value that it had. Elements are told apart by their keys."""
    steps = [step for part in path.split(".") for step in part.replace("]", "").split("[")] if path else []
    for step in steps:
        if isinstance(new, list):
            new = new[int(step)]
            old = counterpart(schema, new, old)
            schema = schema.items if schema is not None else None
        elif isinstance(new, dict) and isinstance(old, dict) and step in new:
            new, old = new[step], old.get(step)
            schema = schema.child(step) if schema is not None else None
        else:
            return False
        if new == old:
            return True
    return False


def counterpart(schema: Schema | None, item: Any, old: Any) -> Any:
    """The element of the old list with the keys of this one, or None where nobody can say which that is."""
    if schema is None or schema.list_type != "map" or not isinstance(old, list):
        return None
    identity = _identity(schema, item)
    return next((each for each in old if _identity(schema, each) == identity), None)
