"""Which ReplicaSet has the present template, which revision that is, and which old ones may be forgotten.

A template that was used before is found again by what it says: a rollback makes the old ReplicaSet the newest.
"""

from petset.api.models import apps_v1, meta_v1
from petset.api.objects import copy, is_terminating, meta, name_of, namespace_of, owner_reference
from petset.controllers.deployment.fleet import DESIRED, MAXIMUM, Draft, Fleet
from petset.ownership.template_hash import HASH_LABEL, pod_template_hash, same_but_for_the_hash, with_labels

REVISION = "deployment.kubernetes.io/revision"
REVISION_HISTORY = "deployment.kubernetes.io/revision-history"
LONGEST_HISTORY = 2000
LONGEST_NAME = 253
_NOT_COPIED = {
    "kubectl.kubernetes.io/last-applied-configuration", REVISION, REVISION_HISTORY, DESIRED, MAXIMUM,
    "deprecated.deployment.rollback.to",
}  # fmt: skip


def gather(deployment: apps_v1.Deployment, members: tuple[apps_v1.ReplicaSet, ...]) -> Fleet:
    """The ReplicaSets in their roles: the oldest one with the present template is the new one."""
    assert deployment.spec is not None
    drafts = sorted((Draft(member, member) for member in members), key=lambda draft: draft.born)
    new = next((draft for draft in drafts if _has_template_of(deployment, draft)), None)
    return Fleet(deployment, new, [draft for draft in drafts if draft is not new])


def _has_template_of(deployment: apps_v1.Deployment, draft: Draft) -> bool:
    spec = draft.wanted.spec
    assert deployment.spec is not None
    return spec is not None and spec.template is not None and same_but_for_the_hash(
        spec.template, deployment.spec.template
    )  # fmt: skip


def bring_up_to_date(fleet: Fleet) -> None:
    """The new ReplicaSet, where it exists, gets the newest revision and what the Deployment says of itself."""
    draft, spec = fleet.new, fleet.deployment.spec
    if draft is None:
        return
    assert spec is not None and draft.wanted.spec is not None
    draft.annotate(_notes(fleet, draft))
    if (draft.wanted.spec.minReadySeconds or 0) != (spec.minReadySeconds or 0):
        draft.change_spec(minReadySeconds=spec.minReadySeconds)
    fleet.touch(draft)


def found(fleet: Fleet, replicas: int) -> Draft:
    """Draft the ReplicaSet of the present template, with so many replicas."""
    deployment = fleet.deployment
    assert deployment.spec is not None and deployment.spec.selector is not None
    status = deployment.status or apps_v1.DeploymentStatus()
    name_hash = pod_template_hash(deployment.spec.template, status.collisionCount)
    template = with_labels(deployment.spec.template, {HASH_LABEL: name_hash})
    assert template.metadata is not None
    selector = copy(deployment.spec.selector)
    selector.matchLabels = {**(selector.matchLabels or {}), HASH_LABEL: name_hash}
    prefix = name_of(deployment)[: LONGEST_NAME - 1 - len(name_hash)]
    metadata = meta_v1.ObjectMeta(
        name=f"{prefix}-{name_hash}",
        namespace=namespace_of(deployment),
        labels=dict(template.metadata.labels or {}),
        ownerReferences=[owner_reference(deployment)],
    )
    spec = apps_v1.ReplicaSetSpec(
        replicas=replicas,
        minReadySeconds=deployment.spec.minReadySeconds,
        selector=selector,
        template=template,
    )
    draft = Draft(None, apps_v1.ReplicaSet(metadata=metadata, spec=spec))
    draft.annotate({**_notes(fleet, draft), **fleet.size_notes()})
    fleet.new = draft
    fleet.touch(draft)
    return draft


def _notes(fleet: Fleet, draft: Draft) -> dict[str, str]:
    """The Deployment's annotations, the revision, and which revisions it was before."""
    own = meta(fleet.deployment).annotations or {}
    notes = {key: value for key, value in own.items() if key not in _NOT_COPIED}
    newest = max((revision_of(old) for old in fleet.old), default=0) + 1
    if revision_of(draft) < newest:
        notes[REVISION] = str(newest)
        if draft.note(REVISION):
            past = [*filter(None, draft.note(REVISION_HISTORY).split(",")), draft.note(REVISION)]
            while len(",".join(past)) > LONGEST_HISTORY:
                past.pop(0)
            notes[REVISION_HISTORY] = ",".join(past)
    return notes


def revision_of(draft: Draft) -> int:
    """The number of a revision, 0 where there is none that can be read."""
    text = draft.note(REVISION)
    return int(text) if text.isdecimal() else 0


def forget_the_oldest(fleet: Fleet) -> None:
    """Old ReplicaSets beyond the history limit, oldest revision first, as far as they are empty."""
    limit = fleet.deployment.spec.revisionHistoryLimit if fleet.deployment.spec else None
    if limit is None or limit == 2**31 - 1:
        return
    old = sorted((d for d in fleet.old if not is_terminating(d.wanted)), key=lambda d: (revision_of(d), d.born))
    beyond = old[: max(0, len(old) - limit)]
    fleet.forgotten = [draft for draft in beyond if _is_empty(draft)]


def _is_empty(draft: Draft) -> bool:
    status = draft.wanted.status
    seen = (status.observedGeneration if status else None) or 0
    return not draft.replicas and not draft.existing and (meta(draft.wanted).generation or 0) <= seen
