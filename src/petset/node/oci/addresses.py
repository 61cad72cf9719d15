"""Which addresses pods get. Pure: routes, names and addresses in use are arguments.

One range serves the data directory; its first address is the bridge's (gateway and DNS server). Logical node `i`
owns the `i`-th /24 of the range, so a pod's address tells its node.
"""

from collections.abc import Collection, Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network

RANGES = ("10.244.0.0/16", "10.245.0.0/16", "10.100.0.0/16", "172.28.0.0/16", "192.168.192.0/18", "100.96.0.0/16")


def routes(table: str) -> list[IPv4Network]:
    """The networks in a /proc/net/route text, without the default route."""
    found = []
    for line in table.splitlines()[1:]:
        fields = line.split()
        if len(fields) > 7 and fields[7] != "00000000":
            address, mask = (IPv4Address(int(fields[n], 16).to_bytes(4, "little")) for n in (1, 7))
            found.append(IPv4Network(f"{address}/{mask}", strict=False))
    return found


def leads_everywhere(table: str) -> bool:
    """Whether a /proc/net/route text has a default route."""
    return any(
        line.split()[1:2] == ["00000000"] and line.split()[7] == "00000000" for line in table.splitlines()[1:]
    )


def choose_range(candidates: Iterable[str], taken: Sequence[IPv4Network]) -> IPv4Network:
    """The first candidate that overlaps no route. LookupError where all do."""
    tried = [IPv4Network(candidate) for candidate in candidates]
    for network in tried:
        if not any(network.overlaps(other) for other in taken):
            return network
    raise LookupError(f"the machine already routes each of {', '.join(map(str, tried))}; choose another pod range")


def gateway(network: IPv4Network) -> IPv4Address:
    return network[1]


def node_subnet(network: IPv4Network, index: int) -> IPv4Network:
    """The `index`-th /24. LookupError when the range has no more."""
    if index >= network.num_addresses // 256:
        raise LookupError(f"{network} has room for {network.num_addresses // 256} nodes; choose a larger pod range")
    return IPv4Network((int(network.network_address) + index * 256, 24))


def pick(subnet: IPv4Network, used: Collection[str], preferred: str = "") -> IPv4Address:
    """A free address: the preferred one, else the lowest. LookupError if full.

    The first ten are left to gateways and servers.
    """
    if preferred and preferred not in used and IPv4Address(preferred) in subnet:
        return IPv4Address(preferred)
    for number in range(10, 255):
        if str(subnet[number]) not in used:
            return subnet[number]
    raise LookupError(f"all 245 pod addresses of {subnet} are in use; delete pods or add a node")
