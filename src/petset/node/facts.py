"""What this machine is: read once when an agent is made. The only place that looks at `/proc` and its like."""

import os
import platform
from collections.abc import Iterable
from pathlib import Path

from petset.api import quantity
from petset.node.machine import Facts

PODS = "110"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}


def read_facts(directory: Path, host_ip: str) -> Facts:
    """The machine's facts; `directory` is where pods' files go, `host_ip` where the machine is reached."""
    servers, search = _resolver(_lines("/etc/resolv.conf"))
    return Facts(
        capacity=_capacity(directory),
        host_ip=host_ip,
        architecture=_ARCHITECTURES.get(platform.machine(), platform.machine()),
        kernel_version=platform.release(),
        os_image=_os_image(_lines("/etc/os-release")),
        machine_id=_first_line("/etc/machine-id"),
        system_uuid=_first_line("/sys/class/dmi/id/product_uuid") or _first_line("/etc/machine-id"),
        boot_id=_first_line("/proc/sys/kernel/random/boot_id"),
        dns_servers=servers,
        dns_search=search,
    )


def _capacity(directory: Path) -> dict[str, str]:
    disk = os.statvfs(directory)
    memory_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu": str(os.cpu_count() or 1),
        "memory": str(quantity.of_bytes(memory_bytes)),
        "ephemeral-storage": str(quantity.of_bytes(disk.f_blocks * disk.f_frsize)),
        "pods": PODS,
    }


def _lines(path: str) -> list[str]:
    """A file's lines; none where it cannot be read."""
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def _first_line(path: str) -> str:
    return next(iter(_lines(path)), "").strip()


def _os_image(lines: Iterable[str]) -> str:
    values = dict(line.split("=", 1) for line in lines if "=" in line)
    return values.get("PRETTY_NAME", "Linux").strip('"')


def _resolver(lines: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Name servers and search domains of a `resolv.conf`."""
    servers: list[str] = []
    search: list[str] = []
    for words in (line.split() for line in lines):
        if words[:1] == ["nameserver"]:
            servers += words[1:2]
        elif words[:1] == ["search"]:
            search = words[1:]
    return tuple(servers), tuple(search)
