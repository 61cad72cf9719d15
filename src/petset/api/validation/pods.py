"""Pods and pod templates: everything that makes a pod runnable, before anyone tries to run it."""

from dataclasses import dataclass

from petset.api import names
from petset.api.known import Known, common_part
from petset.api.models import core_v1, meta_v1
from petset.api.objects import meta
from petset.api.validation.addresses import check_address
from petset.api.validation.containers import (
    Around,
    check_containers,
    check_image_spelling,
    check_init_containers,
    check_places,
)
from petset.api.validation.fields import Faults
from petset.api.validation.metadata import check_annotations, check_labels
from petset.api.validation.placement import check_affinity, check_spreads, check_tolerations
from petset.api.validation.pod_annotations import check_pod_annotations, check_profiles_match
from petset.api.validation.resources import check_pod_resources, check_resources
from petset.api.validation.security import check_pod_context
from petset.api.validation.volumes import check_volumes


@dataclass(frozen=True)
class Role:
    """For whom a specification speaks: a pod (and its name), or a template, to which a set adds `claims`.

    Without `hosts` the host names are not looked at: a set gives each pod its own.
    """

    is_pod: bool = False
    pod_name: str = ""
    claims: tuple[str, ...] = ()
    hosts: bool = True


TEMPLATE = Role()
RESTART_POLICIES = ("Always", "OnFailure", "Never")
DNS_POLICIES = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
FOUND_GOOD: Known[bool] = Known()
"""What specifications that broke no rule have in common with others."""
_NAMESERVERS, _SEARCHES, _SEARCH_CHARACTERS = 3, 32, 2048


def check_pod(pod: core_v1.Pod, faults: Faults) -> None:
    """A Pod of its own, when it is created."""
    assert pod.spec is not None
    check_whole_pod(pod, faults)
    if pod.spec.ephemeralContainers:
        faults.forbidden("spec.ephemeralContainers", "cannot be set on create")
    if pod.spec.nodeName and pod.spec.schedulingGates:
        faults.forbidden("spec.nodeName", "cannot be set until all schedulingGates have been cleared")
    check_profiles_match("spec", meta(pod).annotations, pod.spec, faults)


def check_whole_pod(pod: core_v1.Pod, faults: Faults) -> None:
    """What holds for a pod whenever it is written: when it is made, changed, resized, or looked into."""
    spec = pod.spec
    assert spec is not None
    check_pod_annotations("metadata.annotations", meta(pod).annotations, spec, faults)
    check_pod_spec("spec", spec, faults, Role(is_pod=True, pod_name=meta(pod).name or ""))
    if not spec.serviceAccountName:
        for index, volume in enumerate(spec.volumes or ()):
            for number, part in enumerate((volume.projected.sources if volume.projected else None) or ()):
                if part.serviceAccountToken is not None:
                    here = f"spec.volumes[{index}].projected.sources[{number}].serviceAccountToken"
                    faults.forbidden(here, "must not be specified when serviceAccountName is not set")
    check_image_spelling("spec.containers", spec.containers, faults)
    check_image_spelling("spec.initContainers", spec.initContainers, faults)


def check_template(path: str, template: core_v1.PodTemplateSpec, faults: Faults, role: Role = TEMPLATE) -> None:
    """A pod template; the claims of its role are claim templates, which mounts may name as volumes (rule 13)."""
    metadata = template.metadata or meta_v1.ObjectMeta()
    assert template.spec is not None
    check_labels(f"{path}.labels", metadata.labels, faults)
    check_annotations(f"{path}.annotations", metadata.annotations, faults)
    check_pod_annotations(f"{path}.annotations", metadata.annotations, template.spec, faults)
    check_pod_spec(f"{path}.spec", template.spec, faults, role)
    check_profiles_match(f"{path}.spec", metadata.annotations, template.spec, faults)
    if template.spec.ephemeralContainers:
        faults.forbidden(f"{path}.spec.ephemeralContainers", "ephemeral containers not allowed in pod template")


def check_pod_spec(path: str, spec: core_v1.PodSpec, faults: Faults, role: Role) -> None:
    """The specification of a pod, part by part in Kubernetes' order.

    What pods of one template have in common is found good once: no rule about it looks at volumes, mounts, devices
    or the host name, nor at the role but for `is_pod`.
    """
    common = common_part(spec, role.is_pod)
    if FOUND_GOOD.get(common):
        _check_own(path, spec, faults, role)
        return
    found = len(faults.causes)
    _check_all(path, spec, faults, role)
    if len(faults.causes) == found and not spec.ephemeralContainers:  # whose mounts are seen to elsewhere
        FOUND_GOOD.put(common, True)


