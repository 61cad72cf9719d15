"""The entries of `metadata.managedFields`: which manager, doing what, owns which fields since when."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple, TypeAlias

import msgspec

from petset.api import embedded
from petset.api.known import Known
from petset.api.models import meta_v1
from petset.api.ownership.fieldsets import FieldSet, Malformed, Tree, ordered, parse, union

Operation = Literal["Apply", "Update"]
MOST_UPDATERS = 10
_trees: Known[Tree] = Known(32 << 10)
ANCIENT = "ancient-changes"
BEFORE_FIRST_APPLY = "before-first-apply"


class Manager(NamedTuple):
    """Who writes and how: one entry of the list for each.

    An applier is the same whatever version it speaks; updates in different versions are different entries.
    """

    name: str
    operation: Operation
    api_version: str = ""
    subresource: str = ""

    def __str__(self) -> str:
        """`"kubectl" with subresource "scale" using apps/v1`, as conflicts name it."""
        text = f'"{self.name}"'
        if self.subresource:
            text += f' with subresource "{self.subresource}"'
        return f"{text} using {self.api_version}" if self.operation == "Update" else text


def manager(name: str, operation: Operation, api_version: str, subresource: str = "") -> Manager:
    """The manager of a write; one that does not say its name is `unknown`."""
    return Manager(name or "unknown", operation, api_version if operation == "Update" else "", subresource)


class Share(NamedTuple):
    """What one manager owns. `fields` is never empty in an object's list."""

    fields: FieldSet
    api_version: str
    time: datetime | None = None


Owners: TypeAlias = Mapping[Manager, Share]


def read(entries: Iterable[meta_v1.ManagedFieldsEntry] | None) -> Owners:
    """The owners that an object's list names. Raises Malformed."""
    found: dict[Manager, Share] = {}
    for index, entry in enumerate(entries or ()):
        if entry.operation not in ("Apply", "Update"):
            raise Malformed("operation must be `Apply` or `Update`")
        if not entry.apiVersion:
            raise Malformed("apiVersion must not be empty")
        if entry.fieldsType != "FieldsV1":
            raise Malformed(f"invalid fieldsType {entry.fieldsType!r} in managed fields entry {index}")
        owner = manager_of(entry)
        found[owner] = Share(parse(_given(entry)), entry.apiVersion, entry.time)
    return found


def _given(entry: meta_v1.ManagedFieldsEntry) -> Any:
    """What a client says that an owner has. Raises Malformed."""
    kept: Any = entry.fieldsV1
    try:
        return embedded.tree_of(kept) if kept is not None else {}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed("a set of fields is a tree of objects") from error


def read_own(entries: Iterable[meta_v1.ManagedFieldsEntry] | None) -> Owners:
    """The same for a list that we wrote: nothing to check."""
    return {manager_of(e): Share(_own(e), e.apiVersion or "", e.time) for e in entries or ()}


def _own(entry: meta_v1.ManagedFieldsEntry) -> FieldSet:
    """What we wrote that an owner has; mostly the same as of another object, and then it is the same tree."""
    kept: Any = entry.fieldsV1
    if kept is None:
        return None
    text = bytes(kept)
    tree = _trees.get(text)
    if tree is None:
        tree = embedded.tree_of(kept)
        _trees.put(text, tree)
    return tree or None


def manager_of(entry: meta_v1.ManagedFieldsEntry) -> Manager:
    operation: Operation = "Apply" if entry.operation == "Apply" else "Update"
    version = (entry.apiVersion or "") if operation == "Update" else ""
    return Manager(entry.manager or "", operation, version, entry.subresource or "")


def written(owners: Owners) -> list[meta_v1.ManagedFieldsEntry] | None:
    """The list as objects carry it: appliers first, then by time and name. None where nobody owns anything."""
    entries = [_entry(owner, share) for owner, share in owners.items() if share.fields is not None]
    return sorted(entries, key=_place) or None


def _entry(owner: Manager, share: Share) -> meta_v1.ManagedFieldsEntry:
    kept: Any = embedded.kept(share.fields)
    return meta_v1.ManagedFieldsEntry(
        manager=owner.name or None,
        operation=owner.operation,
        apiVersion=share.api_version,
        time=share.time,
        fieldsType="FieldsV1",
        fieldsV1=kept,
        subresource=owner.subresource or None,
    )


def _place(entry: meta_v1.ManagedFieldsEntry) -> tuple[str, int, str, str, str]:
    return (
        entry.operation or "",
        _seconds(entry.time),
        entry.manager or "",
        entry.apiVersion or "",
        entry.subresource or "",
    )


def _seconds(time: datetime | None) -> int:
    return int(time.timestamp()) if time is not None else 0


def is_reset(entries: list[meta_v1.ManagedFieldsEntry] | None) -> bool:
    """Whether a client asks to forget all owners: by an empty list, or one with an empty entry."""
    return entries in ([], [meta_v1.ManagedFieldsEntry()])


def same_but_for_times(
    left: list[meta_v1.ManagedFieldsEntry] | None, right: list[meta_v1.ManagedFieldsEntry] | None
) -> bool:
    """Whether two lists differ in their times alone."""
    if not left or not right or len(left) != len(right):
        return False
    return all(_key(a) == _key(b) and a.fieldsV1 == b.fieldsV1 for a, b in zip(left, right, strict=True))


def _key(entry: meta_v1.ManagedFieldsEntry) -> tuple[str | None, ...]:
    return entry.manager, entry.operation, entry.apiVersion, entry.subresource, entry.fieldsType


def share(fields: Tree, api_version: str, time: datetime | None) -> Share:
    """A share with its fields in order."""
    return Share(ordered(fields), api_version, time)


def capped(owners: Owners) -> Owners:
    """At most ten updaters: the oldest of each version become one, called `ancient-changes`."""
    updaters = [owner for owner in owners if owner.operation == "Update"]
    surplus = len(updaters) - MOST_UPDATERS
    if surplus <= 0:
        return owners
    result = dict(owners)
    first: dict[str, Manager] = {}
    for owner in sorted(updaters, key=lambda each: (_seconds(owners[each].time), _identity(each))):
        if surplus <= 0:
            break
        old = owners[owner]
        bucket = Manager(ANCIENT, "Update", old.api_version)
        earlier = first.setdefault(old.api_version, owner)
        if earlier is owner:
            continue
        if bucket not in result:
            result[bucket] = result.pop(earlier)
        fields = union(old.fields, result[bucket].fields)
        result[bucket] = result[bucket]._replace(fields=ordered(fields or {}), time=old.time)
        if owner != bucket:
            del result[owner]
            surplus -= 1
    return result


def _identity(owner: Manager) -> tuple[str, str, str]:
    return owner.name, owner.api_version, owner.subresource
