"""Addresses and node ports of Services: given out here, so that no two Services ever hold the same one.

What is taken is read from the stored Services themselves; nothing else has to be kept in step. A write that is
under way holds what it was given until it is stored or has failed.

Of each range the lower part is left to those who choose for themselves; the server draws from the upper part first.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv4Network
from random import Random  # noqa: TID251 - the type of an argument
from typing import NamedTuple

from petset.api import objects
from petset.api.errors import Cause
from petset.api.kinds import by_model
from petset.api.models import core_v1
from petset.api.validation.services import is_reached_from_outside, needs_health_check
from petset.registry import refusals
from petset.registry.memo import Decoder
from petset.storage.port import Key, Store

SERVICES = by_model(core_v1.Service)
NODE_PORTS = range(30000, 32768)
_OWN_CHOICE_PORTS = 86
_OWN_CHOICE_ADDRESSES = 256
_WITH_NODE_PORTS = ("NodePort", "LoadBalancer")


Handed = str | int
"""A cluster IP, or a node port."""


class _Given(NamedTuple):
    """What a write that is under way was given."""

    owner: Key
    handed: set[Handed]


class ServiceAddresses:
    """Gives out cluster IPs of one network and node ports."""

    def __init__(self, store: Store, decoder: Decoder, source: Random, network: str = "10.96.0.0/16") -> None:
        self._store = store
        self._decoder = decoder
        self._random = source
        self._network = IPv4Network(network)
        self._under_way: list[_Given] = []

    @contextmanager
    def given_to(self, new: core_v1.Service, old: core_v1.Service | None) -> Iterator[None]:
        """Fill in what `new` needs; within the block nobody else gets it. Raises Invalid for what is taken."""
        assert new.spec is not None
        if old is not None:
            _keep_allocated(new.spec, old.spec)
        _set_families(new)
        owner = Key(SERVICES.store_key, objects.namespace_of(new), objects.name_of(new))
        taken = self._taken_by_others(owner)
        given: set[Handed] = set()
        if _needs_address(new.spec):
            given.add(self._give_address(new, taken))
        if new.spec.type in _WITH_NODE_PORTS:
            given |= self._give_ports(new, taken)
        if needs_health_check(new.spec) and not new.spec.healthCheckNodePort:
            numbers = {each for each in taken | given if isinstance(each, int)}
            new.spec.healthCheckNodePort = self._free_port(numbers)
        given |= {new.spec.healthCheckNodePort} if new.spec.healthCheckNodePort else set()
        under_way = _Given(owner, given)
        self._under_way.append(under_way)
        try:
            yield
        finally:
            self._under_way.remove(under_way)

    def _taken_by_others(self, owner: Key) -> set[Handed]:
        """Whether stored or under way; two writes of one Service do not stand in each other's way."""
        taken: set[Handed] = set()
        for record in self._store.list(SERVICES.store_key).records:
            if record.key != owner:
                taken |= _held_by(self._decoder.decode(SERVICES, record))
        for given in self._under_way:
            if given.owner != owner:
                taken |= given.handed
        return taken

    def _give_address(self, service: core_v1.Service, taken: set[Handed]) -> str:
        spec = service.spec
        assert spec is not None
        address = spec.clusterIP
        if not address:
            address = self._free_address(taken)
        elif address in taken or not self._may_be_given(address):
            why = "provided IP is already allocated"
            if not self._may_be_given(address):
                why = (
                    f"the provided IP ({address}) is not in the valid range. "
                    f"The range of valid IPs is {self._network}"
                )
            message = f'Invalid value: ["{address}"]: failed to allocate IP {address}: {why}'
            raise _invalid(service, "spec.clusterIPs", message)
        spec.clusterIP = address
        spec.clusterIPs = [address]
        return address

    def _may_be_given(self, address: str) -> bool:
        try:
            parsed = IPv4Address(address)
        except ValueError:
            return False
        return parsed in self._network and parsed not in (
            self._network.network_address,
            self._network.broadcast_address,
        )

    def _free_address(self, taken: set[Handed]) -> str:
        first, last = int(self._network.network_address) + 1, int(self._network.broadcast_address)
        border = min(first + _OWN_CHOICE_ADDRESSES, last)
        for part in (range(border, last), range(first, border)):
            number = self._draw(part, {int(IPv4Address(t)) for t in taken if isinstance(t, str)})
            if number is not None:
                return str(IPv4Address(number))
        raise refusals.exhausted("range is full: no cluster IP is left; delete a Service")

    def _give_ports(self, service: core_v1.Service, taken: set[Handed]) -> set[Handed]:
        assert service.spec is not None
        numbers = {t for t in taken if isinstance(t, int)}
        given: dict[int, str] = {}  # one number may serve two protocols of the same service
        wanted = service.spec.type == "NodePort" or service.spec.allocateLoadBalancerNodePorts is not False
        for index, port in enumerate(service.spec.ports or ()):
            protocol = port.protocol or "TCP"
            if not port.nodePort:
                if not wanted:
                    continue
                port.nodePort = self._free_port(numbers | given.keys())
            elif port.nodePort in numbers or given.get(port.nodePort) == protocol:
                message = f"Invalid value: {port.nodePort}: provided port is already allocated"
                raise _invalid(service, f"spec.ports[{index}].nodePort", message)
            elif port.nodePort not in NODE_PORTS:
                message = (
                    f"Invalid value: {port.nodePort}: provided port is not in the valid range. "
                    f"The range of valid ports is {NODE_PORTS[0]}-{NODE_PORTS[-1]}"
                )
                raise _invalid(service, f"spec.ports[{index}].nodePort", message)
            given[port.nodePort] = protocol
        return set(given)

    def _free_port(self, taken: set[int]) -> int:
        border = NODE_PORTS.start + _OWN_CHOICE_PORTS
        for part in (range(border, NODE_PORTS.stop), range(NODE_PORTS.start, border)):
            number = self._draw(part, taken)
            if number is not None:
                return number
        raise refusals.exhausted("range is full: no node port is left; delete a Service of type NodePort")

    def _draw(self, numbers: range, taken: set[int]) -> int | None:
        """A random number that is free; almost always the first draw is."""
        for _ in range(16):
            number = self._random.choice(numbers)
            if number not in taken:
                return number
        return next((n for n in numbers if n not in taken), None)


