"""What a document holds, and what differs between two: both as sets of fields.

A document that comes from a typed object has no nulls; where one stands nevertheless, it is a field without value.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from petset.api.ownership.fieldsets import MEMBER, FieldSet, Tree, node, union, with_self, without_below
from petset.api.ownership.parts import RAW, Part, step_to


def held(part: Part, value: Any) -> FieldSet:
    """The fields that a document gives values to: what an applier of this document owns."""
    part = part.as_found(value)
    if part.form == "leaf":
        return MEMBER
    children: dict[str, Any] = {}
    if isinstance(value, dict):
        for name, inner in value.items():
            found = _held_member(part, name, inner)
            if found is not None:
                children[f"f:{name}"] = found
    elif isinstance(value, list):
        for step, items in _by_step(part, value).items():
            # Elements that cannot be told apart are owned together, without what is in them.
            children[step] = with_self(held(_of(part), items[0])) if len(items) == 1 else MEMBER
    return node(False, children)


def _held_member(part: Part, name: str, value: Any) -> FieldSet:
    inner = part.child(name)
    found = held(inner, value) if inner is not None else MEMBER
    return found if part.has_field(name) and value is not None and value != {} else with_self(found)


class Differences(NamedTuple):
    """The fields that only one of two documents has, and those whose values differ."""

    added: FieldSet = None
    removed: FieldSet = None
    modified: FieldSet = None

    @property
    def touched(self) -> FieldSet:
        """What whoever made the second document of the first has written."""
        return union(self.modified, self.added)

    def outside(self, ignored: FieldSet) -> "Differences":
        """The same without some fields and what lies below them."""
        if ignored is None:
            return self
        return Differences(*(without_below(each, ignored) for each in self))


_NONE = Differences()


def compare(part: Part, left: Any, right: Any) -> Differences:
    """From `left` to `right`. None stands for: not there."""
    if left is None and right is None:
        return _NONE
    if left is None:
        return Differences(added=_everything(part, right))
    if right is None:
        return Differences(removed=_everything(part, left))
    if left == right:
        return _NONE
    part = part.as_found(right)
    if part.form in ("struct", "map") and isinstance(left, dict) and isinstance(right, dict):
        names = dict.fromkeys((*left, *right))
        inner = ((f"f:{n}", compare(part.child(n) or RAW, left.get(n), right.get(n))) for n in names)
        return _gathered(inner)
    if part.form in ("list", "set") and isinstance(left, list) and isinstance(right, list):
        before, after = _by_step(part, left), _by_step(part, right)
        steps = dict.fromkeys((*before, *after))
        return _gathered((s, _compare_items(_of(part), before.get(s, []), after.get(s, []))) for s in steps)
    return Differences(modified=MEMBER)


def _compare_items(part: Part, before: list[Any], after: list[Any]) -> Differences:
    """The elements behind one step: one at most, unless they cannot be told apart."""
    if len(before) <= 1 and len(after) <= 1:
        return compare(part, before[0] if before else None, after[0] if after else None)
    if len(before) > 1 and len(after) > 1:
        return _NONE if before == after else Differences(modified=MEMBER)
    if len(before) > 1:
        found = compare(part, None, after[0]) if after else _NONE
        return found._replace(removed=with_self(found.removed))
    found = compare(part, before[0], None) if before else _NONE
    return found._replace(added=with_self(found.added))


def touched(part: Part, left: Any, right: Any) -> FieldSet:
    """What `compare` finds touched from `left` to `right`, in order: all that a creation asks for."""
    if right is None:
        return None
    if left is None:
        return _everything(part, right)
    if left == right:
        return None
    part = part.as_found(right)
    children: dict[str, Any] = {}
    if part.form in ("struct", "map") and isinstance(left, dict) and isinstance(right, dict):
        for name in sorted(right):
            before, after = left.get(name), right[name]
            if isinstance(after, dict | list):
                found = touched(part.child(name) or RAW, before, after)
                if found is not None:
                    children[f"f:{name}"] = found
            elif after is not None and after != before:
                children[f"f:{name}"] = MEMBER
        return node(False, children)
    if part.form in ("list", "set") and isinstance(left, list) and isinstance(right, list):
        elder, younger = _by_step(part, left), _by_step(part, right)
        for step in sorted(younger):
            found = _touched_items(_of(part), elder.get(step, []), younger[step])
            if found is not None:
                children[step] = found
        return node(False, children)
    return MEMBER


def _touched_items(part: Part, before: list[Any], after: list[Any]) -> FieldSet:
    """The elements behind one step, as `_compare_items` has them."""
    if len(after) == 1:
        return touched(part, before[0] if len(before) == 1 else None, after[0])
    return None if before == after else MEMBER


def _everything(part: Part, value: Any) -> Tree:
    """A value that is there on one side only, with all that is in it, the steps in order."""
    part = part.as_found(value)
    children: dict[str, Any] = {}
    if part.form != "leaf" and isinstance(value, dict):
        for name in sorted(value):
            inner = value[name]
            if isinstance(inner, dict | list):
                children[f"f:{name}"] = _everything(part.child(name) or RAW, inner)
            elif inner is not None:
                children[f"f:{name}"] = MEMBER
    elif part.form != "leaf" and isinstance(value, list):
        for step, items in sorted(_by_step(part, value).items()):
            children[step] = _everything(_of(part), items[0]) if len(items) == 1 else MEMBER
    return node(True, children) or MEMBER


def _gathered(found: Iterable[tuple[str, Differences]]) -> Differences:
    added: dict[str, Any] = {}
    removed: dict[str, Any] = {}
    modified: dict[str, Any] = {}
    for step, each in found:
        if each is _NONE:
            continue
        for children, tree in ((added, each.added), (removed, each.removed), (modified, each.modified)):
            if tree is not None:
                children[step] = tree
    return Differences(node(False, added), node(False, removed), node(False, modified))


def _by_step(part: Part, items: list[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for item in items:
        found.setdefault(step_to(part, item), []).append(item)
    return found


def _of(part: Part) -> Part:
    assert part.of is not None, "a list says what it holds"
    return part.of