def _check_own(path: str, spec: core_v1.PodSpec, faults: Faults, role: Role) -> None:
    """What a pod does not have in common with others of its template."""
    volumes = _check_volumes(path, spec, faults, role)
    for name in ("containers", "initContainers"):
        for index, container in enumerate(getattr(spec, name) or ()):
            check_places(f"{path}.{name}[{index}]", container, volumes, faults)
    if role.hosts:
        _check_hosts(path, spec, faults)


def _check_all(path: str, spec: core_v1.PodSpec, faults: Faults, role: Role) -> None:
    _check_contents(path, spec, faults, role)
    if spec.hostNetwork:
        _check_host_network(path, spec, faults, is_pod=role.is_pod)
    if spec.restartPolicy not in RESTART_POLICIES:
        faults.one_of(f"{path}.restartPolicy", spec.restartPolicy, RESTART_POLICIES)
    if spec.dnsPolicy not in DNS_POLICIES:
        faults.one_of(f"{path}.dnsPolicy", spec.dnsPolicy, DNS_POLICIES)
    check_labels(f"{path}.nodeSelector", spec.nodeSelector, faults)
    if spec.securityContext is not None:
        check_pod_context(path, spec, faults)
    if spec.affinity is not None:
        check_affinity(f"{path}.affinity", spec.affinity, faults)
    if spec.dnsConfig is not None or spec.dnsPolicy == "None":
        _check_dns(f"{path}.dnsConfig", spec, faults)
    _check_gates(path, spec, faults)
    if spec.topologySpreadConstraints:
        check_spreads(f"{path}.topologySpreadConstraints", spec.topologySpreadConstraints, faults)
    _check_names(path, spec, faults, hosts=role.hosts)
    _check_rare(path, spec, faults)


def _check_contents(path: str, spec: core_v1.PodSpec, faults: Faults, role: Role) -> None:
    """What a pod is made of: volumes and containers, and what they all need together."""
    if spec.terminationGracePeriodSeconds is None:
        faults.required(f"{path}.terminationGracePeriodSeconds")
    volumes = _check_volumes(path, spec, faults, role)
    if spec.resourceClaims:
        _check_resource_claims(f"{path}.resourceClaims", spec.resourceClaims, faults)
    around = around_containers(spec, volumes)
    check_containers(f"{path}.containers", spec.containers, around, faults)
    if spec.initContainers:
        check_init_containers(f"{path}.initContainers", spec, around, faults)
    if spec.ephemeralContainers:
        from petset.api.validation.ephemeral import check_ephemeral_containers  # which few pods ever have

        check_ephemeral_containers(f"{path}.ephemeralContainers", spec, around, faults)
    if spec.resources is not None:
        check_pod_resources(f"{path}.resources", spec, faults)


def _check_volumes(path: str, spec: core_v1.PodSpec, faults: Faults, role: Role) -> dict[str, core_v1.Volume]:
    """Those that containers may use, by name."""
    volumes = check_volumes(f"{path}.volumes", spec.volumes, faults, pod_name=role.pod_name, is_pod=role.is_pod)
    for name in role.claims:
        source = core_v1.PersistentVolumeClaimVolumeSource(claimName=name)
        volumes[name] = core_v1.Volume(name=name, persistentVolumeClaim=source)
    return volumes


def around_containers(spec: core_v1.PodSpec, volumes: dict[str, core_v1.Volume]) -> Around:
    """What the containers of this pod are judged by."""
    return Around(
        volumes,
        grace_seconds=spec.terminationGracePeriodSeconds,
        host_users=spec.hostUsers is not False,
        restart_policy=spec.restartPolicy or "",
        resource_claims={claim.name for claim in spec.resourceClaims or () if claim.name},
    )


def _check_resource_claims(path: str, claims: list[core_v1.PodResourceClaim], faults: Faults) -> None:
    seen: set[str] = set()
    for index, claim in enumerate(claims):
        here = f"{path}[{index}]"
        if not claim.name:
            faults.required(f"{here}.name")
        elif claim.name in seen:
            faults.duplicate(f"{here}.name", claim.name)
        else:
            faults.each(f"{here}.name", claim.name, names.dns_label(claim.name))
            seen.add(claim.name)
        given = [claim.resourceClaimName is not None, claim.resourceClaimTemplateName is not None]
        if all(given):
            what = "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"
            faults.invalid(here, claim, what)
        if not any(given):
            faults.invalid(here, claim, "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`")
        for field in ("resourceClaimName", "resourceClaimTemplateName"):
            name = getattr(claim, field)
            if name is not None:
                faults.each(f"{here}.{field}", name, names.dns_subdomain(name))


def _check_host_network(path: str, spec: core_v1.PodSpec, faults: Faults, *, is_pod: bool) -> None:
    """On the machine's own network a port of the container is that port of the machine."""
    for index, container in enumerate(spec.containers):
        for number, port in enumerate(container.ports or ()):
            host_port = port.hostPort or 0
            if (is_pod or host_port) and host_port != port.containerPort:
                here = f"{path}.containers[{index}].ports[{number}].hostPort"
                faults.invalid(here, host_port, "must match `containerPort` when `hostNetwork` is true")


