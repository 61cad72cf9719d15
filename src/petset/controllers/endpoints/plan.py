"""Which slices a Service needs, changing as few of those it has as possible.

Everybody who watches slices pays for every one that changes. So an endpoint stays in the slice where it is;
pods that go leave room there, new ones fill up the fullest slice with room, and only then is a new slice made.
"""

from collections.abc import Sequence
from typing import TypeAlias

from msgspec.structs import replace

from petset.api.models import core_v1, discovery_v1, meta_v1
from petset.api.objects import is_terminating, meta, name_of, namespace_of, owner_reference
from petset.controllers.endpoints.legacy import plan_endpoints
from petset.controllers.endpoints.members import Member, Port
from petset.controllers.endpoints.model import (
    HEADLESS_LABEL,
    MANAGED_BY,
    MANAGED_BY_LABEL,
    MOST_ENDPOINTS_A_SLICE,
    SERVICE_NAME,
    Action,
    CreateSlice,
    DeleteEndpoints,
    DeleteSlice,
    Plan,
    Snapshot,
    UpdateSlice,
)

Group: TypeAlias = dict[str, discovery_v1.Endpoint]
"""Endpoints that share their ports, by the name of the pod behind each."""


def plan(snapshot: Snapshot) -> Plan:
    """The writes for one Service. Guarantee: then every member is in exactly one slice, and nobody else."""
    service = snapshot.service
    if service is None:
        return Plan((DeleteEndpoints(snapshot.endpoints),) if snapshot.endpoints else ())
    if is_terminating(service):
        return Plan(waiting="the service is being deleted")
    if not service.spec or not service.spec.selector or service.spec.type == "ExternalName":
        return Plan(waiting="the service selects no pods; its endpoints are the user's to write")
    members = sorted(snapshot.members, key=lambda member: member.name)
    return Plan((*_plan_slices(snapshot, service, members), *plan_endpoints(snapshot.endpoints, service, members)))


def _plan_slices(snapshot: Snapshot, service: core_v1.Service, members: Sequence[Member]) -> list[Action]:
    groups = _groups(members)
    existing: dict[tuple[Port, ...], list[discovery_v1.EndpointSlice]] = {ports: [] for ports in groups}
    unwanted: list[discovery_v1.EndpointSlice] = []
    for slice_ in sorted(snapshot.slices, key=name_of):
        kept = existing.get(_ports_of(slice_)) if slice_.addressType == "IPv4" else None
        (unwanted if kept is None else kept).append(slice_)
    actions: list[Action] = []
    for ports, group in groups.items():
        actions += _fill(service, ports, group, existing[ports])
    return [*actions, *(DeleteSlice(slice_) for slice_ in unwanted)]


def _groups(members: Sequence[Member]) -> dict[tuple[Port, ...], Group]:
    """Members by the ports they serve. A Service without members keeps one empty slice, so that it is seen."""
    groups: dict[tuple[Port, ...], Group] = {}
    for member in members:
        groups.setdefault(member.ports, {})[member.name] = member.endpoint
    return groups or {(): {}}


def _fill(
    service: core_v1.Service, ports: tuple[Port, ...], group: Group, slices: Sequence[discovery_v1.EndpointSlice]
) -> list[Action]:
    """Every endpoint of a group into a slice: where it is, else where there is room, else a new one."""
    new = dict(group)
    contents = [[new.pop(name) for name in _pod_names(slice_) if name in new] for slice_ in slices]
    rest = list(new.values())
    for content in sorted(contents, key=len, reverse=True):
        room = MOST_ENDPOINTS_A_SLICE - len(content)
        content.extend(rest[:room])
        rest = rest[room:]
    actions: list[Action] = []
    keep_one = not group
    for slice_, content in zip(slices, contents, strict=True):
        if content or keep_one:
            actions += _update(service, slice_, content)
            keep_one = False
        else:
            actions.append(DeleteSlice(slice_))
    size = MOST_ENDPOINTS_A_SLICE
    batches = [rest[start : start + size] for start in range(0, len(rest), size)] or ([[]] if keep_one else [])
    return [*actions, *(CreateSlice(_new_slice(service, ports, batch)) for batch in batches)]


def _update(
    service: core_v1.Service, slice_: discovery_v1.EndpointSlice, endpoints: list[discovery_v1.Endpoint]
) -> list[Action]:
    labels = _labels(service)
    if (slice_.endpoints or []) == endpoints and meta(slice_).labels == labels:
        return []
    return [UpdateSlice(replace(slice_, endpoints=endpoints, metadata=replace(meta(slice_), labels=labels)))]


def _new_slice(
    service: core_v1.Service, ports: tuple[Port, ...], endpoints: list[discovery_v1.Endpoint]
) -> discovery_v1.EndpointSlice:
    owner = replace(service, apiVersion="v1", kind="Service")
    return discovery_v1.EndpointSlice(
        apiVersion="discovery.k8s.io/v1",
        kind="EndpointSlice",
        metadata=meta_v1.ObjectMeta(
            generateName=f"{name_of(service)}-",
            namespace=namespace_of(service),
            labels=_labels(service),
            ownerReferences=[owner_reference(owner)],
        ),
        addressType="IPv4",
        endpoints=endpoints,
        ports=[
            discovery_v1.EndpointPort(name=p.name, port=p.port, protocol=p.protocol, appProtocol=p.app_protocol)
            for p in ports
        ],
    )


def _labels(service: core_v1.Service) -> dict[str, str]:
    labels: dict[str, str] = {k: v for k, v in (meta(service).labels or {}).items() if k != HEADLESS_LABEL}
    if service.spec and service.spec.clusterIP == "None":
        labels[HEADLESS_LABEL] = ""
    return {**labels, SERVICE_NAME: name_of(service), MANAGED_BY_LABEL: MANAGED_BY}


def _ports_of(slice_: discovery_v1.EndpointSlice) -> tuple[Port, ...]:
    return tuple(Port(p.name or "", p.port or 0, p.protocol or "TCP", p.appProtocol) for p in slice_.ports or ())


def _pod_names(slice_: discovery_v1.EndpointSlice) -> list[str]:
    return [e.targetRef.name or "" for e in slice_.endpoints or () if e.targetRef]
