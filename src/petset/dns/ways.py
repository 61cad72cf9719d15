"""The ways to reach a service, read from its objects: by its own addresses, and by those of its endpoints."""

from collections.abc import Iterable
from ipaddress import ip_address
from typing import NamedTuple

from petset.api import objects
from petset.api.models import core_v1, discovery_v1

SERVICE_LABEL = "kubernetes.io/service-name"
"""Says which Service an EndpointSlice belongs to."""

Name = tuple[str, str]
"""Namespace and name."""


class Way(NamedTuple):
    """One way to reach a service: an address, the name of whoever has it, and a port (0 where there is none)."""

    target: str
    address: str
    port: int
    port_name: str
    protocol: str


class ServiceWays(NamedTuple):
    """What a Service says by itself: its cluster addresses, or none (headless), or a name elsewhere."""

    headless: bool
    external_name: str
    ways: tuple[Way, ...]


class SliceWays(NamedTuple):
    """What an EndpointSlice says: the ways to its ready endpoints, all of them and by their host names."""

    service: Name
    ways: tuple[Way, ...]
    by_hostname: dict[str, tuple[Way, ...]]


def name_of(obj: objects.Object) -> Name:
    """Namespace and name of an object."""
    return objects.namespace_of(obj), objects.name_of(obj)


def read_service(service: core_v1.Service, domain: str) -> ServiceWays:
    """The service's own addresses, or that it has none, or that it stands for a name elsewhere."""
    spec = service.spec or core_v1.ServiceSpec()
    if spec.type == "ExternalName":
        name = (spec.externalName or "").rstrip(".")
        return ServiceWays(headless=False, external_name="" if is_address(name) else name, ways=())
    namespace, name = name_of(service)
    target = f"{name}.{namespace}.svc.{domain}"
    addresses = spec.clusterIPs or ([spec.clusterIP] if spec.clusterIP else [])
    headless = addresses == ["None"]
    ports = _ports(spec.ports or ())
    ways = [Way(target, address, *port) for port in ports for address in addresses if is_address(address)]
    return ServiceWays(headless, "", tuple(ways))


def read_slice(piece: discovery_v1.EndpointSlice, domain: str) -> SliceWays | None:
    """The ready endpoints of a slice; None for a slice that belongs to no service or holds no addresses."""
    service = (objects.meta(piece).labels or {}).get(SERVICE_LABEL)
    if not service or piece.addressType == "FQDN":
        return None
    namespace = objects.namespace_of(piece)
    ports = _ports(piece.ports or ())
    by_hostname: dict[str, tuple[Way, ...]] = {}
    for endpoint in piece.endpoints or ():
        if not _is_ready(endpoint):
            continue
        for address in endpoint.addresses:
            hostname = (endpoint.hostname or address.replace(".", "-").replace(":", "-")).lower()
            target = f"{hostname}.{service}.{namespace}.svc.{domain}"
            ways = [Way(target, address, *port) for port in ports]
            by_hostname[hostname] = (*by_hostname.get(hostname, ()), *ways)
    every = tuple(way for ways in by_hostname.values() for way in ways)
    return SliceWays((namespace, service), every, by_hostname)


def _ports(ports: Iterable[core_v1.ServicePort | discovery_v1.EndpointPort]) -> list[tuple[int, str, str]]:
    """Number, name and protocol of each port; where there is none, one that no question for a port will find."""
    read = [(port.port or 0, (port.name or "").lower(), (port.protocol or "TCP").lower()) for port in ports]
    return read or [(0, "", "")]


def _is_ready(endpoint: discovery_v1.Endpoint) -> bool:
    """Unknown counts as ready; `publishNotReadyAddresses` is in the slice already, as readiness."""
    return endpoint.conditions is None or endpoint.conditions.ready is not False


def is_address(text: str) -> bool:
    """Whether this is an IP address of either kind."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
