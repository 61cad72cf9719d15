"""Sets of fields, in the very form in which `managedFields` carries them (FieldsV1), and their algebra.

A set is a tree of dicts: `{"f:spec": {"f:replicas": {}}}` is the set of the one field `spec.replicas`. A step is
`f:name` (a field or a map's key), `k:{"name":"c"}` (an element of a list by its keys), `v:"x"` (an element of a
set) or `i:0` (a position). A place belongs to the set when its tree is empty or has the member `.`. The set of
nothing is None. Trees are shared: nobody changes one after it was made.
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import msgspec

Tree: TypeAlias = Mapping[str, Any]
FieldSet: TypeAlias = Tree | None

MEMBER: Tree = {}
SELF = "."
_DEEPEST = 250


class Malformed(ValueError):
    """Something that is no field set."""


def is_member(tree: FieldSet) -> bool:
    """Whether the place at the root of the tree belongs to the set itself."""
    return tree is not None and (not tree or SELF in tree)


def node(member: bool, children: Tree) -> FieldSet:
    """A tree from its parts. `children` has no `.` and no empty sets."""
    if not children:
        return MEMBER if member else None
    return {SELF: MEMBER, **children} if member else children


def with_self(tree: FieldSet) -> Tree:
    """The same set with its root."""
    return {SELF: MEMBER, **tree} if tree and SELF not in tree else tree or MEMBER


def _children(tree: Tree) -> Iterator[tuple[str, Tree]]:
    return ((step, inner) for step, inner in tree.items() if step != SELF)


def union(left: FieldSet, right: FieldSet) -> FieldSet:
    if left is None or left is right:
        return right
    if right is None:
        return left
    children: dict[str, Any] = dict(_children(left))
    for step, inner in _children(right):
        children[step] = union(children.get(step), inner)
    return node(is_member(left) or is_member(right), children)


def difference(left: FieldSet, right: FieldSet) -> FieldSet:
    """What is in `left` and not in `right`; a place in `right` says nothing about what lies below it."""
    if left is None or right is None:
        return left
    kept = ((step, difference(inner, right.get(step))) for step, inner in _children(left))
    return node(
        is_member(left) and not is_member(right), {step: inner for step, inner in kept if inner is not None}
    )


def without_below(left: FieldSet, right: FieldSet) -> FieldSet:
    """What is in `left` and neither in `right` nor below one of its places."""
    if left is None or right is None:
        return left
    if is_member(right):
        return None
    kept = ((step, without_below(inner, right.get(step))) for step, inner in _children(left))
    return node(is_member(left), {step: inner for step, inner in kept if inner is not None})


def intersection(left: FieldSet, right: FieldSet) -> FieldSet:
    if left is None or right is None:
        return None
    kept = ((step, intersection(inner, right.get(step))) for step, inner in _children(left))
    return node(is_member(left) and is_member(right), {step: inner for step, inner in kept if inner is not None})


def is_within(part: FieldSet, whole: FieldSet) -> bool:
    """Whether every place of one set belongs to another."""
    if part is None:
        return True
    if whole is None or (is_member(part) and not is_member(whole)):
        return False
    return all(is_within(inner, whole.get(step)) for step, inner in _children(part))


def has(tree: FieldSet, *path: str) -> bool:
    """Whether the place at a path belongs to the set."""
    for step in path:
        tree = tree.get(step) if tree is not None else None
    return is_member(tree)


def paths(tree: FieldSet, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every place in the set, those of a level before what lies below them, in order of their steps."""
    if tree is None:
        return
    steps = sorted(_children(tree))
    for step, inner in steps:
        if is_member(inner):
            yield (*above, step)
    for step, inner in steps:
        yield from paths(inner, (*above, step))


def ordered(tree: Tree) -> Tree:
    """The same set with its steps sorted, as it is written."""
    return {step: ordered(inner) if inner else inner for step, inner in sorted(tree.items())} if tree else tree


def of_fields(*dotted: str) -> FieldSet:
    """The set of these fields: `of_fields("status", "metadata.name")`."""
    found: FieldSet = None
    for each in dotted:
        tree: Tree = MEMBER
        for name in reversed(each.split(".")):
            tree = {f"f:{name}": tree}
        found = union(found, tree)
    return found


def parse(value: Any) -> FieldSet:
    """A set that came from outside, in its one form. Raises Malformed."""
    tree = _parse(value, 0)
    return node(False, dict(_children(tree))) if tree else None


def _parse(value: Any, depth: int) -> Tree:
    if not isinstance(value, dict) or depth > _DEEPEST:
        raise Malformed("a set of fields is a tree of objects")
    if not value:
        return MEMBER
    children = {_step(step): _parse(inner, depth + 1) for step, inner in value.items() if step != SELF}
    return node(SELF in value, children) or MEMBER


def _step(text: str) -> str:
    kind, rest = text[:2], text[2:]
    if kind == "f:":
        return text
    try:
        parsed = msgspec.json.decode(rest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"{text!r} is no step to a field") from error
    if kind == "k:" and isinstance(parsed, dict):
        return key_step(parsed)
    if kind == "v:":
        return value_step(parsed)
    if kind == "i:" and isinstance(parsed, int):
        return f"i:{parsed}"
    raise Malformed(f"{text!r} is no step to a field")


def key_step(keys: Mapping[str, Any]) -> str:
    """The step to the element of a list with these keys."""
    return "k:" + msgspec.json.encode({name: keys[name] for name in sorted(keys)}).decode()


def value_step(value: Any) -> str:
    """The step to an element of a set."""
    return "v:" + msgspec.json.encode(value).decode()


def path_text(path: tuple[str, ...]) -> str:
    """`.spec.containers[name="c"].image`: how messages write a place."""
    return "".join(map(_step_text, path))


def _step_text(step: str) -> str:
    kind, rest = step[:2], step[2:]
    if kind == "f:":
        return f".{rest}"
    if kind == "k:":
        keys = msgspec.json.decode(rest)
        return "[" + ",".join(f"{name}={_scalar_text(value)}" for name, value in keys.items()) + "]"
    return f"[={rest}]" if kind == "v:" else f"[{rest}]"


def _scalar_text(value: Any) -> str:
    return msgspec.json.encode(value).decode()
