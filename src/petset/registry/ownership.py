"""Who owns the fields of stored objects: `metadata.managedFields` at each write, by `petset.api.ownership`.

Kubernetes' own rule decides what is kept track of: an object whose fields nobody owns gets no owners by an update.
So the objects of API clients have owners from their first breath, and those that our own components make (pods,
events, revisions: the many) have none until somebody applies them; then all that was there before belongs to
`before-first-apply`.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any

import msgspec

from petset.api import objects
from petset.api.canonical import empty, settle
from petset.api.embedded import plain
from petset.api.encode import to_document
from petset.api.kinds import Kind
from petset.api.models import meta_v1
from petset.api.ownership import owners as entries
from petset.api.ownership import tracking, upgrade
from petset.api.ownership.fieldsets import FieldSet, Malformed, of_fields
from petset.api.ownership.merging import faults
from petset.api.ownership.owners import BEFORE_FIRST_APPLY, Owners, is_reset, manager
from petset.api.ownership.parts import Part, root
from petset.api.ownership.tracking import ApplyConflict, Document, Write
from petset.api.schema import per_type
from petset.api.untyped import Untyped
from petset.registry import custom, refusals
from petset.registry.forms import config_as_stored, config_to_stored, stored_kind
from petset.registry.strategy import BINDING, strategy_of


class Author(msgspec.Struct, frozen=True, gc=False):
    """Who writes, through which sub-resource. `claims`: whether the fields of a new object get an owner;
    `applies`: by server-side apply, which has settled already who owns what; `patches`: by another patch."""

    name: str = ""
    subresource: str = ""
    claims: bool = False
    applies: bool = False
    patches: bool = False


def note_create(kind: Kind, obj: Any, author: Author, now: datetime) -> None:
    """Write into a new object, defaults filled in, that its author owns all of it."""
    if author.applies:
        return
    metadata = objects.meta(obj)
    if not author.claims:
        metadata.managedFields = None
        return
    write = _write(kind, author, now)
    document, claimed = _ownable(to_document(obj), write), _claimed(metadata, None)
    if claimed:
        found = tracking.update(part_of(kind), _ownable(_nothing(kind), write), document, claimed, write)
    else:
        found = tracking.created(part_of(kind), _nothing(kind), document, write)
    metadata.managedFields = entries.written(found)


def note_update(kind: Kind, old: Any, new: Any, author: Author, now: datetime) -> None:
    """Write into the next version of an object who owns its fields now."""
    if author.applies or author.subresource == BINDING:
        return
    was, given = objects.meta(old).managedFields, objects.meta(new)
    known = entries.read_own(was) if author.subresource or given.managedFields == was else _claimed(given, was)
    if not known:
        given.managedFields = None
        return
    write = _write(kind, author, now)
    found = tracking.update(part_of(kind), *_differing(old, new, kind, author), known, write)
    unchanged = found is known and (author.subresource or given.managedFields in (None, was))
    given.managedFields = was if unchanged else entries.written(found)


def keep_reset(document: Any) -> None:
    """Let a patch that empties the list of owners be seen to: a typed object cannot tell `[]` from none."""
    metadata = document.get("metadata") if isinstance(document, dict) else None
    if isinstance(metadata, dict) and metadata.get("managedFields") == []:
        metadata["managedFields"] = [{}]


def _claimed(given: meta_v1.ObjectMeta, was: list[meta_v1.ManagedFieldsEntry] | None) -> Owners:
    """The owners that a client's object names, where it names some; else those that were there."""
    if not was and not given.managedFields:
        return {}
    if is_reset(given.managedFields):
        return {}
    try:
        return entries.read(given.managedFields) or entries.read_own(was)
    except Malformed:
        return entries.read_own(was)


def _write(kind: Kind, author: Author, now: datetime) -> Write:
    operation: entries.Operation = "Apply" if author.applies else "Update"
    who = manager(author.name, operation, kind.api_version, author.subresource)
    return Write(who, kind.api_version, now, _ignored(kind, author.subresource))


def part_of(kind: Kind) -> Part:
    """The object as a whole."""
    return root(kind.model) if kind.custom is None else kind.custom.part


def _ignored(kind: Kind, subresource: str) -> FieldSet:
    if kind.custom is not None:  # definitions come and go: nothing is remembered of their kinds
        return of_fields(*custom.ignored(kind.custom, subresource))
    return _ignored_of_built_in(kind, subresource)


