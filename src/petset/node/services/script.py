"""From rulesets and actions to nft's language. Pure: the kernel reads it elsewhere.

One table of a data directory holds everything. A front is one element of a map that leads to a chain of its own,
and that chain picks a backend; a front that nobody answers at is one element of a set whose visitors are refused.
So a change touches a chain and an element or two, and a packet costs one look-up whatever the number of Services.

Replies must come back through this machine, to be given the address that was asked. Pods reach each other directly
across the bridge, so a pod that comes by way of a Service comes under the bridge's address; so does the machine
itself where it asked its loopback address. Others keep theirs.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from petset.node.services.model import Action, Backend, Backends, Change, Close, Front, Open, Ruleset

SERVICE_RANGE = "10.96.0.0/16"


@dataclass(frozen=True)
class Surroundings:
    """The table's name, the bridge that pods are plugged into, its address, and the pods' range."""

    table: str
    bridge: str
    address: str
    pods: str


def whole(around: Surroundings, ruleset: Ruleset) -> str:
    """The table with everything in it, in place of whatever it was."""
    name = f"ip {around.table}"
    lines = [f"table {name} {{}}", f"delete table {name}", f"table {name} {{", _FIXED.format(**vars(around)), "}"]
    return "\n".join([*lines, *_lines(around, [Open(front, ruleset[front]) for front in ruleset])]) + "\n"


def changes(around: Surroundings, actions: Iterable[Action]) -> str:
    """The changes to the table that stands."""
    return "\n".join(_lines(around, actions)) + "\n"


def removal(table: str) -> str:
    """No table, whether there was one or not."""
    return f"table ip {table} {{}}\ndelete table ip {table}\n"


# The order of the hooks: filter before NAT sees packets as they were sent, and refuses what has no backend. After
# NAT, what a pod still sends to the Services' range was meant for a port that no Service has. Addresses 127.0.0.0/8
# never come from the bridge by right; the kernel must be told so, since it lets them pass for node ports there.
_FIXED = """\
map services {{ type ipv4_addr . inet_proto . inet_service : verdict; }}
map node-ports {{ type inet_proto . inet_service : verdict; }}
set refused {{ type ipv4_addr . inet_proto . inet_service; }}
set refused-node-ports {{ type inet_proto . inet_service; }}
chain refuse {{
  meta l4proto tcp reject with tcp reset
  reject with icmp type port-unreachable
}}
chain look-up {{
  ip daddr . meta l4proto . th dport vmap @services
}}
chain look-up-own {{
  fib daddr type local meta l4proto . th dport vmap @node-ports
}}
chain no-one {{
  ip daddr . meta l4proto . th dport @refused goto refuse
  fib daddr type local meta l4proto . th dport @refused-node-ports goto refuse
}}
chain arriving {{
  type filter hook prerouting priority -110;
  iifname "{bridge}" ip daddr 127.0.0.0/8 drop
  iifname != {{ "{bridge}", "lo" }} ip daddr {address} drop
  iifname "{bridge}" goto no-one
  fib daddr type local meta l4proto . th dport @refused-node-ports goto refuse
}}
chain sent {{
  type filter hook output priority -110;
  goto no-one
}}
chain passing {{
  type filter hook forward priority 0;
  iifname "{bridge}" ip daddr {services} goto refuse
}}
chain arriving-nat {{
  type nat hook prerouting priority -100;
  iifname "{bridge}" jump look-up
  jump look-up-own
}}
chain sent-nat {{
  type nat hook output priority -100;
  jump look-up
  jump look-up-own
}}
chain leaving-nat {{
  type nat hook postrouting priority 90;
  oifname "{bridge}" ct status dnat ip saddr {{ {pods}, 127.0.0.0/8 }} masquerade
}}""".replace("{services}", SERVICE_RANGE)


def _lines(around: Surroundings, actions: Iterable[Action]) -> Iterator[str]:
    for action in actions:
        match action:
            case Open(front, backends):
                yield from _open(around.table, front, backends)
            case Change(front, before, backends) if before.members and backends.members:
                yield f"flush chain ip {around.table} {_chain(front)}"
                yield _rule(around.table, front, backends)
            case Change(front, before, backends):
                yield from _close(around.table, front, before)
                yield from _open(around.table, front, backends)
            case Close(front, before):
                yield from _close(around.table, front, before)


def _open(table: str, front: Front, backends: Backends) -> Iterator[str]:
    if backends.members:
        yield f"add chain ip {table} {_chain(front)}"
        yield _rule(table, front, backends)
        yield f"add element ip {table} {_map(front)} {{ {_key(front)} : goto {_chain(front)} }}"
    else:
        yield f"add element ip {table} {_set(front)} {{ {_key(front)} }}"


def _close(table: str, front: Front, before: Backends) -> Iterator[str]:
    if before.members:
        yield f"delete element ip {table} {_map(front)} {{ {_key(front)} }}"
        yield f"flush chain ip {table} {_chain(front)}"
        yield f"delete chain ip {table} {_chain(front)}"
    else:
        yield f"delete element ip {table} {_set(front)} {{ {_key(front)} }}"


def _rule(table: str, front: Front, backends: Backends) -> str:
    """One backend by chance, or by the client's address."""
    count = len(backends.members)
    choice = f"jhash ip saddr mod {count} seed 1" if backends.sticky else f"numgen random mod {count}"
    members = ", ".join(f"{number} : {_socket(one)}" for number, one in enumerate(backends.members))
    pick = f"{choice} map {{ {members} }}"
    return f"add rule ip {table} {_chain(front)} meta l4proto {front.protocol} dnat ip to {pick}"


def _socket(backend: Backend) -> str:
    return f"{backend.address} . {backend.port}"


def _chain(front: Front) -> str:
    return f"{front.protocol}-{front.address or 'own'}-{front.port}"


def _key(front: Front) -> str:
    key = f"{front.protocol} . {front.port}"
    return f"{front.address} . {key}" if front.address else key


def _map(front: Front) -> str:
    return "services" if front.address else "node-ports"


def _set(front: Front) -> str:
    return "refused" if front.address else "refused-node-ports"
