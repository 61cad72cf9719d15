"""From a pod to what the runtime is asked to start: sandbox and container, as pure functions."""

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from msgspec import Struct

from petset.api import quantity
from petset.api.models import core_v1
from petset.api.objects import name_of, namespace_of, uid_of
from petset.api.qos import qos_class
from petset.node.environment import expand, expand_all
from petset.node.failures import ConfigError
from petset.node.pods.stopping import effective_grace_seconds
from petset.node.runtime import ContainerSpec, Mount, Resources, SandboxSpec, Security


class NodeNames(Struct, frozen=True):
    """What a pod's names and DNS settings are made from."""

    node: str
    cluster_domain: str = "cluster.local"
    host_dns_servers: tuple[str, ...] = ()
    host_dns_search: tuple[str, ...] = ()


def sandbox_spec(pod: core_v1.Pod, names: NodeNames) -> SandboxSpec:
    """The pod's surroundings."""
    spec = pod.spec
    assert spec is not None
    namespace = namespace_of(pod)
    hostname = spec.hostnameOverride or spec.hostname or name_of(pod)[:63].rstrip("-.")
    fqdn = f"{hostname}.{spec.subdomain}.{namespace}.svc.{names.cluster_domain}" if spec.subdomain else ""
    servers, search, options = _dns(spec, namespace, names)
    context = spec.securityContext or core_v1.PodSecurityContext()
    return SandboxSpec(
        uid=uid_of(pod),
        namespace=namespace,
        name=name_of(pod),
        node=names.node,
        hostname=fqdn if fqdn and spec.setHostnameAsFQDN else hostname,
        hosts=tuple((alias.ip, " ".join(alias.hostnames or ())) for alias in spec.hostAliases or ()),
        dns_servers=servers,
        dns_search=search,
        dns_options=options,
        fqdn=fqdn,
        host_network=bool(spec.hostNetwork),
        sysctls={s.name: s.value for s in context.sysctls or ()},
        grace_seconds=effective_grace_seconds(spec.terminationGracePeriodSeconds),
        farewells=tuple(_farewells(spec)),
        resources=limits_of(spec) if spec.resources is not None else Resources(),
    )


def _farewells(spec: core_v1.PodSpec) -> Iterator[core_v1.Container]:
    """Of each container with a preStop hook as much as it takes to run that."""
    for container in (*(spec.initContainers or ()), *spec.containers):
        hook = container.lifecycle.preStop if container.lifecycle else None
        if hook is not None:
            own = core_v1.Lifecycle(preStop=hook)
            yield core_v1.Container(name=container.name, ports=container.ports, lifecycle=own)


