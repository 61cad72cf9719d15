"""A container's OCI document, `config.json`: everything runc or crun is told about it. Pure.

The defaults (hidden paths, devices and mounts) are containerd's, so that an image finds what it finds on a
cluster. A seccomp profile is there only where the pod asks for one: Kubernetes' own default is `Unconfined`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from petset.node.oci import capabilities
from petset.node.oci.users import User
from petset.node.runtime import ContainerSpec, Mount, Resources

Document = dict[str, object]

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PERIOD = 100_000
_MASKED = (
    "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
    "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap",
)  # fmt: skip
_READ_ONLY = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")
_SAFE = ["nosuid", "noexec", "nodev"]


@dataclass(frozen=True)
class ImageConfig:
    """What an image says about how to run it. `user` is `name|uid[:group|gid]`; empty is root."""

    entrypoint: Sequence[str] = ()
    command: Sequence[str] = ()
    env: Sequence[tuple[str, str]] = ()
    working_dir: str = ""
    user: str = ""


@dataclass(frozen=True)
class Host:
    """What this process may hand on: its bounding capabilities, its limit of open files, a share of the CPU."""

    bounding: Collection[str]
    open_files: int
    oom_score_floor: int = 0
    shares_cpu: bool = True  # whether cgroups here have the cpu controller


@dataclass(frozen=True)
class Surroundings:
    """What the container is put into. `namespaces` are kept by the sandbox; one that is not there is the host's."""

    root: Path
    hostname: str
    cgroup: str
    namespaces: Mapping[str, Path] = field(default_factory=dict)
    files: Sequence[Mount] = ()  # hosts, hostname, resolv.conf, shm, termination log
    seccomp: Mapping[str, object] | None = None  # which system calls may be made; None: all


def command_line(spec: ContainerSpec, image: ImageConfig) -> list[str]:
    """The pod's `command` replaces entrypoint and default command, its `args` the default command.

    LookupError where nothing is left to run.
    """
    default = [*image.entrypoint, *(spec.args or image.command)]
    words = [*spec.command, *spec.args] if spec.command else default
    if not words:
        raise LookupError(f"no command: image {spec.image!r} names none; set the container's `command`")
    return words


def document(spec: ContainerSpec, image: ImageConfig, user: User, around: Surroundings, host: Host) -> Document:
    """The whole document. LookupError says what the pod asked for that cannot be."""
    privileged = spec.security.privileged
    return {
        "ociVersion": "1.0.2",
        "root": {"path": str(around.root), "readonly": spec.security.read_only_root},
        "process": _process(spec, image, user, around, host),
        "mounts": _system_mounts(privileged) + _mounts(spec, around),
        "linux": {
            "namespaces": _namespaces(around),
            "cgroupsPath": around.cgroup,
            "resources": _resources(spec.resources, host, privileged=privileged),
            "maskedPaths": [] if privileged else list(_MASKED),
            "readonlyPaths": [] if privileged else list(_READ_ONLY),
            **({"seccomp": around.seccomp} if around.seccomp is not None else {}),
        },
    }


def exec_process(process: Document, command: Sequence[str], *, tty: bool) -> Document:
    """The process of an exec: as the container's own, but for the command and the terminal."""
    env = [entry for entry in _strings(process["env"]) if not entry.startswith("TERM=")]
    return {**process, "args": list(command), "terminal": tty, "env": [*env, "TERM=xterm"] if tty else env}


def _strings(value: object) -> list[str]:
    return [str(entry) for entry in value] if isinstance(value, list) else []


def _process(spec: ContainerSpec, image: ImageConfig, user: User, around: Surroundings, host: Host) -> Document:
    held = capabilities.granted(spec.security, host.bounding)
    effective = held if user.uid == 0 else []
    process: Document = {
        "terminal": spec.tty,
        "user": {"uid": user.uid, "gid": user.gid, "additionalGids": list(user.groups)},
        "args": command_line(spec, image),
        "env": _environment(spec, image, around.hostname),
        "cwd": spec.working_dir or image.working_dir or "/",
        "capabilities": {"bounding": held, "permitted": effective, "effective": effective},
        "rlimits": [{"type": "RLIMIT_NOFILE", "hard": host.open_files, "soft": host.open_files}],
        "noNewPrivileges": not (spec.security.allow_privilege_escalation or spec.security.privileged),
    }
    wished = spec.resources.oom_score_adj
    if wished is not None:
        process["oomScoreAdj"] = max(wished, host.oom_score_floor)
    return process


def _environment(spec: ContainerSpec, image: ImageConfig, hostname: str) -> list[str]:
    """The pod's word wins over the image's, the image's over the defaults."""
    env = {"PATH": PATH, "HOSTNAME": hostname, **({"TERM": "xterm"} if spec.tty else {})}
    env.update(image.env)
    env.update(spec.env)
    return [f"{name}={value}" for name, value in env.items()]


def _namespaces(around: Surroundings) -> list[dict[str, str]]:
    kept = [{"type": kind, "path": str(path)} for kind, path in around.namespaces.items()]
    own = [{"type": kind} for kind in ("mount", "pid") if kind not in around.namespaces]
    return [*own, *kept]


def _resources(resources: Resources, host: Host, *, privileged: bool) -> Document:
    """The limits, and no devices but for the usual ones."""
    return {"devices": [{"allow": privileged, "access": "rwm"}], **limits(resources, host)}


def limits(resources: Resources, host: Host) -> Document:
    """CPU as shares of 1024 a core and a quota per 100 ms (at least 1 ms of it), as kubelet computes them."""
    cpu: dict[str, int] = {}
    request = resources.cpu_millis if resources.cpu_request_millis is None else resources.cpu_request_millis
    cpu["shares"] = max(2, min((request or 0) * 1024 // 1000, 262_144))
    if resources.cpu_millis:
        cpu |= {"quota": max(1000, resources.cpu_millis * _PERIOD // 1000), "period": _PERIOD}
    found: Document = {}
    if host.shares_cpu or resources.cpu_millis:  # a limit that cannot be kept is an error, a share is not
        found["cpu"] = cpu
    if resources.memory_bytes:
        found["memory"] = {"limit": resources.memory_bytes}
    return found


def _mount(target: str, kind: str, source: str, options: Sequence[str]) -> Document:
    return {"destination": target, "type": kind, "source": source, "options": list(options)}


def _system_mounts(privileged: bool) -> list[Document]:
    access = "rw" if privileged else "ro"
    return [
        _mount("/proc", "proc", "proc", _SAFE),
        _mount("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
        _mount(
            "/dev/pts",
            "devpts",
            "devpts",
            ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
        ),
        _mount("/dev/mqueue", "mqueue", "mqueue", _SAFE),
        _mount("/sys", "sysfs", "sysfs", [*_SAFE, access]),
        _mount("/sys/fs/cgroup", "cgroup", "cgroup", [*_SAFE, "relatime", access]),
    ]


def _mounts(spec: ContainerSpec, around: Surroundings) -> list[Document]:
    """Parents before what lies in them. The pod's own mounts win over the files every pod gets."""
    own = {mount.target.rstrip("/") or "/" for mount in spec.mounts}
    wanted = [mount for mount in around.files if mount.target not in own] + list(spec.mounts)
    wanted.sort(key=lambda mount: mount.target.rstrip("/").count("/"))
    return [
        _mount(mount.target, "bind", str(mount.source), ["rbind", "rprivate", "ro" if mount.read_only else "rw"])
        for mount in wanted
    ]
