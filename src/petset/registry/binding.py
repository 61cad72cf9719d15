"""A pod's way to its node: the Binding as webhooks see it, what the pod gets from it, and what stands against it.

A pod tells the zone and region of its node in its own labels, so that its containers may know them: Kubernetes'
admission plugin PodTopologyLabels.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from petset.api import objects
from petset.api.kinds import Kind, by_model
from petset.api.models import core_v1, meta_v1
from petset.api.qos import qos_class
from petset.api.validation.fields import Faults
from petset.api.validation.metadata import check_annotations, check_labels
from petset.registry import refusals
from petset.registry.memo import memo_of
from petset.registry.port import Target, Visit
from petset.storage.port import Key, Store

_NODES = by_model(core_v1.Node)
_PLACES = ("topology.kubernetes.io/zone", "topology.kubernetes.io/region")


def first_status(pod: core_v1.Pod, now: datetime) -> core_v1.PodStatus:
    """A new pod waits; one with gates says that it waits for others to open them."""
    status = core_v1.PodStatus(phase="Pending", qosClass=qos_class(pod))
    if pod.spec is not None and pod.spec.schedulingGates:
        why = "Scheduling is blocked due to non-empty scheduling gates"
        gated = core_v1.PodCondition(
            type="PodScheduled", status="False", reason="SchedulingGated", message=why, lastTransitionTime=now
        )
        status.conditions = [gated]
    return status


def place_of(store: Store, node_name: str) -> Mapping[str, str]:
    """The labels that say where the node is; none for one that is not known."""
    record = store.get(Key(_NODES.store_key, "", node_name))
    labels = memo_of(record).labels if record is not None else None
    return {key: labels[key] for key in _PLACES if key in labels} if labels else {}


def told_place(metadata: meta_v1.ObjectMeta, place: Mapping[str, str]) -> None:
    """Add where the node is to labels that do not say it themselves."""
    if place:
        metadata.labels = {**place, **(metadata.labels or {})}


def check(kind: Kind, name: str, said: meta_v1.ObjectMeta) -> None:
    """Raises Invalid where a pod may not have the labels or annotations that a Binding brings."""
    if said.labels or said.annotations:
        faults = Faults()
        check_labels("metadata.labels", said.labels, faults)
        check_annotations("metadata.annotations", said.annotations, faults)
        if faults.causes:
            raise refusals.invalid(kind, name, tuple(faults.causes))


def asked(kind: Kind, target: Target, node_name: str, said: meta_v1.ObjectMeta) -> Visit:
    """The document that asks for a pod's node."""
    metadata: dict[str, Any] = {"name": target.name, "namespace": target.namespace}
    for field in ("uid", "resourceVersion", "labels", "annotations"):
        if getattr(said, field):
            metadata[field] = getattr(said, field)
    node = {"kind": "Node", "name": node_name}
    sent = {"kind": "Binding", "apiVersion": "v1", "metadata": metadata, "target": node}
    return Visit("CREATE", kind, target, sent)


def bound(
    kind: Kind, node_name: str, said: meta_v1.ObjectMeta, now: datetime
) -> Callable[[core_v1.Pod], core_v1.Pod]:
    """The pod on a node, once and for all. Raises Conflict."""

    def change(old: core_v1.Pod) -> core_v1.Pod:
        spec, status = old.spec, old.status or core_v1.PodStatus()
        assert spec is not None
        name = objects.name_of(old)
        why = ""
        if objects.is_terminating(old):
            why = f"pod {name} is being deleted, cannot be assigned to a host"
        elif spec.nodeName:
            why = f'pod {name} is already assigned to node "{spec.nodeName}"'
        elif spec.schedulingGates:
            why = f"pod {name} has non-empty .spec.schedulingGates"
        if why:
            raise refusals.conflict(kind, name, why, resource="pods/binding")
        scheduled = core_v1.PodCondition(type="PodScheduled", status="True", lastTransitionTime=now)
        others = [c for c in status.conditions or () if c.type != scheduled.type]
        new = objects.with_own_metadata(old)
        _take_over(objects.meta(new), said)
        new.spec = objects.replace(spec, nodeName=node_name)
        new.status = objects.replace(status, conditions=[*others, scheduled], nominatedNodeName=None)
        return new

    return change


def _take_over(metadata: meta_v1.ObjectMeta, said: meta_v1.ObjectMeta) -> None:
    """What the Binding says stands before what the pod says; a uid or version that it names must be the pod's."""
    metadata.uid = said.uid or metadata.uid
    metadata.resourceVersion = said.resourceVersion or metadata.resourceVersion
    if said.labels:
        metadata.labels = {**(metadata.labels or {}), **said.labels}
    if said.annotations:
        metadata.annotations = {**(metadata.annotations or {}), **said.annotations}
