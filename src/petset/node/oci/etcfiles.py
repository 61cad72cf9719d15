"""The three files every pod gets from its node: hosts, hostname and resolv.conf. Pure."""

from petset.node.runtime import SandboxSpec


def hosts(spec: SandboxSpec, ip: str) -> str:
    """The lines kubelet writes: the loopback names, the pod's own names, then its `hostAliases`."""
    lines = [
        "# Kubernetes-managed hosts file.",
        "127.0.0.1\tlocalhost",
        "::1\tlocalhost ip6-localhost ip6-loopback",
        "fe00::0\tip6-localnet",
        "fe00::0\tip6-mcastprefix",
        "fe00::1\tip6-allnodes",
        "fe00::2\tip6-allrouters",
    ]
    if ip:
        lines.append("\t".join(part for part in (ip, spec.fqdn, spec.hostname) if part))
    lines += [f"{address}\t{names}" for address, names in spec.hosts]
    return "\n".join(lines) + "\n"


def resolv_conf(spec: SandboxSpec, dns_address: str) -> str:
    """`dns_address` serves where the spec names no server; an empty one leaves the file without."""
    lines = [f"search {' '.join(spec.dns_search)}"] if spec.dns_search else []
    lines += [f"nameserver {server}" for server in spec.dns_servers or [dns_address] if server]
    if spec.dns_options:
        lines.append(f"options {' '.join(spec.dns_options)}")
    return "\n".join(lines) + "\n"
