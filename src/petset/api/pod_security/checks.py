"""What a pod may not ask for at the levels `baseline` and `restricted`, and how its author is told.

Each check gives its complaint, empty where there is none: the reason, and in parentheses who does what.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from petset.api.models import core_v1

Check = Callable[[core_v1.PodSpec], str]
Container = core_v1.Container | core_v1.EphemeralContainer

_USUAL_CAPABILITIES = frozenset((
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP",
    "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
))  # fmt: skip
_SAFE_SYSCTLS = frozenset((
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range", "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem",
))  # fmt: skip
_SAFE_VOLUMES = frozenset((
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected",
    "secret",
))  # fmt: skip
_SECCOMP = ("RuntimeDefault", "Localhost")


def containers_of(spec: core_v1.PodSpec) -> Iterator[Container]:
    """All of them: those that prepare the pod, those that are the pod, and those that look into it."""
    yield from spec.initContainers or ()
    yield from spec.containers
    yield from spec.ephemeralContainers or ()


def quoted(names: Iterable[object]) -> str:
    """`"a", "b"`."""
    return ", ".join(f'"{name}"' for name in names)


def several(names: list[str], one: str = "container") -> str:
    """`container "a"`, `containers "a", "b"`."""
    return f"{one if len(names) == 1 else one + 's'} {quoted(names)}"


def _context(of: Any) -> Any:
    return of.securityContext or core_v1.SecurityContext()


def _those(spec: core_v1.PodSpec, wrong: Callable[[Container], Any]) -> list[str]:
    return [container.name for container in containers_of(spec) if wrong(container)]


def extra_capabilities(spec: core_v1.PodSpec) -> str:
    """More than containers usually have."""
    bad, added = _adding(spec, _USUAL_CAPABILITIES)
    return f"non-default capabilities ({_not_adding(bad, added)})" if bad else ""


def host_namespaces(spec: core_v1.PodSpec) -> str:
    """The machine's own."""
    shared = [f"{name}=true" for name in ("hostNetwork", "hostPID", "hostIPC") if getattr(spec, name)]
    return f"host namespaces ({', '.join(shared)})" if shared else ""


def host_paths(spec: core_v1.PodSpec) -> str:
    """The machine's files."""
    bad = [volume.name for volume in spec.volumes or () if volume.hostPath is not None]
    return f"hostPath volumes ({several(bad, 'volume')})" if bad else ""


def host_ports(spec: core_v1.PodSpec) -> str:
    """The machine's ports."""
    used = {c.name: [p.hostPort for p in c.ports or () if p.hostPort] for c in containers_of(spec)}
    bad = [name for name, ports in used.items() if ports]
    ports = sorted({str(port) for each in used.values() for port in each})
    if not bad:
        return ""
    uses = "uses" if len(bad) == 1 else "use"
    return f"hostPort ({several(bad)} {uses} hostPort{'s' if len(ports) > 1 else ''} {', '.join(ports)})"


def probe_hosts(spec: core_v1.PodSpec) -> str:
    """Probes and hooks that reach elsewhere."""
    found = {container.name: sorted(_hosts(container)) for container in containers_of(spec)}
    bad = sorted(name for name, hosts in found.items() if hosts)
    hosts = sorted({host for each in found.values() for host in each})
    if not bad:
        return ""
    uses = "uses" if len(bad) == 1 else "use"
    what = f"probe or lifecycle host{'s' if len(hosts) > 1 else ''}"
    return f"probe or lifecycle host ({several(bad)} {uses} {what} {quoted(hosts)})"


def _hosts(container: Container) -> set[str]:
    lifecycle = container.lifecycle or core_v1.Lifecycle()
    probes = (container.livenessProbe, container.readinessProbe, container.startupProbe)
    handlers = [each for each in (*probes, lifecycle.postStart, lifecycle.preStop) if each is not None]
    actions = [action for each in handlers for action in (each.httpGet, each.tcpSocket) if action is not None]
    return {action.host for action in actions if action.host}


def privileged(spec: core_v1.PodSpec) -> str:
    """All rights there are."""
    bad = _those(spec, lambda c: _context(c).privileged)
    return f"privileged ({several(bad)} must not set securityContext.privileged=true)" if bad else ""


def proc_mount(spec: core_v1.PodSpec) -> str:
    """A view of the machine's processes."""
    bad = _those(spec, lambda c: _context(c).procMount not in (None, "", "Default"))
    values = sorted({_context(c).procMount for c in containers_of(spec) if c.name in bad})
    return f"procMount ({several(bad)} must not set securityContext.procMount to {quoted(values)})" if bad else ""


def no_seccomp(spec: core_v1.PodSpec) -> str:
    """Without the filter of system calls."""
    profiles = {container.name: _seccomp(container) for container in containers_of(spec)}
    bad = [name for name, profile in profiles.items() if profile not in (None, *_SECCOMP)]
    own = _seccomp(spec)
    setters = [*(["pod"] if own not in (None, *_SECCOMP) else []), *([several(bad)] if bad else [])]
    if not setters:
        return ""
    values = sorted({str(each) for each in (own, *profiles.values()) if each not in (None, *_SECCOMP)})
    what = f"must not set securityContext.seccompProfile.type to {quoted(values)}"
    return f"seccompProfile ({' and '.join(setters)} {what})"


