"""What a write does to the owners of an object's fields, and what an apply makes of an object.

An update takes what it changes: those fields leave all other managers and become the updater's; fields that are
gone belong to nobody. An apply states all that its manager wishes: the fields it gives become the manager's (and
stay everybody else's who owns them), a field whose value it would change under another manager is a conflict unless
forced, and what the manager applied before, no longer applies and nobody else owns, is removed.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from petset.api.errors import Cause, Conflict
from petset.api.ownership.comparing import Differences, compare, held, touched
from petset.api.ownership.fieldsets import (
    FieldSet,
    difference,
    intersection,
    is_within,
    of_fields,
    ordered,
    path_text,
    paths,
    union,
    without_below,
)
from petset.api.ownership.merging import merged, named, without
from petset.api.ownership.owners import Manager, Owners, Share, capped
from petset.api.ownership.parts import Part

Document = dict[str, Any]

IDENTITY = frozenset({"apiVersion", "kind"})
METADATA_IDENTITY = frozenset(
    {
        "name",
        "namespace",
        "creationTimestamp",
        "selfLink",
        "uid",
        "clusterName",
        "generation",
        "managedFields",
        "resourceVersion",
    }
)
NEVER_OWNED = of_fields(*IDENTITY, "metadata", *(f"metadata.{name}" for name in METADATA_IDENTITY))
"""What identifies an object, or is the server's alone."""


class Write(NamedTuple):
    """One write. `ignored` are fields that this way of writing does not touch, whatever the client sends."""

    manager: Manager
    api_version: str
    now: datetime
    ignored: FieldSet = None


class ApplyConflict(Conflict):
    """Fields that others own would change. `fields` says whose and which."""

    def __init__(self, fields: Mapping[Manager, FieldSet]) -> None:
        self.fields = fields
        found = [(owner, path_text(path)) for owner in sorted(fields, key=str) for path in paths(fields[owner])]
        causes = tuple(Cause("FieldManagerConflict", f"conflict with {owner}", path) for owner, path in found)
        super().__init__(_conflict_text(found), causes=causes)

    def outside(self, allowed: FieldSet) -> Mapping[Manager, FieldSet]:
        """The conflicts that remain where some fields may be taken."""
        left = {owner: difference(fields, allowed) for owner, fields in self.fields.items()}
        return {owner: fields for owner, fields in left.items() if fields is not None}


def _conflict_text(found: list[tuple[Manager, str]]) -> str:
    if len(found) == 1:
        owner, path = found[0]
        return f"Apply failed with 1 conflict: conflict with {owner}: {path}"
    lines = []
    for owner in dict.fromkeys(owner for owner, _ in found):
        lines.append(f"conflicts with {owner}:")
        lines += [f"- {path}" for each, path in found if each == owner]
    return f"Apply failed with {len(found)} conflicts: " + "\n".join(lines)


def update(part: Part, live: Document, new: Document, owners: Owners, write: Write) -> Owners:
    """The owners after an update, or the same ones where it changed nothing that is owned."""
    changes = compare(part, live, new).outside(write.ignored)
    if changes == Differences():
        return owners
    touched, last = changes.touched, owners.get(write.manager)
    if last is not None and len(owners) == 1 and changes.removed is None and is_within(touched, last.fields):
        return {write.manager: Share(last.fields, write.api_version, write.now)}  # it owns what it changes, alone
    left = _given_up(owners, touched, changes.removed)
    taken = difference(touched, NEVER_OWNED)
    if taken is not None:
        before = left.get(write.manager)
        fields = union(before.fields, taken) if before is not None else taken
        left[write.manager] = Share(ordered(fields or {}), write.api_version, write.now)
    return capped(left)


def created(part: Part, nothing: Document, new: Document, write: Write) -> Owners:
    """The owners of an object that nobody has owned: what `update` would find, without looking for whom it leaves.

    `nothing` is the object before anybody has given its fields values.
    """
    taken = difference(without_below(touched(part, nothing, new), write.ignored), NEVER_OWNED)
    return {} if taken is None else {write.manager: Share(taken, write.api_version, write.now)}


def _given_up(owners: Owners, touched: FieldSet, removed: FieldSet) -> dict[Manager, Share]:
    """What is left to each manager of what has changed or gone; one who is left with nothing is left out."""
    left = {}
    for owner, share in owners.items():
        fields = difference(difference(share.fields, touched), removed)
        if fields is not None:
            left[owner] = share if fields == share.fields else share._replace(fields=fields)
    return left


def apply(part: Part, live: Document, config: Document, owners: Owners, write: Write, *, force: bool) -> "Applied":
    """What an applied document makes of the live one. Raises ApplyConflict."""
    last = owners.get(write.manager)
    given = without_below(held(part, config), write.ignored)
    others = {owner: share for owner, share in owners.items() if owner != write.manager}
    new = merged(part, live, config)
    if last is not None:
        kept_by = union(given, _all_of(others))
        new = _pruned(part, new, last.fields, kept_by)
    changes = compare(part, live, new).outside(write.ignored)
    conflicts = {owner: intersection(share.fields, changes.touched) for owner, share in others.items()}
    conflicts = {owner: fields for owner, fields in conflicts.items() if fields is not None}
    if conflicts and not force:
        raise ApplyConflict(conflicts)
    left = _given_up(others, changes.touched, changes.removed)
    mine = difference(given, NEVER_OWNED)
    if mine is not None:
        unchanged = compare(part, live, new) == Differences()
        time = (last.time if last is not None else None) if unchanged else write.now
        left[write.manager] = Share(ordered(mine), write.api_version, time)
    return Applied(new, left)


class Applied(NamedTuple):
    """What an apply makes: the document, and who owns its fields then."""

    document: Document
    owners: Owners


def _all_of(owners: Owners) -> FieldSet:
    found: FieldSet = None
    for share in owners.values():
        found = union(found, share.fields)
    return found


def _pruned(part: Part, document: Document, last: FieldSet, kept_by: FieldSet) -> Document:
    """The document without what its manager owned and nobody owns any more.

    First all that the manager owned goes, with everything in it. Then comes back what has an owner, and what never
    was the manager's: it only lay inside of something that was.
    """
    last = named(part, last)
    everything = named(part, held(part, document))
    pruned = without(part, document, last)
    left = union(named(part, held(part, pruned)), named(part, kept_by))
    pruned = without(part, document, difference(everything, left))
    gone = difference(everything, named(part, held(part, pruned)))
    result: Document = without(part, document, intersection(gone, last))
    return result
