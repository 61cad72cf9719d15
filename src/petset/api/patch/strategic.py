"""Strategic merge patch: a merge patch that knows which lists are keyed, such as containers by their name.

Which list merges by which key comes from the schema. A patch may also carry directives: `$patch` (`replace`,
`delete`, `merge`) in an object or as an element of a keyed list, `$deleteFromPrimitiveList/F`,
`$setElementOrder/F` and `$retainKeys`.
kubectl writes them all; `rollout undo` depends on `$patch: replace` (rule 74).
"""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from petset.api.errors import BadRequest, Invalid
from petset.api.schema import Field, Type, shape

DIRECTIVE = "$patch"
RETAIN = "$retainKeys"
DELETE_FROM = "$deleteFromPrimitiveList/"
ORDER = "$setElementOrder/"


def apply(model: type[Any], document: dict[str, Any], patch: Any) -> dict[str, Any]:
    """The patched document. Raises BadRequest for a patch that is no object or has a wrong directive."""
    if not isinstance(patch, dict):
        raise BadRequest(
            "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}"
        )
    return _merge_object(Type("struct", model=model), document, patch)


def _merge_object(kind: Type, document: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """One object under its patch; a deleted one is left empty."""
    directive = patch.get(DIRECTIVE, "merge")
    if directive == "replace":
        return {key: _fresh(value) for key, value in patch.items() if key != DIRECTIVE and value is not None}
    if directive == "delete":
        return {}
    if directive != "merge":
        raise BadRequest(f"Unknown patch type found: {directive}")
    result = _retained(document, patch)
    for key, value in patch.items():
        if not key.startswith("$"):
            _merge_member(kind, result, patch, key, value)
    for key in patch:
        for prefix in (DELETE_FROM, ORDER):
            name = key.removeprefix(prefix)
            if key.startswith(prefix) and name not in patch:
                _merge_member(kind, result, patch, name, [])
    return result


def _retained(document: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """The members that stay: all, or those that `$retainKeys` names."""
    if RETAIN not in patch:
        return dict(document)
    keep = patch[RETAIN]
    if not isinstance(keep, list):
        raise BadRequest(f"invalid list: {RETAIN} is no list of names")
    strangers = [key for key in patch if not key.startswith("$") and key not in keep and patch[key] is not None]
    if strangers:
        raise BadRequest(
            f"{RETAIN} directive [{' '.join(map(str, keep))}] does not contain all fields: {strangers[0]}"
        )
    return {key: value for key, value in document.items() if key in keep}


def _merge_member(kind: Type, result: dict[str, Any], patch: dict[str, Any], key: str, value: Any) -> None:
    """Patch one member of `result` in place."""
    if value is None:
        result.pop(key, None)
        return
    field, inner = _member(kind, key)
    current = result.get(key)
    if isinstance(value, dict):
        replaces = field is not None and "replace" in field.strategies
        before = current if isinstance(current, dict) else {}
        result[key] = _fresh(value) if replaces else _merge_object(inner, before, value)
    elif isinstance(value, list) and field is not None and "merge" in field.strategies:
        items = current if isinstance(current, list) else []
        # Without an order of its own, a patch asks for the one in which it lists its elements.
        order = patch.get(ORDER + key, value)
        result[key] = _merge_list(field, items, value, patch.get(DELETE_FROM + key, []), order)
    else:
        result[key] = _fresh(value)


def _member(kind: Type, key: str) -> tuple[Field | None, Type]:
    """What the schema says of a member: its field, if it is one, and the type of its value."""
    if kind.model is not None:
        field = shape(kind.model).fields.get(key)
        return field, field.type if field is not None else Type("raw")
    return None, kind.of if kind.name == "map" and kind.of is not None else Type("raw")


def _merge_list(
    field: Field, items: list[Any], patch: list[Any], deleted: list[Any], order: list[Any]
) -> list[Any]:
    assert field.type.of is not None
    if field.type.of.model is None:
        return _merge_primitives(items, patch, deleted, order)
    return _merge_keyed(field.type.of, field.merge_key, items, patch, order)


def _merge_primitives(items: list[Any], patch: list[Any], deleted: list[Any], order: list[Any]) -> list[Any]:
    """A set of plain values, such as finalizers."""
    kept = [item for item in items if item not in deleted]
    merged = kept + [item for index, item in enumerate(patch) if item not in kept and item not in patch[:index]]
    return _ordered(merged, items, order, lambda item: item)


def _merge_keyed(item: Type, key: str, items: list[Any], patch: list[Any], order: list[Any]) -> list[Any]:
    """A list of objects, each known by the value of its merge key."""
    if any(_replaces(each) for each in patch):
        return [_fresh(each) for each in patch if not _replaces(each)]
    result = list(items)
    for each in patch:
        _check_element(each, key)
        result = _merge_element(item, key, result, each)
    wanted = [each.get(key) if isinstance(each, dict) else each for each in order]
    return _ordered(result, items, wanted, lambda each: each.get(key))


def _replaces(element: Any) -> bool:
    """An element that only says: replace the list by the others."""
    return isinstance(element, dict) and element.get(DIRECTIVE) == "replace"


def _check_element(element: Any, key: str) -> None:
    if not isinstance(element, dict):
        raise BadRequest(f"a list that merges by {key} holds objects, not {element!r}")
    if element.get(DIRECTIVE) == "merge":
        raise BadRequest("merging lists cannot yet be specified in the patch")
    if key not in element:
        raise Invalid(f"map: {element} does not contain declared merge key: {key}")


def _merge_element(item: Type, key: str, items: list[Any], patch: dict[str, Any]) -> list[Any]:
    """The list with one element patched, added or taken away."""
    places = [index for index, old in enumerate(items) if isinstance(old, dict) and old.get(key) == patch[key]]
    if patch.get(DIRECTIVE) == "delete":
        return [old for index, old in enumerate(items) if index not in places]
    merged = _merge_object(item, items[places[0]] if places else {}, patch)
    if not places:
        return [*items, merged]
    return [merged if index == places[0] else old for index, old in enumerate(items)]


def _ordered(merged: list[Any], before: list[Any], order: list[Any], name: Callable[[Any], Any]) -> list[Any]:
    """The named ones in the order asked for; the others keep their place relative to what stood before them."""
    rank = {_hashable(value): index for index, value in enumerate(order)}
    listed = sorted((m for m in merged if _hashable(name(m)) in rank), key=lambda m: rank[_hashable(name(m))])
    others = [m for m in merged if _hashable(name(m)) not in rank]
    place = {_hashable(name(old)): index for index, old in enumerate(before)}
    result: list[Any] = []
    while listed and others:
        left, right = place.get(_hashable(name(listed[0]))), place.get(_hashable(name(others[0])))
        server_first = left is not None and right is not None and right < left
        result.append((others if server_first else listed).pop(0))
    return result + listed + others


def _hashable(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | None) else repr(value)


def _fresh(value: Any) -> Any:
    """A value that the document did not have: without nulls and directives."""
    if isinstance(value, dict):
        return {key: _fresh(inner) for key, inner in value.items() if inner is not None and not key.startswith("$")}
    if isinstance(value, list):
        return [_fresh(item) for item in value]
    return deepcopy(value)
