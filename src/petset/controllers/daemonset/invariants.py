"""What no plan of a DaemonSet may ever ask for."""

from collections import Counter

from petset.api.models import core_v1
from petset.api.objects import is_terminating, meta
from petset.controllers.daemonset.model import REVISION_LABEL, CreatePod, DeletePod, Plan, Snapshot
from petset.controllers.daemonset.placing import node_of
from petset.controllers.daemonset.plan import meant_nodes
from petset.controllers.daemonset.rollout import allows_surge
from petset.ownership.health import is_available
from petset.ownership.membership import is_owned


def violations(snapshot: Snapshot, plan: Plan) -> tuple[str, ...]:
    """The promises that `plan` would break in the state of `snapshot`."""
    broken = []
    surges = allows_surge(snapshot.set)
    owned = [pod for pod in snapshot.pods if is_owned(snapshot.set, pod)]
    created = [(action.node, _revision_of(action.pod)) for action in plan.actions if isinstance(action, CreatePod)]
    nodes = Counter(node for node, _ in created)
    there = {node_of(pod) for pod in owned}
    if is_terminating(snapshot.set) and plan.actions:
        broken.append("nothing is done for a set that is going")
    if any(count > 1 for count in nodes.values()) or (nodes.keys() & there and not surges):
        broken.append("never two pods of a set on one node, without a surge")
    if set(created) & {(node_of(pod), _revision_of(pod)) for pod in owned if not is_terminating(pod)}:
        broken.append("never two pods of one template on one node")
    if nodes.keys() - set(meant_nodes(snapshot)):
        broken.append("no pod where none is meant")
    if surges and _deserted(snapshot, plan, owned):
        broken.append("a surge leaves no node that is meant without the pod that works there")
    return tuple(broken)


def _deserted(snapshot: Snapshot, plan: Plan, owned: list[core_v1.Pod]) -> set[str]:
    """The nodes whose only Available pods are deleted."""
    least = (snapshot.set.spec.minReadySeconds if snapshot.set.spec else None) or 0
    working = [pod for pod in owned if is_available(pod, least, snapshot.now) and not is_terminating(pod)]
    deleted = [action.pod for action in plan.actions if isinstance(action, DeletePod) and action.told is None]
    served = {node_of(pod) for pod in working}
    return (served - {node_of(pod) for pod in working if pod not in deleted}) & set(meant_nodes(snapshot))


def _revision_of(pod: core_v1.Pod) -> str:
    labels: dict[str, str] = meta(pod).labels or {}
    return labels.get(REVISION_LABEL, "")
