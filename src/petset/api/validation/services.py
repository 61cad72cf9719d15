"""Services and endpoint slices."""

from functools import lru_cache
from ipaddress import ip_address
from typing import Any

from petset.api import names
from petset.api.models import core_v1, discovery_v1
from petset.api.validation.containers import PROTOCOLS, check_port
from petset.api.validation.fields import Faults
from petset.api.validation.metadata import check_labels

TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
BAD_ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"


def is_address(text: str) -> bool:
    """Whether text is an IP address."""
    return _is_address(text) if len(text) <= _LONGEST_ADDRESS else _reads(text)


def _reads(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


_LONGEST_ADDRESS = len("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255")
_is_address = lru_cache(maxsize=2048)(_reads)
"""A slice is checked whenever one of its hundred endpoints changes."""


def check_service(service: core_v1.Service, faults: Faults) -> None:
    """A Service."""
    spec = service.spec
    assert spec is not None
    headless = spec.clusterIP == "None"
    if not spec.ports and not headless and spec.type != "ExternalName":
        faults.required("spec.ports")
    if spec.type in ("LoadBalancer", "NodePort") and headless:
        faults.invalid("spec.clusterIPs[0]", "None", f"may not be set to 'None' for {spec.type} services")
    if spec.type == "ExternalName":
        _check_external(spec, faults)
    if spec.type not in TYPES:
        faults.one_of("spec.type", spec.type, TYPES)
    _check_ports(spec.ports or [], faults)
    check_labels("spec.selector", spec.selector, faults)
    if spec.sessionAffinity not in ("ClientIP", "None"):
        faults.one_of("spec.sessionAffinity", spec.sessionAffinity, ("ClientIP", "None"))
    for index, address in enumerate(spec.clusterIPs or ()):
        if address and address != "None" and not is_address(address):
            faults.invalid(f"spec.clusterIPs[{index}]", address, BAD_ADDRESS)
    for name in ("externalTrafficPolicy", "internalTrafficPolicy"):
        value = getattr(spec, name)
        if value and value not in ("Cluster", "Local"):
            faults.not_supported(f"spec.{name}", value, ("Cluster", "Local"))


def _check_external(spec: core_v1.ServiceSpec, faults: Faults) -> None:
    if spec.clusterIP:
        faults.forbidden("spec.clusterIPs", "may not be set for ExternalName services")
    name = (spec.externalName or "").removesuffix(".")
    if not name:
        faults.required("spec.externalName")
    else:
        faults.each("spec.externalName", name, names.dns_subdomain(name))


def _check_ports(ports: list[core_v1.ServicePort], faults: Faults) -> None:
    seen_names: set[str] = set()
    seen_ports: set[tuple[str | None, int]] = set()
    for index, port in enumerate(ports):
        here = f"spec.ports[{index}]"
        if port.name:
            faults.each(f"{here}.name", port.name, names.dns_label(port.name))
            if port.name in seen_names:
                faults.duplicate(f"{here}.name", port.name)
            seen_names.add(port.name)
        elif len(ports) > 1:
            faults.required(f"{here}.name")
        faults.each(f"{here}.port", port.port, names.port_number(port.port))
        if port.protocol not in PROTOCOLS:
            faults.one_of(f"{here}.protocol", port.protocol, PROTOCOLS)
        if port.targetPort is not None:
            check_port(f"{here}.targetPort", port.targetPort, faults)
        if port.nodePort is not None:
            faults.each(f"{here}.nodePort", port.nodePort, names.port_number(port.nodePort))
        if (port.protocol, port.port) in seen_ports:
            faults.duplicate(here, {"port": port.port, "protocol": port.protocol})
        seen_ports.add((port.protocol, port.port))


def check_service_update(new: core_v1.Service, old: core_v1.Service, faults: Faults) -> None:
    """A Service keeps its address as long as it has one."""
    after, before = new.spec, old.spec
    assert after is not None and before is not None
    check_service(new, faults)
    keeps = before.type != "ExternalName" and after.type != "ExternalName"
    if keeps and before.clusterIPs and after.clusterIPs != before.clusterIPs:
        first = (after.clusterIPs or [""])[0]
        if first != before.clusterIPs[0]:
            faults.invalid("spec.clusterIPs[0]", after.clusterIPs or [], "may not change once set")


def check_endpoint_slice(endpoint_slice: discovery_v1.EndpointSlice, faults: Faults) -> None:
    """The addresses behind a Service."""
    kinds = ("FQDN", "IPv4", "IPv6")
    if endpoint_slice.addressType not in kinds:
        faults.one_of("addressType", endpoint_slice.addressType, kinds)
    for index, endpoint in enumerate(endpoint_slice.endpoints or ()):
        _check_endpoint(f"endpoints[{index}]", endpoint, endpoint_slice.addressType, faults)
    seen: set[str] = set()
    for index, port in enumerate(endpoint_slice.ports or ()):
        here = f"ports[{index}]"
        if port.name:
            faults.each(f"{here}.name", port.name, names.dns_label(port.name))
        if (port.name or "") in seen:
            faults.duplicate(f"{here}.name", port.name or "")
        seen.add(port.name or "")
        if port.protocol not in PROTOCOLS:
            faults.one_of(f"{here}.protocol", port.protocol, PROTOCOLS)


def _check_endpoint(path: str, endpoint: discovery_v1.Endpoint, address_type: str, faults: Faults) -> None:
    if not endpoint.addresses:
        faults.required(f"{path}.addresses", "must contain at least 1 address")
    for index, address in enumerate(endpoint.addresses or ()):
        if address_type == "FQDN":
            faults.each(f"{path}.addresses[{index}]", address, names.dns_subdomain(address))
        elif not is_address(address):
            faults.invalid(f"{path}.addresses[{index}]", address, BAD_ADDRESS)
        elif (":" in address) != (address_type == "IPv6"):
            family = "IPv6" if address_type == "IPv6" else "IPv4"
            faults.invalid(f"{path}.addresses[{index}]", address, f"must be a valid {family} address")
    if endpoint.hostname is not None:
        faults.each(f"{path}.hostname", endpoint.hostname, names.dns_label(endpoint.hostname))


def check_endpoint_slice_update(
    new: discovery_v1.EndpointSlice, old: discovery_v1.EndpointSlice, faults: Faults
) -> None:
    """Its kind of address is fixed."""
    check_endpoint_slice(new, faults)
    faults.unchanged("addressType", new.addressType, old.addressType)


def check_endpoints(endpoints: core_v1.Endpoints, faults: Faults) -> None:
    """The older list of a Service's addresses."""
    for index, subset in enumerate(endpoints.subsets or ()):
        here = f"subsets[{index}]"
        if not subset.addresses and not subset.notReadyAddresses:
            faults.required(here, "must specify `addresses` or `notReadyAddresses`")
        for name in ("addresses", "notReadyAddresses"):
            listed: list[Any] = getattr(subset, name) or []
            for number, address in enumerate(listed):
                if not is_address(address.ip):
                    faults.invalid(f"{here}.{name}[{number}].ip", address.ip, BAD_ADDRESS)
        for number, port in enumerate(subset.ports or ()):
            faults.each(f"{here}.ports[{number}].port", port.port, names.port_number(port.port))
            if port.protocol not in PROTOCOLS:
                faults.one_of(f"{here}.ports[{number}].protocol", port.protocol, PROTOCOLS)
