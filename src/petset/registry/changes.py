"""What a client wants made of a stored object: one small pure function for each way of asking.

A change is called with what is stored at the moment, and again if another writer comes in between, so it never
touches what it is given and always starts afresh.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from petset.api import objects
from petset.api.canonical import settle
from petset.api.decode import Unfit, decode
from petset.api.defaults import fill_defaults
from petset.api.encode import to_document
from petset.api.errors import ApiError
from petset.api.gates import DEFAULT, Gates
from petset.api.kinds import Kind
from petset.api.models import autoscaling_v1, meta_v1
from petset.api.patch import apply_patch, outcome
from petset.registry import forms, metadata, ownership, refusals, scale
from petset.registry.ownership import Author
from petset.registry.parts import fields_named, narrowed, with_fields
from petset.registry.port import Guard, Patch, Target, WriteOptions

Change = Callable[[Any], Any]
"""The stored object → the object that shall be there instead, defaults filled in, its metadata its own.

Its resource version is the one that the client acts on, or None where any will do."""


class Way(msgspec.Struct, frozen=True, gc=False):
    """By which sub-resource a change comes (empty: the object itself), and which features are on.

    `settled`: the object is in stored form, as `decode` leaves it.
    """

    subresource: str
    gates: Gates = DEFAULT
    settled: bool = False


@dataclass(frozen=True)
class Terms:
    """On what terms a document is applied: when, whether also over what others own, and which features are on."""

    now: datetime
    force: bool = False
    gates: Gates = DEFAULT


def replaced(kind: Kind, namespace: str, name: str, obj: Any, way: Way) -> Change:
    """The client's object as it is. Raises BadRequest where it says it lives elsewhere."""
    _keep_place(kind, namespace, name, obj)
    if way.subresource == "scale":
        return lambda old: scale.with_scale(kind, old, obj)
    stored = forms.to_stored(kind, obj)
    if way.subresource == "status" and kind.custom is None and not way.settled:
        return _with_status(stored)
    complete(forms.stored_kind(kind), stored, way, settled=way.settled and stored is obj)
    return lambda old: narrowed(way.subresource, objects.with_own_metadata(stored), old)


def _with_status(obj: Any) -> Change:
    """The object with this status, which is taken over. Of the metadata, mostly as it is stored, a copy is made."""
    if obj.status is not None:
        settle(obj.status)

    def change(old: Any) -> Any:
        same = obj.metadata == old.metadata
        return objects.replace(
            obj, metadata=objects.replace(old.metadata) if same else settle(objects.copy(obj.metadata))
        )

    return change


def patched(kind: Kind, patch: Patch, options: WriteOptions, way: Way) -> Change:
    """What the patch makes of the object as the client sees it. Raises BadRequest or Invalid."""
    if way.subresource == "scale":
        return lambda old: scale.with_scale(kind, old, _patched_scale(kind, patch, scale.scale_of(kind, old)))

    def read(document: dict[str, Any]) -> Any:
        patched = apply_patch(kind, patch.content_type, document, patch.document)
        ownership.keep_reset(patched)
        try:
            decoded = decode(kind, patched, field_validation=options.field_validation)
        except Unfit as error:
            shown = outcome(patch.content_type, patch.document, patched)
            raise refusals.invalid_patch(shown, error.why) from error
        options.warnings[:] = decoded.warnings  # of the last attempt: an earlier one said the same
        return decoded.obj

    def change(old: Any) -> Any:
        obj = read(to_document(forms.from_stored(kind, old)))
        _keep_place(kind, objects.namespace_of(old), objects.name_of(old), obj)
        new = forms.to_stored(kind, obj)
        complete(forms.stored_kind(kind), new, way, settled=new is obj)
        return narrowed(way.subresource, new, old)

    def change_fields(old: Any) -> Any:
        try:
            new = with_fields(old, fields, read)
        except ApiError:
            return change(old)  # which refuses it with the whole object in view
        _keep_place(kind, objects.namespace_of(old), objects.name_of(old), new)
        return new

    fields = fields_named(kind, way.subresource, patch)
    return change_fields if fields else change


def guarded(change: Change, guard: Guard) -> Change:
    """The same change, looked at each time before it is made.

    One made from an older version is let through: it is about to be refused as a conflict, which tells a node whose
    pod was relabelled meanwhile what to do; that it may not relabel pods does not.
    """

    def looked_at(old: Any) -> Any:
        new = change(old)
        if old is None or (objects.meta(new).resourceVersion or "0") in ("0", objects.meta(old).resourceVersion):
            guard(new, old)
        return new

    return looked_at


def applied(kind: Kind, target: Target, config: dict[str, Any], author: Author, terms: Terms) -> Change:
    """What server-side apply makes of the object, or of nothing. Raises BadRequest, or Conflict with the owners."""
    if author.subresource == "scale":
        config = scale.as_parent(kind, config)

    def change(old: Any) -> Any:
        try:
            document, entries = ownership.apply(kind, old, config, author, terms.now, force=terms.force)
        except RecursionError as error:
            raise refusals.too_deep() from error
        stored = forms.stored_kind(kind)
        new = decode(stored, document).obj
        _keep_place(stored, target.namespace, target.name, new)
        complete(stored, new, Way(author.subresource, terms.gates), settled=True)
        new = narrowed(author.subresource, new, old)
        new.metadata.managedFields = entries
        return new

    return change


def complete(kind: Kind, obj: Any, way: Way, *, settled: bool) -> None:
    """Bring the object into stored form, unless it is, with its defaults; for a status write its metadata alone."""
    if way.subresource != "status":
        fill_defaults(kind, obj if settled else settle(obj), way.gates)
    elif not settled:
        settle(obj.metadata)


def _keep_place(kind: Kind, namespace: str, name: str, obj: Any) -> None:
    """An object that leaves out its name or namespace keeps them. Raises BadRequest for others."""
    if obj.metadata is None:
        obj.metadata = meta_v1.ObjectMeta()
    given = objects.meta(obj)
    if given.name and given.name != name:
        raise refusals.wrong_name(given.name, name)
    given.name = name
    metadata.put_in_namespace(kind, namespace, given)


def _patched_scale(kind: Kind, patch: Patch, shown: autoscaling_v1.Scale) -> autoscaling_v1.Scale:
    document = apply_patch(kind, patch.content_type, to_document(shown), patch.document)
    return scale.read(document)
