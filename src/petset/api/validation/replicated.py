"""Kinds that run equal pods, with Kubernetes' messages: Deployments, ReplicaSets, DaemonSets and the like."""

import re

from petset.api.models import apps_v1, core_v1, meta_v1
from petset.api.selectors import Selector
from petset.api.validation.fields import AT_LEAST_ZERO, AsWritten, Faults
from petset.api.validation.pods import check_template
from petset.api.validation.selectors import check_label_selector

_PERCENT = re.compile("[0-9]+%")
_PERCENT_MESSAGE = (
    "a valid percent string must be a numeric string followed by an ending '%' "
    "(e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"
)
_TOO_MANY = "cannot be greater than status.replicas"
Replicated = apps_v1.ReplicaSet | core_v1.ReplicationController
_MISMATCH = "`selector` does not match template `labels`"


def check_deployment(deployment: apps_v1.Deployment, faults: Faults) -> None:
    """A Deployment, new or changed."""
    spec = deployment.spec
    assert spec is not None
    faults.at_least_zero("spec.replicas", spec.replicas)
    _check_selected_template(spec.selector, spec.template, "deployment", faults)
    _check_strategy("spec.strategy", spec.strategy or apps_v1.DeploymentStrategy(), faults)
    faults.at_least_zero("spec.minReadySeconds", spec.minReadySeconds)
    faults.at_least_zero("spec.revisionHistoryLimit", spec.revisionHistoryLimit)
    deadline = spec.progressDeadlineSeconds
    if deadline is not None:
        faults.at_least_zero("spec.progressDeadlineSeconds", deadline)
        if deadline <= (spec.minReadySeconds or 0):
            faults.invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds")


def check_deployment_update(new: apps_v1.Deployment, old: apps_v1.Deployment, faults: Faults) -> None:
    """The selector says whose pods they are, so it stays."""
    check_deployment(new, faults)
    assert new.spec is not None and old.spec is not None
    faults.unchanged("spec.selector", new.spec.selector, old.spec.selector)


def check_replica_set(replica_set: apps_v1.ReplicaSet, faults: Faults) -> None:
    """A ReplicaSet, new or changed."""
    spec = replica_set.spec
    assert spec is not None and spec.template is not None
    faults.at_least_zero("spec.replicas", spec.replicas)
    faults.at_least_zero("spec.minReadySeconds", spec.minReadySeconds)
    _check_selected_template(spec.selector, spec.template, "deployment", faults)


def check_replica_set_update(new: apps_v1.ReplicaSet, old: apps_v1.ReplicaSet, faults: Faults) -> None:
    """The selector says whose pods they are, so it stays."""
    check_replica_set(new, faults)
    assert new.spec is not None and old.spec is not None
    faults.unchanged("spec.selector", new.spec.selector, old.spec.selector)


def check_replication_controller(controller: core_v1.ReplicationController, faults: Faults) -> None:
    """A ReplicationController, new or changed: its selector may change."""
    spec = controller.spec
    assert spec is not None
    faults.at_least_zero("spec.minReadySeconds", spec.minReadySeconds)
    if not spec.selector:
        faults.required("spec.selector")
    faults.at_least_zero("spec.replicas", spec.replicas)
    template = spec.template
    if template is None:
        faults.required("spec.template")
        return
    labels = template.metadata.labels if template.metadata else None
    if spec.selector and not Selector.from_labels(spec.selector).matches(labels):
        faults.invalid("spec.template.metadata.labels", labels or AsWritten(None), _MISMATCH)
    check_template("spec.template", template, faults)
    _check_lasting("spec.template", template, "ReplicationController", faults)


def check_pod_template(template: core_v1.PodTemplate, faults: Faults) -> None:
    """A PodTemplate, new or changed."""
    assert template.template is not None
    check_template("template", template.template, faults)


