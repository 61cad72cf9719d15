"""NetworkPolicies: whom they are about, and with whom those may speak."""

from collections.abc import Container, Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TypeAlias

from petset.api import names
from petset.api.models import networking_v1
from petset.api.validation.addresses import check_network
from petset.api.validation.fields import Faults
from petset.api.validation.selectors import check_label_selector

_POLICY_TYPES, _PROTOCOLS = ("Ingress", "Egress"), ("TCP", "UDP", "SCTP")
_Network: TypeAlias = IPv4Network | IPv6Network


def check_network_policy(policy: networking_v1.NetworkPolicy, faults: Faults) -> None:
    """A new policy."""
    _check_policy(policy, (), faults)


def check_network_policy_update(
    new: networking_v1.NetworkPolicy, old: networking_v1.NetworkPolicy, faults: Faults
) -> None:
    """A changed one: networks that the old one had are not looked at again."""
    blocks = [peer.ipBlock for peer in _peers(old) if peer.ipBlock is not None]
    _check_policy(new, {each for block in blocks for each in (block.cidr, *(block.except_ or ()))}, faults)


def _peers(policy: networking_v1.NetworkPolicy) -> Iterator[networking_v1.NetworkPolicyPeer]:
    spec = policy.spec or networking_v1.NetworkPolicySpec()
    for ingress in spec.ingress or ():
        yield from ingress.from_ or ()
    for egress in spec.egress or ():
        yield from egress.to or ()


def _check_policy(policy: networking_v1.NetworkPolicy, known: Container[str], faults: Faults) -> None:
    """Whom it is about, and with whom they may speak."""
    spec = policy.spec or networking_v1.NetworkPolicySpec()
    check_label_selector("spec.podSelector", spec.podSelector, faults)
    directions = [
        *((f"spec.ingress[{i}]", each.ports, "from", each.from_) for i, each in enumerate(spec.ingress or ())),
        *((f"spec.egress[{i}]", each.ports, "to", each.to) for i, each in enumerate(spec.egress or ())),
    ]
    for here, ports, whence, peers in directions:
        for index, port in enumerate(ports or ()):
            _check_port(f"{here}.ports[{index}]", port, faults)
        for index, peer in enumerate(peers or ()):
            _check_peer(f"{here}.{whence}[{index}]", peer, known, faults)
    if len(spec.policyTypes or ()) > len(_POLICY_TYPES):
        faults.invalid("spec.policyTypes", spec.policyTypes, "may not specify more than two policyTypes")
        return
    for index, kind in enumerate(spec.policyTypes or ()):
        if kind not in _POLICY_TYPES:
            faults.not_supported(f"spec.policyTypes[{index}]", kind, _POLICY_TYPES)


def _check_port(path: str, port: networking_v1.NetworkPolicyPort, faults: Faults) -> None:
    """One port by number or name, or all from one number to another."""
    if port.protocol is not None and port.protocol not in _PROTOCOLS:
        faults.not_supported(f"{path}.protocol", port.protocol, _PROTOCOLS)
    last = port.endPort
    if port.port is None:
        if last is not None:
            faults.invalid(f"{path}.endPort", last, "may not be specified when `port` is not specified")
    elif isinstance(port.port, int):
        faults.each(f"{path}.port", port.port, names.port_number(port.port))
        if last is not None and last < port.port:
            faults.invalid(f"{path}.endPort", last, "must be greater than or equal to `port`")
        if last is not None:
            faults.each(f"{path}.endPort", last, names.port_number(last))
    else:
        if last is not None:
            faults.invalid(f"{path}.endPort", last, "may not be specified when `port` is non-numeric")
        faults.each(f"{path}.port", port.port, names.port_name(port.port))


def _check_peer(path: str, peer: networking_v1.NetworkPolicyPeer, known: Container[str], faults: Faults) -> None:
    """Pods by their labels and those of their namespaces, or a network."""
    check_label_selector(f"{path}.podSelector", peer.podSelector, faults)
    check_label_selector(f"{path}.namespaceSelector", peer.namespaceSelector, faults)
    if peer.ipBlock is not None:
        _check_block(f"{path}.ipBlock", peer.ipBlock, known, faults)
    if peer.podSelector is None and peer.namespaceSelector is None:
        if peer.ipBlock is None:
            faults.required(path, "must specify a peer")
    elif peer.ipBlock is not None:
        faults.forbidden(path, "may not specify both ipBlock and another peer")


def _check_block(path: str, block: networking_v1.IPBlock, known: Container[str], faults: Faults) -> None:
    if not block.cidr:
        faults.required(f"{path}.cidr")
        return
    whole = _network(f"{path}.cidr", block.cidr, known, faults)
    if whole is None:
        return
    for index, text in enumerate(block.except_ or ()):
        part = _network(f"{path}.except[{index}]", text, known, faults)
        if part is not None and not _is_within(part, whole):
            faults.invalid(f"{path}.except[{index}]", text, "must be a strict subset of `cidr`")


def _network(path: str, text: str, known: Container[str], faults: Faults) -> _Network | None:
    """The network that a text names, if it names one."""
    if text not in known:
        check_network(path, text, faults)
    try:
        return ip_network(text, strict=False) if "/" in text else None
    except ValueError:
        return None


def _is_within(part: _Network, whole: _Network) -> bool:
    """Whether one is a part of the other, and not the same."""
    if isinstance(part, IPv4Network) and isinstance(whole, IPv4Network):
        return part != whole and part.subnet_of(whole)
    if isinstance(part, IPv6Network) and isinstance(whole, IPv6Network):
        return part != whole and part.subnet_of(whole)
    return False