def _dns(
    spec: core_v1.PodSpec, namespace: str, names: NodeNames
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Servers, search domains and options: by policy, then what the pod's own `dnsConfig` adds."""
    policy = spec.dnsPolicy or "ClusterFirst"
    if policy == "ClusterFirst" and spec.hostNetwork:
        policy = "Default"
    servers, search, options = _dns_of_policy(policy, namespace, names)
    own = spec.dnsConfig
    if own is None:
        return servers, search, options
    chosen = {option.split(":")[0]: option for option in options}
    for option in own.options or ():
        chosen[option.name or ""] = f"{option.name}:{option.value}" if option.value else option.name or ""
    return (
        _without_repeats((*servers, *(own.nameservers or ()))),
        _without_repeats((*search, *(own.searches or ()))),
        tuple(chosen.values()),
    )


@lru_cache(maxsize=256)
def _dns_of_policy(
    policy: str, namespace: str, names: NodeNames
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """The same for a pod without a `dnsConfig`."""
    if policy == "Default":
        return _without_repeats(names.host_dns_servers), _without_repeats(names.host_dns_search), ()
    if policy == "None":
        return (), (), ()
    domain = names.cluster_domain
    search = (f"{namespace}.svc.{domain}", f"svc.{domain}", domain, *names.host_dns_search)
    return (), _without_repeats(search), ("ndots:5",)


def _without_repeats(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))


def container_spec(
    pod: core_v1.Pod,
    container: core_v1.Container,
    attempt: int,
    variables: Mapping[str, str],
    mounts: Sequence[Mount],
    node_memory_bytes: int = 0,
) -> ContainerSpec:
    """One attempt. `variables` is its whole environment; ConfigError where pod and container contradict."""
    return ContainerSpec(
        name=container.name,
        attempt=attempt,
        image=container.image or "",
        command=expand_all(container.command, variables),
        args=expand_all(container.args, variables),
        env=tuple(variables.items()),
        working_dir=container.workingDir or "",
        mounts=tuple(mounts),
        resources=_resources(pod, container, node_memory_bytes),
        security=_security(pod, container),
        tty=bool(container.tty),
        stdin=bool(container.stdin),
        stdin_once=bool(container.stdinOnce),
        termination_message_path=container.terminationMessagePath or "/dev/termination-log",
    )


def mount_paths(
    container: core_v1.Container, variables: Mapping[str, str]
) -> list[tuple[core_v1.VolumeMount, str]]:
    """Each mount with its sub-path (empty: the whole volume), outer directories before inner ones."""
    mounts = container.volumeMounts or []
    if len(mounts) > 1:
        mounts = sorted(mounts, key=lambda m: posixpath.normpath(m.mountPath).count("/"))
    return [(mount, mount.subPath or expand(mount.subPathExpr or "", variables)) for mount in mounts]


def mount(wanted: core_v1.VolumeMount, source: Path) -> Mount:
    """The mount of a volume's path into a container."""
    return Mount(source, wanted.mountPath, bool(wanted.readOnly))


def limits_of(sized: core_v1.Container | core_v1.PodSpec, oom_score_adj: int | None = None) -> Resources:
    """What the cgroup of a container, or of a pod, is given; the score is not given anew while it runs."""
    wanted = sized.resources or core_v1.ResourceRequirements()
    limits, requests = wanted.limits or {}, wanted.requests or {}
    return Resources(
        cpu_millis=_amount(limits, "cpu", millis=True),
        cpu_request_millis=_amount(requests, "cpu", millis=True),
        memory_bytes=_amount(limits, "memory", millis=False),
        oom_score_adj=oom_score_adj,
    )


def _resources(pod: core_v1.Pod, container: core_v1.Container, node_memory_bytes: int) -> Resources:
    return limits_of(container, _oom_score(pod, container, node_memory_bytes))


def _oom_score(pod: core_v1.Pod, container: core_v1.Container, node_memory_bytes: int) -> int:
    """Whom the kernel ends first when memory runs out: best-effort pods, then those over a small request."""
    match (pod.status and pod.status.qosClass) or qos_class(pod):
        case "Guaranteed":
            return -997
        case "BestEffort":
            return 1000
    requests = (container.resources.requests if container.resources else None) or {}
    requested_bytes = _amount(requests, "memory", millis=False) or 0
    share = 1000 * requested_bytes // node_memory_bytes if node_memory_bytes else 0
    return max(3, min(999, 1000 - share))


def _amount(amounts: Mapping[str, str], resource: str, *, millis: bool) -> int | None:
    text = amounts.get(resource)
    if text is None:
        return None
    amount = quantity.parse(str(text))
    return amount.millis if millis else amount.whole


def _security(pod: core_v1.Pod, container: core_v1.Container) -> Security:
    assert pod.spec is not None
    whole = pod.spec.securityContext or core_v1.PodSecurityContext()
    own = container.securityContext or core_v1.SecurityContext()
    user = whole.runAsUser if own.runAsUser is None else own.runAsUser
    non_root = whole.runAsNonRoot if own.runAsNonRoot is None else own.runAsNonRoot
    if non_root and user == 0:
        raise ConfigError(
            "container's runAsUser breaks non-root policy "
            f'(pod: "{name_of(pod)}_{namespace_of(pod)}({uid_of(pod)})", container: {container.name})'
        )
    capabilities = own.capabilities or core_v1.Capabilities()
    seccomp = own.seccompProfile or whole.seccompProfile
    allow = own.allowPrivilegeEscalation
    return Security(
        run_as_user=user,
        run_as_group=whole.runAsGroup if own.runAsGroup is None else own.runAsGroup,
        fs_group=whole.fsGroup,
        supplemental_groups=tuple(whole.supplementalGroups or ()),
        privileged=bool(own.privileged),
        read_only_root=bool(own.readOnlyRootFilesystem),
        allow_privilege_escalation=True if allow is None else allow,
        add_capabilities=tuple(capabilities.add or ()),
        drop_capabilities=tuple(capabilities.drop or ()),
        seccomp=seccomp.type if seccomp is not None else "",
        seccomp_profile=(seccomp.localhostProfile if seccomp is not None else None) or "",
    )