def _seccomp(of: Any) -> str | None:
    profile = of.securityContext.seccompProfile if of.securityContext else None
    return profile.type if profile else None


def sysctls(spec: core_v1.PodSpec) -> str:
    """Settings of the kernel that reach beyond the pod."""
    context = spec.securityContext or core_v1.PodSecurityContext()
    bad = [each.name for each in context.sysctls or () if each.name not in _SAFE_SYSCTLS]
    return f"forbidden sysctls ({', '.join(bad)})" if bad else ""


def escalation(spec: core_v1.PodSpec) -> str:
    """Programs that give more rights than their caller has."""
    bad = _those(spec, lambda c: _context(c).allowPrivilegeEscalation is not False)
    what = "must set securityContext.allowPrivilegeEscalation=false"
    return f"allowPrivilegeEscalation != false ({several(bad)} {what})" if bad else ""


def capabilities(spec: core_v1.PodSpec) -> str:
    """Any but the one that opens low ports."""
    keeping = _those(spec, lambda c: "ALL" not in (_capabilities(c).drop or ()))
    bad, added = _adding(spec, frozenset({"NET_BIND_SERVICE"}))
    details = [f'{several(keeping)} must set securityContext.capabilities.drop=["ALL"]'] if keeping else []
    details += [_not_adding(bad, added)] if bad else []
    return f"unrestricted capabilities ({'; '.join(details)})" if details else ""


def _capabilities(container: Container) -> core_v1.Capabilities:
    found: core_v1.Capabilities = _context(container).capabilities or core_v1.Capabilities()
    return found


def _adding(spec: core_v1.PodSpec, allowed: frozenset[str]) -> tuple[list[str], list[str]]:
    """Who adds what beyond the allowed."""
    bad = {c.name: set(_capabilities(c).add or ()) - allowed for c in containers_of(spec)}
    return [name for name, added in bad.items() if added], sorted(set().union(*bad.values()))


def _not_adding(names: list[str], added: list[str]) -> str:
    return f"{several(names)} must not include {quoted(added)} in securityContext.capabilities.add"


def volume_types(spec: core_v1.PodSpec) -> str:
    """Volumes of other kinds than those that belong to the pod."""
    types = {v.name: _type_of(v) for v in spec.volumes or ()}
    bad = {name: kind for name, kind in types.items() if kind not in _SAFE_VOLUMES}
    if not bad:
        return ""
    kinds = sorted(set(bad.values()))
    uses, what = ("uses" if len(bad) == 1 else "use"), f"restricted volume type{'s' if len(kinds) > 1 else ''}"
    return f"restricted volume types ({several(list(bad), 'volume')} {uses} {what} {quoted(kinds)})"


def _type_of(volume: core_v1.Volume) -> str:
    fields = (name for name in volume.__struct_fields__ if name != "name" and getattr(volume, name) is not None)
    return next(fields, "unknown")


def root(spec: core_v1.PodSpec) -> str:
    """Nobody has said that it shall not be root."""
    said = {c.name: _context(c).runAsNonRoot for c in containers_of(spec)}
    own = spec.securityContext.runAsNonRoot if spec.securityContext else None
    refusing = [name for name, value in said.items() if value is False]
    setters = [*(["pod"] if own is False else []), *([several(refusing)] if refusing else [])]
    if setters:
        return f"runAsNonRoot != true ({' and '.join(setters)} must not set securityContext.runAsNonRoot=false)"
    silent = [name for name, value in said.items() if value is None] if not own else []
    what = "must set securityContext.runAsNonRoot=true"
    return f"runAsNonRoot != true (pod or {several(silent)} {what})" if silent else ""


def user_root(spec: core_v1.PodSpec) -> str:
    """Root by its number."""
    bad = _those(spec, lambda c: _context(c).runAsUser == 0)
    own = spec.securityContext.runAsUser if spec.securityContext else None
    setters = [*(["pod"] if own == 0 else []), *([several(bad)] if bad else [])]
    return f"runAsUser=0 ({' and '.join(setters)} must not set runAsUser=0)" if setters else ""


def seccomp(spec: core_v1.PodSpec) -> str:
    """A filter of system calls that is named, for every container."""
    refused = no_seccomp(spec)
    if refused or _seccomp(spec) in _SECCOMP:
        return refused
    silent = _those(spec, lambda c: _seccomp(c) is None)
    what = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
    return f"seccompProfile (pod or {several(silent)} {what})" if silent else ""


BASELINE: tuple[Check, ...] = (
    extra_capabilities, host_namespaces, host_paths, host_ports, probe_hosts, privileged, proc_mount, no_seccomp,
    sysctls,
)  # fmt: skip
_RESTRICTED: tuple[Check, ...] = (escalation, capabilities, volume_types, root, user_root, seccomp)
_STRICTER = (extra_capabilities, host_paths, no_seccomp)
"""What the restricted level looks at more closely, and complains of once."""
LEVELS: Mapping[str, tuple[Check, ...]] = {
    "privileged": (),
    "baseline": BASELINE,
    "restricted": (*(check for check in BASELINE if check not in _STRICTER), *_RESTRICTED),
}
"""The checks of each level, in the order in which they are told."""
