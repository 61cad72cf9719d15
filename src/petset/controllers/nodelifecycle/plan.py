"""What silence of a node means: first for the node, then for its pods.

A silent node is Unknown, never dead: its containers may well run. So its pods are marked not Ready at once,
which only takes them out of Services; they are evicted when their tolerations run out; and even then the
objects stay until the node confirms, because two pods of one identity are worse than none (rule 59). Only where
no node is left to confirm, because its object is gone or a person has said that it is out of service, are pods
removed outright.
"""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from petset.api import taints
from petset.api.models import core_v1
from petset.api.objects import is_terminating, name_of
from petset.controllers.nodelifecycle.model import (
    GRACE_SECONDS,
    ORPHAN_QUARANTINE_SECONDS,
    Action,
    Evict,
    ForceDelete,
    MarkNotReady,
    Plan,
    ReportUnknown,
    Snapshot,
    UpdateTaints,
)

OUT_OF_SERVICE = "node.kubernetes.io/out-of-service"
JUDGED = ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure")
PRESSURES = {
    "MemoryPressure": "node.kubernetes.io/memory-pressure",
    "DiskPressure": "node.kubernetes.io/disk-pressure",
    "PIDPressure": "node.kubernetes.io/pid-pressure",
    "NetworkUnavailable": "node.kubernetes.io/network-unavailable",
}
ROUNDING = 0.001
"""Seconds to wake later than due: a difference of clock times may be too small for the clock to pass it."""

OURS = {taints.NOT_READY, taints.UNREACHABLE, taints.UNSCHEDULABLE, *PRESSURES.values()}


def plan(snapshot: Snapshot) -> Plan:
    """The steps for one node. Guarantee: a pod is removed outright only when no node can still be running it."""
    node = snapshot.node
    if node is None:
        return _bury(snapshot)
    if snapshot.silent_seconds > GRACE_SECONDS and readiness(node) != "Unknown":
        return Plan((ReportUnknown(_unknown(node, snapshot.now)),), wake_after_seconds=0)
    wanted = _taints(node, snapshot.now)
    retaint = wanted != list((node.spec.taints if node.spec else None) or ())
    actions: list[Action] = []
    if retaint:
        actions.append(UpdateTaints(replace(node, spec=replace(node.spec or core_v1.NodeSpec(), taints=wanted))))
    if readiness(node) == "Unknown":  # while its agent speaks, what its pods are is the agent's to say
        since = _changed_at(node.status, "Ready")
        actions += [MarkNotReady(_not_ready(pod, snapshot.now)) for pod in snapshot.pods if _was_ready(pod, since)]
    evicted, next_seconds = _evict(snapshot, wanted)
    again_seconds = min([GRACE_SECONDS - snapshot.silent_seconds + ROUNDING, *next_seconds], default=None)
    if readiness(node) == "Unknown":
        again_seconds = min(next_seconds, default=None)  # hearing of it again wakes us
    return Plan((*actions, *evicted), _waiting(node, snapshot), again_seconds)


def readiness(node: core_v1.Node) -> str:
    """The status of the node's Ready condition; empty while a new node has not said anything yet."""
    conditions = (node.status.conditions if node.status else None) or ()
    return next((c.status for c in conditions if c.type == "Ready"), "")


def _bury(snapshot: Snapshot) -> Plan:
    left_seconds = ORPHAN_QUARANTINE_SECONDS - snapshot.gone_seconds
    if not snapshot.pods:
        return Plan()
    if left_seconds > 0:
        return Plan(waiting=f"node {snapshot.name} is gone", wake_after_seconds=left_seconds + ROUNDING)
    return Plan(tuple(ForceDelete(pod) for pod in snapshot.pods))


def _unknown(node: core_v1.Node, now: datetime) -> core_v1.Node:
    """The node as it looks when its agent has stopped reporting."""
    status = node.status or core_v1.NodeStatus()
    before = {c.type: c for c in status.conditions or ()}
    others = [c for c in status.conditions or () if c.type not in JUDGED]
    judged = [_unknown_condition(type_, before.get(type_), now) for type_ in JUDGED]
    return replace(node, status=replace(status, conditions=[*others, *judged]))


def _unknown_condition(type_: str, before: core_v1.NodeCondition | None, now: datetime) -> core_v1.NodeCondition:
    if before is None:
        return core_v1.NodeCondition(
            type=type_,
            status="Unknown",
            reason="NodeStatusNeverUpdated",
            message="Kubelet never posted node status.",
            lastTransitionTime=now,
        )
    if before.status == "Unknown":
        return before
    return replace(
        before,
        status="Unknown",
        reason="NodeStatusUnknown",
        message="Kubelet stopped posting node status.",
        lastTransitionTime=now,
    )


