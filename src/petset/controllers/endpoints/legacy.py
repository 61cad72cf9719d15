"""The Endpoints object: what slices replaced, kept for clients that still read it."""

from collections.abc import Sequence

from msgspec.structs import replace

from petset.api.models import core_v1, meta_v1
from petset.api.objects import is_terminating, meta, name_of, namespace_of
from petset.controllers.endpoints import members
from petset.controllers.endpoints.members import Port
from petset.controllers.endpoints.model import (
    ENDPOINTS_MANAGED_BY,
    ENDPOINTS_MANAGED_BY_LABEL,
    HEADLESS_LABEL,
    MOST_ADDRESSES,
    OVER_CAPACITY,
    Action,
    CreateEndpoints,
    Snapshot,
    UpdateEndpoints,
)


def plan_endpoints(snapshot: Snapshot, service: core_v1.Service) -> list[Action]:
    """The one write that Endpoints need, if any. Endpoints that somebody else manages are not touched."""
    before = snapshot.endpoints
    after = _endpoints(snapshot.pods, service)
    if before is None:
        return [CreateEndpoints(after)]
    labels, annotations = meta(after).labels, meta(after).annotations
    same_marks = meta(before).labels == labels and (meta(before).annotations or None) == annotations
    if same_marks and (before.subsets or None) == after.subsets:
        return []
    metadata = replace(meta(before), labels=labels, annotations=annotations)
    return [UpdateEndpoints(replace(before, metadata=metadata, subsets=after.subsets))]


def _endpoints(pods: Sequence[core_v1.Pod], service: core_v1.Service) -> core_v1.Endpoints:
    shown = [pod for pod in pods if _is_shown(pod, service)]
    ready_first = sorted(shown, key=lambda pod: (not _is_ready(pod, service), name_of(pod)))
    annotations = {OVER_CAPACITY: "truncated"} if len(shown) > MOST_ADDRESSES else None
    return core_v1.Endpoints(
        apiVersion="v1",
        kind="Endpoints",
        metadata=meta_v1.ObjectMeta(
            name=name_of(service), namespace=namespace_of(service), labels=_labels(service), annotations=annotations
        ),
        subsets=_subsets(ready_first[:MOST_ADDRESSES], service) or None,
    )


def _is_shown(pod: core_v1.Pod, service: core_v1.Service) -> bool:
    """Older clients know nothing of terminating members: those are left out, unless the Service publishes all."""
    if not members.is_member(pod):
        return False
    return not is_terminating(pod) or bool(service.spec and service.spec.publishNotReadyAddresses)


def _is_ready(pod: core_v1.Pod, service: core_v1.Service) -> bool:
    return members.is_ready(pod) or bool(service.spec and service.spec.publishNotReadyAddresses)


def _subsets(pods: Sequence[core_v1.Pod], service: core_v1.Service) -> list[core_v1.EndpointSubset]:
    """One subset for each different set of ports."""
    groups: dict[tuple[Port, ...], list[core_v1.Pod]] = {}
    for pod in pods:
        ports = members.ports(pod, service)
        if ports or not (service.spec and service.spec.ports):
            groups.setdefault(ports, []).append(pod)
    return [_subset(ports, groups[ports], service) for ports in sorted(groups)]


def _subset(
    ports: tuple[Port, ...], pods: Sequence[core_v1.Pod], service: core_v1.Service
) -> core_v1.EndpointSubset:
    ready = [_address(pod, service) for pod in pods if _is_ready(pod, service)]
    not_ready = [_address(pod, service) for pod in pods if not _is_ready(pod, service)]
    return core_v1.EndpointSubset(
        addresses=ready or None,
        notReadyAddresses=not_ready or None,
        ports=[
            core_v1.EndpointPort(port=p.port, name=p.name or None, protocol=p.protocol, appProtocol=p.app_protocol)
            for p in ports
        ]
        or None,
    )


def _address(pod: core_v1.Pod, service: core_v1.Service) -> core_v1.EndpointAddress:
    return core_v1.EndpointAddress(
        ip=members.addresses(pod)[0],
        hostname=members.hostname(pod, service),
        nodeName=pod.spec.nodeName if pod.spec else None,
        targetRef=members.target(pod),
    )


def _labels(service: core_v1.Service) -> dict[str, str]:
    labels: dict[str, str] = {k: v for k, v in (meta(service).labels or {}).items() if k != HEADLESS_LABEL}
    if service.spec and service.spec.clusterIP == "None":
        labels[HEADLESS_LABEL] = ""
    return {**labels, ENDPOINTS_MANAGED_BY_LABEL: ENDPOINTS_MANAGED_BY}
