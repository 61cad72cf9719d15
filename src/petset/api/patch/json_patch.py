"""JSON patch (RFC 6902): a list of operations on places in a document, all of them or none.

Where Kubernetes is more lenient than the RFC, so are we: `replace` may name a member that is not there, an index
may count from the end (`-1`) or have leading zeros, and a value that is left out is null. What cannot be done is
`Invalid`, with the reason; a body that is no list of operations is a `BadRequest`.
"""

import re
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import msgspec

from petset.api.errors import BadRequest, Invalid

MOST_OPERATIONS = 10_000
"""How many operations one patch may hold, as in Kubernetes."""

MOST_COPIED_BYTES = 3 * 1024 * 1024
"""How much all `copy` operations of a patch may add, so that none doubles a document without end."""

REFUSED = "the server rejected our request due to an error in our request"
_INDEX = re.compile(r"[+-]?[0-9]+")


class TestFailed(Invalid):
    """An operation `test` found something else: then nothing of the patch is done."""


class _NotApplicable(Exception):
    """An operation has nothing to act on. The text says why."""


def apply(document: Any, operations: Any) -> Any:
    """The patched document; the given one is left alone. Raises BadRequest or Invalid."""
    if not isinstance(operations, list) or not all(isinstance(each, dict) for each in operations):
        raise BadRequest("error decoding patch: a JSON patch is a list of operations, each of them an object")
    if len(operations) > MOST_OPERATIONS:
        raise Invalid(f"The allowed maximum operations in a JSON patch is {MOST_OPERATIONS}, got {len(operations)}")
    result, copied_bytes = deepcopy(document), 0
    for operation in operations:
        name = operation.get("op")
        perform = _OPERATIONS.get(name if isinstance(name, str) else "")
        if perform is None:
            raise Invalid(f"{REFUSED}: Unexpected kind: {name}")
        try:
            if name == "copy":
                copied_bytes = _with_copied(copied_bytes, result, operation)
            result = perform(result, operation)
        except _NotApplicable as error:
            refusal = TestFailed if name == "test" else Invalid
            raise refusal(f"{REFUSED}: {error}") from error
    return result


def _with_copied(copied_bytes: int, document: Any, operation: dict[str, Any]) -> int:
    """How much was copied when this operation is done. Raises _NotApplicable past the limit."""
    try:
        value = _value_at(document, _path(operation, "from"))
    except _NotApplicable:
        return copied_bytes  # the operation itself will say what is missing
    copied_bytes += len(msgspec.json.encode(value))
    if copied_bytes > MOST_COPIED_BYTES:
        raise _NotApplicable(
            f"Unable to complete the copy, the accumulated size increase of copy is {copied_bytes}, "
            f"exceeding the limit {MOST_COPIED_BYTES}"
        )
    return copied_bytes


def _path(operation: dict[str, Any], name: str = "path") -> str:
    path = operation.get(name)
    if not isinstance(path, str):
        raise _NotApplicable(f"{operation['op']} operation does not apply: the operation has no {name}")
    return path


def _parts(pointer: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def _index(part: str, size: int) -> int:
    """A position in a list with `size` places; negative ones count from the end."""
    index = int(part) if _INDEX.fullmatch(part) else size
    if not -size <= index < size:
        raise _NotApplicable(f"Unable to access invalid index: {part}: invalid index referenced")
    return index % size


def _child(holder: Any, part: str) -> Any:
    if isinstance(holder, list):
        return holder[_index(part, len(holder))]
    if isinstance(holder, dict) and part in holder:
        return holder[part]
    raise _NotApplicable("missing value")


def _value_at(document: Any, pointer: str) -> Any:
    for part in _parts(pointer):
        document = _child(document, part)
    return document


def _holder(document: Any, pointer: str, complaint: str) -> tuple[Any, str]:
    """What holds the place that a pointer names, and the last step to it."""
    parts = _parts(pointer)
    if not parts:
        raise _NotApplicable(f"{complaint}: missing value")
    try:
        for part in parts[:-1]:
            document = _child(document, part)
    except _NotApplicable as error:
        raise _NotApplicable(f"{complaint}: missing value") from error
    if not isinstance(document, dict | list):
        raise _NotApplicable(f"{complaint}: missing value")
    return document, parts[-1]


def _put(document: Any, pointer: str, value: Any, complaint: str) -> Any:
    """Insert into a list, or set a member; the empty pointer is the whole document."""
    if pointer == "":
        return value
    holder, last = _holder(document, pointer, complaint)
    if isinstance(holder, list):
        try:
            holder.insert(len(holder) if last == "-" else _index(last, len(holder) + 1), value)
        except _NotApplicable as error:
            raise _NotApplicable(f"error in add for path: '{pointer}': {error}") from error
    else:
        holder[last] = value
    return document


def _take(document: Any, pointer: str, name: str) -> Any:
    holder, last = _holder(document, pointer, f'{name} operation does not apply: doc is missing path: "{pointer}"')
    try:
        if isinstance(holder, dict) and last not in holder:
            raise _NotApplicable(f"Unable to remove nonexistent key: {last}: missing value")
        return holder.pop(last if isinstance(holder, dict) else _index(last, len(holder)))
    except _NotApplicable as error:
        raise _NotApplicable(f"error in {name} for path: '{pointer}': {error}") from error


def _add(document: Any, operation: dict[str, Any]) -> Any:
    path = _path(operation)
    complaint = f'add operation does not apply: doc is missing path: "{path}"'
    return _put(document, path, deepcopy(operation.get("value")), complaint)


def _remove(document: Any, operation: dict[str, Any]) -> Any:
    _take(document, _path(operation), "remove")
    return document


def _replace(document: Any, operation: dict[str, Any]) -> Any:
    path, value = _path(operation), deepcopy(operation.get("value"))
    if path == "":
        return value
    holder, last = _holder(document, path, f"replace operation does not apply: doc is missing path: {path}")
    if isinstance(holder, list):
        holder[_index(last, len(holder))] = value
    else:
        holder[last] = value
    return document


def _move(document: Any, operation: dict[str, Any]) -> Any:
    origin, path = _path(operation, "from"), _path(operation)
    value = _take(document, origin, "move")
    return _put(document, path, value, f"move operation does not apply: doc is missing destination path: {path}")


def _copy(document: Any, operation: dict[str, Any]) -> Any:
    origin, path = _path(operation, "from"), _path(operation)
    try:
        value = deepcopy(_value_at(document, origin))
    except _NotApplicable as error:
        raise _NotApplicable(
            f"copy operation does not apply: doc is missing from path: {origin}: {error}"
        ) from error
    return _put(document, path, value, f"copy operation does not apply: doc is missing destination path: {path}")


def _test(document: Any, operation: dict[str, Any]) -> Any:
    path = _path(operation)
    try:
        found = _value_at(document, path)
    except _NotApplicable:
        found = None  # an absent member equals null
    if not _equal(found, operation.get("value")):
        raise _NotApplicable(f"testing value {path} failed: test failed")
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
