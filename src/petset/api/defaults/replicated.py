"""Defaults of kinds that run equal pods: Deployments, ReplicaSets, ReplicationControllers and DaemonSets."""

from petset.api.defaults.pods import default_pod_spec
from petset.api.models import apps_v1, core_v1

HISTORY_LIMIT = 10
PROGRESS_DEADLINE_SECONDS = 600
A_QUARTER = "25%"


def default_deployment(deployment: apps_v1.Deployment) -> None:
    """A Deployment with its strategy and pod template."""
    spec = deployment.spec
    assert spec is not None and spec.strategy is not None, "stored form has them"
    if spec.replicas is None:
        spec.replicas = 1
    if spec.revisionHistoryLimit is None:
        spec.revisionHistoryLimit = HISTORY_LIMIT
    if spec.progressDeadlineSeconds is None:
        spec.progressDeadlineSeconds = PROGRESS_DEADLINE_SECONDS
    strategy = spec.strategy
    strategy.type = strategy.type or "RollingUpdate"
    if strategy.type == "RollingUpdate":
        block = strategy.rollingUpdate = strategy.rollingUpdate or apps_v1.RollingUpdateDeployment()
        block.maxUnavailable = A_QUARTER if block.maxUnavailable is None else block.maxUnavailable
        block.maxSurge = A_QUARTER if block.maxSurge is None else block.maxSurge
    _default_template(spec.template)


def default_replica_set(replica_set: apps_v1.ReplicaSet) -> None:
    """A ReplicaSet with its pod template."""
    spec = replica_set.spec
    assert spec is not None and spec.template is not None, "stored form has them"
    if spec.replicas is None:
        spec.replicas = 1
    _default_template(spec.template)


def default_replication_controller(controller: core_v1.ReplicationController) -> None:
    """A ReplicationController with its pod template, whose labels stand in for its selector and its own labels."""
    spec, metadata = controller.spec, controller.metadata
    assert spec is not None and metadata is not None, "stored form has them"
    if spec.replicas is None:
        spec.replicas = 1
    if spec.template is None:
        return
    labels = spec.template.metadata.labels if spec.template.metadata else None
    spec.selector = spec.selector or (dict(labels) if labels else None)
    metadata.labels = metadata.labels or (dict(labels) if labels else None)
    _default_template(spec.template)


def default_pod_template(template: core_v1.PodTemplate) -> None:
    """A PodTemplate, of which nothing is made."""
    assert template.template is not None, "stored form has it"
    _default_template(template.template)


def default_daemon_set(daemon_set: apps_v1.DaemonSet) -> None:
    """A DaemonSet with its strategy and pod template."""
    spec = daemon_set.spec
    assert spec is not None and spec.updateStrategy is not None, "stored form has them"
    if spec.revisionHistoryLimit is None:
        spec.revisionHistoryLimit = HISTORY_LIMIT
    strategy = spec.updateStrategy
    strategy.type = strategy.type or "RollingUpdate"
    if strategy.type == "RollingUpdate":
        block = strategy.rollingUpdate = strategy.rollingUpdate or apps_v1.RollingUpdateDaemonSet()
        block.maxUnavailable = 1 if block.maxUnavailable is None else block.maxUnavailable
        block.maxSurge = 0 if block.maxSurge is None else block.maxSurge
    _default_template(spec.template)


def _default_template(template: core_v1.PodTemplateSpec) -> None:
    if template.spec is not None:
        default_pod_spec(template.spec)
