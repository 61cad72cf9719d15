"""Which slices show what a user's Endpoints say: one for each set of ports and each family of addresses.

Endpoints are mirrored where a Service of their name has no selector. Others have slices of their own, made of pods;
and Endpoints that say so, or by which a leader is elected, stay as they are.
"""

from collections.abc import Sequence
from ipaddress import ip_address
from typing import TypeAlias

from petset.api import objects
from petset.api.models import core_v1, discovery_v1, meta_v1
from petset.api.objects import is_terminating, meta, name_of, namespace_of, owner_reference
from petset.controllers.mirroring.model import (
    LEADER,
    MANAGED_BY,
    MANAGED_BY_LABEL,
    MOST_OF_A_SUBSET,
    NOT_MIRRORED,
    SERVICE_NAME,
    SKIP_LABEL,
    Action,
    CreateSlice,
    DeleteSlice,
    Plan,
    Slice,
    Snapshot,
    UpdateSlice,
)

Group: TypeAlias = tuple[str, tuple[tuple[str, int, str, str | None], ...]]
"""A family of addresses, and ports: name, number, protocol, application protocol."""


def plan(snapshot: Snapshot) -> Plan:
    """Guarantee: then every address that is to be mirrored is in one slice of its ports, and no other is in any."""
    endpoints = snapshot.endpoints
    if endpoints is None or not is_mirrored(endpoints, snapshot.service):
        return Plan(tuple(DeleteSlice(each) for each in snapshot.slices))
    wanted = _wanted(endpoints)
    there: dict[Group, list[Slice]] = {}
    for each in sorted(snapshot.slices, key=name_of):
        there.setdefault(_group_of(each), []).append(each)
    written: list[Action] = []
    for group, addresses in wanted.items():
        written += _write(endpoints, group, addresses, there.get(group, []))
    unwanted = [each for group, found in there.items() for each in found[1 if group in wanted else 0 :]]
    return Plan((*written, *map(DeleteSlice, unwanted)))


def is_mirrored(endpoints: core_v1.Endpoints, service: core_v1.Service | None) -> bool:
    """Whether the Endpoints are a user's, and meant to be found."""
    if service is None or (service.spec is not None and service.spec.selector):
        return False
    metadata = meta(endpoints)
    return (metadata.labels or {}).get(SKIP_LABEL) != "true" and LEADER not in (metadata.annotations or {})


def _wanted(endpoints: core_v1.Endpoints) -> dict[Group, list[discovery_v1.Endpoint]]:
    """Every address once for the same ports; ready ones come first, and win."""
    found: dict[Group, dict[tuple[str, str | None], discovery_v1.Endpoint]] = {}
    for subset in endpoints.subsets or ():
        ready = [(address, True) for address in subset.addresses or ()]
        waiting = [(address, False) for address in subset.notReadyAddresses or ()]
        for address, is_ready in [*ready, *waiting][:MOST_OF_A_SUBSET]:
            target = address.targetRef.uid if address.targetRef else None
            group = found.setdefault(_group(address.ip, subset.ports or ()), {})
            group.setdefault((address.ip, target), _endpoint(address, is_ready))
    return {group: list(addresses.values()) for group, addresses in found.items()}


def _endpoint(address: core_v1.EndpointAddress, is_ready: bool) -> discovery_v1.Endpoint:
    return discovery_v1.Endpoint(
        addresses=[address.ip],
        conditions=discovery_v1.EndpointConditions(ready=is_ready),
        hostname=address.hostname,
        nodeName=address.nodeName,
        targetRef=address.targetRef,
    )


def _group(address: str, ports: Sequence[core_v1.EndpointPort]) -> Group:
    family = f"IPv{ip_address(address).version}"
    return family, tuple((port.name or "", port.port, port.protocol or "TCP", port.appProtocol) for port in ports)


def _group_of(slice_: Slice) -> Group:
    ports = ((p.name or "", p.port or 0, p.protocol or "TCP", p.appProtocol) for p in slice_.ports or ())
    return slice_.addressType, tuple(ports)


def _write(
    endpoints: core_v1.Endpoints, group: Group, addresses: list[discovery_v1.Endpoint], there: Sequence[Slice]
) -> list[Action]:
    """The first slice of the group brought up to date, or a new one; the others go."""
    labels, annotations = _marks(endpoints)
    if not there:
        return [] if is_terminating(endpoints) else [CreateSlice(_slice(endpoints, group, addresses))]
    first = there[0]
    metadata = meta(first)
    if (first.endpoints, metadata.labels, metadata.annotations) == (addresses, labels, annotations):
        return []
    marked = objects.replace(metadata, labels=labels, annotations=annotations)
    return [UpdateSlice(objects.replace(first, metadata=marked, endpoints=addresses))]


def _slice(endpoints: core_v1.Endpoints, group: Group, addresses: list[discovery_v1.Endpoint]) -> Slice:
    family, ports = group
    labels, annotations = _marks(endpoints)
    return Slice(
        metadata=meta_v1.ObjectMeta(
            generateName=f"{name_of(endpoints)}-",
            namespace=namespace_of(endpoints),
            labels=labels,
            annotations=annotations,
            ownerReferences=[owner_reference(endpoints)],
        ),
        addressType=family,
        endpoints=addresses,
        ports=[
            discovery_v1.EndpointPort(name=name, port=port, protocol=protocol, appProtocol=app)
            for name, port, protocol, app in ports
        ]
        or None,
    )


def _marks(endpoints: core_v1.Endpoints) -> tuple[dict[str, str], dict[str, str] | None]:
    """The labels and annotations of the Endpoints, as their slices have them."""
    metadata = meta(endpoints)
    labels = {**(metadata.labels or {}), SERVICE_NAME: name_of(endpoints), MANAGED_BY_LABEL: MANAGED_BY}
    annotations = {name: text for name, text in (metadata.annotations or {}).items() if name not in NOT_MIRRORED}
    return labels, annotations or None
