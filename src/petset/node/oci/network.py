"""The pods' network: one bridge for a data directory, and for each pod a link from it into the pod's own namespace.

Everything here blocks and runs on job threads. What it makes can be made again: to set up what stands, or take
down what is gone, does nothing. Addresses in use are the sandboxes' records, so that no second list can disagree.
"""

import contextlib
import hashlib
import logging
import os
import shutil
import socket
from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from threading import Lock

import msgspec

from petset.node.oci import addresses, state, syscalls
from petset.node.oci.layout import Layout
from petset.node.oci.netlink import Netlink, link_index, netlink
from petset.node.runtime import SandboxSpec
from petset.node.services import script
from petset.node.services.apply import NftFailed, run_nft

log = logging.getLogger(__name__)

NAMESPACES = {"network": syscalls.CLONE_NEWNET, "ipc": syscalls.CLONE_NEWIPC, "uts": syscalls.CLONE_NEWUTS}


class Plan(msgspec.Struct):
    """What has been chosen once for a data directory, and is kept: its range, and each node's place in it."""

    range: str
    nodes: list[str] = []


class Network:
    """Links and addresses of one data directory. `ranges` are tried in order."""

    def __init__(self, layout: Layout, ranges: Collection[str] = addresses.RANGES) -> None:
        self._layout = layout
        self._path = layout.directory / "network.json"
        self._ranges = ranges
        self._lock = Lock()
        self._plan: Plan | None = None

    @property
    def range(self) -> IPv4Network:
        """All pods' addresses. `set_up` must have run."""
        assert self._plan is not None
        return IPv4Network(self._plan.range)

    @property
    def dns_address(self) -> str:
        """The bridge's own address: the pods' gateway, and where a DNS server for them listens."""
        return str(addresses.gateway(self.range))

    def set_up(self) -> None:
        """The range, the bridge with its address, and the way out. OSError or LookupError says what failed."""
        with self._lock:
            name = self._layout.name
            index = link_index(name)
            self._plan = state.read(self._path, Plan)
            if self._plan is None or (not index and self._is_taken(self._plan.range)):
                table = Path("/proc/thread-self/net/route").read_text()
                chosen = addresses.choose_range(self._ranges, addresses.routes(table))
                self._plan = Plan(str(chosen), self._plan.nodes if self._plan else [])
                state.write(self._path, self._plan)
            if not index:
                _let_out(name, self.range)
            self._make_bridge(name)

    def _is_taken(self, network: str) -> bool:
        table = Path("/proc/thread-self/net/route").read_text()
        return any(IPv4Network(network).overlaps(other) for other in addresses.routes(table))

    def _make_bridge(self, name: str) -> None:
        network = self.range
        with netlink() as links:
            with contextlib.suppress(FileExistsError):
                links.add_bridge(name, addresses.gateway(network))
            index = link_index(name)
            with contextlib.suppress(FileExistsError):
                links.add_address(index, addresses.gateway(network), network.prefixlen, network.broadcast_address)
            links.set_up(index)
            self._lead_to_services(links, index)

    def _lead_to_services(self, links: Netlink, index: int) -> None:
        """Without a way out the kernel would refuse Services' addresses before anything can lead them to pods."""
        if not addresses.leads_everywhere(Path("/proc/thread-self/net/route").read_text()):
            with contextlib.suppress(FileExistsError):
                links.add_link_route(index, IPv4Network(script.SERVICE_RANGE))

    @property
    def services(self) -> script.Surroundings:
        """Where the table that leads to Services stands. `set_up` must have run."""
        return script.Surroundings(
            _services_table(self._layout), self._layout.name, self.dns_address, str(self.range)
        )

    def pod_cidr(self, node: str) -> str:
        """The node's part of the range: the same for ever, in the order in which nodes were first asked for."""
        with self._lock:
            assert self._plan is not None
            if node not in self._plan.nodes:
                self._plan.nodes.append(node)
                state.write(self._path, self._plan)
            return str(addresses.node_subnet(self.range, self._plan.nodes.index(node)))

    def pick(self, node: str, used: Collection[str], preferred: str) -> str:
        """An address for a pod of that node. LookupError when there is none left."""
        return str(addresses.pick(IPv4Network(self.pod_cidr(node)), used, preferred))

    def join(self, spec: SandboxSpec, ip: str) -> None:
        """Make the sandbox's namespaces, kept by bind mounts, with its address, host name and sysctls."""
        kept = self._layout.kept(spec.uid)
        kinds = {kind: flag for kind, flag in NAMESPACES.items() if ip or kind == "ipc"}
        with netlink() as outside:
            bridge = link_index(self._layout.name)
            flags = sum(kinds.values())
            keepers: dict[str, int] = {}
            try:
                with syscalls.own_namespaces(flags):
                    keepers = {
                        kind: os.open(syscalls.namespace_file(flag), os.O_RDONLY) for kind, flag in kinds.items()
                    }
                    if ip:
                        socket.sethostname(spec.hostname)
                        outside.add_veth(_veth(spec.uid), bridge, IPv4Address(ip), keepers["network"])
                        self._configure(IPv4Address(ip))
                    _set_sysctls(spec)
                if ip:
                    outside.let_turn_back(link_index(_veth(spec.uid)))
                for kind, descriptor in keepers.items():
                    _keep(kept / kind, descriptor)
            finally:
                for descriptor in keepers.values():
                    os.close(descriptor)

    def _configure(self, ip: IPv4Address) -> None:
        network = self.range
        with netlink() as inside:
            inside.set_up(link_index("lo"))
            index = link_index("eth0")
            inside.add_address(index, ip, network.prefixlen, network.broadcast_address)
            inside.set_up(index)
            inside.add_default_route(addresses.gateway(network))

    def leave(self, uid: str) -> None:
        """Take the sandbox's link and namespaces away."""
        index = link_index(_veth(uid))
        if index:
            with netlink() as links:
                links.delete_link(index)
        kept = self._layout.kept(uid)
        for kind in NAMESPACES:
            path = kept / kind
            if path.exists():
                syscalls.unmount(path)
                path.unlink()

    def teardown(self) -> None:
        """The bridge and the way out, and every link still plugged into it."""
        name = self._layout.name
        index = link_index(name)
        if index:
            with netlink() as links:
                for port in state.children(Path("/sys/class/net") / name / "brif"):
                    links.delete_link(link_index(port.name))
                links.delete_link(index)
        if shutil.which("nft") is not None:
            for table in (name, _services_table(self._layout)):
                with contextlib.suppress(NftFailed):
                    run_nft(script.removal(table))


