"""What no plan for a definition may ever break."""

from petset.api.objects import is_terminating
from petset.controllers.definitions.model import DeleteInstance, Finalize, Plan, ReportStatus, Snapshot


def is_safe(snapshot: Snapshot, plan: Plan) -> bool:
    """Objects are deleted for a definition that goes alone, it goes after them, and no name has two owners."""
    for action in plan.actions:
        if isinstance(action, DeleteInstance | Finalize) and not is_terminating(snapshot.definition):
            return False
        if isinstance(action, Finalize) and snapshot.instances:
            return False
        if isinstance(action, ReportStatus) and not _is_alone(snapshot, action):
            return False
    return True


def _is_alone(snapshot: Snapshot, report: ReportStatus) -> bool:
    status = report.definition.status
    mine = status.acceptedNames if status else None
    if mine is None:
        return True
    for other in snapshot.others:
        theirs = other.status.acceptedNames if other.status else None
        if theirs is not None and {mine.plural, mine.kind} & {theirs.plural, theirs.kind} - {""}:
            return False
    return True
