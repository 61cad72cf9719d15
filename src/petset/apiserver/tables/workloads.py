"""Rows of what runs pods: stateful sets (rule 2) and their revisions."""

from datetime import datetime

from petset.api.models import apps_v1
from petset.api.objects import controller_of
from petset.apiserver.tables.columns import AGE, NAME, Cell, Column, Printer, age_of, name_of, wide


def stateful_set(obj: apps_v1.StatefulSet, now: datetime) -> list[Cell]:
    """Ready is `<status.readyReplicas>/<spec.replicas>` (rule 2)."""
    ready = (obj.status.readyReplicas if obj.status else 0) or 0
    template = obj.spec.template.spec if obj.spec else None
    containers = template.containers if template else []
    return [
        name_of(obj),
        f"{ready}/{(obj.spec.replicas if obj.spec else 0) or 0}",
        age_of(obj, now),
        ",".join(c.name for c in containers),
        ",".join(c.image or "" for c in containers),
    ]


def controller_revision(obj: apps_v1.ControllerRevision, now: datetime) -> list[Cell]:
    """The owner stands as `statefulset.apps/web`."""
    return [name_of(obj), _controller(obj), obj.revision, age_of(obj, now)]


STATEFUL_SETS = Printer((NAME, Column("Ready"), AGE, wide("Containers"), wide("Images")), stateful_set)
CONTROLLER_REVISIONS = Printer((NAME, Column("Controller"), Column("Revision"), AGE), controller_revision)


def _controller(obj: apps_v1.ControllerRevision) -> str:
    owner = controller_of(obj)
    if owner is None:
        return "<none>"
    group = owner.apiVersion.partition("/")[0] if "/" in owner.apiVersion else ""
    kind = f"{owner.kind}.{group}" if group else owner.kind
    return f"{kind.lower()}/{owner.name}"
