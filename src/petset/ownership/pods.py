"""Pods made from a template, and which of an owner's pods go first when there are too many."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cmp_to_key
from math import log2
from typing import TypeVar

from petset.api.models import core_v1, meta_v1
from petset.api.objects import Object, is_terminating, meta, name_of, namespace_of, owner_reference, uid_of
from petset.ownership.health import is_finished, phase_of, ready_since

T = TypeVar("T", int, str, tuple[int, ...])
DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
_PHASES = {"Pending": 0, "": 0, "Unknown": 1, "Running": 2}


def pod_of(template: core_v1.PodTemplateSpec, owner: Object) -> core_v1.Pod:
    """A new pod of the owner; the server completes its name. It shares the template's inner parts."""
    given = template.metadata or meta_v1.ObjectMeta()
    metadata = meta_v1.ObjectMeta(
        generateName=f"{name_of(owner)}-",
        namespace=namespace_of(owner),
        labels=dict(given.labels) if given.labels else None,
        annotations=dict(given.annotations) if given.annotations else None,
        finalizers=list(given.finalizers) if given.finalizers else None,
        ownerReferences=[owner_reference(owner)],
    )
    return core_v1.Pod(metadata=metadata, spec=template.spec)


def is_active(pod: core_v1.Pod) -> bool:
    """It may still do its work: neither finished nor on its way out."""
    return not is_finished(pod) and not is_terminating(pod)


def is_ready(pod: core_v1.Pod) -> bool:
    """Its Ready condition is True."""
    return ready_since(pod) is not None


def to_remove(
    pods: Sequence[core_v1.Pod], count: int, beside: Mapping[str, int], now: datetime
) -> Sequence[core_v1.Pod]:
    """The `count` pods that are missed least.

    In this order: not assigned to a node, Pending, not Ready, cheap by annotation, on a node with many of the kind
    (`beside`: how many, by node), Ready for a short time, often restarted, young. Times are compared by their order
    of magnitude, and equal ones by uid, so that a choice among pods of about the same age is as good as random.
    """
    if count >= len(pods):
        return pods

    def compare(one: core_v1.Pod, other: core_v1.Pod) -> int:
        return _compare(one, other, beside, now)

    return sorted(pods, key=cmp_to_key(compare))[:count]


def _compare(one: core_v1.Pod, other: core_v1.Pod, beside: Mapping[str, int], now: datetime) -> int:
    difference = _difference(_worth(one, beside), _worth(other, beside))
    if difference:
        return difference
    both = ready_since(one), ready_since(other)
    if both[0] is not None and both[1] is not None and both[0] != both[1]:
        return _by_age(one, other, both[0], both[1], now)
    difference = _difference(_restarts(other), _restarts(one))
    if difference:
        return difference
    births = meta(one).creationTimestamp, meta(other).creationTimestamp
    if births[0] is not None and births[1] is not None and births[0] != births[1]:
        return _by_age(one, other, births[0], births[1], now)
    return _difference(uid_of(one), uid_of(other))


def _worth(pod: core_v1.Pod, beside: Mapping[str, int]) -> tuple[int, ...]:
    node = pod.spec.nodeName if pod.spec else None
    return (bool(node), _PHASES.get(phase_of(pod), 0), is_ready(pod), _cost(pod), -beside.get(node or "", 0))


def _cost(pod: core_v1.Pod) -> int:
    try:
        return int((meta(pod).annotations or {}).get(DELETION_COST, "0"))
    except ValueError:
        return 0


def _restarts(pod: core_v1.Pod) -> int:
    statuses = (pod.status.containerStatuses if pod.status else None) or ()
    return max((status.restartCount for status in statuses), default=0)


def _by_age(one: core_v1.Pod, other: core_v1.Pod, since: datetime, other_since: datetime, now: datetime) -> int:
    magnitude = _difference(_magnitude(since, now), _magnitude(other_since, now))
    return magnitude or _difference(uid_of(one), uid_of(other))


def _magnitude(since: datetime, now: datetime) -> int:
    nanoseconds = (now - since).total_seconds() * 1e9
    return int(log2(nanoseconds)) if nanoseconds > 0 else -1


def _difference(one: T, other: T) -> int:
    return 0 if one == other else 1 if one > other else -1