@cache
def _ignored_of_built_in(kind: Kind, subresource: str) -> FieldSet:
    return of_fields(*strategy_of(kind).ignored(kind, subresource))


def _nothing(kind: Kind) -> Document:
    """What an object is before anybody has given its fields values: structs that are always there, and no more."""
    return _nothing_of_built_in(kind.model) if kind.custom is None else {"metadata": {}}


@per_type
def _nothing_of_built_in(model: type[Any]) -> Document:
    return to_document(settle(empty(model)))


def _ownable(document: Document, write: Write) -> Document:
    """The document without what nobody comes to own by this write, which is most of a small object."""
    ignored = write.ignored or {}
    found = {
        name: value
        for name, value in document.items()
        if name not in tracking.IDENTITY and ignored.get(f"f:{name}") != {}
    }
    metadata = document["metadata"]
    found["metadata"] = {name: value for name, value in metadata.items() if name not in tracking.METADATA_IDENTITY}
    return found


def _differing(old: Any, new: Any, kind: Kind, author: Author) -> tuple[Document, Document]:
    """Both objects as documents, as far as they differ in what the write may touch."""
    before: Document = {}
    after: Document = {}
    ignored = _ignored(kind, author.subresource) or {}
    for name, left, right in _members(old, new):
        if left is right or ignored.get(f"f:{name}") == {} or left == right:
            continue
        for document, value in ((before, left), (after, right)):
            if value is not None:
                document[name] = plain(value)
    return before, after


def _members(old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    """The top-level fields of two objects side by side."""
    if isinstance(old, Untyped):
        before, after = dict(old.fields()), dict(new.fields())
        yield from ((name, before.get(name), after.get(name)) for name in {**before, **after})
        return
    for name, attribute in zip(old.__struct_encode_fields__, old.__struct_fields__, strict=True):
        yield name, getattr(old, attribute), getattr(new, attribute)


def apply(
    kind: Kind, old: Any, config: Document, author: Author, now: datetime, *, force: bool
) -> tuple[Document, list[meta_v1.ManagedFieldsEntry] | None]:
    """What an applied document makes of an object (None: it is new), and who owns its fields then.

    Raises BadRequest for a document that does not fit the kind, Conflict where others own what it would change.
    """
    _check(kind, config)
    sent, config, kind = config, config_to_stored(kind, config), stored_kind(kind)
    part = part_of(kind)
    live = to_document(old) if old is not None else _nothing(kind)
    metadata = {name: value for name, value in live["metadata"].items() if name != "managedFields"}
    live = {**live, "metadata": metadata}
    write = _write(kind, author, now)
    known = entries.read_own(objects.meta(old).managedFields) if old is not None else {}
    if old is not None and not known:
        before = write._replace(manager=manager(BEFORE_FIRST_APPLY, "Update", kind.api_version, author.subresource))
        known = tracking.update(part, _nothing(kind), live, {}, before)
    applied = _apply(part, live, config, known, write, force=force)
    document = applied.document
    if write.manager.name == upgrade.MANAGER:
        document = upgrade.with_last_applied(document, sent)
    return document, entries.written(applied.owners)


def _apply(
    part: Part, live: Document, config: Document, known: Owners, write: Write, *, force: bool
) -> tracking.Applied:
    """As it is asked for; `kubectl` also takes what client-side apply has left it."""
    try:
        return tracking.apply(part, live, config, known, write, force=force)
    except ApplyConflict as conflict:
        allowed = upgrade.inherited(part, live, config_as_stored) if write.manager.name == upgrade.MANAGER else None
        if allowed is None:
            raise
        remaining = conflict.outside(allowed)
        if remaining:
            raise ApplyConflict(remaining) from conflict
        return tracking.apply(part, live, config, known, write, force=True)


def _check(kind: Kind, config: Document) -> None:
    """Raises BadRequest for a document that cannot be applied to objects of this kind."""
    given = config.get("apiVersion") or ""
    if given != kind.api_version:
        raise refusals.wrong_apply_version(str(given), kind.api_version)
    metadata = config.get("metadata")
    named = metadata if isinstance(metadata, dict) else {}
    if named.get("managedFields") is not None:
        raise refusals.owners_in_apply()
    found = list(faults(part_of(kind), config))
    if found:
        why = found[0] if len(found) == 1 else "errors:\n" + "\n".join(f"  {each}" for each in found)
        raise refusals.not_appliable(kind, str(named.get("namespace") or ""), str(named.get("name") or ""), why)
