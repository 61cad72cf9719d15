"""Which kept template is the set's present one, which it is coming from, and which may be forgotten (rules 37-41).

The history is a list of ControllerRevisions, newest last. A template that was used before is found again by its
bytes and renumbered instead of stored twice: that is what a rollback is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from petset.api.models import apps_v1, core_v1
from petset.api.objects import controller_of, name_of
from petset.controllers.statefulset.identity import revision_label, revision_of
from petset.controllers.statefulset.model import Action, AdoptRevision, Snapshot
from petset.ownership import revisions
from petset.ownership.hashing import canonical, revision_hash, template_in, template_patch
from petset.ownership.revisions import CreateRevision, DeleteRevision, HistoryAction, Revision

HASH_LABEL = "controller.kubernetes.io/hash"
LONGEST_NAME_PREFIX = 223


@dataclass(frozen=True)
class History:
    """The revision the set comes from, the one it goes to, and what makes the stored history agree."""

    set: apps_v1.StatefulSet
    current: Revision
    update: Revision
    actions: tuple[Action, ...]
    collisions: int

    @cached_property
    def current_label(self) -> str:
        """How pods name the current revision."""
        return revision_label(name_of(self.set), self.current.name)

    @cached_property
    def update_label(self) -> str:
        """How pods name the update revision."""
        return revision_label(name_of(self.set), self.update.name)

    @cached_property
    def current_template(self) -> core_v1.PodTemplateSpec:
        """The pod template that the current revision keeps."""
        return self.set.spec.template if self.current is self.update else template_in(self.current.object)

    def is_stale(self, pod: core_v1.Pod) -> bool:
        """The pod was made from another template than the present one."""
        return revision_of(pod) != self.update_label


def decide(snapshot: Snapshot) -> History:
    """Find or make the update revision, find the current one, and drop what the history limit does not keep."""
    known = revisions.in_order(snapshot.revisions)
    adoptions = [AdoptRevision(revision.object) for revision in known if controller_of(revision.object) is None]
    update, changes, collisions = _update_revision(snapshot, known)
    named = (snapshot.set.status.currentRevision if snapshot.set.status else None) or ""
    current = next((revision for revision in known if revision.name == named), update)
    deletions = _beyond_limit(snapshot, known, {current.name, update.name})
    return History(snapshot.set, current, update, (*adoptions, *changes, *deletions), collisions)


def _update_revision(
    snapshot: Snapshot, known: Sequence[Revision]
) -> tuple[Revision, tuple[HistoryAction, ...], int]:
    """The revision of the present template (rule 37), what makes it the newest, and the collision count."""
    found = revisions.find(known, snapshot.template)
    if found is not None:
        return *found, snapshot.collisions
    if known and _means(known[-1], snapshot.template):
        return known[-1], (), snapshot.collisions
    created, collisions = _new_revision(snapshot, known)
    return created, (CreateRevision(created.object),), collisions


def _means(revision: Revision, template: bytes) -> bool:
    """The revision was serialised by other rules, but read and written again it is the same template."""
    try:
        return canonical(template_patch(template_in(revision.object))) == template
    except ValueError:
        return False


def _new_revision(snapshot: Snapshot, known: Sequence[Revision]) -> tuple[Revision, int]:
    names = {revision.name for revision in known}
    prefix = name_of(snapshot.set)[:LONGEST_NAME_PREFIX]
    collisions = snapshot.collisions
    # Rule 38: the label keeps the hash that was computed first, however often the name had to change.
    first_hash = revision_hash(snapshot.template, collisions)
    while (name := f"{prefix}-{revision_hash(snapshot.template, collisions)}") in names:
        collisions += 1
    number, labels = revisions.next_number(known), {HASH_LABEL: first_hash}
    revision = revisions.keep(snapshot.set, snapshot.set.spec.template, name, labels, number)
    return Revision(revision, snapshot.template), collisions


def _beyond_limit(snapshot: Snapshot, known: Sequence[Revision], in_use: set[str]) -> tuple[DeleteRevision, ...]:
    """The oldest revisions that are neither of the two nor any pod's, down to the limit (rule 40)."""
    limit = snapshot.set.spec.revisionHistoryLimit
    if len(known) <= (revisions.DEFAULT_HISTORY_LIMIT if limit is None else limit):
        return ()
    labels = snapshot.roster.revision_labels()
    set_name = name_of(snapshot.set)
    unused = [r for r in known if r.name not in in_use and revision_label(set_name, r.name) not in labels]
    return revisions.beyond(limit, unused)
