"""What no plan of a DaemonSet may ever ask for."""

from collections import Counter

from petset.api.objects import is_terminating
from petset.controllers.daemonset.model import CreatePod, Plan, Snapshot
from petset.controllers.daemonset.placing import node_of
from petset.controllers.daemonset.plan import meant_nodes
from petset.ownership.membership import is_owned


def violations(snapshot: Snapshot, plan: Plan) -> tuple[str, ...]:
    """The promises that `plan` would break in the state of `snapshot`."""
    broken = []
    created = Counter(action.node for action in plan.actions if isinstance(action, CreatePod))
    there = {node_of(pod) for pod in snapshot.pods if is_owned(snapshot.set, pod)}
    if is_terminating(snapshot.set) and plan.actions:
        broken.append("nothing is done for a set that is going")
    if any(count > 1 for count in created.values()) or created.keys() & there:
        broken.append("never two pods of a set on one node")
    if created.keys() - set(meant_nodes(snapshot)):
        broken.append("no pod where none is meant")
    return tuple(broken)