def check_deployment_status(new: apps_v1.Deployment, old: apps_v1.Deployment, faults: Faults) -> None:
    """Counts that cannot be."""
    status = new.status
    if status is None:
        return
    counts = ("updatedReplicas", "readyReplicas", "availableReplicas")
    for name in ("observedGeneration", "replicas", *counts, "unavailableReplicas", "collisionCount"):
        faults.at_least_zero(f"status.{name}", getattr(status, name))
    for name in counts:
        if (getattr(status, name) or 0) > (status.replicas or 0):
            faults.invalid(f"status.{name}", getattr(status, name), _TOO_MANY)
    _check_available("status.availableReplicas", status.availableReplicas, status.readyReplicas, faults)
    before = (old.status.collisionCount if old.status else None) or 0
    if (status.collisionCount or 0) < before:
        faults.invalid("status.collisionCount", status.collisionCount or 0, "cannot be decremented")


def check_replica_set_status(new: Replicated, old: Replicated, faults: Faults) -> None:
    """Counts of a ReplicaSet, or of a ReplicationController, that cannot be."""
    status = new.status
    if status is None:
        return
    counts = ("fullyLabeledReplicas", "readyReplicas", "availableReplicas")
    for name in ("replicas", *counts, "observedGeneration"):
        faults.at_least_zero(f"status.{name}", getattr(status, name))
    for name in counts:
        if (getattr(status, name) or 0) > status.replicas:
            faults.invalid(f"status.{name}", getattr(status, name), _TOO_MANY)
    _check_available("status.availableReplicas", status.availableReplicas, status.readyReplicas, faults)


def _check_available(path: str, available: int | None, ready: int | None, faults: Faults) -> None:
    if (available or 0) > (ready or 0):
        faults.invalid(path, available, "cannot be greater than readyReplicas")


def check_daemon_set(daemon_set: apps_v1.DaemonSet, faults: Faults) -> None:
    """A DaemonSet, new or changed."""
    spec = daemon_set.spec
    assert spec is not None
    check_label_selector("spec.selector", spec.selector, faults)
    try:
        selector = Selector.from_struct(spec.selector)
    except ValueError:
        selector = None
    labels = spec.template.metadata.labels if spec.template.metadata else None
    if selector is not None and not selector.matches(labels):
        faults.invalid("spec.template.metadata.labels", labels or AsWritten(None), _MISMATCH)
    if _is_empty(spec.selector):
        faults.invalid("spec.selector", spec.selector, "empty selector is invalid for daemonset")
    check_template("spec.template", spec.template, faults)
    _check_lasting("spec.template", spec.template, "DaemonSet", faults)
    faults.at_least_zero("spec.minReadySeconds", spec.minReadySeconds)
    _check_daemon_strategy("spec.updateStrategy", spec.updateStrategy or apps_v1.DaemonSetUpdateStrategy(), faults)
    faults.at_least_zero("spec.revisionHistoryLimit", spec.revisionHistoryLimit)


def check_daemon_set_update(new: apps_v1.DaemonSet, old: apps_v1.DaemonSet, faults: Faults) -> None:
    """The selector says whose pods they are, so it stays."""
    check_daemon_set(new, faults)
    assert new.spec is not None and old.spec is not None
    faults.unchanged("spec.selector", new.spec.selector, old.spec.selector)


def check_daemon_set_status(new: apps_v1.DaemonSet, old: apps_v1.DaemonSet, faults: Faults) -> None:
    """Counts that cannot be."""
    for name in (
        "currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady",
        "observedGeneration", "updatedNumberScheduled", "numberAvailable", "numberUnavailable", "collisionCount",
    ):  # fmt: skip
        faults.at_least_zero(f"status.{name}", getattr(new.status, name, None))


def _check_selected_template(
    selector: meta_v1.LabelSelector | None, template: core_v1.PodTemplateSpec, word: str, faults: Faults
) -> None:
    """The selector, and the template that it must select."""
    if selector is None:
        faults.required("spec.selector")
    else:
        check_label_selector("spec.selector", selector, faults)
        if _is_empty(selector):
            faults.invalid("spec.selector", selector, f"empty selector is invalid for {word}")
    try:
        chosen = Selector.from_struct(selector)
    except ValueError:
        faults.invalid("spec.selector", selector, "invalid label selector")
        return
    labels = template.metadata.labels if template.metadata else None
    if selector is not None and not chosen.is_empty and not chosen.matches(labels):
        faults.invalid("spec.template.metadata.labels", labels or AsWritten(None), _MISMATCH)
    check_template("spec.template", template, faults)
    _check_lasting("spec.template", template, "ReplicaSet", faults)


