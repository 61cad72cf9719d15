"""Eight messages of the kernel's rtnetlink, packed by hand (docs/decisions: why not a library).

Each request is acknowledged by the kernel, so an error names what was asked. A socket belongs to the network
namespace of the thread that opened it.
"""

import contextlib
import os
import socket
import struct
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

_NEWLINK, _DELLINK, _SETLINK, _NEWADDR, _NEWROUTE = 16, 17, 19, 20, 24
_AF_BRIDGE, _PROTINFO = 7, 12
_REQUEST, _ACK, _EXCL, _CREATE = 1, 4, 0x200, 0x400
_IFNAME, _MASTER, _LINKINFO, _NET_NS_FD = 3, 10, 18, 28
_INFO_KIND, _INFO_DATA, _VETH_PEER = 1, 2, 1
_NESTED = 0x8000
_UP = 1
_IFINFO = struct.Struct("=BxHiII")
_HEADER = struct.Struct("=IHHII")


class Netlink:
    """Links, addresses and routes of one network namespace. OSError says what was asked for."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
        self._socket.bind((0, 0))
        self._sequence = 0

    def close(self) -> None:
        self._socket.close()

    def add_bridge(self, name: str, address: IPv4Address) -> None:
        """`address` is the one that the bridge will have: it settles the hardware address for good."""
        kind = _attribute(_INFO_KIND, b"bridge")
        body = _link() + _attribute(_IFNAME, _name(name)) + _hardware(address) + _attribute(_LINKINFO, kind)
        self._ask(_NEWLINK, _CREATE | _EXCL, body, f"create the bridge {name}")

    def add_veth(self, name: str, bridge_index: int, address: IPv4Address, namespace: int) -> None:
        """A pair: `name` here, up, a port of the bridge; `eth0` in the namespace of that descriptor.

        `address` is the one that `eth0` will have.
        """
        other = _link() + _attribute(_IFNAME, _name("eth0")) + _hardware(address)
        other += _attribute(_NET_NS_FD, _number(namespace))
        data = _attribute(_INFO_DATA | _NESTED, _attribute(_VETH_PEER | _NESTED, other))
        info = _attribute(_LINKINFO | _NESTED, _attribute(_INFO_KIND, b"veth") + data)
        body = _link(up=True) + _attribute(_IFNAME, _name(name)) + _attribute(_MASTER, _number(bridge_index)) + info
        self._ask(_NEWLINK, _CREATE | _EXCL, body, f"create the link {name}")

    def let_turn_back(self, index: int) -> None:
        """A port of a bridge may send out what came in by it: a pod that asks a Service and is its backend.

        It takes that only where the kernel filters bridged packets (br_netfilter, which Docker loads).
        """
        body = _IFINFO.pack(_AF_BRIDGE, 0, index, 0, 0) + _attribute(_PROTINFO | _NESTED, _attribute(4, b"\1"))
        self._ask(_SETLINK, 0, body, f"let link {index} turn packets back")

    def set_up(self, index: int) -> None:
        self._ask(_NEWLINK, 0, _link(index, up=True), f"bring link {index} up")

    def add_address(self, index: int, address: IPv4Address, prefix: int, broadcast: IPv4Address) -> None:
        body = struct.pack("=BBBBI", socket.AF_INET, prefix, 0, 0, index)
        body += _attribute(2, address.packed) + _attribute(1, address.packed) + _attribute(4, broadcast.packed)
        self._ask(_NEWADDR, _CREATE | _EXCL, body, f"give link {index} the address {address}")

    def add_default_route(self, via: IPv4Address) -> None:
        main, boot, universe, unicast = 254, 3, 0, 1
        body = struct.pack("=BBBBBBBBI", socket.AF_INET, 0, 0, 0, main, boot, universe, unicast, 0)
        self._ask(_NEWROUTE, _CREATE | _EXCL, body + _attribute(5, via.packed), f"route by way of {via}")

    def add_link_route(self, index: int, network: IPv4Network) -> None:
        """What is sent to the network goes out by the link, unless something on the way sends it elsewhere."""
        main, boot, link, unicast = 254, 3, 253, 1
        body = struct.pack("=BBBBBBBBI", socket.AF_INET, network.prefixlen, 0, 0, main, boot, link, unicast, 0)
        body += _attribute(1, network.network_address.packed) + _attribute(4, _number(index))
        self._ask(_NEWROUTE, _CREATE | _EXCL, body, f"route {network} by link {index}")

    def delete_link(self, index: int) -> None:
        self._ask(_DELLINK, 0, _link(index), f"delete link {index}")

    def _ask(self, kind: int, flags: int, body: bytes, what: str) -> None:
        self._sequence += 1
        header = _HEADER.pack(_HEADER.size + len(body), kind, _REQUEST | _ACK | flags, self._sequence, 0)
        self._socket.send(header + body)
        answer = self._socket.recv(65536)
        error = -int(struct.unpack_from("=i", answer, _HEADER.size)[0])
        if error:
            raise OSError(error, f"{what}: {os.strerror(error)}")


@contextlib.contextmanager
def netlink() -> Iterator[Netlink]:
    """In the calling thread's network namespace."""
    connection = Netlink()
    try:
        yield connection
    finally:
        connection.close()


def link_index(name: str) -> int:
    """0 where there is no such link in the calling thread's namespace."""
    try:
        return socket.if_nametoindex(name)
    except OSError:
        return 0


def _link(index: int = 0, *, up: bool = False) -> bytes:
    return _IFINFO.pack(socket.AF_UNSPEC, 0, index, _UP if up else 0, _UP if up else 0)


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", len(value) + 4, kind) + value + bytes(-len(value) % 4)


def _hardware(address: IPv4Address) -> bytes:
    """A hardware address made from the IP: who gets an address that was another's is found where that one was."""
    return _attribute(1, b"\x0a\x58" + address.packed)


def _name(text: str) -> bytes:
    return text.encode() + b"\0"


def _number(value: int) -> bytes:
    return struct.pack("=I", value)
