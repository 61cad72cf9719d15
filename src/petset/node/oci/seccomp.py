"""Which system calls a container may make: as its profile says. Pure, but for the reading of a profile's file.

Without a profile it may make all of them, as on a cluster whose kubelets have no default. `RuntimeDefault` is each
runtime's own: ours refuses, with EPERM, what the common runtimes refuse too, unless the container has the
capability that such a call is for. A profile of one's own (`Localhost`) is a file in the form that runc and Docker
take.
"""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from petset.node.runtime import RuntimeFailure, Security

Document = dict[str, Any]

_ALWAYS = (
    "_sysctl", "add_key", "create_module", "get_kernel_syms", "keyctl", "nfsservctl", "query_module", "request_key",
    "userfaultfd", "uselib", "ustat", "sysfs", "move_pages", "vm86", "vm86old",
)  # fmt: skip
_UNLESS: Mapping[str, Sequence[str]] = {
    "CAP_SYS_ADMIN": (
        "fsconfig", "fsmount", "fsopen", "fspick", "lookup_dcookie", "mount", "mount_setattr", "move_mount",
        "open_tree", "pivot_root", "quotactl", "quotactl_fd", "setns", "swapoff", "swapon", "umount", "umount2",
        "unshare",
    ),
    "CAP_SYS_BOOT": ("kexec_file_load", "kexec_load", "reboot"),
    "CAP_SYS_MODULE": ("delete_module", "finit_module", "init_module"),
    "CAP_SYS_NICE": ("get_mempolicy", "mbind", "set_mempolicy", "set_mempolicy_home_node"),
    "CAP_SYS_PACCT": ("acct",),
    "CAP_SYS_PTRACE": ("kcmp", "pidfd_getfd", "process_madvise", "process_vm_readv", "process_vm_writev"),
    "CAP_SYS_RAWIO": ("ioperm", "iopl"),
    "CAP_SYS_TIME": (
        "clock_adjtime", "clock_adjtime64", "clock_settime", "clock_settime64", "settimeofday", "stime",
    ),
    "CAP_DAC_READ_SEARCH": ("open_by_handle_at",),
    "CAP_BPF": ("bpf",),
    "CAP_PERFMON": ("perf_event_open",),
}  # fmt: skip
_NEW_NAMESPACES = (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000)
"""The flags of `clone` that make a namespace: mounts, cgroups, host name, IPC, users, processes, network."""
_EPERM, _ENOSYS = 1, 38


def profile_of(security: Security, capabilities: Collection[str], profiles: Path) -> Document | None:
    """The profile for the container's OCI document; None lets it make every call. RuntimeFailure: it is not there.

    A privileged container has none.
    """
    if security.privileged or security.seccomp in ("", "Unconfined"):
        return None
    if security.seccomp == "RuntimeDefault":
        return default(capabilities)
    return _read(profiles, security.seccomp_profile)


def default(capabilities: Collection[str]) -> Document:
    """Everything but what reaches beyond the container."""
    refused = [*_ALWAYS, *(name for held, names in _UNLESS.items() if held not in capabilities for name in names)]
    rules = [_refuse(sorted(refused), _EPERM)]
    if "CAP_SYS_ADMIN" not in capabilities:
        rules += [{**_refuse(["clone"], _EPERM), "args": [_has(flag)]} for flag in _NEW_NAMESPACES]
        rules.append(_refuse(["clone3"], _ENOSYS))  # whose flags cannot be seen: programs fall back to clone
    return {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": rules}


def _refuse(names: list[str], errno: int) -> Document:
    return {"names": names, "action": "SCMP_ACT_ERRNO", "errnoRet": errno}


def _has(flag: int) -> Document:
    return {"index": 0, "op": "SCMP_CMP_MASKED_EQ", "value": flag, "valueTwo": flag}


def _read(profiles: Path, name: str) -> Document:
    """Relative to the directory of profiles, and never outside of it."""
    path = profiles / name
    try:
        if not name or not path.resolve().is_relative_to(profiles.resolve()):
            raise ValueError("it is not within that directory")
        found = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        text = f'cannot load seccomp profile "{name}" from {profiles}: {why}; put the file there'
        raise RuntimeFailure("CreateContainerError", text) from error
    return found