def _taints(node: core_v1.Node, now: datetime) -> list[core_v1.Taint]:
    """The node's taints as its conditions ask for; taints of other people stay, and know when they came."""
    before = list((node.spec.taints if node.spec else None) or ())
    wanted = _asked_for(node)
    kept = [_stamped(t, now) for t in before if t.key not in OURS or (t.key, t.effect) in wanted]
    there = {(t.key, t.effect) for t in kept}
    new = [core_v1.Taint(key=key, effect=effect) for key, effect in wanted if (key, effect) not in there]
    return kept + [_stamped(taint, now) for taint in new]


def _asked_for(node: core_v1.Node) -> list[tuple[str, str]]:
    asked: list[tuple[str, str]] = []
    ready = readiness(node)
    if ready in ("False", "Unknown"):
        key = taints.NOT_READY if ready == "False" else taints.UNREACHABLE
        asked += [(key, "NoSchedule"), (key, "NoExecute")]
    conditions = (node.status.conditions if node.status else None) or ()
    asked += [(PRESSURES[c.type], "NoSchedule") for c in conditions if c.type in PRESSURES and c.status == "True"]
    if node.spec and node.spec.unschedulable:
        asked.append((taints.UNSCHEDULABLE, "NoSchedule"))
    return asked


def _stamped(taint: core_v1.Taint, now: datetime) -> core_v1.Taint:
    """A taint that drives pods away must say since when, or their patience would start anew with every restart."""
    if taint.effect != "NoExecute" or taint.timeAdded is not None:
        return taint
    return replace(taint, timeAdded=now.replace(microsecond=0))


def is_out_of_service(snapshot: Snapshot) -> bool:
    """A person has said that the node is off and stays off, and it does not say otherwise itself."""
    node = snapshot.node
    stated = (node.spec.taints if node and node.spec else None) or ()
    return node is not None and readiness(node) != "True" and any(t.key == OUT_OF_SERVICE for t in stated)


def _evict(snapshot: Snapshot, stated: Sequence[core_v1.Taint]) -> tuple[list[Action], list[float]]:
    """Those whose patience has run out, and in how many seconds that of the next ones does."""
    driving = [taint for taint in stated if taint.effect == "NoExecute"]
    actions: list[Action] = []
    later: list[float] = []
    for pod in snapshot.pods if driving else ():
        if is_terminating(pod):
            if is_out_of_service(snapshot):
                actions.append(ForceDelete(pod))
            continue
        left_seconds = _patience_seconds(pod, driving, snapshot.now)
        if left_seconds is None:
            continue
        if left_seconds > 0:
            later.append(left_seconds)
        else:
            actions.append(Evict(pod, "Taint manager: deleting due to NoExecute taint"))
    return actions, later


def _patience_seconds(pod: core_v1.Pod, driving: Sequence[core_v1.Taint], now: datetime) -> float | None:
    """How much longer the pod may stay; None for as long as it likes."""
    tolerations = (pod.spec.tolerations if pod.spec else None) or ()
    limits = []
    for taint in driving:
        seconds = taints.endurance_seconds([taint], tolerations)
        if seconds is not None:
            limits.append(seconds - (now - (taint.timeAdded or now)).total_seconds())
    return min(limits, default=None)


def _was_ready(pod: core_v1.Pod, since: datetime | None) -> bool:
    """Ready, and not made so after its node fell silent: whoever has written that since knows better than we do."""
    conditions = (pod.status.conditions if pod.status else None) or ()
    ready = any(c.type == "Ready" and c.status == "True" for c in conditions)
    told_at = _changed_at(pod.status, "Ready")
    return ready and (told_at is None or since is None or told_at < since)


def _changed_at(status: core_v1.PodStatus | core_v1.NodeStatus | None, type_: str) -> datetime | None:
    conditions: Sequence[core_v1.PodCondition | core_v1.NodeCondition] = (
        status.conditions if status else None
    ) or ()
    return next((c.lastTransitionTime for c in conditions if c.type == type_), None)


def _not_ready(pod: core_v1.Pod, now: datetime) -> core_v1.Pod:
    assert pod.status
    changes = {"status": "False", "reason": "NodeNotReady", "message": None, "lastTransitionTime": now}
    conditions = [replace(c, **changes) if c.type == "Ready" else c for c in pod.status.conditions or ()]
    return replace(pod, status=replace(pod.status, conditions=conditions))


def _waiting(node: core_v1.Node, snapshot: Snapshot) -> str:
    if readiness(node) == "True":
        return ""
    silence = f"nothing heard for {snapshot.silent_seconds:.0f} s"
    return f"node {name_of(node)} is not Ready, {silence}; start its agent, or delete the node"
