"""What a ReplicaSet needs next: pods until there are as many active ones as the spec says, or fewer of them.

Guarantee: a plan creates exactly what is missing or deletes exactly what is too much, never both, and at most 500
at a time. A set that is being deleted gets its status counted and nothing else.
"""

from petset.api.models import apps_v1, core_v1
from petset.api.objects import is_terminating, meta
from petset.api.selectors import Selector
from petset.controllers.replicaset.model import CreatePod, DeletePod, Plan, Replicated, Snapshot, Status
from petset.ownership import membership
from petset.ownership.health import is_available, seconds_until_available
from petset.ownership.pods import is_active, is_ready, pod_of, to_remove

BURST = 500


def plan(snapshot: Snapshot) -> Plan:
    """Everything to do now for one set."""
    spec = snapshot.set.spec
    assert spec is not None and spec.template is not None
    active = [pod for pod in snapshot.pods if is_active(pod)]
    joined = membership.decide(snapshot.set, Selector.from_struct(spec.selector), active)
    status = _count(snapshot, joined.members)
    missing = _wanted(snapshot.set) - len(joined.members)
    if is_terminating(snapshot.set):
        return Plan((), (), (), status)
    creations, deletions = (), ()  # type: tuple[CreatePod, ...], tuple[DeletePod, ...]
    if missing > 0:
        creations = (CreatePod(pod_of(spec.template, snapshot.set)),) * min(missing, BURST)
    elif missing < 0:
        surplus = to_remove(joined.members, min(-missing, BURST), snapshot.beside, snapshot.now)
        deletions = tuple(DeletePod(pod) for pod in surplus)
    return Plan(joined.actions, creations, deletions, status, _next_availability(snapshot, joined.members))


def _wanted(replica_set: Replicated) -> int:
    replicas = replica_set.spec.replicas if replica_set.spec else None
    return 1 if replicas is None else replicas


def _count(snapshot: Snapshot, pods: tuple[core_v1.Pod, ...]) -> Status:
    spec = snapshot.set.spec
    assert spec is not None and spec.template is not None
    labels = Selector.from_labels(spec.template.metadata.labels if spec.template.metadata else None)
    least = spec.minReadySeconds or 0
    status: Status = core_v1.ReplicationControllerStatus(replicas=len(pods))
    if isinstance(snapshot.set, apps_v1.ReplicaSet):
        own = (pod for pod in snapshot.pods if membership.is_owned(snapshot.set, pod))
        status = apps_v1.ReplicaSetStatus(replicas=len(pods), terminatingReplicas=sum(map(is_terminating, own)))
    status.fullyLabeledReplicas = sum(labels.matches(meta(pod).labels) for pod in pods) or None
    status.readyReplicas = sum(map(is_ready, pods)) or None
    status.availableReplicas = sum(is_available(pod, least, snapshot.now) for pod in pods) or None
    status.observedGeneration = meta(snapshot.set).generation
    status.conditions = snapshot.set.status.conditions if snapshot.set.status else None
    return status


def _next_availability(snapshot: Snapshot, pods: tuple[core_v1.Pod, ...]) -> float | None:
    """When the next Ready pod becomes Available by the passing of time alone."""
    least = (snapshot.set.spec.minReadySeconds if snapshot.set.spec else None) or 0
    times = (seconds_until_available(pod, least, snapshot.now) for pod in pods)
    return min((seconds for seconds in times if seconds), default=None)
