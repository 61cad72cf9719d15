"""What one Service and its EndpointSlices ask of the data plane, as kube-proxy reads them.

Traffic policies and topology hints are not looked at: all nodes are this one machine, so every endpoint is near.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from petset.api.models import core_v1, discovery_v1
from petset.api.objects import meta
from petset.node.services.model import ANY_OWN, Backend, Backends, Front, Ruleset

SERVICE_NAME = "kubernetes.io/service-name"
OTHER_PROXY = "service.kubernetes.io/service-proxy-name"
"""A Service with this label is another proxy's."""
_PROTOCOLS = ("TCP", "UDP")  # the kernel's map could take SCTP, but no one here could test it


def wanted(service: core_v1.Service, slices: Sequence[discovery_v1.EndpointSlice]) -> Ruleset:
    """The fronts of a Service and who answers there; none for a headless Service or an ExternalName."""
    spec = service.spec
    if spec is None or spec.type == "ExternalName" or OTHER_PROXY in (meta(service).labels or {}):
        return {}
    if not spec.clusterIP or spec.clusterIP == "None" or ":" in spec.clusterIP:
        return {}
    sticky = spec.sessionAffinity == "ClientIP"
    fronts: dict[Front, Backends] = {}
    for port in spec.ports or ():
        protocol = port.protocol or "TCP"
        if protocol not in _PROTOCOLS:
            continue
        backends = Backends(_members(slices, port.name or "", protocol), sticky)
        fronts[Front(spec.clusterIP, protocol.lower(), port.port)] = backends
        if port.nodePort:
            fronts[Front(ANY_OWN, protocol.lower(), port.nodePort)] = backends
    return fronts


def merged(parts: Iterable[Ruleset]) -> Ruleset:
    """One ruleset of all Services'. Where two claim a front (one is about to go) the later one has it."""
    whole: dict[Front, Backends] = {}
    for part in parts:
        whole.update(part)
    return whole


def unserved(service: core_v1.Service) -> Iterator[str]:
    """The protocols of a Service that has an address, but is not served on them."""
    spec = service.spec
    if spec is not None and spec.clusterIP not in (None, "", "None"):
        yield from sorted({p.protocol for p in spec.ports or () if p.protocol and p.protocol not in _PROTOCOLS})


def _members(slices: Iterable[discovery_v1.EndpointSlice], port: str, protocol: str) -> tuple[Backend, ...]:
    """The ready ones; where there is none, those that still serve while they stop."""
    ready: dict[Backend, None] = {}
    stopping: dict[Backend, None] = {}
    for piece in slices:
        number = _number(piece.ports or (), port, protocol)
        if piece.addressType != "IPv4" or number is None:
            continue
        for endpoint in piece.endpoints or ():
            where = _readiness(endpoint, ready, stopping)
            if where is not None and endpoint.addresses:
                where[Backend(endpoint.addresses[0], number)] = None
    return tuple(sorted(ready or stopping))


def _number(ports: Iterable[discovery_v1.EndpointPort], name: str, protocol: str) -> int | None:
    same = (p.port for p in ports if (p.name or "") == name and (p.protocol or "TCP") == protocol)
    return next(same, None)


def _readiness(
    endpoint: discovery_v1.Endpoint, ready: dict[Backend, None], stopping: dict[Backend, None]
) -> dict[Backend, None] | None:
    conditions = endpoint.conditions or discovery_v1.EndpointConditions()
    if conditions.ready is not False:  # unknown counts as ready
        return ready
    return stopping if conditions.serving and conditions.terminating else None


def service_of(piece: discovery_v1.EndpointSlice) -> str:
    """The name of the Service that a slice belongs to; empty for none."""
    labels: Mapping[str, str] = meta(piece).labels or {}
    return labels.get(SERVICE_NAME, "")
