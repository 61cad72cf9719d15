"""Rows of how pods are reached: services, endpoints, endpoint slices."""

from datetime import datetime

from petset.api.models import core_v1, discovery_v1
from petset.apiserver.tables.columns import (
    AGE,
    NAME,
    Cell,
    Column,
    Printer,
    age_of,
    labels_text,
    name_of,
    some,
    wide,
)

SHOWN = 3
"""How many addresses or ports a cell shows before it only counts them."""


def service(obj: core_v1.Service, now: datetime) -> list[Cell]:
    """A headless service's cluster IP is `None`, as its spec has it."""
    spec = obj.spec or core_v1.ServiceSpec()
    addresses = spec.clusterIPs or ([spec.clusterIP] if spec.clusterIP else [])
    return [
        name_of(obj),
        spec.type or "",
        addresses[0] if addresses else "<none>",
        _external(obj, spec),
        ",".join(_port(port) for port in spec.ports or ()) or "<none>",
        age_of(obj, now),
        labels_text(spec.selector),
    ]


def endpoints(obj: core_v1.Endpoints, now: datetime) -> list[Cell]:
    """Ready addresses with their ports."""
    return [name_of(obj), some(_pairs(obj), SHOWN, "<none>"), age_of(obj, now)]


def endpoint_slice(obj: discovery_v1.EndpointSlice, now: datetime) -> list[Cell]:
    """Ports, and the addresses of every endpoint, ready or not."""
    ports = [str(p.port) if p.port is not None else (p.name or "*") for p in obj.ports or ()]
    addresses = [address for endpoint in obj.endpoints or () for address in endpoint.addresses]
    return [
        name_of(obj),
        obj.addressType,
        some(ports, SHOWN, "<unset>"),
        some(addresses, SHOWN, "<unset>"),
        age_of(obj, now),
    ]


SERVICES = Printer(
    (
        NAME,
        Column("Type"),
        Column("Cluster-IP"),
        Column("External-IP"),
        Column("Port(s)"),
        AGE,
        wide("Selector"),
    ),
    service,
)
ENDPOINTS = Printer((NAME, Column("Endpoints"), AGE), endpoints)
ENDPOINT_SLICES = Printer((NAME, Column("AddressType"), Column("Ports"), Column("Endpoints"), AGE), endpoint_slice)


def _external(obj: core_v1.Service, spec: core_v1.ServiceSpec) -> str:
    outside = list(spec.externalIPs or ())
    if spec.type == "ExternalName":
        return spec.externalName or ""
    if spec.type != "LoadBalancer":
        return ",".join(outside) or "<none>"
    balancer = obj.status.loadBalancer if obj.status else None
    given = [entry.ip or entry.hostname or "" for entry in (balancer.ingress if balancer else None) or ()]
    return ",".join([*given, *outside]) or "<pending>"


def _port(port: core_v1.ServicePort) -> str:
    number = f"{port.port}:{port.nodePort}" if port.nodePort else str(port.port)
    return f"{number}/{port.protocol or 'TCP'}"


def _pairs(obj: core_v1.Endpoints) -> list[str]:
    found: list[str] = []
    for subset in obj.subsets or ():
        for port in subset.ports or (None,):
            found.extend(_pair(address.ip, port) for address in subset.addresses or ())
    return found


def _pair(ip: str, port: core_v1.EndpointPort | None) -> str:
    if port is None:
        return ip
    return f"[{ip}]:{port.port}" if ":" in ip else f"{ip}:{port.port}"