def _invalid(service: core_v1.Service, field: str, message: str) -> Exception:
    return refusals.invalid(SERVICES, objects.name_of(service), (Cause("FieldValueInvalid", message, field),))


def _needs_address(spec: core_v1.ServiceSpec) -> bool:
    return spec.type != "ExternalName" and spec.clusterIP != "None"


def _held_by(service: core_v1.Service) -> set[Handed]:
    spec = service.spec
    if spec is None:
        return set()
    held: set[Handed] = {port.nodePort for port in spec.ports or () if port.nodePort}
    if spec.clusterIP and spec.clusterIP != "None":
        held.add(spec.clusterIP)
    if spec.healthCheckNodePort:
        held.add(spec.healthCheckNodePort)
    return held


def _set_families(service: core_v1.Service) -> None:
    """One address family, IPv4. A headless Service without selector may list any, so it counts as dual-stack.

    Raises Invalid for what this network does not have.
    """
    spec = service.spec
    assert spec is not None
    if spec.type == "ExternalName":
        return
    headless = spec.clusterIP == "None"
    if headless:
        spec.clusterIPs = ["None"]
    free = headless and not spec.selector
    dual = free and not spec.ipFamilies and not spec.ipFamilyPolicy
    spec.ipFamilyPolicy = spec.ipFamilyPolicy or ("RequireDualStack" if dual else "SingleStack")
    if not free:
        _check_families(service, spec)
    spec.ipFamilies = spec.ipFamilies or (["IPv4", "IPv6"] if dual else ["IPv4"])


def _check_families(service: core_v1.Service, spec: core_v1.ServiceSpec) -> None:
    if spec.ipFamilyPolicy == "RequireDualStack":
        what = 'Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services'
        raise _invalid(service, "spec.ipFamilyPolicy", what)
    for index, family in enumerate(spec.ipFamilies or ()):
        if family == "IPv6":
            what = 'Invalid value: "IPv6": not configured on this cluster'
            raise _invalid(service, f"spec.ipFamilies[{index}]", what)


def _keep_allocated(new: core_v1.ServiceSpec, old: core_v1.ServiceSpec | None) -> None:
    """A client that leaves out what the server once gave means to keep it, while the type still has use for it.

    One that changes the type need not clear what the old type had: that goes by itself.
    """
    if old is None:
        return
    _drop_unneeded(new, old)
    if new.type in _WITH_NODE_PORTS and old.type in _WITH_NODE_PORTS:
        _keep_ports(new.ports or (), old.ports or ())
    if needs_health_check(new) and needs_health_check(old):
        new.healthCheckNodePort = new.healthCheckNodePort or old.healthCheckNodePort
    if new.type == "ExternalName":
        if new.clusterIP in (None, old.clusterIP):
            new.clusterIP = new.clusterIPs = new.ipFamilies = new.ipFamilyPolicy = None
    elif old.type != "ExternalName":
        if not new.clusterIP:
            new.clusterIP, new.clusterIPs = old.clusterIP, old.clusterIPs
        new.ipFamilies = new.ipFamilies or old.ipFamilies
        new.ipFamilyPolicy = new.ipFamilyPolicy or old.ipFamilyPolicy


def _drop_unneeded(new: core_v1.ServiceSpec, old: core_v1.ServiceSpec) -> None:
    """What the old type had and the new one has no use for, unless the client says something new of it."""
    if new.type not in _WITH_NODE_PORTS and old.type in _WITH_NODE_PORTS:
        given = {port.nodePort for port in old.ports or ()}
        for port in new.ports or ():
            if port.nodePort in given:
                port.nodePort = None
    unneeded = {
        "externalTrafficPolicy": not is_reached_from_outside(new),
        "healthCheckNodePort": not needs_health_check(new),
        "allocateLoadBalancerNodePorts": new.type != "LoadBalancer",
        "loadBalancerClass": new.type != "LoadBalancer",
    }
    for field, drop in unneeded.items():
        if drop and getattr(new, field) == getattr(old, field):
            setattr(new, field, None)


def _keep_ports(new: Sequence[core_v1.ServicePort], old: Sequence[core_v1.ServicePort]) -> None:
    before = {(port.protocol, port.port): port.nodePort for port in old}
    chosen = {port.nodePort for port in new}
    for port in new:
        kept = before.get((port.protocol, port.port))
        if not port.nodePort and kept not in chosen:
            port.nodePort = kept
