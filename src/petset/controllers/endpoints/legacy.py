"""The Endpoints object: what slices replaced, kept for clients that still read it."""

from collections.abc import Sequence

from msgspec.structs import replace

from petset.api.models import core_v1, meta_v1
from petset.api.objects import meta, name_of, namespace_of
from petset.controllers.endpoints.members import Member, Port
from petset.controllers.endpoints.model import (
    ENDPOINTS_MANAGED_BY,
    ENDPOINTS_MANAGED_BY_LABEL,
    HEADLESS_LABEL,
    MOST_ADDRESSES,
    OVER_CAPACITY,
    Action,
    CreateEndpoints,
    UpdateEndpoints,
)


def plan_endpoints(
    before: core_v1.Endpoints | None, service: core_v1.Service, members: Sequence[Member]
) -> list[Action]:
    """The one write that Endpoints need, if any. Endpoints that somebody else manages are not touched."""
    after = _endpoints(members, service)
    if before is None:
        return [CreateEndpoints(after)]
    labels, annotations = meta(after).labels, meta(after).annotations
    same_marks = meta(before).labels == labels and (meta(before).annotations or None) == annotations
    if same_marks and (before.subsets or None) == after.subsets:
        return []
    metadata = replace(meta(before), labels=labels, annotations=annotations)
    return [UpdateEndpoints(replace(before, metadata=metadata, subsets=after.subsets))]


def _endpoints(members: Sequence[Member], service: core_v1.Service) -> core_v1.Endpoints:
    """Older clients know nothing of terminating members: those are left out, unless the Service publishes all."""
    publishes_all = bool(service.spec and service.spec.publishNotReadyAddresses)
    shown = [member for member in members if publishes_all or not member.terminating]
    ready_first = sorted(shown, key=lambda member: not member.ready)
    annotations = {OVER_CAPACITY: "truncated"} if len(shown) > MOST_ADDRESSES else None
    return core_v1.Endpoints(
        apiVersion="v1",
        kind="Endpoints",
        metadata=meta_v1.ObjectMeta(
            name=name_of(service), namespace=namespace_of(service), labels=_labels(service), annotations=annotations
        ),
        subsets=_subsets(ready_first[:MOST_ADDRESSES], service) or None,
    )


def _subsets(members: Sequence[Member], service: core_v1.Service) -> list[core_v1.EndpointSubset]:
    """One subset for each different set of ports."""
    groups: dict[tuple[Port, ...], list[Member]] = {}
    for member in members:
        if member.ports or not (service.spec and service.spec.ports):
            groups.setdefault(member.ports, []).append(member)
    return [_subset(ports, groups[ports]) for ports in sorted(groups)]


def _subset(ports: tuple[Port, ...], members: Sequence[Member]) -> core_v1.EndpointSubset:
    ready = [member.address for member in members if member.ready]
    not_ready = [member.address for member in members if not member.ready]
    return core_v1.EndpointSubset(
        addresses=ready or None,
        notReadyAddresses=not_ready or None,
        ports=[
            core_v1.EndpointPort(port=p.port, name=p.name or None, protocol=p.protocol, appProtocol=p.app_protocol)
            for p in ports
        ]
        or None,
    )


def _labels(service: core_v1.Service) -> dict[str, str]:
    labels: dict[str, str] = {k: v for k, v in (meta(service).labels or {}).items() if k != HEADLESS_LABEL}
    if service.spec and service.spec.clusterIP == "None":
        labels[HEADLESS_LABEL] = ""
    return {**labels, ENDPOINTS_MANAGED_BY_LABEL: ENDPOINTS_MANAGED_BY}
