"""Rows of what runs pods for ever: stateful sets (rule 2) and their revisions, deployments and replica sets."""

from datetime import datetime

from petset.api.models import apps_v1, autoscaling_v1, core_v1, meta_v1
from petset.api.objects import controller_of
from petset.api.selectors import Selector
from petset.apiserver.tables.columns import AGE, NAME, Cell, Column, Printer, age_of, labels_text, name_of, wide


def stateful_set(obj: apps_v1.StatefulSet, now: datetime) -> list[Cell]:
    """Ready is `<status.readyReplicas>/<spec.replicas>` (rule 2)."""
    ready = (obj.status.readyReplicas if obj.status else 0) or 0
    return [
        name_of(obj),
        f"{ready}/{(obj.spec.replicas if obj.spec else 0) or 0}",
        age_of(obj, now),
        *containers_of(obj.spec.template if obj.spec else None),
    ]


def deployment(obj: apps_v1.Deployment, now: datetime) -> list[Cell]:
    """Ready is `<status.readyReplicas>/<spec.replicas>`."""
    spec, status = obj.spec, obj.status or apps_v1.DeploymentStatus()
    assert spec is not None
    return [
        name_of(obj),
        f"{status.readyReplicas or 0}/{spec.replicas or 0}",
        status.updatedReplicas or 0,
        status.availableReplicas or 0,
        age_of(obj, now),
        *containers_of(spec.template),
        selector_text(spec.selector),
    ]


def daemon_set(obj: apps_v1.DaemonSet, now: datetime) -> list[Cell]:
    """Nodes that shall have a pod, have one, have one that is Ready, of the present template, Available."""
    spec, status = obj.spec, obj.status
    assert spec is not None
    counts = (
        "desiredNumberScheduled", "currentNumberScheduled", "numberReady", "updatedNumberScheduled",
        "numberAvailable",
    )  # fmt: skip
    return [
        name_of(obj),
        *(getattr(status, name, None) or 0 for name in counts),
        labels_text(spec.template.spec.nodeSelector if spec.template.spec else None),
        age_of(obj, now),
        *containers_of(spec.template),
        selector_text(spec.selector),
    ]


def replica_set(obj: apps_v1.ReplicaSet | core_v1.ReplicationController, now: datetime) -> list[Cell]:
    """What is wanted, what there is, what is Ready."""
    spec, status = obj.spec, obj.status
    assert spec is not None
    return [
        name_of(obj),
        spec.replicas or 0,
        (status.replicas if status else None) or 0,
        (status.readyReplicas if status else None) or 0,
        age_of(obj, now),
        *containers_of(spec.template),
        selector_text(spec.selector),
    ]


def scale(obj: autoscaling_v1.Scale, now: datetime) -> list[Cell]:
    """What is wanted, and what there is: Kubernetes calls it available."""
    wanted = obj.spec.replicas if obj.spec else None
    return [name_of(obj), wanted or 0, obj.status.replicas if obj.status else 0, age_of(obj, now)]


def pod_template(obj: core_v1.PodTemplate, now: datetime) -> list[Cell]:
    """What its pods would be."""
    metadata = obj.template.metadata if obj.template else None
    return [name_of(obj), *containers_of(obj.template), labels_text(metadata.labels if metadata else None)]


def controller_revision(obj: apps_v1.ControllerRevision, now: datetime) -> list[Cell]:
    """The owner stands as `statefulset.apps/web`."""
    return [name_of(obj), _controller(obj), obj.revision, age_of(obj, now)]


PODS_MADE = (wide("Containers"), wide("Images"))
SELECTOR = wide("Selector")
SCALES = Printer((Column("Name"), Column("Desired", "integer"), Column("Available", "integer"), AGE), scale)
DEPLOYMENTS = Printer(
    (
        NAME,
        Column("Ready"),
        Column("Up-to-date", "integer"),
        Column("Available", "integer"),
        AGE,
        *PODS_MADE,
        SELECTOR,
    ),
    deployment,
)
DAEMON_SETS = Printer(
    (
        NAME,
        *(Column(n, "integer") for n in ("Desired", "Current", "Ready", "Up-to-date", "Available")),
        Column("Node Selector"),
        AGE,
        *PODS_MADE,
        SELECTOR,
    ),
    daemon_set,
)
REPLICA_SETS = Printer(
    (NAME, *(Column(n, "integer") for n in ("Desired", "Current", "Ready")), AGE, *PODS_MADE, SELECTOR), replica_set
)
POD_TEMPLATES = Printer((NAME, Column("Containers"), Column("Images"), Column("Pod Labels")), pod_template)
STATEFUL_SETS = Printer((NAME, Column("Ready"), AGE, wide("Containers"), wide("Images")), stateful_set)
CONTROLLER_REVISIONS = Printer((NAME, Column("Controller"), Column("Revision"), AGE), controller_revision)


def _controller(obj: apps_v1.ControllerRevision) -> str:
    owner = controller_of(obj)
    if owner is None:
        return "<none>"
    group = owner.apiVersion.partition("/")[0] if "/" in owner.apiVersion else ""
    kind = f"{owner.kind}.{group}" if group else owner.kind
    return f"{kind.lower()}/{owner.name}"


def containers_of(template: core_v1.PodTemplateSpec | None) -> list[Cell]:
    """The cells of `Containers` and `Images`."""
    containers = template.spec.containers if template and template.spec else []
    return [",".join(c.name for c in containers), ",".join(c.image or "" for c in containers)]


def selector_text(selector: meta_v1.LabelSelector | dict[str, str] | None) -> str:
    """A label selector as text."""
    return "<none>" if selector is None else str(Selector.from_struct(selector)) or "<none>"
