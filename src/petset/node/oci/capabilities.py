"""Which capabilities a container's process has. Pure.

Facts of the container world: the default set is the one that containerd and Docker give, and names come with or
without `CAP_`. What this process may not hand on itself is left out, as the kernel would refuse it.
"""

from collections.abc import Collection

from petset.node.runtime import Security

_NAMES = (  # in the order of their numbers in the kernel
    "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
    "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
    "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
    "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
    "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
    "CHECKPOINT_RESTORE",
)  # fmt: skip
_DEFAULT = (
    "CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID", "SETFCAP", "SETPCAP",
    "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE",
)  # fmt: skip
ALL = frozenset(f"CAP_{name}" for name in _NAMES)
DEFAULT = frozenset(f"CAP_{name}" for name in _DEFAULT)


def from_mask(mask: int) -> frozenset[str]:
    """The names in a kernel bit mask (`CapBnd` in /proc/self/status)."""
    return frozenset(f"CAP_{name}" for number, name in enumerate(_NAMES) if mask >> number & 1)


def granted(security: Security, bounding: Collection[str]) -> list[str]:
    """What the process gets, sorted. LookupError names an unknown capability."""
    add, drop = _names(security.add_capabilities), _names(security.drop_capabilities)
    if security.privileged:
        return sorted(ALL & frozenset(bounding))
    start = ALL if "CAP_ALL" in add else DEFAULT
    kept = frozenset() if "CAP_ALL" in drop else start - drop
    return sorted((kept | (add - {"CAP_ALL"})) & frozenset(bounding))


def _names(written: Collection[str]) -> frozenset[str]:
    names = frozenset("CAP_" + name.upper().removeprefix("CAP_") for name in written)
    for name in sorted(names):
        if name != "CAP_ALL" and name.removeprefix("CAP_") not in _NAMES:
            raise LookupError(f"unknown capability {name!r} in securityContext.capabilities")
    return names
