"""Which kept template is the present one, and which may be forgotten."""

from collections.abc import Sequence
from dataclasses import dataclass

from petset.api.models import apps_v1, core_v1
from petset.api.objects import meta, name_of
from petset.controllers.daemonset.model import REVISION_LABEL, Snapshot
from petset.ownership import revisions
from petset.ownership.hashing import canonical, template_patch
from petset.ownership.revisions import CreateRevision, DeleteRevision, HistoryAction, Revision
from petset.ownership.template_hash import pod_template_hash


@dataclass(frozen=True)
class History:
    """`hash` is what pods of the present template are labelled with; `actions` make the kept history agree."""

    hash: str
    actions: tuple[HistoryAction, ...]


def decide(snapshot: Snapshot, kept: Sequence[apps_v1.ControllerRevision], pods: Sequence[core_v1.Pod]) -> History:
    """Find the present template among the kept ones, or keep it; forget what nobody uses beyond the limit."""
    spec = snapshot.set.spec
    assert spec is not None
    known = revisions.in_order(Revision(each, canonical(each.data)) for each in kept)
    found = revisions.find(known, canonical(template_patch(spec.template)))
    if found is None:
        created = _new(snapshot.set, revisions.next_number(known))
        return History(hash_of(created), (CreateRevision(created), *_beyond_limit(snapshot, known, "", pods)))
    present, renumbered = found
    deletions = _beyond_limit(snapshot, known, present.name, pods)
    return History(hash_of(present.object), (*renumbered, *deletions))


def hash_of(revision: apps_v1.ControllerRevision) -> str:
    """How pods name the revision."""
    labels: dict[str, str] = meta(revision).labels or {}
    return labels.get(REVISION_LABEL, "")


def _new(daemon_set: apps_v1.DaemonSet, number: int) -> apps_v1.ControllerRevision:
    assert daemon_set.spec is not None
    template = daemon_set.spec.template
    letters = pod_template_hash(template, daemon_set.status.collisionCount if daemon_set.status else None)
    name = f"{name_of(daemon_set)}-{letters}"
    return revisions.keep(daemon_set, template, name, {REVISION_LABEL: letters}, number)


def _beyond_limit(
    snapshot: Snapshot, known: Sequence[Revision], present: str, pods: Sequence[core_v1.Pod]
) -> tuple[DeleteRevision, ...]:
    """The oldest that neither the set nor a pod uses."""
    limit = snapshot.set.spec.revisionHistoryLimit if snapshot.set.spec else None
    used = {(meta(pod).labels or {}).get(REVISION_LABEL) for pod in pods}
    return revisions.beyond(limit, [r for r in known if r.name != present and hash_of(r.object) not in used])
