"""A pod's status as a kubelet reports it: a function of what is there and of the plan's reasons to wait.

The status is always made whole, never changed piece by piece, so it cannot be older than what the worker knows, and
two equal statuses need one write.
"""

from collections.abc import Sequence

from petset.api.models import core_v1
from petset.api.objects import is_terminating, meta
from petset.node.pods.conditions import conditions
from petset.node.pods.containers import container_status, ephemeral_status
from petset.node.pods.model import Plan, Snapshot, is_running
from petset.node.pods.order import (
    FINAL_PHASES,
    all_containers,
    ephemeral_containers,
    init_containers,
    is_initialized,
    spec_of,
)
from petset.node.pods.restart import is_sidecar

DEADLINE_REASON = "DeadlineExceeded"
DEADLINE_MESSAGE = "Pod was active on the node longer than the specified deadline"


def status(snapshot: Snapshot, plan: Plan, host_ip: str) -> core_v1.PodStatus:
    """The whole status; what the node does not own (QoS class, nominated node) is kept."""
    pod = snapshot.pod
    old = pod.status or core_v1.PodStatus()
    spec = spec_of(pod)
    init = [container_status(snapshot, c, plan.waiting, init=True) for c in spec.initContainers or ()]
    apps = [container_status(snapshot, c, plan.waiting, init=False) for c in spec.containers]
    added = [ephemeral_status(snapshot, c, plan.waiting) for c in ephemeral_containers(pod)]
    phase = phase_of(snapshot, plan, init, apps)
    ips = _addresses(snapshot, old, host_ip)
    past = plan.deadline_exceeded
    return core_v1.PodStatus(
        phase=phase,
        conditions=conditions(snapshot, phase, init, apps),
        containerStatuses=sorted(apps, key=lambda s: s.name),
        initContainerStatuses=init or None,
        ephemeralContainerStatuses=added or None,
        hostIP=host_ip,
        hostIPs=[core_v1.HostIP(ip=host_ip)],
        podIP=ips[0] if ips else None,
        podIPs=[core_v1.PodIP(ip=ip) for ip in ips] or None,
        startTime=old.startTime or snapshot.now.replace(microsecond=0),
        observedGeneration=meta(pod).generation,
        qosClass=old.qosClass,
        resources=spec.resources,
        allocatedResources=spec.resources.requests if spec.resources else None,  # granted to the pod as a whole
        nominatedNodeName=old.nominatedNodeName,
        reason=DEADLINE_REASON if past else old.reason,
        message=DEADLINE_MESSAGE if past else old.message,
    )


def phase_of(
    snapshot: Snapshot,
    plan: Plan,
    init: Sequence[core_v1.ContainerStatus],
    apps: Sequence[core_v1.ContainerStatus],
) -> str:
    """Where the pod is in its life. Succeeded and Failed are final."""
    old = snapshot.pod.status and snapshot.pod.status.phase
    if old in FINAL_PHASES:
        return old
    if plan.deadline_exceeded:
        return "Failed"
    if plan.finished or _has_ended(snapshot):
        return "Succeeded" if _have_all_succeeded(snapshot) else "Failed"
    if init and not is_initialized(snapshot) and not _are_complete(snapshot, init):
        return "Pending"
    for one in apps:
        if one.state and one.state.waiting and not (one.lastState and one.lastState.terminated):
            return "Pending"
    return "Running"


def _has_ended(snapshot: Snapshot) -> bool:
    """A pod that is being deleted has been started, and nothing of it runs any more."""
    if not (snapshot.gone or is_terminating(snapshot.pod)) or any(k.startswith("start/") for k in snapshot.busy):
        return False
    latest = [snapshot.latest(c.name) for c in all_containers(snapshot.pod)]
    return any(latest) and not any(is_running(attempt) for attempt in latest)


def _have_all_succeeded(snapshot: Snapshot) -> bool:
    latest = [snapshot.latest(c.name) for c in spec_of(snapshot.pod).containers]
    return all(attempt is not None and attempt.exit_code == 0 for attempt in latest)


def _are_complete(snapshot: Snapshot, init: Sequence[core_v1.ContainerStatus]) -> bool:
    sidecars = {c.name for c in init_containers(snapshot.pod) if is_sidecar(c)}
    return all(s.started if s.name in sidecars else s.ready for s in init)


def _addresses(snapshot: Snapshot, old: core_v1.PodStatus, host_ip: str) -> list[str]:
    """The pod's addresses; one that has ended is still known by those it had."""
    if spec_of(snapshot.pod).hostNetwork:
        return [host_ip]
    if snapshot.sandbox is not None:
        return [snapshot.sandbox.ip] if snapshot.sandbox.ip else []
    kept = is_terminating(snapshot.pod) or old.phase in FINAL_PHASES
    return [ip.ip for ip in old.podIPs or ()] if kept else []
