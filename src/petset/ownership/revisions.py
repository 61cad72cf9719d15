"""The kept templates of an owner: which one is due, what makes the history agree with that, what may be forgotten.

A history is a list of ControllerRevisions, newest last. A template that was used before is found again by its bytes
and renumbered instead of kept twice: that is what a rollback is (rule 37). StatefulSets and DaemonSets share all of
this; they differ in how a revision is named and in how their pods name it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from petset.api.models import apps_v1, core_v1, meta_v1
from petset.api.objects import Object, meta, name_of, namespace_of, owner_reference
from petset.ownership.hashing import template_patch

DEFAULT_HISTORY_LIMIT = 10
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Revision:
    """A stored ControllerRevision and its data in canonical JSON (`hashing.canonical`), made once per object."""

    object: apps_v1.ControllerRevision
    data: bytes

    @property
    def name(self) -> str:
        return name_of(self.object)

    @property
    def number(self) -> int:
        return self.object.revision or 0


@dataclass(frozen=True)
class CreateRevision:
    """Keep the present template. The name may prove to be taken by other data: a collision (rule 38)."""

    revision: apps_v1.ControllerRevision


@dataclass(frozen=True)
class RenumberRevision:
    """Make a kept revision the newest again: a rollback (rule 37)."""

    revision: apps_v1.ControllerRevision
    number: int


@dataclass(frozen=True)
class DeleteRevision:
    """Forget a revision beyond the history limit (rule 40)."""

    revision: apps_v1.ControllerRevision


HistoryAction = CreateRevision | RenumberRevision | DeleteRevision


def in_order(revisions: Iterable[Revision]) -> list[Revision]:
    """Oldest first; of one number the younger is the newer (rule 37)."""
    return sorted(revisions, key=_age)


def _age(revision: Revision) -> tuple[int, datetime, str]:
    return revision.number, meta(revision.object).creationTimestamp or _LONG_AGO, revision.name


def find(known: Sequence[Revision], data: bytes) -> tuple[Revision, tuple[RenumberRevision, ...]] | None:
    """The newest of `known` (in order) with these bytes, and what makes it the newest of all."""
    same = [revision for revision in known if revision.data == data]
    if not same:
        return None
    if same[-1] is known[-1]:
        return same[-1], ()
    return same[-1], (RenumberRevision(same[-1].object, next_number(known)),)


def next_number(known: Sequence[Revision]) -> int:
    """The number of a revision newer than all of `known` (in order)."""
    return known[-1].number + 1 if known else 1


def keep(
    owner: Object, template: core_v1.PodTemplateSpec, name: str, labels: dict[str, str], number: int
) -> apps_v1.ControllerRevision:
    """A revision that keeps `template`, with its labels under those given (rules 35, 36)."""
    given = (template.metadata.labels if template.metadata else None) or {}
    metadata = meta_v1.ObjectMeta(
        name=name,
        namespace=namespace_of(owner),
        labels={**given, **labels},
        annotations=dict(meta(owner).annotations or {}) or None,
        ownerReferences=[owner_reference(owner)],
    )
    return apps_v1.ControllerRevision(metadata=metadata, data=template_patch(template), revision=number)


def beyond(limit: int | None, unused: Sequence[Revision]) -> tuple[DeleteRevision, ...]:
    """The oldest of those that nobody uses (in order), down to the limit; a negative limit keeps all (rule 40)."""
    most = DEFAULT_HISTORY_LIMIT if limit is None else limit
    if most < 0:
        return ()
    return tuple(DeleteRevision(revision.object) for revision in unused[: max(0, len(unused) - most)])