def _services_table(layout: Layout) -> str:
    return f"{layout.name}-services"


def _veth(uid: str) -> str:
    """The outer end's name: 15 characters at most, so the first hex digits of a digest."""
    return "pet" + hashlib.sha256(uid.encode()).hexdigest()[:10]


def _keep(path: Path, descriptor: int) -> None:
    """Hold a namespace by a name, as long as the machine runs."""
    path.touch()
    syscalls.mount(f"/proc/thread-self/fd/{descriptor}", path, flags=syscalls.MS_BIND)


def _set_sysctls(spec: SandboxSpec) -> None:
    for name, value in spec.sysctls.items():
        try:
            Path("/proc/sys", *name.split(".")).write_text(value)
        except OSError as error:
            raise OSError(error.errno, f"sysctl {name}={value}: {error.strerror}") from error


def _let_out(bridge: str, network: IPv4Network) -> None:
    """Let pods reach what the machine reaches, under its address. Pods reach each other without it."""
    rules = (
        f"table ip {bridge} {{}}\ndelete table ip {bridge}\n"
        f"table ip {bridge} {{\nchain out {{\ntype nat hook postrouting priority 100;\n"
        f"ip saddr {network} ip daddr != {network} masquerade\n}}\n}}\n"
    )
    try:
        run_nft(rules)
        Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    except (OSError, NftFailed) as error:
        log.warning("pods reach each other but nothing outside: nft failed (%s); install nftables", error)
