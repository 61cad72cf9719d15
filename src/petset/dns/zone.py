"""The cluster's names, worked out from its objects: what peers of a stateful application find each other by.

The records are those of Kubernetes' DNS specification as CoreDNS serves it (rules 21 and 22): a Service's own name,
the names of its endpoints, SRV records for its ports, a name for every pod address, and the way back from addresses
to names. Each question is answered from the objects as they are now, and each change costs what the changed object
costs, however many others there are.
"""

from collections.abc import Iterable, Iterator
from ipaddress import ip_address

from petset.api.models import core_v1, discovery_v1
from petset.dns.records import (
    NO_SUCH_NAME,
    NO_SUCH_TYPE,
    Address,
    Alias,
    Answer,
    Authority,
    Locator,
    Pointer,
    Resource,
    Text,
)
from petset.dns.ways import Name, ServiceWays, SliceWays, Way, is_address, name_of, read_service, read_slice

SCHEMA_VERSION = "1.1.0"
"""Of the DNS specification, as CoreDNS announces it."""


class Zone:
    """The names under a cluster domain such as `cluster.local`, and under the addresses that they have."""

    def __init__(self, domain: str) -> None:
        self.domain = domain.strip(".").lower()
        self._labels = tuple(self.domain.split("."))
        self._serial = 0
        self._namespaces: set[str] = set()
        self._services: dict[Name, ServiceWays] = {}
        self._slices: dict[Name, SliceWays] = {}
        self._slices_of: dict[Name, dict[Name, SliceWays]] = {}
        self._services_at: dict[str, dict[Name, None]] = {}  # by reverse name
        self._slices_at: dict[str, dict[Name, None]] = {}

    @property
    def authority(self) -> Authority:
        """The zone's own record. Its serial grows with every change."""
        return Authority(self.domain, self._serial)

    # Changes

    def namespace_changed(self, old: core_v1.Namespace | None, new: core_v1.Namespace | None) -> None:
        """Take note of a namespace that came or went."""
        self._serial += 1
        if old:
            self._namespaces.discard(name_of(old)[1])
        if new:
            self._namespaces.add(name_of(new)[1])

    def service_changed(self, old: core_v1.Service | None, new: core_v1.Service | None) -> None:
        """Take note of a service's new state."""
        self._serial += 1
        if old and (gone := self._services.pop(name_of(old), None)):
            _forget(self._services_at, gone.ways, name_of(old))
        if new:
            service = read_service(new, self.domain)
            self._services[name_of(new)] = service
            _remember(self._services_at, service.ways, name_of(new))

    def slice_changed(self, old: discovery_v1.EndpointSlice | None, new: discovery_v1.EndpointSlice | None) -> None:
        """Take note of a slice's new state. A slice without the label of its service belongs to nothing."""
        self._serial += 1
        if old and (gone := self._slices.pop(name_of(old), None)):
            _forget(self._slices_at, gone.ways, name_of(old))
            siblings = self._slices_of[gone.service]
            del siblings[name_of(old)]
            if not siblings:
                del self._slices_of[gone.service]
        if new and (found := read_slice(new, self.domain)):
            self._slices[name_of(new)] = found
            self._slices_of.setdefault(found.service, {})[name_of(new)] = found
            _remember(self._slices_at, found.ways, name_of(new))

    # Questions

    def answer(self, name: str, kind: str) -> Answer | None:
        """The answer for a name and a type such as `A`; None where the name is not ours and others may know."""
        asked = name.rstrip(".").lower()
        labels = tuple(asked.split("."))
        depth = len(labels) - len(self._labels)
        if depth >= 0 and labels[depth:] == self._labels:
            return self._own(name.rstrip("."), labels[:depth], kind)
        if asked in self._services_at or asked in self._slices_at:
            pointers = tuple(Pointer(name.rstrip("."), target) for target in self._names_at(asked))
            return Answer(exists=True, records=pointers) if kind == "PTR" else NO_SUCH_TYPE
        return None

    def _own(self, owner: str, labels: tuple[str, ...], kind: str) -> Answer:
        match labels:
            case ():
                return Answer(exists=True, records=(self.authority,)) if kind == "SOA" else NO_SUCH_TYPE
            case ("dns-version",):
                return _typed(kind, "TXT", Text(owner, SCHEMA_VERSION))
            case ("svc",) | ("pod",):
                return NO_SUCH_TYPE
            case (namespace, "svc" | "pod"):
                return NO_SUCH_TYPE if namespace in self._namespaces else NO_SUCH_NAME
            case (dashed, namespace, "pod"):
                return self._of_pod(owner, dashed, namespace, kind)
            case (*front, service, namespace, "svc"):
                return self._of_service(owner, tuple(front), (namespace, service), kind)
        return NO_SUCH_NAME

    def _of_pod(self, owner: str, dashed: str, namespace: str, kind: str) -> Answer:
        """Any address has a name, whether a pod has it or not: CoreDNS' default on Kubernetes."""
        address = _undashed(dashed)
        if not address or namespace not in self._namespaces:
            return NO_SUCH_NAME
        return _typed(kind, "AAAA" if ":" in address else "A", Address(owner, address))

    def _of_service(self, owner: str, front: tuple[str, ...], service: Name, kind: str) -> Answer:
        entry = self._services.get(service)
        if entry is None:
            return NO_SUCH_NAME
        if entry.external_name:
            known = not front or len(front) == 2
            return Answer(exists=True, records=(Alias(owner, entry.external_name),)) if known else NO_SUCH_NAME
        return _project(owner, list(self._ways(service, entry, front)), kind)

    def _ways(self, service: Name, entry: ServiceWays, front: tuple[str, ...]) -> Iterator[Way]:
        match front:
            case ():
                yield from self._all_ways(service, entry)
            case (hostname,):
                for part in self._slices_of.get(service, {}).values():
                    yield from part.by_hostname.get(hostname, ())
            case (port, protocol):
                wanted = (port.removeprefix("_"), protocol.removeprefix("_"))
                for way in self._all_ways(service, entry):
                    if (way.port_name, way.protocol) == wanted:
                        yield way

    def _all_ways(self, service: Name, entry: ServiceWays) -> Iterator[Way]:
        if not entry.headless:
            yield from entry.ways
            return
        for part in self._slices_of.get(service, {}).values():
            yield from part.ways

    def _names_at(self, reverse: str) -> Iterable[str]:
        services = [self._services[name].ways for name in self._services_at.get(reverse, ())]
        ways = services or [self._slices[name].ways for name in self._slices_at.get(reverse, ())]
        return dict.fromkeys(way.target for some in ways for way in some if _reverse(way.address) == reverse)


