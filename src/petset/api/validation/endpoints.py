"""The addresses behind Services: slices of them, and the older list."""

from typing import Any

from petset.api import names
from petset.api.models import core_v1, discovery_v1
from petset.api.validation.addresses import BAD_ADDRESS, is_address
from petset.api.validation.containers import PROTOCOLS
from petset.api.validation.fields import Faults


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