def _check_dns(path: str, spec: core_v1.PodSpec, faults: Faults) -> None:
    """Name servers and search list of a pod, within what the C library reads."""
    config = spec.dnsConfig
    if config is None:
        faults.required(path, "must provide `dnsConfig` when `dnsPolicy` is None")
        return
    servers, searches = config.nameservers or [], config.searches or []
    if spec.dnsPolicy == "None" and not servers:
        what = "must provide at least one DNS nameserver when `dnsPolicy` is None"
        faults.required(f"{path}.nameservers", what)
        return
    if len(servers) > _NAMESERVERS:
        what = f"must not have more than {_NAMESERVERS} nameservers"
        faults.invalid(f"{path}.nameservers", servers, what)
    for index, server in enumerate(servers):
        check_address(f"{path}.nameservers[{index}]", server, faults)
    if len(searches) > _SEARCHES:
        faults.invalid(f"{path}.searches", searches, f"must not have more than {_SEARCHES} search paths")
    if len(" ".join(searches)) > _SEARCH_CHARACTERS:
        what = f"must not have more than {_SEARCH_CHARACTERS} characters (including spaces) in the search list"
        faults.invalid(f"{path}.searches", searches, what)
    for index, search in enumerate(searches):
        if search != ".":
            plain = search.removesuffix(".")
            faults.each(f"{path}.searches[{index}]", plain, names.dns_subdomain_underscored(plain))
    for index, option in enumerate(config.options or ()):
        if not option.name:
            faults.required(f"{path}.options[{index}]", "must not be empty")


def _check_gates(path: str, spec: core_v1.PodSpec, faults: Faults) -> None:
    """What a pod waits for before it counts as ready, and before it is given a node."""
    for index, gate in enumerate(spec.readinessGates or ()):
        complaints = names.qualified_name(gate.conditionType)
        faults.each(f"{path}.readinessGates[{index}].conditionType", gate.conditionType, complaints)
    seen: set[str] = set()
    for index, scheduling in enumerate(spec.schedulingGates or ()):
        here = f"{path}.schedulingGates[{index}]"
        faults.each(here, scheduling.name, names.qualified_name(scheduling.name))
        if scheduling.name in seen:
            faults.duplicate(here, scheduling.name)
        seen.add(scheduling.name)


def _check_names(path: str, spec: core_v1.PodSpec, faults: Faults, *, hosts: bool) -> None:
    for name in ("serviceAccountName", "nodeName"):
        value = getattr(spec, name)
        if value:
            faults.each(f"{path}.{name}", value, names.dns_subdomain(value))
    seconds = spec.activeDeadlineSeconds
    if seconds is not None and not 1 <= seconds < 2**31:
        faults.invalid(f"{path}.activeDeadlineSeconds", seconds, "must be between 1 and 2147483647, inclusive")
    if hosts:
        _check_hosts(path, spec, faults)
    if spec.tolerations:
        check_tolerations(f"{path}.tolerations", spec.tolerations, faults)
    for index, alias in enumerate(spec.hostAliases or ()):
        here = f"{path}.hostAliases[{index}]"
        check_address(f"{here}.ip", alias.ip, faults)
        for number, hostname in enumerate(alias.hostnames or ()):
            faults.each(f"{here}.hostnames[{number}]", hostname, names.dns_subdomain(hostname))
    for name in ("priorityClassName", "runtimeClassName"):
        value = getattr(spec, name)
        if value or (value is not None and name == "runtimeClassName"):
            faults.each(f"{path}.{name}", value, names.dns_subdomain(value))


def _check_hosts(path: str, spec: core_v1.PodSpec, faults: Faults) -> None:
    for name in ("hostname", "subdomain"):
        value = getattr(spec, name)
        if value:
            faults.each(f"{path}.{name}", value, names.dns_label(value))


def _check_rare(path: str, spec: core_v1.PodSpec, faults: Faults) -> None:
    """What few pods have."""
    if spec.preemptionPolicy is not None:
        faults.one_of(f"{path}.preemptionPolicy", spec.preemptionPolicy, ("PreemptLowerPriority", "Never"))
    if spec.overhead:
        check_resources(f"{path}.overhead", core_v1.ResourceRequirements(limits=spec.overhead), faults)
    if spec.hostUsers is False:
        for name, shown in (("hostNetwork", "hostNetwork"), ("hostPID", "HostPID"), ("hostIPC", "HostIPC")):
            if getattr(spec, name):
                faults.forbidden(f"{path}.{shown}", "when `pod.Spec.HostUsers` is false")
    if spec.os is not None or (
        spec.securityContext is not None and spec.securityContext.windowsOptions is not None
    ):
        from petset.api.validation.pod_os import check_os  # which few pods ever name

        check_os(path, spec, faults)
