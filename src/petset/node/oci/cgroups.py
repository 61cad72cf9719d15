"""The cgroups of pods: what the kernel tells of them, and the limits of a pod as a whole, in either version.

A container's own limits are given by runc or crun. A pod's are for all of its containers together, and those have
their groups within the pod's, so its group is made and limited before the first of them. A machine may have either
version of cgroups, or both; a controller stands in one of them.
"""

from collections.abc import Iterator
from pathlib import Path

from petset.node.runtime import Resources

ROOT = Path("/sys/fs/cgroup")
PERIOD_MICROS = 100_000
_LEAST_QUOTA_MICROS = 1000
_USED = ("memory/{}/memory.usage_in_bytes", "{}/memory.current", "unified/{}/memory.current")


def memory_bytes(cgroup: str, root: Path = ROOT) -> int | None:
    """How much memory is in use in `/petset/...`; None where the kernel does not count it."""
    for place in _USED:
        try:
            return int((root / place.format(cgroup.strip("/"))).read_text())
        except (OSError, ValueError):
            continue
    return None


def limit(cgroup: str, resources: Resources, root: Path = ROOT) -> None:
    """Make the group where it is missing, and give it these limits, others than before or none.

    OSError: it cannot be. A limit that this machine cannot keep is an error, a share of its processor is not.
    """
    for controller, settings in (("cpu", _cpu(resources)), ("memory", _memory(resources))):
        first, second = root / controller, root
        if first.is_dir():
            _write(first / cgroup.strip("/"), settings[0])
        elif controller in _controllers(second):
            _enable(second, cgroup, controller)
            _write(second / cgroup.strip("/"), settings[1])
        elif _is_limited(controller, resources):
            raise OSError(f"this machine's cgroups have no {controller} controller: the pod's limit cannot be kept")


def _is_limited(controller: str, resources: Resources) -> bool:
    return (resources.cpu_millis if controller == "cpu" else resources.memory_bytes) is not None


Settings = tuple[dict[str, str], dict[str, str]]
"""Files and what goes into them, for the first and the second version."""


def _cpu(resources: Resources) -> Settings:
    request = resources.cpu_millis if resources.cpu_request_millis is None else resources.cpu_request_millis
    shares = max(2, min((request or 0) * 1024 // 1000, 262_144))
    weight = 1 + (shares - 2) * 9999 // 262_142
    quota = None
    if resources.cpu_millis is not None:
        quota = max(_LEAST_QUOTA_MICROS, resources.cpu_millis * PERIOD_MICROS // 1000)
    first = {"cpu.shares": str(shares), "cpu.cfs_period_us": str(PERIOD_MICROS)}
    first["cpu.cfs_quota_us"] = "-1" if quota is None else str(quota)
    return first, {"cpu.weight": str(weight), "cpu.max": f"{'max' if quota is None else quota} {PERIOD_MICROS}"}


def _memory(resources: Resources) -> Settings:
    most = resources.memory_bytes
    return (
        {"memory.limit_in_bytes": "-1" if most is None else str(most)},
        {"memory.max": "max" if most is None else str(most)},
    )


def _controllers(root: Path) -> list[str]:
    """Those of the second version; none where the machine does not have it there."""
    try:
        return (root / "cgroup.controllers").read_text().split()
    except OSError:
        return []


def _enable(root: Path, cgroup: str, controller: str) -> None:
    """In the second version a group has a controller only where all above it hand it down."""
    for group in _above(root, cgroup):
        group.mkdir(exist_ok=True)
        (group / "cgroup.subtree_control").write_text(f"+{controller}")


def _above(root: Path, cgroup: str) -> Iterator[Path]:
    yield root
    for name in cgroup.strip("/").split("/")[:-1]:
        root /= name
        yield root


def _write(group: Path, settings: dict[str, str]) -> None:
    group.mkdir(parents=True, exist_ok=True)
    for name, value in settings.items():
        (group / name).write_text(value)
