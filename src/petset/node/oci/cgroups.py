"""What the kernel tells of a container's cgroup, in either version of cgroups."""

from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
_USED = ("memory/{}/memory.usage_in_bytes", "{}/memory.current", "unified/{}/memory.current")


def memory_bytes(cgroup: str) -> int | None:
    """How much memory is in use in `/petset/...`; None where the kernel does not count it."""
    for place in _USED:
        try:
            return int((ROOT / place.format(cgroup.strip("/"))).read_text())
        except (OSError, ValueError):
            continue
    return None
