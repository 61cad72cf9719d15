"""Which kept template is the present one, and which may be forgotten."""

from collections.abc import Sequence
from dataclasses import dataclass

from petset.api.models import apps_v1, core_v1, meta_v1
from petset.api.objects import meta, name_of, namespace_of, owner_reference
from petset.controllers.daemonset.model import (
    REVISION_LABEL,
    Action,
    CreateRevision,
    DeleteRevision,
    RenumberRevision,
    Snapshot,
)
from petset.ownership.hashing import canonical, template_patch
from petset.ownership.template_hash import pod_template_hash


@dataclass(frozen=True)
class History:
    """`hash` is what pods of the present template are labelled with; `actions` make the kept history agree."""

    hash: str
    actions: tuple[Action, ...]


def decide(snapshot: Snapshot, known: Sequence[apps_v1.ControllerRevision], pods: Sequence[core_v1.Pod]) -> History:
    """Find the present template among the kept ones, or keep it; forget what nobody uses beyond the limit."""
    spec = snapshot.set.spec
    assert spec is not None
    known = sorted(known, key=lambda revision: (revision.revision or 0, name_of(revision)))
    present = canonical(template_patch(spec.template))
    same = [revision for revision in known if canonical(revision.data) == present]
    number = (known[-1].revision or 0) + 1 if known else 1
    if not same:
        created = _new(snapshot.set, number)
        return History(hash_of(created), (CreateRevision(created), *_beyond_limit(snapshot, known, "", pods)))
    kept = same[-1]
    renumbered = () if kept is known[-1] else (RenumberRevision(kept, number),)
    return History(hash_of(kept), (*renumbered, *_beyond_limit(snapshot, known, name_of(kept), pods)))


def hash_of(revision: apps_v1.ControllerRevision) -> str:
    """How pods name the revision."""
    labels: dict[str, str] = meta(revision).labels or {}
    return labels.get(REVISION_LABEL, "")


def _new(daemon_set: apps_v1.DaemonSet, number: int) -> apps_v1.ControllerRevision:
    assert daemon_set.spec is not None
    template = daemon_set.spec.template
    collisions = daemon_set.status.collisionCount if daemon_set.status else None
    letters = pod_template_hash(template, collisions)
    labels = (template.metadata.labels if template.metadata else None) or {}
    metadata = meta_v1.ObjectMeta(
        name=f"{name_of(daemon_set)}-{letters}",
        namespace=namespace_of(daemon_set),
        labels={**labels, REVISION_LABEL: letters},
        annotations=dict(meta(daemon_set).annotations or {}) or None,
        ownerReferences=[owner_reference(daemon_set)],
    )
    return apps_v1.ControllerRevision(metadata=metadata, data=template_patch(template), revision=number)


def _beyond_limit(
    snapshot: Snapshot,
    known: Sequence[apps_v1.ControllerRevision],
    present: str,
    pods: Sequence[core_v1.Pod],
) -> list[DeleteRevision]:
    """The oldest that neither the set nor a pod uses."""
    limit = snapshot.set.spec.revisionHistoryLimit if snapshot.set.spec else None
    used = {(meta(pod).labels or {}).get(REVISION_LABEL) for pod in pods}
    old = [each for each in known if name_of(each) != present and hash_of(each) not in used]
    return [DeleteRevision(each) for each in old[: max(0, len(old) - (10 if limit is None else limit))]]
