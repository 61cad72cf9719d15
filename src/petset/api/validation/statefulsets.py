"""StatefulSets and their revisions: section B of the contract, with its exact messages."""

import dataclasses
import re
from typing import Any

from petset.api import names
from petset.api.equality import same_meaning
from petset.api.models import apps_v1
from petset.api.objects import replace
from petset.api.selectors import Selector
from petset.api.validation.claims import check_claim_spec
from petset.api.validation.fields import AT_LEAST_ZERO, AsWritten, Faults
from petset.api.validation.pods import Role, check_template
from petset.api.validation.selectors import check_label_selector

ONLY_THESE = (
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
    "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)
RETENTION = ("Retain", "Delete")
MUTABLE = (
    "replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy", "minReadySeconds",
)  # fmt: skip
_PERCENT = re.compile("[0-9]+%")
_PERCENT_MESSAGE = (
    "a valid percent string must be a numeric string followed by an ending '%' "
    "(e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"
)


def check_statefulset(statefulset: apps_v1.StatefulSet, faults: Faults) -> None:
    """A new set."""
    spec = statefulset.spec
    assert spec is not None
    _check_spec(spec, faults)
    _check_template(spec, faults)
    if spec.serviceName:
        faults.each("spec.serviceName", spec.serviceName, names.dns_label(spec.serviceName))
    for index, claim in enumerate(spec.volumeClaimTemplates or ()):
        if claim.spec is not None:
            check_claim_spec(f"spec.volumeClaimTemplates[{index}].spec", claim.spec, faults)


def check_statefulset_update(new: apps_v1.StatefulSet, old: apps_v1.StatefulSet, faults: Faults) -> None:
    """A set that is there: rule 12 says what is immutable, rule 13 when its template goes unchecked."""
    after, before = new.spec, old.spec
    assert after is not None and before is not None
    if before.updateStrategy is not None and before.updateStrategy.type == "Recreate":
        faults.gates = dataclasses.replace(faults.gates, recreate=True)  # what is in use stays allowed
    _check_spec(after, faults)
    found = Faults()
    if (after.template, after.selector) != (before.template, before.selector):
        _check_template(after, found)
    if found.causes and not _template_is_broken(before):
        faults.causes.extend(found.causes)
    if not same_meaning(replace(after, **{name: getattr(before, name) for name in MUTABLE}), before):
        faults.forbidden("spec", ONLY_THESE)


def _template_is_broken(spec: apps_v1.StatefulSetSpec) -> bool:
    """An object stored before a rule was made must still be changeable, if only to let go of a finalizer."""
    faults = Faults()
    _check_template(spec, faults)
    return bool(faults.causes)


def _check_spec(spec: apps_v1.StatefulSetSpec, faults: Faults) -> None:
    """All but the template."""
    if not spec.podManagementPolicy:
        faults.required("spec.podManagementPolicy")
    elif spec.podManagementPolicy not in ("OrderedReady", "Parallel"):
        faults.invalid("spec.podManagementPolicy", spec.podManagementPolicy, "must be 'OrderedReady' or 'Parallel'")
    if spec.updateStrategy is not None:
        _check_strategy("spec.updateStrategy", spec.updateStrategy, faults)
    policy = spec.persistentVolumeClaimRetentionPolicy
    for name in ("whenDeleted", "whenScaled"):
        value = getattr(policy, name) if policy else "Retain"
        if value not in RETENTION:
            faults.not_supported(f"spec.persistentVolumeClaimRetentionPolicy.{name}", value or "", RETENTION)
    faults.at_least_zero("spec.replicas", spec.replicas)
    faults.at_least_zero("spec.minReadySeconds", spec.minReadySeconds)
    if spec.ordinals is not None:
        faults.at_least_zero("spec.ordinals.start", spec.ordinals.start)


def _check_template(spec: apps_v1.StatefulSetSpec, faults: Faults) -> None:
    """The selector, and the template that it must select."""
    path, labels = "spec.template", spec.template.metadata.labels if spec.template.metadata else None
    if spec.selector is None:
        faults.required("spec.selector")
    else:
        check_label_selector("spec.selector", spec.selector, faults)
        if not spec.selector.matchLabels and not spec.selector.matchExpressions:
            faults.invalid("spec.selector", spec.selector, "empty selector is invalid for statefulset")
    try:
        selector = Selector.from_struct(spec.selector)
    except ValueError:
        faults.invalid("spec.selector", "", "")
        return
    if not selector.is_empty and not selector.matches(labels):
        faults.invalid(
            f"{path}.metadata.labels", labels or AsWritten(None), "`selector` does not match template `labels`"
        )
    claims = tuple(claim.metadata.name or "" for claim in spec.volumeClaimTemplates or () if claim.metadata)
    check_template(path, spec.template, faults, Role(claims=claims, hosts=False))
    pod = spec.template.spec
    assert pod is not None
    if pod.restartPolicy != "Always":
        faults.not_supported(f"{path}.spec.restartPolicy", pod.restartPolicy or "", ("Always",))
    if pod.activeDeadlineSeconds is not None:
        faults.forbidden(
            f"{path}.spec.activeDeadlineSeconds", "activeDeadlineSeconds in StatefulSet is not Supported"
        )


def _check_strategy(path: str, strategy: apps_v1.StatefulSetUpdateStrategy, faults: Faults) -> None:
    block = strategy.rollingUpdate
    if not strategy.type:
        faults.required(path)
    elif strategy.type == "OnDelete" or (strategy.type == "Recreate" and faults.gates.recreate):
        if block is not None:
            faults.invalid(
                f"{path}.rollingUpdate",
                AsWritten(_internal(block)),
                "only allowed for updateStrategy 'RollingUpdate'",
            )
    elif strategy.type == "RollingUpdate":
        if block is not None:
            faults.at_least_zero(f"{path}.rollingUpdate.partition", block.partition)
            if block.maxUnavailable is not None:
                _check_max_unavailable(f"{path}.rollingUpdate.maxUnavailable", block.maxUnavailable, faults)
    else:
        value = {"Type": strategy.type, "RollingUpdate": _internal(block) if block is not None else None}
        known = (
            "'RollingUpdate', 'OnDelete' or 'Recreate'"
            if faults.gates.recreate
            else "'RollingUpdate' or 'OnDelete'"
        )
        faults.invalid(path, AsWritten(value), f"must be {known}")


def _check_max_unavailable(path: str, value: int | str, faults: Faults) -> None:
    if isinstance(value, str) and not _PERCENT.fullmatch(value):
        faults.invalid(path, value, _PERCENT_MESSAGE)
        return
    amount = int(value.rstrip("%")) if isinstance(value, str) else value
    if amount < 0:
        faults.invalid(path, value, AT_LEAST_ZERO)
    elif amount == 0:
        faults.invalid(path, value, "cannot be 0")
    elif isinstance(value, str) and amount > 100:
        faults.invalid(path, value, "must not be greater than 100%")


def _internal(block: apps_v1.RollingUpdateStatefulSetStrategy) -> dict[str, Any]:
    """How messages show the block: with the names that Go's internal type has."""
    return {"Partition": block.partition or 0, "MaxUnavailable": block.maxUnavailable}


def check_statefulset_status(new: apps_v1.StatefulSet, old: apps_v1.StatefulSet, faults: Faults) -> None:
    """Counts that cannot be."""
    status = new.status
    if status is None:
        return
    for name in ("replicas", "readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"):
        faults.at_least_zero(f"status.{name}", getattr(status, name))
    faults.at_least_zero("status.observedGeneration", status.observedGeneration)
    faults.at_least_zero("status.collisionCount", status.collisionCount)
    replicas, ready = status.replicas or 0, status.readyReplicas or 0
    for name in ("readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"):
        if (getattr(status, name) or 0) > replicas:
            faults.invalid(f"status.{name}", getattr(status, name), "cannot be greater than status.replicas")
    if (status.availableReplicas or 0) > ready:
        faults.invalid(
            "status.availableReplicas", status.availableReplicas, "cannot be greater than status.readyReplicas"
        )
    before = (old.status.collisionCount if old.status else None) or 0
    if (status.collisionCount or 0) < before:
        faults.invalid("status.collisionCount", status.collisionCount or 0, "cannot be decremented")


def check_revision(revision: apps_v1.ControllerRevision, faults: Faults) -> None:
    """A kept pod template."""
    if revision.data is None:
        faults.required("data", "data is mandatory")
    elif not isinstance(revision.data, dict):
        faults.invalid("data", revision.data, "data must be a valid JSON object")
    faults.at_least_zero("revision", revision.revision)


def check_revision_update(new: apps_v1.ControllerRevision, old: apps_v1.ControllerRevision, faults: Faults) -> None:
    """Its number may change (a rollback renumbers it, rule 37), what it holds may not."""
    check_revision(new, faults)
    faults.unchanged("data", new.data, old.data)