def _check_lasting(path: str, template: core_v1.PodTemplateSpec, word: str, faults: Faults) -> None:
    """Pods that are replaced for ever do not end by themselves."""
    pod = template.spec
    assert pod is not None
    if pod.restartPolicy != "Always":
        faults.not_supported(f"{path}.spec.restartPolicy", pod.restartPolicy or "", ("Always",))
    if pod.activeDeadlineSeconds is not None:
        faults.forbidden(f"{path}.spec.activeDeadlineSeconds", f"activeDeadlineSeconds in {word} is not Supported")


def _is_empty(selector: meta_v1.LabelSelector | None) -> bool:
    return selector is not None and not selector.matchLabels and not selector.matchExpressions


def _check_strategy(path: str, strategy: apps_v1.DeploymentStrategy, faults: Faults) -> None:
    block = strategy.rollingUpdate
    if strategy.type == "Recreate":
        if block is not None:
            faults.forbidden(f"{path}.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'")
    elif strategy.type == "RollingUpdate":
        if block is None:
            faults.required(f"{path}.rollingUpdate", "this should be defaulted and never be nil")
            return
        here = f"{path}.rollingUpdate"
        check_amount(f"{here}.maxUnavailable", block.maxUnavailable, faults)
        check_amount(f"{here}.maxSurge", block.maxSurge, faults)
        if _is_zero(block.maxUnavailable) and _is_zero(block.maxSurge):
            faults.invalid(f"{here}.maxUnavailable", block.maxUnavailable, "may not be 0 when `maxSurge` is 0")
        check_at_most_all(f"{here}.maxUnavailable", block.maxUnavailable, faults)
    else:
        faults.not_supported(f"{path}.type", strategy.type or "", ("Recreate", "RollingUpdate"))


def _check_daemon_strategy(path: str, strategy: apps_v1.DaemonSetUpdateStrategy, faults: Faults) -> None:
    block = strategy.rollingUpdate
    if strategy.type == "OnDelete":
        return
    if strategy.type != "RollingUpdate":
        faults.not_supported(path, strategy, ("RollingUpdate", "OnDelete"))
        return
    here = f"{path}.rollingUpdate"
    if block is None:
        faults.required(here)
        return
    for name in ("maxUnavailable", "maxSurge"):
        check_amount(f"{here}.{name}", getattr(block, name), faults)
        check_at_most_all(f"{here}.{name}", getattr(block, name), faults)
    if not _is_zero(block.maxUnavailable) and not _is_zero(block.maxSurge):
        faults.invalid(f"{here}.maxSurge", block.maxSurge, "may not be set when maxUnavailable is non-zero")
    elif _is_zero(block.maxUnavailable) and _is_zero(block.maxSurge):
        faults.required(f"{here}.maxUnavailable", "cannot be 0 when maxSurge is 0")


def check_amount(path: str, value: int | str | None, faults: Faults) -> None:
    """A number that is not negative, or a percentage."""
    if isinstance(value, str):
        if not _PERCENT.fullmatch(value):
            faults.invalid(path, value, _PERCENT_MESSAGE)
    elif value is not None and value < 0:
        faults.invalid(path, value, AT_LEAST_ZERO)


def check_at_most_all(path: str, value: int | str | None, faults: Faults) -> None:
    """A percentage is of a hundred."""
    if isinstance(value, str) and _PERCENT.fullmatch(value) and int(value[:-1]) > 100:
        faults.invalid(path, value, "must not be greater than 100%")


def _is_zero(value: int | str | None) -> bool:
    if isinstance(value, str):
        return bool(_PERCENT.fullmatch(value)) and int(value[:-1]) == 0
    return not value