def _project(owner: str, ways: list[Way], kind: str) -> Answer:
    """What the ways say to a question of this type; no way at all means that there is no such name."""
    if not ways:
        return NO_SUCH_NAME
    if kind in ("A", "AAAA"):
        addresses = dict.fromkeys(way.address for way in ways if (":" in way.address) == (kind == "AAAA"))
        return Answer(exists=True, records=tuple(Address(owner, address) for address in addresses))
    if kind == "SRV":
        named = [way for way in ways if way.port]
        weight = max(1, 100 // len(named)) if named else 0
        locators = dict.fromkeys(Locator(owner, weight, way.port, way.target) for way in named)
        extra = dict.fromkeys(Address(way.target, way.address) for way in named)
        return Answer(exists=True, records=tuple(locators), extra=tuple(extra))
    return NO_SUCH_TYPE


def _typed(kind: str, own_kind: str, record: Resource) -> Answer:
    return Answer(exists=True, records=(record,)) if kind == own_kind else NO_SUCH_TYPE


def _remember(at: dict[str, dict[Name, None]], ways: Iterable[Way], name: Name) -> None:
    for way in ways:
        at.setdefault(_reverse(way.address), {})[name] = None


def _forget(at: dict[str, dict[Name, None]], ways: Iterable[Way], name: Name) -> None:
    for reverse in {_reverse(way.address) for way in ways}:
        del at[reverse][name]
        if not at[reverse]:
            del at[reverse]


def _reverse(address: str) -> str:
    """The name under which an address is looked up backwards: `5.0.244.10.in-addr.arpa`."""
    return ip_address(address).reverse_pointer


def _undashed(label: str) -> str:
    """`10.244.0.5` from `10-244-0-5`; empty where the label is no address."""
    dotted = label.count("-") == 3 and "--" not in label
    address = label.replace("-", "." if dotted else ":")
    return address if is_address(address) else ""
