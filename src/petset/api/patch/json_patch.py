"""JSON patch (RFC 6902): a list of operations on places in a document, all of them or none.

Kubernetes' habits where the RFC leaves room: what cannot be done is an `Invalid` with the reason, a body that is no
list of operations a `BadRequest`, and `remove` of an absent member fails rather than passing over it.
"""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from petset.api.errors import BadRequest, Invalid

MOST_OPERATIONS = 10_000
"""How many operations one patch may hold, as in Kubernetes."""


def apply(document: Any, operations: Any) -> Any:
    """The patched document; the given one is left alone. Raises BadRequest or Invalid."""
    if not isinstance(operations, list):
        raise BadRequest(
            "error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch"
        )
    if len(operations) > MOST_OPERATIONS:
        raise Invalid(f"The allowed maximum operations in a JSON patch is {MOST_OPERATIONS}, got {len(operations)}")
    result = deepcopy(document)
    for operation in operations:
        result = _perform(result, operation)
    return result


def _perform(document: Any, operation: Any) -> Any:
    if not isinstance(operation, dict):
        raise BadRequest("error decoding patch: an operation of a JSON patch is an object")
    name = operation.get("op")
    perform = _OPERATIONS.get(str(name))
    if perform is None:
        raise Invalid(f"Unexpected kind: {'unknown' if name is None else name}")
    try:
        return perform(document, operation)
    except (KeyError, IndexError, ValueError, TypeError) as error:
        path = operation.get("path", "")
        raise Invalid(f'{name} operation does not apply: doc is missing path: "{path}": {_why(error)}') from error


def _why(error: Exception) -> str:
    return "missing value" if isinstance(error, KeyError) else str(error) or "missing value"


def _parts(pointer: Any) -> list[str]:
    """The steps of a JSON pointer. Raises ValueError."""
    if not isinstance(pointer, str) or (pointer and not pointer.startswith("/")):
        raise ValueError(f"{pointer!r} is no JSON pointer")
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def _index(part: str, last: int) -> int:
    """A list position from 0 to `last`; negative ones and leading zeros are no positions."""
    if not part.isascii() or not part.isdigit() or (part != "0" and part.startswith("0")) or int(part) > last:
        raise IndexError(f"unable to access invalid index: {part}")
    return int(part)


def _get(document: Any, pointer: Any) -> Any:
    for part in _parts(pointer):
        document = (
            document[_index(part, len(document) - 1)] if isinstance(document, list) else _member(document, part)
        )
    return document


def _member(document: Any, part: str) -> Any:
    if not isinstance(document, dict):
        raise TypeError("missing value")
    return document[part]


def _around(document: Any, pointer: Any) -> tuple[Any, str]:
    """What holds the place that a pointer names, and the last step."""
    head, _, _ = pointer.rpartition("/")
    holder = _get(document, head)
    if not isinstance(holder, dict | list):
        raise TypeError("missing container")
    return holder, _parts(pointer)[-1]


def _put(document: Any, pointer: Any, value: Any) -> Any:
    if not _parts(pointer):
        return value
    holder, last = _around(document, pointer)
    if isinstance(holder, list):
        holder.insert(len(holder) if last == "-" else _index(last, len(holder)), value)
    else:
        holder[last] = value
    return document


def _take(document: Any, pointer: Any) -> Any:
    holder, last = _around(document, pointer)
    return holder.pop(_index(last, len(holder) - 1) if isinstance(holder, list) else last)


def _add(document: Any, operation: dict[str, Any]) -> Any:
    return _put(document, operation["path"], deepcopy(operation["value"]))


def _remove(document: Any, operation: dict[str, Any]) -> Any:
    _take(document, operation["path"])
    return document


def _replace(document: Any, operation: dict[str, Any]) -> Any:
    if not _parts(operation["path"]):
        return deepcopy(operation["value"])
    holder, last = _around(document, operation["path"])
    key: Any = _index(last, len(holder) - 1) if isinstance(holder, list) else last
    holder[key]  # must be there
    holder[key] = deepcopy(operation["value"])
    return document


def _move(document: Any, operation: dict[str, Any]) -> Any:
    origin, target = operation["from"], operation["path"]
    if str(target).startswith(f"{origin}/"):
        raise ValueError("a value cannot move into itself")
    value = _get(document, origin)
    if origin == target:
        return document
    _take(document, origin)
    return _put(document, target, value)


def _copy(document: Any, operation: dict[str, Any]) -> Any:
    return _put(document, operation["path"], deepcopy(_get(document, operation["from"])))


def _test(document: Any, operation: dict[str, Any]) -> Any:
    path = operation["path"]
    try:
        found = _get(document, path)
    except (KeyError, IndexError, TypeError):
        found = None  # an absent member equals null
    if not _equal(found, operation.get("value")):
        raise Invalid(f"testing value {path} failed: test failed")
    return document


def _equal(left: Any, right: Any) -> bool:
    """JSON equality: `true` is not 1, and 1.0 is 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_equal(left[key], right[key]) for key in left)
    return bool(left == right)


_OPERATIONS: dict[str, Callable[[Any, dict[str, Any]], Any]] = {
    "add": _add,
    "remove": _remove,
    "replace": _replace,
    "move": _move,
    "copy": _copy,
    "test": _test,
}
