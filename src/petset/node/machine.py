"""What an agent runs its pods with: the ports to the machine, real or simulated, and the node's settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from petset.node.probes.network import Network
from petset.node.runtime import Runtime
from petset.node.tokens import Tokens
from petset.node.volumes.port import VolumeStore


@dataclass(frozen=True)
class Facts:
    """The machine as the Node object reports it. Amounts are Kubernetes quantities."""

    capacity: Mapping[str, str]
    host_ip: str = "127.0.0.1"
    architecture: str = "amd64"
    kernel_version: str = ""
    os_image: str = ""
    machine_id: str = ""
    system_uuid: str = ""
    boot_id: str = ""
    dns_servers: tuple[str, ...] = ()
    dns_search: tuple[str, ...] = ()


@dataclass(frozen=True)
class Machine:
    """The ports of one agent; several agents may share them."""

    runtime: Runtime
    volumes: VolumeStore
    network: Network
    facts: Facts
    tokens: Tokens


@dataclass(frozen=True)
class NodeSettings:
    """One logical node."""

    name: str
    pod_cidr: str = ""
    cluster_domain: str = "cluster.local"
    labels: Mapping[str, str] = field(default_factory=dict)
